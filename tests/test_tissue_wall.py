"""Depth in the wall and blood pool against rings of known radii."""

import numpy as np
import pytest

from cmr.labels import Label
from cmr.tissue.wall import WallSettings, blood_pool, middle_of_wall, wall_depth

pytestmark = pytest.mark.requirement("TIS-16")

WALL = WallSettings(endocardial_fraction=0.15, epicardial_fraction=0.15, cavity_fraction=0.5)


def _ring(spacing_mm, inner=20.0, outer=30.0, off_mm=0.0):
    """Labels (1, row, col), distance from the middle, columns; ``off_mm`` moves the cavity."""
    shape = [int(70 / s) for s in spacing_mm]
    row, col = ((np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing_mm, strict=True))
    radius = np.hypot(row[:, None], col[None])
    inner_radius = np.hypot(row[:, None], col[None] - off_mm)
    labels = np.zeros((1, *shape), np.uint8)
    labels[0][radius < outer] = Label.MYOCARDIUM
    labels[0][inner_radius < inner] = Label.LV
    return labels, radius, col


@pytest.mark.parametrize("spacing", [(0.5, 0.5), (1.0, 1.0), (1.5, 1.5), (1.0, 1.6)])
def test_depth_of_a_ring(spacing):
    labels, radius, _ = _ring(spacing)
    depth = wall_depth(labels, spacing)[0]
    wall = labels[0] == Label.MYOCARDIUM
    assert np.array_equal(np.isfinite(depth), wall)
    # Borders are known to half a pixel, which of 10 mm is:
    assert np.abs(depth[wall] - (radius[wall] - 20) / 10).max() < max(spacing) / 10


def test_erosion_takes_its_share_of_the_local_thickness():
    """A cavity 5 mm off the middle: the wall is 5 mm thick on one side, 15 mm on the other."""
    labels, _, col = _ring((0.25, 0.25), off_mm=5.0)
    kept = middle_of_wall(wall_depth(labels, (0.25, 0.25)), WALL)[0]
    middle_row = kept.shape[0] // 2
    for side, thickness, inner in ((1, 5.0, 25.0), (-1, 15.0, 15.0)):
        held = np.abs(col[kept[middle_row] & (np.sign(col) == side)])
        assert held.min() == pytest.approx(inner + 0.15 * thickness, abs=0.3)
        assert held.max() == pytest.approx(30 - 0.15 * thickness, abs=0.3)


def test_a_wall_of_three_pixels_by_hand():
    labels = np.zeros((1, 9, 9), np.uint8)
    labels[0, :, :4] = Label.LV
    labels[0, :, 4:7] = Label.MYOCARDIUM
    # Centres half, one and a half, two and a half pixels into three.
    assert wall_depth(labels, (1.0, 1.0))[0, 4, 4:7] == pytest.approx([1 / 6, 3 / 6, 5 / 6])
    kept = middle_of_wall(
        wall_depth(labels, (2.0, 2.0)), WALL.model_copy(update={"endocardial_fraction": 0.2})
    )
    assert np.array_equal(kept[0, 4], [0, 0, 0, 0, 0, 1, 1, 0, 0])


def test_a_wall_at_the_edge_of_the_image():
    """The cavity touches two edges: beyond them lies no cavity, but the end of the wall."""
    labels = np.full((1, 4, 10), Label.LV, np.uint8)
    labels[0, :, 5:] = Label.MYOCARDIUM
    depth = wall_depth(labels, (1.0, 1.0))
    assert depth[0, 1, 9] == pytest.approx(4.5 / 5)
    assert depth[0, 1, 5] == pytest.approx(0.5 / 2)  # the edge above is 1.5 away


def test_rv_is_a_border_and_a_slice_without_cavity_has_no_depth():
    labels = np.zeros((2, 20, 20), np.uint8)
    labels[0, :, :5] = Label.LV
    labels[:, :, 5:11] = Label.MYOCARDIUM
    labels[0, :, 11:] = Label.RV
    depth = wall_depth(labels, (1.0, 1.0))
    assert depth[0, 10, 10] == pytest.approx(5.5 / 6)
    assert np.isnan(depth[1]).all()


def test_a_papillary_muscle_in_the_cavity_is_not_wall():
    labels, _, _ = _ring((1.0, 1.0))
    labels[0, 33:37, 33:37] = Label.MYOCARDIUM
    assert not middle_of_wall(wall_depth(labels, (1.0, 1.0)), WALL)[0, 33:37, 33:37].any()


@pytest.mark.parametrize("spacing", [(0.5, 0.5), (1.0, 1.6)])
def test_blood_pool_is_the_inner_half_of_the_radius(spacing):
    labels, radius, _ = _ring(spacing)
    pool = blood_pool(labels, spacing, WALL)[0]
    assert radius[pool].max() == pytest.approx(10, abs=max(spacing))
    area = np.count_nonzero(pool) * spacing[0] * spacing[1]
    assert area == pytest.approx(np.pi * 100, rel=0.15)


def test_no_cavity_no_pool():
    assert not blood_pool(np.full((2, 8, 8), Label.MYOCARDIUM), (1.0, 1.0), WALL).any()
