"""The inside of a wall, and what is large enough to be scar."""

import numpy as np
import pytest

from cmr.scar.islands import pixel_volumes_mm3, without_islands
from cmr.scar.rim import grown, inside
from tests.late_rings import SETTINGS, block, ring
from tests.scar_shapes import Shape, centres, geometry

pytestmark = pytest.mark.requirement("SCAR-08")

ISLANDS = SETTINGS.islands


def slab(slices=3, side=24, spacing=(1.5, 1.5), pitch_mm=10.0, thickness_mm=8.0):
    """All is wall."""
    grid = geometry(spacing, side * spacing[0], slices, pitch_mm, thickness_mm)
    return block(np.ones((slices, *grid.shape), bool), grid=grid)


def test_the_inside_of_a_ring_is_a_ring():
    """Radii 20 and 30 mm, pixels of 1 mm, more than one pixel from both."""
    left_ventricle, _ = ring()
    found = inside(left_ventricle, 1)[0]
    y, x = Shape().at(*centres(left_ventricle.geometry))
    radius = np.hypot(y, x)
    assert found[(radius > 22.2) & (radius < 27.8)].all()
    assert not found[(radius < 20.8) | (radius > 29.2)].any()


@pytest.mark.parametrize("thick", [1, 2, 3])
def test_a_thin_wall_keeps_its_middle(thick):
    wall = np.zeros((1, 20, 20), bool)
    wall[0, 8 : 8 + thick] = True
    found = inside(block(wall), 1)[0]
    assert found[:, 1:-1].any(0).all()
    assert not found[wall[0].sum(1) == 0].any()
    if thick == 3:
        assert not found[[8, 10]].any()


def test_slices_do_not_shrink_each_other():
    """Wall on one slice only: its neighbours are no border."""
    wall = np.zeros((3, 20, 20), bool)
    wall[1, 4:16, 4:16] = True
    assert inside(block(wall), 1)[1].sum() == 10**2


@pytest.mark.parametrize(("steps", "count"), [(0, 1), (1, 9), (2, 25), (None, 49)])
def test_growing_by_so_many_steps(steps, count):
    seeds = np.zeros((1, 11, 11), bool)
    seeds[0, 5, 5] = True
    within = np.zeros_like(seeds)
    within[0, 2:9, 2:9] = True
    assert grown(seeds, within, steps).sum() == count


def test_nothing_grows_from_nothing_nor_into_the_next_slice():
    none = np.zeros((2, 6, 6), bool)
    assert not grown(none, ~none, None).any()
    seeds = none.copy()
    seeds[0, 3, 3] = True
    assert grown(seeds, ~none, None).sum((1, 2)).tolist() == [36, 0]


@pytest.mark.parametrize(("pixels", "stays"), [(6, False), (7, True)])
def test_an_island_just_too_small_and_one_just_large_enough(pixels, stays):
    """1.5 x 1.5 mm at a pitch of 10 mm are 22.5 mm3: 150 mm3 are 6.7 pixels."""
    left_ventricle = slab()
    bright = np.zeros_like(left_ventricle.wall)
    bright[1, 10, 5 : 5 + pixels] = True
    found = without_islands(bright, left_ventricle.wall, left_ventricle, ISLANDS)
    assert found.sum() == (pixels if stays else 0)


def test_an_island_counts_over_the_slices_it_touches():
    """Four pixels each in two slices: over each other they are one, aside or 2 slices off not."""
    left_ventricle = slab()
    whole = left_ventricle.wall
    for second, kept in (((1, 10, 5), 8), ((1, 10, 15), 0), ((2, 10, 5), 0), ((1, 11, 9), 0)):
        bright = np.zeros_like(whole)
        bright[0, 10, 5:9] = True
        z, row, col = second
        bright[z, row, col : col + 4] = True
        assert without_islands(bright, whole, left_ventricle, ISLANDS).sum() == kept, second


def test_corners_connect_in_plane():
    left_ventricle = slab()
    bright = np.zeros_like(left_ventricle.wall)
    bright[1, range(5, 12), range(5, 12)] = True
    assert without_islands(bright, left_ventricle.wall, left_ventricle, ISLANDS).sum() == 7


def test_islands_are_counted_without_the_rim_and_go_on_into_it():
    """Ten bright pixels of which 3 are inside: no scar; 7 inside: scar, with 2 pixels of rim."""
    left_ventricle = slab()
    for first, kept in ((13, 0), (9, 9)):
        inner = np.zeros_like(left_ventricle.wall)
        inner[:, :, :16] = True
        bright = np.zeros_like(inner)
        bright[1, 10, first : first + 10] = True
        found = without_islands(bright, inner, left_ventricle, ISLANDS)
        assert found.sum() == kept
        assert not (found & ~bright).any()


def test_beyond_the_reach_only_what_is_brighter_than_half():
    left_ventricle = slab()
    inner = np.zeros_like(left_ventricle.wall)
    inner[:, :, :16] = True
    bright = np.zeros_like(inner)
    bright[1, 10, 9:24] = True
    half = bright.copy()
    half[1, 10, 19:] = False
    found = without_islands(bright, inner, left_ventricle, ISLANDS, half)
    # 9 to 18 brighter than half, two further ones by reach.
    assert np.flatnonzero(found[1, 10]).tolist() == list(range(9, 21))


def test_a_pixel_stands_for_pitch_not_thickness():
    assert pixel_volumes_mm3(slab()).ravel() == pytest.approx([22.5] * 3)
    assert pixel_volumes_mm3(slab(slices=1)).ravel() == pytest.approx([1.5**2 * 8])
    unknown = slab(slices=1, thickness_mm=float("nan"))
    assert pixel_volumes_mm3(unknown).ravel() == pytest.approx([1.5**2])


@pytest.mark.parametrize(
    ("slices", "bright", "kept"),
    [
        (5, [0], False),
        (5, [4], False),
        (5, [0, 1], True),
        (5, [2], True),
        (3, [0], True),  # too few slices to tell what an end is
    ],
)
def test_what_only_an_end_of_the_ventricle_shows_is_no_scar(slices, bright, kept):
    """A square of 8 x 8 pixels: 1440 mm3 a slice, ten times the least island."""
    left_ventricle = slab(slices)
    wall = left_ventricle.wall
    seen = np.zeros_like(wall)
    for z in bright:
        seen[z, 8:16, 8:16] = True
    assert without_islands(seen, wall, left_ventricle, ISLANDS).any() == kept
