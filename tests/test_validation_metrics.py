"""95 % Hausdorff distance: hand-worked cases, and a slow definition written without MONAI."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from cmr.labels import Label
from tests.heart_masks import geometry
from validation.cohort.metrics import hd95_mm

pytestmark = pytest.mark.requirement("VAL-02")

SHAPE = (4, 5, 6)
MASKS = arrays(np.bool_, SHAPE).filter(np.any)


def stack(pitch_mm=8.0, spacing_mm=(1.5, 2.0), positions=None, shape=SHAPE):
    n_slices = len(positions) if positions is not None else shape[0]
    return geometry(n_slices, pitch_mm, spacing_mm, shape[1:], positions)


def voxels(*indices, shape=SHAPE):
    out = np.zeros(shape, np.uint8)
    out[tuple(np.transpose(indices))] = Label.LV
    return out


def hd95(a, b, grid=None):
    return hd95_mm(a, b, Label.LV, grid or stack())


def definition(a, b, spacing):
    """Both directed 95th percentiles over voxels with a face neighbour outside, by all pairs."""

    def edge(mask):
        padded = np.pad(mask, 1)
        inside = np.ones_like(mask)
        for axis in range(3):
            for step in (-1, 1):
                inside &= np.roll(padded, step, axis)[1:-1, 1:-1, 1:-1]
        return np.argwhere(mask & ~inside) * np.asarray(spacing)

    distances = cdist(edge(a), edge(b))
    return max(np.percentile(distances.min(axis), 95) for axis in (0, 1))


@pytest.mark.parametrize(
    ("moved", "expected_mm"),
    [
        ((1, 1, 1), 0.0),
        ((2, 1, 1), 8.0),  # one slice
        ((1, 3, 1), 3.0),  # two rows of 1.5 mm
        ((1, 1, 4), 6.0),  # three columns of 2 mm
        ((1, 3, 3), 5.0),  # 3 mm and 4 mm at right angles
    ],
)
def test_one_voxel_against_one_voxel(moved, expected_mm):
    assert hd95(voxels((1, 1, 1)), voxels(moved)) == pytest.approx(expected_mm)


def test_the_percentile_lies_between_ranks():
    """A line of 10 voxels in both, an eleventh 10 rows off in one of them.

    Eleven distances, 10 of 0 and one of 15 mm: rank 0.95 * 10 = 9.5 lies half-way, 7.5 mm. The
    other direction is 0 everywhere, and the larger of the two counts.
    """
    shape = (2, 11, 10)
    line = voxels(*[(0, 0, c) for c in range(10)], shape=shape)
    more = line | voxels((0, 10, 0), shape=shape)
    for a, b in ((line, more), (more, line)):
        assert hd95(a, b, stack(shape=shape)) == pytest.approx(7.5)


def test_one_voxel_in_21_may_lie_anywhere():
    shape = (2, 11, 20)
    line = voxels(*[(0, 0, c) for c in range(20)], shape=shape)
    more = line | voxels((0, 10, 0), shape=shape)
    assert hd95(line, more, stack(shape=shape)) == 0


def test_the_inside_of_a_solid_does_not_count():
    """A cube of 5 x 5 x 5 voxels of 1 mm, with and without its centre.

    Both have 98 outer edge voxels (125 - 27), at 0 mm from each other; the hole adds 6 to the
    hollow one, 1 mm from the outer edge of the solid one. Of 104 distances, rank 0.95 * 103 = 97.85
    lies between the last 0 (97) and the first 1 (98): 0.85 mm. Were whole masks compared, every
    voxel of the hollow cube would lie in the solid one, and the missing voxel be 1 of 125: 0 mm.
    """
    shape = (5, 5, 5)
    solid = np.full(shape, Label.LV, np.uint8)
    hollow = solid.copy()
    hollow[2, 2, 2] = 0
    grid = stack(1.0, (1.0, 1.0), shape=shape)
    assert hd95(hollow, solid, grid) == pytest.approx(0.85, abs=1e-5)


def test_uneven_slices_count_as_their_median_distance_apart():
    uneven = stack(positions=[0, 8, 16, 40])
    assert hd95(voxels((2, 1, 1)), voxels((3, 1, 1)), uneven) == pytest.approx(8.0)


@pytest.mark.filterwarnings("error")
def test_an_empty_mask_or_a_single_slice_leaves_it_undefined():
    nothing, something = np.zeros(SHAPE, np.uint8), voxels((1, 1, 1))
    assert math.isnan(hd95(nothing, something))
    assert math.isnan(hd95(something, nothing))
    assert math.isnan(hd95(nothing, nothing))
    assert math.isnan(hd95(something[1:2], something[1:2], stack(shape=(1, 5, 6))))


def test_other_labels_do_not_count():
    truth = voxels((1, 1, 1))
    found = truth.copy()
    found[3, 4, 5] = Label.RV
    assert hd95(found, truth) == 0


def test_masks_of_another_grid_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 5, 6\) and \(3, 5, 6\), expected \(4, 5, 6\)"):
        hd95(voxels((1, 1, 1)), voxels((1, 1, 1))[:3])


@pytest.mark.filterwarnings("error")
@settings(deadline=None)
@given(MASKS, MASKS, st.tuples(*[st.floats(0.5, 12)] * 3))
def test_monai_keeps_to_the_definition(a, b, spacing):
    grid = stack(spacing[0], spacing[1:])
    found = hd95(a * np.uint8(3), b * np.uint8(3), grid)
    assert found == pytest.approx(definition(a, b, spacing), rel=1e-5, abs=1e-5)
    assert found == hd95(b * np.uint8(3), a * np.uint8(3), grid)


@settings(deadline=None)
@given(MASKS, MASKS, st.floats(0.25, 4))
def test_it_scales_with_the_spacing(a, b, factor):
    a, b = a * np.uint8(3), b * np.uint8(3)
    scaled = stack(8.0 * factor, (1.5 * factor, 2.0 * factor))
    assert hd95(a, b, scaled) == pytest.approx(factor * hd95(a, b), rel=1e-5)
