"""Geometry against nibabel's own affine; damaged files."""

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.errors import GeometryError, UsageError
from training.nifti import read_nifti

pytestmark = pytest.mark.requirement("VAL-06")

DATA = np.arange(4 * 3 * 2, dtype=np.int16).reshape(4, 3, 2)  # (x, y, z)


def save(folder, data=DATA, affine=None, unit="mm"):
    image = nibabel.Nifti1Image(data, np.diag([2.0, 3, 8, 1]) if affine is None else affine)
    image.header.set_xyzt_units(unit)
    path = folder / "a.nii.gz"
    nibabel.save(image, path)
    return path


@settings(max_examples=25, deadline=None)
@given(
    angles=st.tuples(*[st.floats(-3.1, 3.1)] * 2),
    flips=st.tuples(*[st.sampled_from([-1, 1])] * 3),
)
def test_every_voxel_lies_where_the_affine_puts_it(tmp_path_factory, angles, flips):
    (c, s), (d, t) = ((np.cos(a), np.sin(a)) for a in angles)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, d, -t], [0, t, d]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(np.array([2.0, 3, 8]) * flips)
    affine[:3, 3] = [10, -20, 30]
    volume = read_nifti(save(tmp_path_factory.mktemp("n"), affine=affine))
    for (x, y, z), value in np.ndenumerate(DATA):
        [[k, row, col]] = np.argwhere(volume.data[0] == value)
        lps = (affine @ [x, y, z, 1])[:3] * [-1, -1, 1]
        assert volume.geometry.to_patient_mm(k, row, col) == pytest.approx(lps, abs=1e-3)


def test_without_a_trusted_affine_the_headers_spacing_holds(tmp_path):
    image = nibabel.Nifti1Image(DATA, None)
    image.header.set_zooms((2, 3, 8))
    assert (image.header["sform_code"], image.header["qform_code"]) == (0, 0)
    path = tmp_path / "a.nii"
    nibabel.save(image, path)
    check_axes_for_themselves(path)
    nibabel.save(nibabel.Nifti1Image(DATA, np.diag([2.0, 3, 8, 1])), path)
    content = bytearray(path.read_bytes())
    content[280:284] = np.float32(1).tobytes()  # srow_x: a step of 1 where pixdim says 2
    path.write_bytes(content)
    check_axes_for_themselves(path)


def check_axes_for_themselves(path):
    volume = read_nifti(path)
    assert np.array_equal(volume.geometry.row_cosine, [1, 0, 0])
    assert volume.geometry.pixel_spacing_mm == pytest.approx((3, 2))
    assert volume.geometry.pitch_mm == pytest.approx(8)
    assert np.array_equal(volume.data[0], DATA.T)


def test_a_stack_in_four_dimensions_is_one_phase(tmp_path):
    assert read_nifti(save(tmp_path, DATA[..., None])).data.shape == (1, 2, 3, 4)
    with pytest.raises(UsageError, match=r"\(4, 3, 2, 2\), expected one volume"):
        read_nifti(save(tmp_path, np.stack([DATA, DATA], -1)))


def test_what_is_no_stack_is_refused(tmp_path):
    sheared = np.diag([2.0, 3, 8, 1])
    sheared[:3, 0] = [2 * 0.6, 2 * 0.8, 0]
    with pytest.raises(GeometryError, match="not orthonormal"):
        read_nifti(save(tmp_path, affine=sheared))
    with pytest.raises(UsageError, match="lengths in meter, expected mm"):
        read_nifti(save(tmp_path, unit="meter"))
    path = save(tmp_path)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(UsageError, match="NIfTI file: "):
        read_nifti(path)
    with pytest.raises(UsageError, match="header cannot be read"):
        read_nifti(tmp_path / "gone.nii.gz")


def test_another_format_that_nibabel_reads_is_refused(tmp_path):
    nibabel.save(nibabel.MGHImage(DATA.astype(np.float32), np.eye(4)), tmp_path / "a.mgz")
    with pytest.raises(UsageError, match="header cannot be read"):
        read_nifti(tmp_path / "a.mgz")


def test_only_a_slice_alone_has_a_thickness(tmp_path):
    assert np.isnan(read_nifti(save(tmp_path)).geometry.slice_thickness_mm)
    assert read_nifti(save(tmp_path, DATA[:, :, :1])).geometry.slice_thickness_mm == 8


@settings(max_examples=25, deadline=None)
@given(angle=st.floats(-3.1, 3.1))
def test_pixel_spacing_and_axes_are_of_one_source(tmp_path_factory, angle):
    """Header and affine both round; their mixture would give axes that are not of length 1."""
    c, s = np.cos(angle), np.sin(angle)
    affine = np.array([[2 * c, -3 * s, 0, 5], [2 * s, 3 * c, 0, 6], [0, 0, 8, 7], [0, 0, 0, 1.0]])
    path = save(tmp_path_factory.mktemp("n"), affine=affine)
    image = nibabel.load(path)
    image.header["pixdim"][1:4] = (2.01, 2.99, 8.01)
    nibabel.save(nibabel.Nifti1Image(DATA, None, image.header), path.with_name("b.nii"))
    found = read_nifti(path.with_name("b.nii")).geometry
    assert np.linalg.norm(found.row_cosine) == pytest.approx(1, abs=1e-9)
    assert found.pixel_spacing_mm == pytest.approx((3, 2), abs=1e-5)
