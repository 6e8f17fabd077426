"""Gauges and bars: where the needle stands, and what shape it has."""

from xml.etree import ElementTree

import pytest

from report.drawings import MARKS, bar, gauge
from report.numbers import significant

pytestmark = pytest.mark.requirement("REP-01")

SVG = "{http://www.w3.org/2000/svg}"


def parts(svg):
    root = ElementTree.fromstring(svg)
    return root, [one.tag.removeprefix(SVG) for one in root]


def needle_at(svg):
    """Middle of the needle, as a share of the drawing; and whether it is a disc."""
    root, _ = parts(svg)
    width = float(root.get("viewBox").split()[2])
    last = root[-1]
    if last.tag == f"{SVG}circle":
        return float(last.get("cx")) / width, True
    start = last.get("d").removeprefix("M").split()[0]
    return float(start) / width, False


@pytest.mark.parametrize(("value", "share"), [(50, 0.25), (75, 0.5), (100, 0.75), (60, 0.35)])
def test_the_range_is_the_middle_half(value, share):
    place, inside = needle_at(gauge(value, 50, 100))
    assert inside
    assert place == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("value", [49.9, 100.1, -1000, 1e9])
def test_outside_the_range_the_needle_has_another_shape_and_stays_on_the_track(value):
    place, inside = needle_at(gauge(value, 50, 100))
    assert not inside
    assert 0 <= place <= 1
    assert (place < 0.5) == (value < 50)


@pytest.mark.parametrize(("low", "high"), [(5, 5), (6, 5), (float("nan"), 5), (1, float("inf"))])
def test_no_range_no_gauge(low, high):
    assert gauge(5, low, high) == ""


@pytest.mark.parametrize(("share", "shown"), [(0, 0), (0.5, 0.5), (1, 1), (3, 1), (-1, 0)])
def test_a_bar_never_leaves_its_track(share, shown):
    root, _ = parts(bar(share))
    track, filled = (float(one.get("width")) for one in root)
    assert filled == pytest.approx(shown * track)


def test_marks_differ_in_shape():
    shapes = {tuple(parts(svg)[1]) for svg in MARKS.values()}
    assert len(shapes) == len(MARKS) == 3


@pytest.mark.parametrize(
    ("value", "shown"), [(12345.6, "12346"), (9999.4, "9999"), (0.25, "0.25"), (-20000, "-20000")]
)
def test_figures_of_gates_are_no_powers_of_ten(value, shown):
    assert significant(value) == shown
