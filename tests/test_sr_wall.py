"""The wall and the ranges in the structured report."""

import pydicom
import pytest

from tests.results_sample import RANGES, cine_results, wall_results
from tests.test_sr import LV_F, children, coded, groups, remarks
from tests.writer_case import write_case

pytestmark = pytest.mark.requirement("REP-04")

ED, ES = "416190007", "416430001"
# Copied by hand from the reference list and from DICOM's own: key: (code, scheme, cycle point).
EXPECTED = {
    "thickness_ed_mm": ("122445", "DCM", ED, "mm"),
    "thickness_es_mm": ("122445", "DCM", ES, "mm"),
    "thickening_pct": ("59092-7", "LN", None, "%"),
    "regional_ef_pct": ("REGEF", "99CMRPOST", None, "%"),
}
SEGMENT_1, SEGMENT_13 = "264850008", "264844003"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    update = {"wall": wall_results(), "reference": RANGES}
    cine = cine_results().model_copy(update=update)
    return pydicom.dcmread(write_case(tmp_path_factory.mktemp("sr"), cine=cine).report)


def wall_groups(root):
    return {
        title.removeprefix("Wall motion, "): group
        for title, group in groups(root).items()
        if title.startswith("Wall motion, ")
    }


def numbers(group):
    found = {}
    for item in group.ContentSequence:
        if item.ValueType == "NUM":
            name, value = item.ConceptNameCodeSequence[0], item.MeasuredValueSequence[0]
            unit = value.MeasurementUnitsCodeSequence[0].CodeValue
            place = name.CodeValue, name.CodingSchemeDesignator, coded(item, "272518008"), unit
            found[place] = float(value.NumericValue)
    return found


def test_every_value_of_every_segment_stands_in_its_group(root):
    wall, found = wall_results(), wall_groups(root)
    shown = {k: one for k, one in wall.segments.items() if k != 12}
    assert len(found) == 1 + len(shown)
    for k, one in shown.items():
        (title,) = (name for name in found if name.startswith(f"AHA {k} "))
        expected = {EXPECTED[q.key]: round(v, q.decimals) for q, v in one.values()}
        assert numbers(found[title]) == expected
        assert len(expected) == (1 if k == 13 else 4)


def test_a_group_is_about_its_segment(root):
    found = wall_groups(root)
    for title, site in (
        ("AHA 1 Basal anterior segment", SEGMENT_1),
        ("AHA 13 Apical anterior segment", SEGMENT_13),
        ("Left ventricular myocardium", "49848007"),
    ):
        assert coded(found[title], "363698007") == site
    method = children(found["AHA 1 Basal anterior segment"], "122445")[0]
    assert coded(method, "370129005") == "122449"


def test_the_whole_wall_tells_the_method_and_what_is_missing(root):
    said = remarks(wall_groups(root)["Left ventricular myocardium"])
    assert "Method: Centreline method." in said
    assert "Levels: thirds" in said
    assert any(text.startswith("AHA 12: ") and "is on none of the slices" in text for text in said)
    (at_13,) = (g for title, g in wall_groups(root).items() if title.startswith("AHA 13 "))
    assert any("No slice has enough chords." in text for text in remarks(at_13))


@pytest.mark.requirement("REP-09")
def test_a_range_stands_with_its_number(root):
    group = groups(root)[LV_F]
    (fraction,) = children(group, "8811-2")
    assert coded(fraction, "121402") == "17621005"
    values = {
        code: float(children(fraction, code)[0].MeasuredValueSequence[0].NumericValue)
        for code in ("385524004", "371933006", "121416")
    }
    assert values == {"385524004": 51, "371933006": 71, "121416": -0.14}
    (people,) = children(fraction, "121407")
    assert people.TextValue == "Published range, women of 45 to 74 years"
    (source,) = children(fraction, "121408")
    assert source.TextValue == "Petersen et al. 2017"
    (index,) = (i for i in children(group, "122447") if coded(i, "121425"))
    assert coded(index, "121402") == "371879000"
    assert children(index, "121416") == []
    (stroke,) = (i for i in children(group, "90096001"))
    assert children(stroke, "385524004") == []


def test_a_wall_without_segments_is_one_group(tmp_path):
    wall = wall_results()
    keys = list(EXPECTED)
    nothing = {
        k: one.model_copy(update=dict.fromkeys(keys) | {"withheld": dict.fromkeys(keys, "No RV.")})
        for k, one in wall.segments.items()
    }
    cine = cine_results().model_copy(update={"wall": wall.model_copy(update={"segments": nothing})})
    found = wall_groups(pydicom.dcmread(write_case(tmp_path, cine=cine).report))
    assert list(found) == ["Left ventricular myocardium"]
    assert any("No RV." in text for text in remarks(found["Left ventricular myocardium"]))
