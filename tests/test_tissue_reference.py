"""Ranges are used for what they were measured with only."""

import numpy as np
import pytest
from pydantic import ValidationError

from cmr.tissue.reference import NormalRange, ReferenceSettings, compare

pytestmark = pytest.mark.requirement("TIS-18")

NONE = ReferenceSettings(site_ranges=(), field_tolerance_t=0.1)
BASE = {
    "quantity": "native_t1",
    "region": "septal",
    "field_strength_t": 3.0,
    "sequence": "MOLLI 5s(3s)3s",
    "mean": 1200.0,
    "sd": 40.0,
    "low": None,
    "high": None,
    "source": "our 30 volunteers",
}


def _site(**changes):
    return ReferenceSettings(
        site_ranges=(NormalRange(**{**BASE, **changes}),), field_tolerance_t=0.1
    )


@pytest.mark.parametrize(
    ("sequence", "mean", "sd"),
    [("ShMOLLI", 957, 30), ("MOLLI 5s(3s)3s", 1025, 38), ("SASHA", 1144, 45)],
)
def test_published_native_t1_at_1_5_t(sequence, mean, sd):
    """Abstract of Rosmini et al. 2018."""
    found = compare(mean + 1.5 * sd, "native_t1", "septal", 1.494, sequence, NONE)
    assert found.kind == "published"
    assert found.z == pytest.approx(1.5)
    assert (found.low, found.high) == (mean - 2 * sd, mean + 2 * sd)
    assert "Rosmini" in found.source
    assert found.reason == ""


@pytest.mark.parametrize(
    ("sequence", "mean", "sd"),
    [
        ("ShMOLLI / ShMOLLI", 28.4, 3.0),
        ("MOLLI 5s(3s)3s / MOLLI 4s(1s)3s(1s)2s", 27.3, 2.7),
        ("SASHA / SASHA", 24.1, 2.9),
    ],
)
def test_published_ecv_at_1_5_t(sequence, mean, sd):
    found = compare(mean - sd, "ecv", "septal", 1.5, sequence, NONE)
    assert found.z == pytest.approx(-1)


@pytest.mark.parametrize(
    ("quantity", "region", "field", "sequence"),
    [
        ("native_t1", "septal", 3.0, "SASHA"),
        ("native_t1", "septal", 1.5, "MOLLI 3s(3s)5s"),
        ("native_t1", "septal", 1.5, "MOLLI"),
        ("native_t1", "global", 1.5, "SASHA"),
        ("t2", "septal", 1.5, "SASHA"),
        ("ecv", "septal", 1.5, "SASHA"),
    ],
)
def test_what_does_not_match_has_no_range(quantity, region, field, sequence):
    found = compare(1000.0, quantity, region, field, sequence, NONE)
    assert found.kind == "none"
    assert np.isnan([found.low, found.high, found.z]).all()
    assert (
        found.reason
        == f"No range: none is known for {quantity}, {region}, with {sequence} at {field:g} T."
    )


@pytest.mark.parametrize(("field", "sequence"), [(None, "SASHA"), (1.5, "")])
def test_unknown_origin_has_no_range(field, sequence):
    found = compare(1000.0, "native_t1", "septal", field, sequence, NONE)
    assert found.reason == "No range: field strength or sequence unknown."


def test_the_sites_own_range_comes_first():
    ours = _site(field_strength_t=1.5, mean=1000.0, sd=20.0)
    found = compare(1030.0, "native_t1", "septal", 1.5, "molli  5s(3s)3s", ours)
    assert (found.kind, found.z, found.source) == ("site", 1.5, "our 30 volunteers")
    # Another region has the published one no more than before.
    assert compare(1030.0, "native_t1", "global", 1.5, "MOLLI 5s(3s)3s", ours).kind == "none"


def test_limits_without_sd_have_no_z():
    ours = _site(mean=None, sd=None, low=1100.0, high=1280.0)
    found = compare(1300.0, "native_t1", "septal", 3.0, "MOLLI 5s(3s)3s", ours)
    assert (found.low, found.high) == (1100, 1280)
    assert np.isnan(found.z)
    assert found.kind == "site"


def test_given_limits_outweigh_two_sd():
    ours = _site(low=1130.0, high=1290.0)
    found = compare(1240.0, "native_t1", "septal", 3.0, "MOLLI 5s(3s)3s", ours)
    assert (found.low, found.high, found.z) == (1130, 1290, 1)


def test_an_undefined_value_has_a_range_but_no_z():
    found = compare(np.nan, "native_t1", "septal", 1.5, "SASHA", NONE)
    assert np.isnan(found.z)
    assert found.low == 1054


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sd": None}, "come in pairs"),
        ({"low": 1.0}, "come in pairs"),
        ({"mean": None, "sd": None}, "give mean and sd, or low and high"),
        ({"sd": 0.0}, "sd must be positive"),
        ({"low": 2.0, "high": 1.0}, "low must be below high"),
        ({"quantity": "fat"}, "quantity"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        _site(**changes)
