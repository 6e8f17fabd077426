"""The whitelist: what comes along, what stays behind, and that nothing is said aloud."""

import logging
from datetime import UTC, datetime, timedelta

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from dicomio.patient_study import WHITELIST, from_header, read_patient_study
from dicomio.quiet import quiet
from tests.dicom_source import header, stack, write_cine

pytestmark = pytest.mark.requirement("CINE-36")

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def taken(source):
    with quiet():
        return from_header(source).attributes


def test_only_the_whitelist_comes_along():
    keywords = {element.keyword for element in taken(header())}
    assert keywords <= {*WHITELIST, "SpecificCharacterSet"}
    assert taken(header()).PatientName == "Müller^Test"
    assert taken(header()).PatientWeight == 80


def test_required_attributes_are_there_even_when_the_source_has_none():
    attributes = taken(Dataset())
    assert not attributes["PatientID"].value
    assert not attributes["StudyDate"].value
    assert "PatientAge" not in attributes


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientBirthDate", "19701399"),
        ("PatientSex", "male"),
        ("StudyTime", "noonish"),
        ("TimezoneOffsetFromUTC", "+9900"),
        ("PatientAge", "old"),
        ("PatientWeight", "heavy"),
    ],
)
def test_malformed_values_are_left_empty_and_never_shown(keyword, value, caplog, recwarn):
    raw = header().to_json_dict()
    tag = f"{pydicom.datadict.tag_for_keyword(keyword):08X}"
    raw[tag] = {"vr": "LO", "Value": [value]}
    with caplog.at_level(logging.DEBUG):
        attributes = taken(Dataset.from_json(raw))
    assert not attributes.get(keyword)
    assert keyword in caplog.text
    assert value not in caplog.text
    assert not recwarn.list


def test_a_name_in_undeclared_latin_letters_is_declared():
    source = header()
    del source.SpecificCharacterSet
    assert taken(source).SpecificCharacterSet == "ISO_IR 100"


def test_plain_ascii_needs_no_character_set():
    source = header({"PatientName": "Test^Plain"})
    del source.SpecificCharacterSet
    assert "SpecificCharacterSet" not in taken(source)


def test_character_set_stays_that_of_the_source():
    assert taken(header()).SpecificCharacterSet == "ISO_IR 100"


def test_de_identification_without_method_is_completed():
    attributes = taken(header({"PatientIdentityRemoved": "YES"}))
    assert attributes.DeidentificationMethod == "As stated in the source images"


def test_reading_from_a_file_says_nothing(tmp_path, recwarn, caplog):
    bad = {"PatientBirthDate": "2 Jan 1956", "PatientAge": "sixty-eight"}
    source = write_cine(tmp_path, stack(), 1, patient=bad)
    with caplog.at_level(logging.DEBUG):
        study = read_patient_study(source.frames[0][0].path)
    assert not study.attributes["PatientBirthDate"].value
    assert study.attributes.PatientID == "MRN-4711"
    assert "1956" not in caplog.text
    assert "sixty" not in caplog.text
    assert not recwarn.list


@pytest.mark.parametrize(("offset", "hours"), [("+0100", 1), ("-0330", -3.5), ("+1400", 14)])
def test_time_follows_the_zone_of_the_source(offset, hours):
    with quiet():
        study = from_header(header({"TimezoneOffsetFromUTC": offset}))
    local = study.local(NOON)
    assert local == NOON
    assert local.utcoffset() == timedelta(hours=hours)


def test_time_keeps_its_zone_where_the_source_states_none():
    with quiet():
        assert from_header(header()).local(NOON).utcoffset() == timedelta(0)


@given(st.dictionaries(st.sampled_from(WHITELIST), st.text(max_size=80), max_size=8))
def test_any_text_in_a_header_is_survived(values):
    raw = {
        f"{pydicom.datadict.tag_for_keyword(k):08X}": {"vr": "LO", "Value": [v]}
        for k, v in values.items()
    }
    attributes = taken(Dataset.from_json(raw))
    assert {"PatientName", "PatientID", "StudyDate"} <= {e.keyword for e in attributes}
