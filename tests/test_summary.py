"""The figures of a run, from rows small enough to work by hand."""

import json
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmr.labels import PHASES
from validation.cohort.cine_task import CINE
from validation.cohort.records import OVERLAPS, STRUCTURE_NAMES, VOLUMES, CaseRow
from validation.cohort.summary import summarise

pytestmark = pytest.mark.requirement("VAL-03")


def row(case, failure="", dice=None, hd95=None, edv=None, **subgroups):
    """A case with the Dice and HD95 of the LV at ED, and EDV as (measured, reference)."""
    overlap = {"dice.lv.ed": dice, "hd95_mm.lv.ed": hd95}
    measured, reference = edv or (None, None)
    return CaseRow(
        case=case,
        failure=failure,
        overlap={key: value for key, value in overlap.items() if value is not None},
        measured={} if measured is None else {"lv.edv_ml": measured},
        reference={} if reference is None else {"lv.edv_ml": reference},
        subgroups=subgroups,
    )


ROWS = [
    row("a", dice=0.9, hd95=4.0, edv=(103.0, 100.0), vendor="north", sex="f"),
    row("b", dice=0.8, hd95=6.0, edv=(119.0, 120.0), vendor="south", sex="m"),
    row("c", failure="mask is empty", dice=0.1, edv=(0.0, 900.0), vendor="south"),
    row("d", dice=0.7, hd95=8.0, edv=(141.0, 140.0), vendor="north", sex="f"),
    row("e", dice=0.6, hd95=2.0, edv=(157.0, 160.0), vendor="south", sex="m"),
]


def test_overlap_worked_by_hand():
    """Dice 0.9, 0.8, 0.7, 0.6: mean 0.75, SD sqrt(0.05 / 3)."""
    cine = summarise(ROWS, CINE)["cine"]
    dice = dict(cine["dice"]["lv"]["ed"])
    # Its truth is in test_intervals; of 256 equally likely draws few have a mean beyond these.
    assert 0.6 < dice.pop("ci_low") < 0.7
    assert 0.8 < dice.pop("ci_high") < 0.9
    assert dice == pytest.approx(
        {"mean": 0.75, "sd": (0.05 / 3) ** 0.5, "min": 0.6, "max": 0.9, "n": 4, "missing": 0}
    )
    distance = {k: v for k, v in cine["hd95_mm"]["lv"]["ed"].items() if not k.startswith("ci_")}
    assert distance == pytest.approx(
        {"mean": 5.0, "sd": (20 / 3) ** 0.5, "min": 2.0, "max": 8.0, "n": 4, "missing": 0}
    )


def test_agreement_worked_by_hand():
    """Differences 3, -1, 1, -3, as in the test of the agreement itself."""
    found = summarise(ROWS, CINE)["cine"]["lv"]["edv_ml"]
    assert (found["bias"], found["mae"], found["n"], found["missing"]) == (0, 2, 4, 0)
    assert found["loa_high"] == pytest.approx(1.96 * (20 / 3) ** 0.5)
    assert "undefined" not in found


def test_failures_are_counted_and_named_and_in_no_figure():
    found = summarise(ROWS, CINE)
    assert found["cases"] == 5
    assert found["failures"] == {"n": 1, "cases": [{"case": "c", "reason": "mask is empty"}]}
    assert found["cine"]["dice"]["lv"]["ed"]["min"] == 0.6


def test_every_measure_is_there_whatever_the_data_hold():
    cine = summarise(ROWS, CINE)["cine"]
    for overlap in OVERLAPS:
        for name in STRUCTURE_NAMES.values():
            assert set(cine[overlap][name]) == set(PHASES)
    assert {f"{v}.{q}" for v in ("lv", "rv") for q in cine[v]} == set(VOLUMES)
    assert cine["dice"]["rv"]["es"] == {
        **dict.fromkeys(("mean", "sd", "min", "max", "ci_low", "ci_high")),
        "n": 0,
        "missing": 0,
        "undefined": {
            "mean": "n = 0, needs 1",
            "sd": "n = 0, needs 2",
            "min": "n = 0, needs 1",
            "max": "n = 0, needs 1",
            "ci_low": "n = 0, needs 2",
            "ci_high": "n = 0, needs 2",
        },
    }
    assert (cine["rv"]["ef_pct"]["n"], cine["rv"]["ef_pct"]["bias"]) == (0, None)


def test_one_case_has_no_spread_and_says_why():
    cine = summarise(ROWS[:1], CINE)["cine"]
    assert cine["dice"]["lv"]["ed"] == {
        "mean": 0.9,
        "sd": None,
        "min": 0.9,
        "max": 0.9,
        "ci_low": None,
        "ci_high": None,
        "n": 1,
        "missing": 0,
        "undefined": dict.fromkeys(("sd", "ci_low", "ci_high"), "n = 1, needs 2"),
    }
    assert cine["lv"]["edv_ml"]["bias"] == 3
    assert cine["lv"]["edv_ml"]["undefined"]["loa_low"] == "n = 1, needs 2"


def test_a_measurement_that_is_undefined_where_the_reference_is_not_is_missing():
    rows = [
        *ROWS,
        row("lost", dice=0.0, hd95=nan, edv=(nan, 150.0)),
        row("absent", edv=(None, 150.0)),
        row("no reference", edv=(150.0, nan)),
    ]
    cine = summarise(rows, CINE)["cine"]
    assert (cine["hd95_mm"]["lv"]["ed"]["n"], cine["hd95_mm"]["lv"]["ed"]["missing"]) == (4, 1)
    assert (cine["dice"]["lv"]["ed"]["n"], cine["dice"]["lv"]["ed"]["min"]) == (5, 0)
    assert (cine["lv"]["edv_ml"]["n"], cine["lv"]["edv_ml"]["missing"]) == (4, 2)


def test_subgroups_hold_every_case_once():
    groups = summarise(ROWS, CINE)["subgroups"]
    assert list(groups) == ["vendor", "sex"]
    north, south = groups["vendor"]["north"], groups["vendor"]["south"]
    assert (north["n"], north["failures"]) == (2, 0)
    assert (south["n"], south["failures"]) == (3, 1)
    assert north["cine"]["dice"]["lv"]["ed"]["mean"] == pytest.approx(0.8)
    assert south["cine"]["lv"]["edv_ml"]["bias"] == pytest.approx(-2)
    assert groups["sex"]["not given"]["n"] == 1


def test_no_case_at_all():
    found = summarise([], CINE)
    assert (found["cases"], found["failures"]["n"], found["subgroups"]) == (0, 0, {})


def test_it_is_json_without_nan():
    rows = [*ROWS, row("lost", dice=nan, hd95=nan, edv=(nan, nan))]
    found = summarise(rows, CINE)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@given(st.permutations(ROWS))
def test_the_order_of_the_cases_changes_no_figure(rows):
    there, here = (summarise(r, CINE)["subgroups"]["vendor"] for r in (ROWS, rows))
    assert list(there) == list(here)
    for value, group in there.items():
        assert group["n"] == here[value]["n"]
        assert group["cine"]["dice"]["lv"]["ed"] == pytest.approx(
            here[value]["cine"]["dice"]["lv"]["ed"]
        )
