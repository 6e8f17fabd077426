"""Written SEGs of known masks, and what dcmqi makes of them, for the tests of finished masks."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import nibabel
import numpy as np
from hypothesis import HealthCheck, settings

from cmr.labels import Label
from cmr.volume import Volume4D
from dicomio.seg import WrittenSeg, write_phase_segs
from dicomio.source import CineSource
from tests.dicom_source import heart, stack, write_cine
from tests.dicom_tools import run
from tests.writer_case import IDENTITY, PHASES, SETTINGS

VALUE = {"87878005": Label.LV, "49848007": Label.MYOCARDIUM, "53085002": Label.RV}
LIMITED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Written:
    source: CineSource
    labels: Volume4D
    segs: tuple[WrittenSeg, ...]

    def truth(self, written):
        """``(1, z, row, col)`` masks that ``written`` was made of."""
        return self.labels.data[[written.phase_index]]


def write_segs(folder: Path, *, gaps_mm=(10.0,) * 7, geometry=None, series="one", labels=heart):
    """A cine of four phases, and the SEGs of two."""
    # dcmqi 1.5.7 cannot copy names beyond ASCII.
    patient = {"PatientName": "Test^Plain"}
    grid = geometry or stack(gaps_mm)
    source = write_cine(folder / "source", grid, series=series, patient=patient)
    results = folder / "results"
    results.mkdir()
    masks = labels(source)
    segs = write_phase_segs(source, masks, PHASES, IDENTITY, SETTINGS, results)
    return Written(source, masks, segs)


def empty_slices(source):
    """Nothing in the first, a middle and the last slice."""
    data = heart(source).data.copy()
    data[:, [0, 3, -1]] = 0
    return heart(source).with_data(data)


def alternate(source):
    """Something in every second slice, as some readers draw."""
    data = heart(source).data.copy()
    data[:, ::2] = 0
    return heart(source).with_data(data)


def skewed():
    """Axes as far from orthonormal as a stack may have them, slices off by under half a pixel."""
    even = stack()
    shift = np.array([0, 0.5, -0.5, 0, 0.5, 0, 0.4, 0])[:, None] * even.row_cosine
    column = 1.0003 * even.column_cosine + 8e-4 * even.row_cosine
    return replace(even, positions_mm=even.positions_mm + shift, column_cosine=column)


CASES = {
    "even": {},
    "enhanced": {"series": "enhanced"},
    "wide pitch": {"gaps_mm": (17.7,) * 5},
    "measured pitch": {"gaps_mm": (10.0012, 9.9987, 10.0004, 10.0, 9.9991)},
    "empty slices": {"labels": empty_slices},
    "every second slice": {"labels": alternate},
    "skewed": {"geometry": skewed()},
    "uneven": {"gaps_mm": (10.0, 10.0, 20.0, 9.0, 10.0)},
    "one slice": {"gaps_mm": ()},
}


def dcmqi_images(path, folder):
    """One NIfTI a segment, and their description, as dcmqi makes them."""
    folder.mkdir()
    code, text = run(
        "segimage2itkimage", "-t", "nii", "--outputDirectory", folder, "--inputDICOM", path
    )
    assert code == 0, text
    described = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return sorted(folder.glob("*.nii.gz")), described


def dcmqi_labels(path, folder):
    """One NIfTI with the labels of this project, joined from dcmqi's images."""
    images, described = dcmqi_images(path, folder)
    value = {
        item["labelID"]: VALUE[item["SegmentedPropertyTypeCodeSequence"]["CodeValue"]]
        for (item,) in described["segmentAttributes"]
    }
    loaded = [nibabel.load(image) for image in images]
    joined = np.zeros(loaded[0].shape, np.uint8)
    for image in loaded:
        stored = np.asarray(image.dataobj).astype(int)
        for number in set(np.unique(stored).tolist()) - {0}:
            joined[stored == number] = value[number]
    nibabel.save(nibabel.Nifti1Image(joined, loaded[0].affine), folder / "labels.nii.gz")
    return folder / "labels.nii.gz"


def save_nifti(folder, array, affine, code=1, name="labels.nii"):
    """Through the header, which takes a senseless affine too."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(array.dtype)
    header.set_data_shape(array.shape)
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    header.set_zooms([*steps, *[1] * (array.ndim - 3)][: array.ndim])
    header.set_sform(affine, code)
    nibabel.save(nibabel.Nifti1Image(array, None, header), folder / name)
    return folder / name
