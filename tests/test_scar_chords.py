"""Borders and chords against rings, eccentric rings and ellipses known by formula."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.scar.transmurality import transmurality
from cmr.tissue.levels import NO_CAVITY
from cmr.volume import StackGeometry
from cmr.wall.borders import NO_OUTSIDE, NO_WALL, TOO_SMALL, find_borders
from cmr.wall.chords import draw_chords
from cmr.wall.left_ventricle import LeftVentricle
from tests.scar_shapes import BORDERS, CHORDS, Shape, band, centres, geometry, render, scar_of

pytestmark = pytest.mark.requirement("SCAR-13")

OFFSETS = [(0.0, 0.0), (0.31, -0.42), (-0.5, 0.5)]


def _chords(lv):
    return draw_chords(lv, find_borders(lv, BORDERS), CHORDS)


def _mm(points, grid):
    """Pixels to the coordinates of the formulas."""
    middle = (np.array(grid.shape) - 1) / 2
    return ((points - middle) * grid.pixel_spacing_mm).T


def _ring(thickness, lesion=(0.0, 0.5), arc=(0.0, 360.0), inner=20.0, centre=(0.13, -0.27)):
    shape = Shape((inner, inner), (inner + thickness,) * 2, centre=centre)
    grid = geometry(side_mm=2 * (inner + thickness) + 8)
    lv, scar = render(shape, band(shape, *lesion, arc), grid)
    return shape, lv, scar


@pytest.mark.parametrize("spacing", [(0.5, 0.5), (1.0, 1.0), (1.5, 1.5), (1.0, 1.6)])
def test_chords_of_a_ring_run_from_border_to_border(spacing):
    shape, grid = Shape(), geometry(spacing)
    chords = _chords(render(shape, band(shape, 0, 1), grid)[0])
    assert len(chords.thickness_mm) == CHORDS.per_slice
    assert chords.thickness_mm.mean() == pytest.approx(10, abs=0.1 * max(spacing))
    # A mask knows its border to half a pixel.
    for ends, radius in ((chords.endocardium, 20), (chords.epicardium, 30)):
        off = np.hypot(*shape.at(*_mm(ends, grid))) - radius
        assert off.std() < 0.25 * max(spacing)
        assert np.abs(off).max() < 0.75 * max(spacing)
    inner, outer = (shape.angle_deg(*_mm(p, grid)) for p in (chords.endocardium, chords.epicardium))
    turned = np.mod(outer - inner + 180, 360) - 180
    assert np.abs(turned).max() < 6 * max(spacing)


@pytest.mark.parametrize(
    ("thickness", "chord_sd", "chord_max", "mean_max"),
    [
        (3, 0.06, 0.20, 0.06),
        (6, 0.025, 0.08, 0.025),
        (12, 0.015, 0.04, 0.012),
        (20, 0.01, 0.025, 0.007),
    ],
)
@pytest.mark.parametrize("depth", [0.25, 0.5, 0.75])
def test_subendocardial_scar_of_known_depth(thickness, chord_sd, chord_max, mean_max, depth):
    """Thickness in pixels: that of a thin wall is known to a third of a pixel or so."""
    off, means = [], []
    for centre in OFFSETS:
        _, lv, scar = _ring(thickness, (0, depth), centre=centre)
        chords = _chords(lv)
        off.append(transmurality(chords, lv, scar) - depth)
        means += [off[-1][chords.segments == k].mean() for k in range(7, 13)]
    off = np.concatenate(off)
    assert off.std() < chord_sd
    assert np.abs(off).max() < chord_max
    assert np.abs(means).max() < mean_max


def test_a_chord_is_right_to_two_hundredths_where_the_wall_is_fine():
    for centre in OFFSETS:
        _, lv, scar = _ring(24, (0, 0.4), centre=centre)
        assert transmurality(_chords(lv), lv, scar) == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize(("lesion", "share"), [((0.35, 0.65), 0.3), ((0.7, 1), 0.3), ((0, 1), 1.0)])
@pytest.mark.parametrize("thickness", [8, 16])
def test_scar_counts_wherever_it_lies(lesion, share, thickness):
    """Mid-wall and epicardial bands have the transmurality of their thickness."""
    _, lv, scar = _ring(thickness, lesion)
    found = transmurality(_chords(lv), lv, scar)
    assert found.mean() == pytest.approx(share, abs=0.01)
    assert np.abs(found - share).max() < (1e-9 if share == 1 else 0.5 / thickness)


def test_only_the_arc_of_a_scar_has_it():
    shape, lv, scar = _ring(12, (0, 0.6), (30, 120))
    chords = _chords(lv)
    angle = shape.angle_deg(*_mm((chords.endocardium + chords.epicardium) / 2, lv.geometry))
    found = transmurality(chords, lv, scar)
    inside = (angle > 35) & (angle < 115)
    outside = (angle < 25) | (angle > 125)
    assert found[inside] == pytest.approx(0.6, abs=0.04)
    assert found[outside] == pytest.approx(0, abs=1e-9)
    assert found.mean() == pytest.approx(0.6 * 90 / 360, abs=0.005)


def test_half_a_pixel_of_scar_counts_half():
    _, lv, _ = _ring(10)
    scar = scar_of(np.where(lv.wall, 0.5, 0.0))
    assert transmurality(_chords(lv), lv, scar) == pytest.approx(0.5)


@pytest.mark.parametrize("off", [(0.0, 5.0), (3.0, -2.0)])
def test_an_eccentric_wall(off):
    """The middle of each chord lies on the ellipse whose foci are both centres, at right angles."""
    shape, grid = Shape(off=off), geometry((0.5, 0.5))
    chords = _chords(render(shape, band(shape, 0, 1), grid)[0])
    ends = [np.stack(shape.at(*_mm(p, grid)), 1) for p in (chords.endocardium, chords.epicardium)]
    assert len(ends[0]) == CHORDS.per_slice
    assert np.linalg.norm(ends[0] - off, axis=1) == pytest.approx(20, abs=0.4)
    assert np.linalg.norm(ends[1], axis=1) == pytest.approx(30, abs=0.4)
    # On the mid-wall contour r1 - 20 = 30 - r2, so r1 + r2 = 50.
    middle = (ends[0] + ends[1]) / 2
    to_inner, to_outer = middle - off, middle
    lengths = [np.linalg.norm(v, axis=1, keepdims=True) for v in (to_inner, to_outer)]
    assert lengths[0] + lengths[1] == pytest.approx(50, abs=0.6)
    normal = to_inner / lengths[0] + to_outer / lengths[1]
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0], axis=1, keepdims=True)
    tilt = np.rad2deg(np.arccos((along * normal).sum(axis=1)))
    assert tilt.mean() < 2.5
    assert tilt.max() < 8
    # Thinnest and thickest on the line of the centres.
    apart = np.hypot(*off)
    assert chords.thickness_mm.min() == pytest.approx(10 - apart, abs=0.5)
    assert chords.thickness_mm.max() == pytest.approx(10 + apart, abs=0.5)


@pytest.mark.parametrize(
    "shape",
    [
        Shape(off=(0.0, 5.0)),
        Shape(inner=(15.0, 22.0), outer=(25.0, 32.0)),
        Shape(inner=(17.0, 22.0), outer=(24.0, 33.0), off=(1.0, -2.0)),
    ],
)
def test_uneven_walls_with_a_lesion_of_any_shape(shape):
    """Truth: the formulas of wall and lesion on each chord; the scar is a disc across the wall."""

    def lesion(y, x):
        return np.hypot(y - shape.outer[0] * 0.6, x - shape.outer[1] * 0.4) < 9

    grid = geometry((0.75, 0.75))
    lv, scar = render(shape, lesion, grid)
    chords = _chords(lv)
    share = (np.arange(400) + 0.5) / 400
    inner, outer = _mm(chords.endocardium, grid), _mm(chords.epicardium, grid)
    points = inner[:, :, None] + (outer - inner)[:, :, None] * share
    wall = shape.inside(*points)[1]
    truth = (wall & lesion(*points)).sum(axis=1) / wall.sum(axis=1)
    found = transmurality(chords, lv, scar)
    assert truth.max() > 0.6
    assert np.abs(found - truth).mean() < 0.01
    # Chords that only touch the edge of the scar see the pixels that it shares.
    assert np.abs(found - truth).max() < 0.15


@pytest.mark.parametrize("gap_deg", [40, 90, 140])
def test_a_gap_in_the_ring_has_no_chords(gap_deg):
    shape = Shape(gap_deg=gap_deg)
    grid = geometry()
    lv, scar = render(shape, band(shape, 0, 0.5), grid)
    chords = _chords(lv)
    middle = _mm((chords.endocardium + chords.epicardium) / 2, grid)
    angle = np.mod(shape.angle_deg(*middle) + 180, 360) - 180
    # Next to it half of the 10 mm of wall, 12 degrees at 25 mm, is where chords would be oblique.
    assert np.abs(angle).min() > gap_deg / 2
    assert np.sort(np.abs(angle))[1] < gap_deg / 2 + 18
    assert chords.thickness_mm == pytest.approx(10, abs=1)
    assert transmurality(chords, lv, scar) == pytest.approx(0.5, abs=0.04)


def test_segment_of_a_chord():
    shape, lv, _ = _ring(10)
    chords = _chords(lv)
    angle = shape.angle_deg(*_mm((chords.endocardium + chords.epicardium) / 2, lv.geometry))
    sure = np.abs(np.mod(angle + 30, 60) - 30) > 3
    assert np.array_equal(chords.segments[sure], 7 + (angle[sure] // 60).astype(int))
    bare = replace(lv, segments=np.zeros_like(lv.segments))
    assert not _chords(bare).segments.any()


def test_slices_without_chords_say_why():
    lv = _ring(10)[1]
    cap = lv.wall[0] | lv.cavity[0]
    tiny = np.zeros_like(cap)
    tiny[38, 38] = True
    none, full = np.zeros_like(cap), np.ones_like(cap)
    cavity = np.stack([lv.cavity[0], none, none, tiny, lv.cavity[0]])
    wall = np.stack([lv.wall[0], cap, none, cap & ~tiny, full & ~lv.cavity[0]])
    grid = StackGeometry(
        np.arange(5)[:, None] * [0, 0, 8], [1, 0, 0], [0, 1, 0], (1.0, 1.0), cap.shape
    )
    stack = LeftVentricle(cavity, wall, np.where(wall, 9, 0), grid)
    chords = _chords(stack)
    assert chords.reasons == ("", NO_CAVITY, NO_WALL, TOO_SMALL, NO_OUTSIDE)
    assert set(chords.slices) == {0}
    assert len(transmurality(chords, stack, scar_of(np.where(wall, 1.0, 0.0)))) == 120


def test_papillary_muscle_and_a_hole_in_the_wall_change_nothing():
    _, lv, scar = _ring(10, (0, 0.5))
    plain = transmurality(_chords(lv), lv, scar)
    cavity, wall = lv.cavity.copy(), lv.wall.copy()
    papillary = np.s_[0, 30:34, 30:34]
    cavity[papillary], wall[papillary] = False, True
    hole = np.argwhere(lv.wall[0])[len(np.argwhere(lv.wall[0])) // 2]
    wall[0, hole[0], hole[1]] = False
    chords = _chords(replace(lv, cavity=cavity, wall=wall))
    assert chords.thickness_mm.max() < 11
    again = transmurality(chords, replace(lv, wall=wall), scar)
    assert again == pytest.approx(plain, abs=0.06)


def test_an_lv_that_the_image_cuts_has_no_chords_there():
    shape = Shape(centre=(0.0, -18.0))
    grid = geometry()
    chords = _chords(render(shape, band(shape, 0, 1), grid)[0])
    assert len(chords.thickness_mm) > 80
    assert chords.thickness_mm == pytest.approx(10, abs=1)


GRIDS = st.tuples(st.integers(0, 3), st.booleans())


@settings(max_examples=12, deadline=None)
@given(GRIDS, st.floats(0.2, 0.8), st.tuples(st.floats(-3, 3), st.floats(-3, 3)))
def test_turned_and_mirrored_grids_give_the_same(turn, depth, off):
    quarter, mirrored = turn
    shape, grid = Shape(off=off), geometry((1.0, 1.3), 78.0)
    lv, scar = render(shape, band(Shape(), 0, depth, (10, 200)), grid)

    def moved(mask):
        out = np.rot90(mask, quarter, axes=(1, 2))
        return out[:, :, ::-1] if mirrored else out

    spacing = grid.pixel_spacing_mm[::-1] if quarter % 2 else grid.pixel_spacing_mm
    other = replace(grid, pixel_spacing_mm=spacing, shape=moved(lv.wall).shape[1:])
    there = LeftVentricle(*map(moved, (lv.cavity, lv.wall, lv.segments)), other)
    chords, again = _chords(lv), _chords(there)
    here_share, there_share = (
        transmurality(chords, lv, scar),
        transmurality(again, there, scar_of(moved(scar.weight))),
    )
    assert len(here_share) == len(there_share) == CHORDS.per_slice
    # The first chord is elsewhere, so that others of the same wall are taken.
    assert chords.thickness_mm.mean() == pytest.approx(again.thickness_mm.mean(), abs=0.02)
    for k in range(7, 13):
        means = [v[c.segments == k].mean() for v, c in ((here_share, chords), (there_share, again))]
        assert means[0] == pytest.approx(means[1], abs=0.03)


def test_pixel_of_the_formulas_is_pixel_of_the_image():
    """The test's own coordinates: a pixel centre goes there and back."""
    grid = geometry((1.0, 1.6))
    y, x = centres(grid)
    assert _mm(np.array([[3, 5]]), grid).ravel() == pytest.approx([y[3, 5], x[3, 5]])
