"""Ranges are used for the people, and the way of measuring, that they come from only."""

import pytest
from pydantic import ValidationError

from cmr.body import Subject
from cmr.cine import CineSettings
from cmr.cine_reference import (
    KEYS,
    PUBLISHED,
    CineNormalRange,
    CineReferenceSettings,
    with_ranges,
)
from tests.heart_masks import APP_YAML
from tests.results_sample import LV, cine_results
from training.config import read_section

pytestmark = pytest.mark.requirement("REP-09")

NONE = CineReferenceSettings(site_ranges=())
MAN, WOMAN = Subject(sex="male", age_years=60.4), Subject(sex="female", age_years=52)
OURS = {
    "key": "rv.ef_pct", "sex": "female", "min_age_years": 20, "max_age_years": 80,
    "mean": None, "sd": None, "low": 47.0, "high": 68.0, "source": "our 30 volunteers",
}  # fmt: skip


def compared(subject, settings=NONE, lv=None):
    found = with_ranges(cine_results(lv=lv), subject, settings)
    return found.reference, found.no_range


@pytest.mark.parametrize(
    ("subject", "key", "mean", "sd"),
    [
        # Abstract of Petersen et al. 2017.
        (MAN, "lv.ef_pct", 58, 5),
        (WOMAN, "lv.ef_pct", 61, 5),
        (MAN, "lv.mass_ed_index_g_m2", 53, 9),
        (WOMAN, "lv.mass_ed_index_g_m2", 42, 7),
        # Its table of both sexes, as two others who read it give it.
        (MAN, "lv.edv_ml", 166, 32),
        (MAN, "lv.esv_ml", 69, 16),
        (MAN, "lv.sv_ml", 96, 20),
        (WOMAN, "lv.sv_ml", 75, 14),
    ],
)
def test_published_ranges(subject, key, mean, sd):
    found = compared(subject)[0][key]
    assert (found.kind, found.mean, found.sd) == ("published", mean, sd)
    assert (found.low, found.high) == (mean - 2 * sd, mean + 2 * sd)
    value = LV[key.removeprefix("lv.")][0]
    assert found.z == round((value - mean) / sd, 2)
    assert "Petersen" in found.source
    assert found.people.endswith("of 45 to 74 years")


@pytest.mark.parametrize(
    ("ef", "position"), [(50.9, "below"), (51, "within"), (71, "within"), (71.1, "above")]
)
def test_position(ef, position):
    assert compared(WOMAN, lv={"ef_pct": ef})[0]["lv.ef_pct"].position == position


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (Subject(age_years=60), "does not state the sex"),
        (Subject(sex="male"), "does not state the age"),
        (Subject(sex="male", age_years=44.9), "men of 45 to 74 years, women of 45 to 74 years"),
        (Subject(sex="female", age_years=75), "No range for this sex and age"),
    ],
)
def test_without_sex_or_age_or_outside_the_people_there_is_none(subject, words):
    found, missing = compared(subject)
    assert found == {}
    assert words in missing["lv.ef_pct"]


@pytest.mark.parametrize("age", [45, 74.99])
def test_completed_years_count(age):
    assert "lv.ef_pct" in compared(Subject(sex="male", age_years=age))[0]


def test_every_number_has_a_range_or_a_reason():
    found, missing = compared(WOMAN)
    assert set(found) | set(missing) == set(KEYS)
    assert not set(found) & set(missing)
    # Not one that only one reading of the paper gives.
    assert "for men of 45 to 74 years" in missing["lv.edv_ml"]
    assert missing["rv.ef_pct"] == "No range is known with papillary muscles as cavity."


def test_a_withheld_number_has_neither():
    found, missing = compared(WOMAN, lv={"ef_pct": None, "withheld": {"ef_pct": "Failed."}})
    assert "lv.ef_pct" not in found.keys() | missing.keys()


def test_the_sites_own_range_comes_first():
    settings = CineReferenceSettings(
        site_ranges=(
            CineNormalRange(**OURS),
            CineNormalRange(**{**OURS, "key": "lv.ef_pct", "mean": 60.0, "sd": 4.0}),
        )
    )
    found, _ = compared(WOMAN, settings)
    own = found["rv.ef_pct"]
    assert (own.kind, own.low, own.high, own.z) == ("site", 47, 68, None)
    assert own.people == "women of 20 to 80 years"
    assert (found["lv.ef_pct"].kind, found["lv.ef_pct"].mean) == ("site", 60)
    # Limits that are given are those that count.
    assert (found["lv.ef_pct"].low, found["lv.ef_pct"].high) == (47, 68)
    # It is of women: a man has the published one.
    assert compared(MAN, settings)[0]["lv.ef_pct"].kind == "published"


@pytest.mark.parametrize(
    "fault",
    [
        {"key": "lv.size"}, {"sex": "other"}, {"low": None}, {"low": 70.0}, {"mean": 5.0},
        {"low": float("nan")}, {"high": float("inf")}, {"mean": 5.0, "sd": float("nan")},
        {"min_age_years": 81}, {"min_age_years": -1}, {"source": ""},
    ],
)  # fmt: skip
def test_a_range_that_cannot_be_is_refused(fault):
    with pytest.raises(ValidationError):
        CineNormalRange(**{**OURS, **fault})


def test_no_range_of_the_other_convention_is_published():
    """Kawel-Boehm 2015 with papillary muscles in the mass: EF 67."""
    assert all(one.mean != 67 for one in PUBLISHED)
    assert read_section(APP_YAML, "cine", CineSettings).reference.site_ranges == ()
