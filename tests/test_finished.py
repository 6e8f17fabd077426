"""Finished masks: files, folders, and NIfTI axes as nibabel turns them."""

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmr.errors import UsageError
from cmr.grids import on_grid
from cmr.labels import Label
from tests.dicom_source import stack
from tests.finished_support import LIMITED, save_nifti, write_segs
from training.cases import read_acdc
from validation.cohort.finished import read_labels

pytestmark = pytest.mark.requirement("VAL-06")

FLIPS = st.tuples(
    st.permutations([0, 1, 2]), st.lists(st.sampled_from([1, -1]), min_size=3, max_size=3)
)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return write_segs(tmp_path_factory.mktemp("case"))


# Folders.


@pytest.mark.parametrize("phase", ["ed", "es"])
def test_output_folder_and_phase(case, phase):
    written = next(s for s in case.segs if s.phase == phase)
    found = read_labels(written.path.parent, phase)
    assert np.array_equal(on_grid(found, case.source.geometry).data, case.truth(written))


def test_missing_file(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        read_labels(tmp_path / "nothing.dcm")


def test_folder_without_the_phase_or_with_two(case, tmp_path):
    with pytest.raises(UsageError, match=r"0 files seg-ed-\*\.dcm, expected one"):
        read_labels(tmp_path, "ed")
    for name in ("seg-ed-1.dcm", "seg-ed-2.dcm"):
        (tmp_path / name).write_bytes(case.segs[0].path.read_bytes())
    with pytest.raises(UsageError, match=r"2 files seg-ed-\*\.dcm, expected one"):
        read_labels(tmp_path, "ed")


# NIfTI.


def test_nifti_axes_worked_by_hand(tmp_path):
    # A file of one patient's left-handed, oblique-free stack: x to the patient's left (RAS -x),
    # y to the back (RAS -y), slices upwards (z), 2 x 3 x 10 mm, first voxel at R 5, A 6, S 7.
    array = np.zeros((4, 3, 2), np.uint8)
    array[3, 1, 0] = Label.LV
    affine = np.array([[-2, 0, 0, 5], [0, -3, 0, 6], [0, 0, 10, 7], [0, 0, 0, 1.0]])
    found = read_labels(save_nifti(tmp_path, array, affine))
    assert np.argwhere(found.data).tolist() == [[0, 0, 1, 3]]
    assert found.geometry.pixel_spacing_mm == (3, 2)
    assert found.geometry.positions_mm.tolist() == [[-5, -6, 7], [-5, -6, 17]]
    # The labelled voxel: R 5 - 3·2, A 6 - 3, S 7, in LPS with the first two signs turned.
    assert found.geometry.to_patient_mm(0, 1, 3).tolist() == [1, -3, 7]


def test_slices_that_run_against_the_normal_are_turned(tmp_path):
    array = np.zeros((4, 3, 2), np.uint8)
    array[3, 1, 0] = Label.LV
    affine = np.array([[-2, 0, 0, 5], [0, -3, 0, 6], [0, 0, -10, 7], [0, 0, 0, 1.0]])
    found = read_labels(save_nifti(tmp_path, array, affine))
    assert np.argwhere(found.data).tolist() == [[0, 1, 1, 3]]
    assert found.geometry.to_patient_mm(1, 1, 3).tolist() == [1, -3, 7]


@LIMITED
@given(flips=FLIPS)
def test_any_storage_order_gives_the_same_labels(case, tmp_path_factory, flips):
    """nibabel turns and mirrors the storage and keeps the place, as dcm2niix does."""
    folder = tmp_path_factory.mktemp("flips")
    geometry = case.source.geometry
    affine = np.eye(4)
    step = geometry.positions_mm[1] - geometry.positions_mm[0]
    affine[:3, 0] = geometry.row_cosine * geometry.pixel_spacing_mm[1]
    affine[:3, 1] = geometry.column_cosine * geometry.pixel_spacing_mm[0]
    affine[:3, 2], affine[:3, 3] = step, geometry.positions_mm[0]
    affine[:2] *= -1
    image = nibabel.Nifti1Image(case.truth(case.segs[0])[0].T, affine)
    turned = image.as_reoriented(np.column_stack([flips[0], flips[1]]))
    path = save_nifti(folder, np.asarray(turned.dataobj), turned.affine)
    found = on_grid(read_labels(path), geometry)
    assert np.array_equal(found.data, case.truth(case.segs[0]))
    direct = read_labels(case.segs[0].path)
    there = read_labels(path)
    assert np.array_equal(on_grid(direct, there.geometry).data, there.data)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_files_without_orientation_correspond_voxel_by_voxel(tmp_path, dtype):
    array = np.arange(24).reshape(4, 3, 2) % 4
    found = read_labels(save_nifti(tmp_path, array.astype(dtype), np.diag([2, 3, 10, 1.0]), code=0))
    assert np.array_equal(found.data[0], array.T)
    assert found.geometry.row_cosine.tolist() == [1, 0, 0]
    placed = stack((10.0,), (3, 4), (3.0, 2.0))
    assert np.array_equal(on_grid(found, placed).data, found.data)
    assert on_grid(found, placed).geometry is placed


@pytest.mark.real_data
def test_acdc_labels_are_those_that_training_reads(acdc):
    case = read_acdc(acdc, "patient001")
    found = read_labels(acdc / "patient001_ed_label.nii.gz")
    assert np.array_equal(found.data, case.labels.data[:1])
    assert np.array_equal(on_grid(found, case.images.geometry).data, case.labels.data[:1])


AFFINE = np.array([[-2, 0, 0, 5], [0, -3, 0, 6], [0, 0, 10, 7], [0, 0, 0, 1.0]])
ONES = np.ones((4, 3, 2), np.uint8)
BAD_NIFTI = {
    "unknown value 4": (ONES * 4, AFFINE),
    "unknown value -1": (-ONES.astype(np.int16), AFFINE),
    "unknown value 0.5": (ONES * np.float32(0.5), AFFINE),
    "unknown value nan": (ONES * np.float32(np.nan), AFFINE),
    "one volume": (np.ones((4, 3, 2, 2), np.uint8), AFFINE),
    r"one volume \(x": (np.ones((4, 3), np.uint8), AFFINE),
    "colours or complex": (ONES.astype(np.complex64), AFFINE),
    "not orthonormal": (ONES, AFFINE + np.array([[0, 1, 0, 0], *np.zeros((3, 4))])),
    "without size": (ONES, AFFINE * [1, 0, 1, 1]),
    "holds no numbers": (ONES, AFFINE * [np.nan, 1, 1, 1]),
    "repeat or are not in ascending": (ONES, AFFINE[:, [0, 1, 0, 3]]),
}


@pytest.mark.parametrize("reason", BAD_NIFTI)
def test_nifti_that_leaves_doubt_is_refused(reason, tmp_path):
    with pytest.raises(UsageError, match=reason):
        read_labels(save_nifti(tmp_path, *BAD_NIFTI[reason]))


def test_nifti_in_metres(tmp_path):
    image = nibabel.Nifti1Image(ONES, AFFINE)
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "metres.nii")
    with pytest.raises(UsageError, match="lengths in meter, expected mm"):
        read_labels(tmp_path / "metres.nii")


def test_fourth_axis_of_length_one_is_allowed(tmp_path):
    found = read_labels(save_nifti(tmp_path, ONES[..., None], AFFINE))
    assert found.data.shape == (1, 2, 3, 4)


def test_header_that_claims_too_much(tmp_path):
    path = save_nifti(tmp_path, ONES, AFFINE)
    content = bytearray(path.read_bytes())
    content[42:48] = np.array([30000] * 3, "<i2").tobytes()  # dim[1..3] of the NIfTI-1 header
    path.write_bytes(content)
    with pytest.raises(UsageError, match="larger than any short-axis stack"):
        read_labels(path)


@pytest.mark.parametrize("name", ["labels.nii", "labels.nii.gz"])
@LIMITED
@given(share=st.floats(0, 0.9))
def test_truncated_nifti_is_one_clear_error(tmp_path, share, name):
    whole = save_nifti(tmp_path, np.arange(2400).reshape(20, 12, 10).astype(np.uint8) % 4, AFFINE,
                 name=name).read_bytes()  # fmt: skip
    (tmp_path / f"short-{name}").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UsageError, match="NIfTI file"):
        read_labels(tmp_path / f"short-{name}")
