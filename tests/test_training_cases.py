import nibabel
import numpy as np
import pytest

from cmr.labels import Label
from tests.model_support import acdc_patients
from tests.training_support import write_patient
from training.cases import read_acdc, read_reference
from training.nifti import read_nifti

pytestmark = pytest.mark.requirement("NET-01")


def volumes_ml(labels, label):
    """Voxels times their volume, in each phase."""
    voxel_ml = labels.geometry.pixel_area_mm2 * labels.geometry.pitch_mm / 1000
    return [float((phase == label).sum() * voxel_ml) for phase in labels.data]


def test_x_of_the_file_runs_along_a_row(tmp_path):
    write_patient(tmp_path, "p1", 0)
    case = read_acdc(tmp_path, "p1")
    file = nibabel.load(tmp_path / "p1_es_label.nii.gz")
    assert case.labels.data.shape == (2, 3, 48, 40)
    assert case.labels.data[1, 2, 30, 20] == file.dataobj[20, 30, 2]
    assert case.images.data.dtype == np.float32


def test_spacing_is_that_of_the_header(tmp_path):
    affine = np.diag([1.5, 2.5, 8, 1])
    for phase in ("ed", "es"):
        for kind in ("", "_label"):
            image = nibabel.Nifti1Image(np.zeros((6, 5, 3), np.int16), affine)
            nibabel.save(image, tmp_path / f"p_{phase}{kind}.nii.gz")
    geometry = read_acdc(tmp_path, "p").images.geometry
    assert geometry.pixel_spacing_mm == pytest.approx((2.5, 1.5))
    assert geometry.pitch_mm == pytest.approx(8)


@pytest.mark.real_data
def test_volumes_of_the_labels_are_those_of_reference_csv(acdc):
    rows = {row["patient"]: row for row in read_reference(acdc)}
    for patient in acdc_patients(acdc)[::16]:
        labels = read_acdc(acdc, patient).labels
        for label, name in ((Label.LV, "lv"), (Label.RV, "rv")):
            edv, esv = volumes_ml(labels, label)
            assert edv == pytest.approx(float(rows[patient][f"{name}_edv_ml"]), abs=0.1)
            assert esv == pytest.approx(float(rows[patient][f"{name}_esv_ml"]), abs=0.1)


@pytest.mark.real_data
def test_sunnybrook_volumes_are_those_of_reference_csv(acdc):
    folder = acdc.parent / "sunnybrook"
    row = read_reference(folder)[0]
    for phase in ("ed", "es"):
        labels = read_nifti(folder / f"{row['patient']}_{phase}_label.nii.gz")
        assert volumes_ml(labels, Label.LV)[0] == pytest.approx(
            float(row[f"lv_{phase}v_ml"]), abs=0.1
        )
