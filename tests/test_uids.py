"""Identifiers: the same in, the same out; any change, another."""

import hashlib
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from dicomio.source import FrameRef
from dicomio.uids import ResultIdentity, file_name

pytestmark = pytest.mark.requirement("CINE-31")

NOW = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
IDENTITY = ResultIdentity(
    "cmr-map", "0.1.0", "a" * 64, "b" * 64, "CPU fp32", "", "2.25.1", "1", NOW
)
FRAMES = [FrameRef(Path("x"), "1.2", f"1.2.{i}", "1.3", i) for i in range(3)]


def test_same_in_same_out():
    again = replace(IDENTITY)
    assert again.uid("seg/ed", list(FRAMES)) == IDENTITY.uid("seg/ed", FRAMES)


def test_value_is_a_name_based_uuid_of_everything_that_counts():
    # Worked by hand with hashlib: SHA-1 over namespace and name, RFC 9562 section 5.5.
    name = json.dumps(
        [
            "cmr-map",
            "0.1.0",
            "a" * 64,
            "b" * 64,
            "CPU fp32",
            "",
            "sr",
            [["1.2.0", 0], ["1.2.1", 1], ["1.2.2", 2]],
        ]
    )
    namespace = uuid.UUID("5b0a4e0e-6c55-5d0c-9f43-0f5f3f2f8d11").bytes
    digest = bytearray(hashlib.sha1(namespace + name.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    assert IDENTITY.uid("sr", FRAMES) == f"2.25.{int.from_bytes(digest)}"


@pytest.mark.parametrize(
    "change",
    [
        {"application": "other"},
        {"version": "0.1.1"},
        {"settings_sha256": "c" * 64},
        {"model_sha256": "c" * 64},
        {"provider": "CUDA fp32"},
        {"salt": "site"},
    ],
)
def test_another_maker_gives_another_uid(change):
    assert replace(IDENTITY, **change).uid("sr", FRAMES) != IDENTITY.uid("sr", FRAMES)


@pytest.mark.parametrize(
    "frames",
    [
        FRAMES[:2],
        FRAMES[::-1],
        [replace(FRAMES[0], sop_instance_uid="1.2.9"), *FRAMES[1:]],
        [replace(FRAMES[0], frame_number=9), *FRAMES[1:]],
    ],
)
def test_other_sources_give_another_uid(frames):
    assert IDENTITY.uid("sr", frames) != IDENTITY.uid("sr", FRAMES)


def test_another_kind_gives_another_uid():
    assert IDENTITY.uid("seg/ed", FRAMES) != IDENTITY.uid("seg/es", FRAMES)


@pytest.mark.parametrize(
    "change", [{"device_uid": "2.25.2"}, {"device_serial": "2"}, {"now": NOW + timedelta(days=1)}]
)
def test_installation_and_time_do_not_count(change):
    assert replace(IDENTITY, **change).uid("sr", FRAMES) == IDENTITY.uid("sr", FRAMES)


@pytest.mark.parametrize("change", [{"path": Path("y")}, {"series_uid": "1.4"}])
def test_where_the_file_lies_does_not_count(change):
    moved = [replace(frame, **change) for frame in FRAMES]
    assert IDENTITY.uid("sr", moved) == IDENTITY.uid("sr", FRAMES)


@given(kind=st.text(), salt=st.text())
def test_every_uid_is_valid(kind, salt):
    uid = replace(IDENTITY, salt=salt).uid(kind, FRAMES)
    assert uid.is_valid
    assert len(uid) <= 64


@given(first=st.tuples(st.text(), st.text()), second=st.tuples(st.text(), st.text()))
def test_fields_do_not_run_into_each_other(first, second):
    uids = [replace(IDENTITY, salt=salt).uid(kind, FRAMES) for salt, kind in (first, second)]
    assert (uids[0] == uids[1]) == (first == second)


def test_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        replace(IDENTITY, now=NOW.replace(tzinfo=None))


def test_file_name_tells_kind_and_uid():
    assert file_name("seg-ed", UID("2.25.123456789012345")) == "seg-ed-456789012345.dcm"
