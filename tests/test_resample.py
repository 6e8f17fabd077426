import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cmr.resample import CropGrid

pytestmark = pytest.mark.requirement("CINE-15")

spacing = st.floats(0.7, 2.5)
GRIDS = st.builds(
    CropGrid,
    native_shape=st.tuples(st.integers(40, 90), st.integers(40, 90)),
    native_spacing_mm=st.tuples(spacing, spacing),
    shape=st.tuples(st.integers(20, 64), st.integers(20, 64)),
    spacing_mm=st.floats(0.8, 2.0),
    centre=st.tuples(st.floats(15, 60), st.floats(15, 60)),
)


def crop_positions(grid, axis):
    """Native index of each crop index, worked out from millimetres."""
    from_middle_mm = (np.arange(grid.shape[axis]) - (grid.shape[axis] - 1) / 2) * grid.spacing_mm
    return grid.centre[axis] + from_middle_mm / grid.native_spacing_mm[axis]


def native_positions(grid, axis):
    from_centre_mm = (np.arange(grid.native_shape[axis]) - grid.centre[axis]) * (
        grid.native_spacing_mm[axis]
    )
    return from_centre_mm / grid.spacing_mm + (grid.shape[axis] - 1) / 2


def ramp(shape):
    rows, cols = np.indices(shape, dtype=np.float64)
    return 3 * rows - 2 * cols + 500


@settings(deadline=None, max_examples=60)
@given(GRIDS)
def test_a_ramp_is_taken_exactly_where_millimetres_say(grid):
    """Linear interpolation keeps a ramp: any shift of half a pixel would show."""
    rows, cols = crop_positions(grid, 0), crop_positions(grid, 1)
    inside = np.logical_and.outer(
        (rows >= 0) & (rows <= grid.native_shape[0] - 1),
        (cols >= 0) & (cols <= grid.native_shape[1] - 1),
    )
    expected = np.add.outer(3 * rows, -2 * cols) + 500
    out = grid.to_crop(ramp(grid.native_shape))
    assert np.allclose(out[inside], expected[inside], atol=1e-2)


@settings(deadline=None, max_examples=60)
@given(GRIDS)
def test_the_way_back_is_exact_too(grid):
    rows, cols = native_positions(grid, 0), native_positions(grid, 1)
    inside = np.logical_and.outer(
        (rows >= 0) & (rows <= grid.shape[0] - 1), (cols >= 0) & (cols <= grid.shape[1] - 1)
    )
    expected = np.add.outer(3 * rows, -2 * cols) + 500
    out = grid.to_native(ramp(grid.shape))
    assert np.allclose(out[inside], expected[inside], atol=1e-2)


@settings(deadline=None, max_examples=30)
@given(GRIDS)
def test_agrees_with_map_coordinates(grid):
    image = np.random.default_rng(0).random(grid.native_shape)
    at = np.meshgrid(crop_positions(grid, 0), crop_positions(grid, 1), indexing="ij")
    expected = ndimage.map_coordinates(image, at, order=1, mode="nearest")
    beyond = [
        (x < -0.5 - 1e-9) | (x > n - 0.5 + 1e-9) for x, n in zip(at, grid.native_shape, strict=True)
    ]
    expected[beyond[0] | beyond[1]] = 0
    assert np.allclose(grid.to_crop(image), expected, atol=1e-4)


@settings(deadline=None, max_examples=40)
@given(GRIDS)
def test_covered_pixels_are_those_whose_centre_lies_in_the_crop(grid):
    half_mm = [n * grid.spacing_mm / 2 for n in grid.shape]
    expected = []
    for axis in (0, 1):
        from_centre = np.arange(grid.native_shape[axis]) - grid.centre[axis]
        expected.append(abs(from_centre * grid.native_spacing_mm[axis]) <= half_mm[axis] + 1e-9)
    assert np.array_equal(grid.covered, np.logical_and.outer(*expected))


def test_same_grid_changes_nothing():
    grid = CropGrid((33, 41), (1.5, 1.5), (33, 41), 1.5, (16, 20))
    image = np.random.default_rng(0).random((2, 33, 41)).astype(np.float32)
    assert np.array_equal(grid.to_crop(image), image)
    assert np.array_equal(grid.to_native(image), image)


def test_outside_is_0_on_either_grid():
    grid = CropGrid((20, 20), (1.0, 1.0), (40, 10), 1.0, (9.5, 9.5))
    crop = grid.to_crop(np.ones((20, 20)))
    assert crop.sum() == 20 * 10
    assert not crop[:10].any()
    assert not crop[30:].any()
    native = grid.to_native(np.ones((40, 10)))
    assert native.sum() == 20 * 10
    assert np.array_equal(native > 0, grid.covered)


@pytest.mark.parametrize("offset", [0.0, 0.25, 0.5])
def test_centroid_of_a_blob_stays_where_it_is_in_millimetres(offset):
    rows, cols = np.indices((120, 100))
    at = (63.3 + offset, 47.8)
    blob = np.exp(-(((rows - at[0]) * 1.2) ** 2 + ((cols - at[1]) * 1.7) ** 2) / (2 * 12**2))
    grid = CropGrid((120, 100), (1.2, 1.7), (128, 128), 1.25, (60 + offset, 50.2))
    found = ndimage.center_of_mass(grid.to_crop(blob))
    expected = [
        (at[0] - grid.centre[0]) * 1.2 / 1.25 + 63.5,
        (at[1] - grid.centre[1]) * 1.7 / 1.25 + 63.5,
    ]
    assert np.allclose(found, expected, atol=0.02)
