"""Masks on another grid: SimpleITK is the truth, or a few slices worked by hand."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cmr.errors import GeometryError
from cmr.grids import has_orientation, on_grid
from cmr.volume import StackGeometry, Volume4D
from tests.dicom_source import heart, stack, write_cine
from tests.finished_support import LIMITED

pytestmark = pytest.mark.requirement("CINE-15")


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    found = heart(write_cine(tmp_path_factory.mktemp("cine"), stack()))
    return Volume4D(found.data[:1], found.geometry)


def image_of(volume):
    """SimpleITK's picture of a regular stack; it counts x, y, z in LPS as DICOM does."""
    geometry = volume.geometry
    image = SimpleITK.GetImageFromArray(volume.data[0])
    image.SetOrigin(geometry.positions_mm[0].tolist())
    rows, cols = geometry.pixel_spacing_mm
    image.SetSpacing([cols, rows, geometry.pitch_mm])
    axes = np.column_stack([geometry.row_cosine, geometry.column_cosine, geometry.normal])
    image.SetDirection(axes.ravel().tolist())
    return image


def moved(geometry, degrees, shift, pitch, spacing, shape, slices):
    """Another regular stack near the middle of ``geometry``."""
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    row, column = turn @ geometry.row_cosine, turn @ geometry.column_cosine
    middle = geometry.to_patient_mm(geometry.n_slices // 2, *(n / 2 for n in geometry.shape))
    corner = middle - (
        row * spacing[1] * shape[1] + column * spacing[0] * shape[0]
        + np.cross(row, column) * pitch * slices
    ) / 2  # fmt: skip
    positions = corner + shift + np.arange(slices)[:, None] * pitch * np.cross(row, column)
    return StackGeometry(positions, row, column, spacing, shape)


@LIMITED
@given(
    degrees=st.tuples(*[st.floats(-180, 180)] * 3),
    shift=st.tuples(*[st.floats(-8, 8)] * 3),
    pitch=st.floats(3, 15),
    spacing=st.tuples(st.floats(0.7, 3), st.floats(0.7, 3)),
)
def test_oblique_grids_as_simpleitk_resamples_them(labels, degrees, shift, pitch, spacing):
    # A point exactly between two voxels may go to either; a whole slice of them must not.
    shift = np.add(shift, (0.013, 0.017, 0.011))
    grid = moved(labels.geometry, degrees, shift, pitch, spacing, (40, 36), 6)
    reference = image_of(Volume4D(np.zeros((1, 6, 40, 36), np.uint8), grid))
    expected = SimpleITK.GetArrayFromImage(
        SimpleITK.Resample(
            image_of(labels), reference, SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor, 0
        )
    )
    assert np.mean(on_grid(labels, grid).data[0] != expected) < 1e-3


def single(geometry, data=None):
    data = np.full((1, geometry.n_slices, *geometry.shape), 3, np.uint8) if data is None else data
    return Volume4D(data, geometry)


def test_missing_slices_and_reach_worked_by_hand():
    # Slices at 0 and 10 mm reach from -5 to 15 mm.
    grid = stack((4.5, 5.0, 5.0, 5.0, 1.5))
    shifted = replace(grid, positions_mm=grid.positions_mm - 5.5 * grid.normal)
    found = on_grid(single(stack((10.0,))), shifted)  # at -5.5, -1, 4, 9, 14, 15.5 mm
    assert found.data.any((0, 2, 3)).tolist() == [False, True, True, True, True, False]


def test_planes_halfway_between_slices_take_a_neighbour():
    halfway = replace(stack(), positions_mm=stack().positions_mm + 5 * stack().normal)
    assert on_grid(single(stack()), halfway).data.all()


def test_slices_left_out_of_an_uneven_stack_stay_empty():
    left = stack().take_slices([0, 1, 5, 7])
    found = on_grid(single(left), stack()).data.any((0, 2, 3))
    assert np.flatnonzero(found).tolist() == [0, 1, 5, 7]


def test_axes_that_are_not_quite_orthonormal_on_a_large_matrix():
    even = stack((10.0,), (512, 512))
    column = 1.0003 * even.column_cosine + 8e-4 * even.row_cosine
    geometry = replace(even, column_cosine=column)
    data = np.random.default_rng(0).integers(0, 4, (1, 2, 512, 512)).astype(np.uint8)
    assert np.array_equal(on_grid(single(geometry, data), geometry).data, data)


def test_one_slice_reaches_half_its_thickness():
    grid = stack((5.0, 3.5, 5.0))  # 0, 5, 8.5 and 13.5 mm; the slice of 8 mm lies at 5 mm
    one = grid.take_slices([1])
    assert on_grid(single(one), grid).data.any((0, 2, 3)).tolist() == [False, True, True, False]


def test_one_slice_of_unknown_thickness():
    one = replace(stack(()), slice_thickness_mm=float("nan"))
    assert on_grid(single(one), stack()).data.any((0, 2, 3)).tolist() == [True] + [False] * 7
    with pytest.raises(GeometryError, match="unknown thickness"):
        on_grid(single(one), one)


def test_grids_of_different_scans():
    with pytest.raises(GeometryError, match="different frames of reference"):
        on_grid(single(stack()), replace(stack(), frame_of_reference_uid="1.2.3"))


def test_grids_that_do_not_overlap():
    far = replace(stack(), positions_mm=stack().positions_mm + 500.0)
    with pytest.raises(GeometryError, match="do not overlap"):
        on_grid(single(stack()), far)


def test_empty_masks_stay_empty():
    empty = single(stack(), np.zeros((1, 8, 48, 40), np.uint8))
    assert not on_grid(empty, stack((5.0,) * 3)).data.any()


def bare(n_slices=3, shape=(4, 5), spacing=(1.5, 1.5), sign=1.0):
    positions = np.outer(np.arange(n_slices) * 10.0, [0, 0, 1])
    return StackGeometry(positions, sign * np.array([1.0, 0, 0]), sign * np.array([0, 1.0, 0]),
                         spacing, shape)  # fmt: skip


def test_what_counts_as_an_orientation():
    assert not has_orientation(bare())
    assert not has_orientation(bare(sign=-1.0))
    assert has_orientation(replace(bare(), frame_of_reference_uid="1.2.3"))
    assert has_orientation(replace(bare(), positions_mm=np.add(bare().positions_mm, [1, 2, 3])))
    assert has_orientation(replace(stack(), frame_of_reference_uid=""))


def test_plain_axes_away_from_zero_are_a_place():
    placed = replace(bare(), positions_mm=np.add(bare().positions_mm, [20, 30, 40]))
    upper = placed.take_slices([1, 2])
    assert on_grid(single(upper), placed).data.any((0, 2, 3)).tolist() == [False, True, True]


@pytest.mark.parametrize("way", [1, -1])
def test_missing_orientation_and_another_shape(way):
    pair = (bare(), stack((10.0,) * 2))[::way]
    with pytest.raises(GeometryError, match=r"no orientation .* shapes differ: \(3, "):
        on_grid(single(pair[0]), pair[1])


def test_missing_orientation_and_other_voxels():
    with pytest.raises(GeometryError, match=r"no orientation .* voxels differ"):
        on_grid(single(bare()), bare(spacing=(1.5, 1.25)))


def test_missing_orientation_and_axes_that_point_apart():
    # LPS axes and RAS axes, both by default: nobody knows whether the rows are turned.
    with pytest.raises(GeometryError, match=r"no orientation .* axes point apart"):
        on_grid(single(bare()), bare(sign=-1.0))
