"""Acceptance criteria: what is refused, what passes, what fails, what does not apply."""

import json
from math import isnan, nan

import pytest

from cmr.errors import UsageError
from validation.cohort.cine_task import CINE
from validation.cohort.criteria import (
    Criterion,
    judge_criteria,
    read_criteria,
    run_passes,
    statistics_of,
)
from validation.cohort.records import CaseRow
from validation.cohort.summary import summarise

pytestmark = pytest.mark.requirement("VAL-05")

REFERENCE = {"lv.edv_ml": 150.0, "lv.esv_ml": 60.0, "lv.ef_pct": 60.0, "lv.mass_ed_g": 100.0}


def case(name="a", failure="", dice=0.9, **errors):
    """An LV whose measurements lie off the reference by ``errors`` (``edv_ml=10``)."""
    if failure:
        return CaseRow(case=name, failure=failure)
    measured = {key: value + errors.get(key[3:], 0) for key, value in REFERENCE.items()}
    return CaseRow(case=name, overlap={"dice.lv.ed": dice}, measured=measured, reference=REFERENCE)


def criterion(key="cine.lv.edv_ml", statistic="mae", limit=10.0, sense="at_most"):
    return Criterion(key=key, statistic=statistic, limit=limit, sense=sense, source="a test")


def judge(rows, *criteria):
    return judge_criteria(summarise(rows, CINE), criteria)


def written(folder, text):
    path = folder / "criteria.yaml"
    path.write_text(text)
    return path


FAILURES = criterion("failures", "n", 0)
RV = criterion("cine.rv.edv_ml", "mae", 10)


def test_the_defaults_are_the_reader_level_figures():
    limits = {(c.key, c.statistic): (c.limit, c.sense) for c in read_criteria(CINE.criteria, CINE)}
    figures = {"edv_ml": 14.7, "esv_ml": 13.2, "ef_pct": 4.2, "mass_ed_g": 17.5}
    expected = {
        (f"cine.lv.{key}", statistic): (limit, "at_most")
        for key, limit in figures.items()
        for statistic in ("mae", "sd")
    }
    assert limits == expected | {("failures", "n"): (0, "at_most")}


def test_every_key_and_statistic_is_in_the_summary():
    found = summarise([], CINE)
    for key, statistics in statistics_of(CINE).items():
        place = found
        for part in key.split("."):
            place = place[part]
        assert set(statistics) <= set(place), key


@pytest.mark.parametrize(
    ("value", "passed"), [(10, True), (-10, True), (10.5, False), (-10.5, False), (0, True)]
)
def test_a_bias_is_compared_without_its_sign(value, passed):
    (verdict,) = judge([case(edv_ml=value)], criterion(statistic="bias"))
    assert (verdict.value, verdict.passed, verdict.reason) == (value, passed, "")


def test_limits_of_agreement_keep_their_sign():
    rows = [case("a", edv_ml=-1), case("b", edv_ml=1)]
    low = -1.96 * 2**0.5
    for limit, passed in ((low - 0.1, True), (low + 0.1, False)):
        asked = criterion(statistic="loa_low", limit=limit, sense="at_least")
        assert judge(rows, asked)[0].passed is passed


@pytest.mark.parametrize(("limit", "passed"), [(0.7, True), (0.71, False)])
def test_at_least(limit, passed):
    asked = criterion("cine.dice.lv.ed", "min", limit, "at_least")
    assert judge([case("a"), case("b", dice=0.7)], asked)[0].passed is passed


@pytest.mark.requirement("VAL-03")
@pytest.mark.parametrize(("limit", "passes"), [(0, False), (1, True)])
def test_a_failed_case_fails_the_run_unless_the_site_allows_it(limit, passes):
    rows = [case(), case("broken", failure="file missing")]
    verdicts = judge(rows, criterion("failures", "n", limit), criterion())
    assert [v.passed for v in verdicts] == [passes, True]
    assert run_passes(verdicts) is passes


def test_what_was_not_contoured_does_not_apply_and_decides_nothing():
    good, bad = (judge([case(edv_ml=e)], FAILURES, criterion(), RV) for e in (0, 99))
    for verdicts in (good, bad):
        assert verdicts[2].passed is None
        assert isnan(verdicts[2].value)
        assert verdicts[2].reason == "not applicable: no measured case has a reference"
    assert run_passes(good)
    assert not run_passes(bad)


def test_a_run_that_no_criterion_on_a_measurement_applies_to_fails():
    verdicts = judge([case()], FAILURES, RV)
    assert [v.passed for v in verdicts] == [True, False]
    assert "no criterion on a measurement applies" in verdicts[1].reason
    assert not run_passes(verdicts)


@pytest.mark.parametrize("rows", [[], [case(failure="broken")]])
def test_a_run_without_a_measured_case_fails_whatever_is_allowed(rows):
    lenient = criterion("failures", "n", 99)
    for criteria in ((lenient,), (lenient, criterion())):
        verdicts = judge(rows, *criteria)
        assert not any(v.passed for v in verdicts)
        assert not run_passes(verdicts)
    assert not run_passes([])


def test_an_undefined_figure_fails_and_says_why():
    (verdict,) = judge([case()], criterion(statistic="sd"))
    assert (verdict.passed, verdict.reason) == (False, "undefined: n = 1, needs 2")
    assert isnan(verdict.value)


def test_a_case_that_the_figure_leaves_out_fails_it():
    (verdict,) = judge([case(), case("lost", edv_ml=nan)], criterion())
    assert (verdict.value, verdict.passed) == (0, False)
    assert verdict.reason == "undefined in 1 of 2 cases, which the figure leaves out"


def test_the_record_is_json():
    verdicts = judge([case()], criterion(), RV)
    assert json.loads(json.dumps([v.record() for v in verdicts], allow_nan=False)) == [
        {
            "key": "cine.lv.edv_ml",
            "statistic": "mae",
            "limit": 10.0,
            "sense": "at_most",
            "source": "a test",
            "value": 0.0,
            "passed": True,
            "reason": "",
        },
        {
            "key": "cine.rv.edv_ml",
            "statistic": "mae",
            "limit": 10.0,
            "sense": "at_most",
            "source": "a test",
            "value": None,
            "passed": None,
            "reason": "not applicable: no measured case has a reference",
        },
    ]


ENTRY = "criteria: [{{key: {key}, statistic: {statistic}, limit: {limit}, sense: {sense}{more}}}]"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": "cine.lv.edv"}, "criteria.0: .*unknown key cine.lv.edv; known: cine.dice.lv.ed"),
        ({"statistic": "mean"}, "cine.lv.edv_ml has no statistic mean; it has bias, sd"),
        ({"sense": "below"}, "criteria.0.sense: Input should be 'at_most' or 'at_least'"),
        ({"statistic": "bias", "sense": "at_least"}, "its size can only be at_most"),
        ({"limit": ".nan"}, "criteria.0.limit: Input should be a finite number"),
        ({"more": ""}, "criteria.0.source: Field required"),
        ({"more": ", source: x, unit: ml"}, "criteria.0.unit: Extra inputs"),
    ],
)
def test_a_criterion_that_means_nothing_is_refused(tmp_path, change, message):
    sound = {
        "key": "cine.lv.edv_ml",
        "statistic": "mae",
        "limit": "1",
        "sense": "at_most",
        "more": ", source: x",
    }
    assert len(read_criteria(written(tmp_path, ENTRY.format(**sound)), CINE)) == 1
    with pytest.raises(UsageError, match=message):
        read_criteria(written(tmp_path, ENTRY.format(**sound | change)), CINE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("criteria: []", "criteria.yaml: criteria: List should have at least 1 item"),
        ("", "criteria.yaml: file: Input should be a valid dictionary"),
        ("criteria: [", "criteria.yaml: not a YAML file"),
    ],
)
def test_a_file_without_criteria_is_refused(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        read_criteria(written(tmp_path, text), CINE)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"Criteria none\.yaml: cannot be read"):
        read_criteria(tmp_path / "none.yaml", CINE)
