"""Segments and territories of whole stacks: lesions of known arc and depth, and sums by hand."""

from dataclasses import replace

import numpy as np
import pytest

from cmr.scar.depth import DepthSettings, measure_depth, measure_wall
from cmr.scar.segments import (
    NO_CHORDS,
    SegmentScar,
    count_over_50,
    measure_segments,
    transmurality_class,
)
from cmr.scar.territories import SEGMENTS_OF, measure_territories
from cmr.volume import StackGeometry
from cmr.wall.chords import Chords
from cmr.wall.left_ventricle import LeftVentricle
from tests.scar_shapes import BORDERS, CHORDS, Shape, band, geometry, render, scar_of

pytestmark = pytest.mark.requirement("SCAR-13")

SETTINGS = DepthSettings(borders=BORDERS, chords=CHORDS)
DENSITY = 1.05


def _measure(lv, scar, without=""):
    return measure_depth(measure_wall(lv, SETTINGS), scar, DENSITY, without)


@pytest.mark.parametrize(
    ("pct", "name"),
    [
        (0.0, "0"),
        (0.49, "0"),
        (0.5, "1-25"),
        (25.49, "1-25"),
        (25.5, "26-50"),
        (50.49, "26-50"),
        (50.5, "51-75"),
        (75.49, "51-75"),
        (75.5, "76-100"),
        (100.0, "76-100"),
    ],
)
def test_borders_of_the_classes(pct, name):
    assert transmurality_class(pct) == name


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.4, 1.4), (1.0, 1.5)])
@pytest.mark.parametrize(
    ("depth", "name"),
    [(0.15, "1-25"), (0.4, "26-50"), (0.65, "51-75"), (1.0, "76-100")],
)
def test_a_subendocardial_infarct_of_two_segments(spacing, depth, name):
    """60 to 180 degrees: segments 8 and 9. Areas by pi r2, depth by the formula."""
    shape = Shape()
    lv, scar = render(shape, band(shape, 0, depth, (60, 180)), geometry(spacing, 84, slices=3))
    found = _measure(lv, scar)
    area = (20 + 10 * depth) ** 2 - 20**2
    for k in (8, 9):
        segment = found.segments[k]
        assert segment.scar_pct == pytest.approx(100 * area / 500, abs=2.5)
        # Of the 20 chords those on the border to the next segment see both.
        assert segment.transmurality_pct == pytest.approx(100 * depth, abs=3.5)
        assert segment.transmurality_class == name
        assert segment.chords == pytest.approx(3 * 20, abs=3)
        assert not segment.reasons
    for k in (7, 10, 11, 12):
        assert found.segments[k].transmurality_pct < 3
    assert [found.segments[k].transmurality_class for k in (11, 12)] == ["0", "0"]
    assert found.over_50.value == (2 if depth > 0.5 else 0)
    assert found.amount.pct_lv_mass == pytest.approx(100 * area / 500 / 3, abs=0.6)
    # Three slices of 10 mm; the thickness is 8.
    # Of 49 g: a pixel on the border is all wall or none.
    truth_g = np.pi / 3 * area * 30 * 1.05 / 1000
    assert found.amount.mass_g == pytest.approx(truth_g, abs=0.25)


def test_chords_without_scar_count():
    """Transmural over 30 of the 60 degrees of segment 8: half."""
    shape = Shape()
    lv, scar = render(shape, band(shape, 0, 1, (75, 105)), geometry())
    found = _measure(lv, scar).segments[8]
    assert found.transmurality_pct == pytest.approx(50, abs=3)
    assert found.scar_pct == pytest.approx(50, abs=1)


def test_a_scar_free_heart_is_0_everywhere():
    shape = Shape()
    lv, _ = render(shape, band(shape, 0, 1), geometry(slices=2))
    found = _measure(lv, scar_of(np.zeros(lv.wall.shape)))
    present = [found.segments[k] for k in range(7, 13)]
    assert {(s.scar_pct, s.transmurality_pct, s.transmurality_class) for s in present} == {
        (0, 0, "0")
    }
    assert found.over_50.value == 0
    assert (found.amount.mass_g, found.amount.pct_lv_mass) == (0, 0)
    assert found.territories.of["LAD"].segments_with_scar == 0


def test_segments_that_are_not_there_say_why():
    shape = Shape()
    lv, scar = render(shape, band(shape, 0, 1), geometry())
    found = _measure(lv, scar).segments
    assert sorted(found) == list(range(1, 17))
    assert np.isnan([found[3].scar_pct, found[3].transmurality_pct]).all()
    assert found[3].transmurality_class is None
    assert set(found[3].reasons.values()) == {"Segment 3 is on none of the slices."}
    bare = replace(lv, segments=np.zeros_like(lv.segments))
    why = "The right ventricle lies on the wall in no slice."
    depth = _measure(bare, scar, why)
    assert all(set(s.reasons.values()) == {why} for s in depth.segments.values())
    assert np.isnan(depth.over_50.value)
    assert depth.over_50.reason == why
    assert depth.territories.of["RCA"].amount.reasons == {"mass_g": why, "pct_lv_mass": why}
    # How much scar there is needs no segments.
    assert depth.amount.pct_lv_mass == pytest.approx(100)
    assert depth.territories.elsewhere.pct_lv_mass == pytest.approx(100)


def test_a_method_without_an_answer_says_why():
    shape = Shape()
    lv, _ = render(shape, band(shape, 0, 1), geometry(slices=2))
    why = "No remote myocardium."
    found = _measure(lv, scar_of(np.zeros(lv.wall.shape), why))
    assert found.amount.reasons == {"mass_g": why, "pct_lv_mass": why}
    assert set(found.segments[8].reasons.values()) == {why}
    assert found.segments[8].chords > 30
    assert found.over_50.reason == why
    assert found.layers.reasons["midwall_pct"] == why
    assert found.territories.of["LCX"].amount.reasons["mass_g"] == why
    assert found.territories.of["LCX"].segments_with_scar is None


def test_an_apical_cap_has_a_mass_and_no_depth():
    """The second slice has wall and no cavity: its scar is in no segment."""
    shape = Shape()
    lv, scar = render(shape, band(shape, 0, 1, (60, 120)), geometry(slices=2))
    cavity, wall, segments, weight = (
        a.copy() for a in (lv.cavity, lv.wall, lv.segments, scar.weight)
    )
    wall[1] |= cavity[1]
    cavity[1], segments[1], weight[1] = False, 0, 0
    weight[1, 30:40, 30:40] = 1.0
    found = _measure(replace(lv, cavity=cavity, wall=wall, segments=segments), scar_of(weight))
    assert found.segments[8].transmurality_pct == pytest.approx(100, abs=3)
    elsewhere, whole = found.territories.elsewhere, found.amount
    assert elsewhere.mass_g == pytest.approx(100 * 10 * 1.05 / 1000)
    parts = [t.amount.mass_g for t in found.territories.of.values() if t.segments]
    assert sum(parts) + elsewhere.mass_g == pytest.approx(whole.mass_g)
    # What has no depth is not in the layers either: those are of the ring alone.
    assert found.layers.endocardial_pct == pytest.approx(100 * ((70 / 3) ** 2 - 400) / 500, abs=1)


def _strip(numbers, positions_mm=(0, 10)):
    """One column of 4 pixels of 1 mm2 a segment, on every slice."""
    wall = np.ones((len(positions_mm), 4, len(numbers)), bool)
    segments = np.broadcast_to(np.array(numbers, np.uint8), wall.shape).copy()
    grid = StackGeometry(
        np.outer(positions_mm, [0, 0, 1.0]), [1, 0, 0], [0, 1, 0], (1.0, 1.0), wall.shape[1:]
    )
    return LeftVentricle(np.zeros_like(wall), wall, segments, grid)


def _no_chords(slices):
    ends = np.empty((0, 2))
    none = np.empty(0, np.intp)
    return Chords(none, ends, ends, np.empty(0), none, ("",) * slices)


def test_a_segment_without_chords_has_a_share_and_no_depth():
    lv = _strip(range(1, 17))
    weight = np.zeros(lv.wall.shape)
    weight[0, :3, 4] = [1, 0.5, 0.5]
    found = measure_segments(lv, _no_chords(2), scar_of(weight), "")
    assert found[5].scar_pct == pytest.approx(100 * 2 / 8)
    assert np.isnan(found[5].transmurality_pct)
    assert found[5].reasons == {"transmurality_pct": NO_CHORDS, "transmurality_class": NO_CHORDS}
    assert count_over_50(found).reason == NO_CHORDS


def _classed(name, transmurality_pct=10.0):
    return SegmentScar(1.0, transmurality_pct, name, 5)


def test_territories_are_those_of_cerqueira_and_cover_16_segments_once():
    assert SEGMENTS_OF == {
        "LAD": (1, 2, 7, 8, 13, 14),
        "RCA": (3, 4, 9, 10, 15),
        "LCX": (5, 6, 11, 12, 16),
    }
    assert sorted(sum(SEGMENTS_OF.values(), ())) == list(range(1, 17))


def test_territory_sums_by_hand():
    """17 columns of 8 pixels x 10 mm: 16 segments and one column that is in none."""
    lv = _strip([*range(1, 17), 0])
    weight = np.zeros(lv.wall.shape)
    weight[:, :, 1] = 1.0  # segment 2: 8 pixels
    weight[0, :2, 7] = 0.5  # segment 8: 1 pixel
    weight[1, :3, 8] = 1.0  # segment 9: 3 pixels
    weight[0, 0, 16] = 1.0  # nowhere: 1 pixel
    segments = {k: _classed("0") for k in range(1, 17)}
    segments |= {2: _classed("76-100"), 8: _classed("1-25"), 9: _classed("26-50")}
    found = measure_territories(lv, scar_of(weight), segments, DENSITY)
    pixels = {"LAD": 9, "RCA": 3, "LCX": 0}
    for name, count in pixels.items():
        territory = found.of[name]
        assert territory.amount.mass_g == pytest.approx(count * 10 * 1.05 / 1000)
        assert territory.amount.pct_lv_mass == pytest.approx(100 * count / (17 * 8))
        assert territory.segments == SEGMENTS_OF[name]
    assert [found.of[n].segments_with_scar for n in ("LAD", "RCA", "LCX")] == [2, 1, 0]
    assert found.elsewhere.pct_lv_mass == pytest.approx(100 / (17 * 8))


def test_a_territory_that_is_partly_on_the_slices():
    lv = _strip([7, 8, 9])
    classed = {k: _classed("0") for k in range(1, 17)}
    classed[5] = SegmentScar(np.nan, np.nan, None, 0, {"scar_pct": "Not there."})
    classed[8] = SegmentScar(2.0, np.nan, None, 0, {})
    found = measure_territories(lv, scar_of(0.5 * lv.wall), classed, DENSITY).of
    assert found["LAD"].segments == (7, 8)
    assert found["LAD"].amount.pct_lv_mass == pytest.approx(100 / 3)
    assert found["LAD"].segments_with_scar == 0
    assert found["LCX"].segments == ()
    assert found["LCX"].segments_with_scar is None
    assert found["LCX"].amount.reasons["pct_lv_mass"] == "Not there."


def test_over_50_counts_means_beyond_the_border():
    values = {1: 50.0, 2: 50.1, 3: 99.0, 4: np.nan}
    found = count_over_50({k: _classed(None, v) for k, v in values.items()})
    assert (found.value, found.reason) == (2, "")


def test_one_slice_gives_shares_without_mass():
    shape = Shape()
    lv, scar = render(shape, band(shape, 0, 0.5, (60, 120)), geometry())
    found = _measure(lv, scar)
    assert np.isnan(found.amount.mass_g)
    assert found.amount.pct_lv_mass == pytest.approx(45 / 6, abs=0.3)
    assert found.segments[8].transmurality_pct == pytest.approx(50, abs=3)
    assert np.isnan(found.territories.of["LAD"].amount.mass_g)
    assert "pitch" in found.territories.of["LAD"].amount.reasons["mass_g"]
