"""What the tests of preprocessing, inference and training share."""

from pathlib import Path

import numpy as np
import pydicom

from cmr.inference import InferenceSettings
from cmr.preprocess import PreprocessSettings
from cmr.volume import StackGeometry, Volume4D
from tests.conftest import ROOT
from training.cases import read_groups
from training.config import read_section

SETTINGS = read_section(ROOT / "app.yaml", "preprocessing", PreprocessSettings)
INFERENCE = read_section(ROOT / "app.yaml", "inference", InferenceSettings)
SHORT_AXIS = ("Se1", "Se2", "Se3", "Se4", "Se5", "Se11")


def volume(data, spacing_mm=(1.4, 1.4)) -> Volume4D:
    """An axial stack, 10 mm apart, of this array (t, z, row, col)."""
    geometry = StackGeometry(
        positions_mm=np.outer(np.arange(data.shape[1]) * 10.0, [0, 0, 1]),
        row_cosine=[1, 0, 0],
        column_cosine=[0, 1, 0],
        pixel_spacing_mm=spacing_mm,
        shape=data.shape[2:],
    )
    return Volume4D(data, geometry)


def acdc_patients(folder: Path) -> list[str]:
    """All 80 patients."""
    return sorted(read_groups(folder))


def bivme_cine(folder: Path) -> Volume4D:
    """The short-axis cine, read with plain pydicom: independent of the application's reader."""
    stacks = []
    for series in SHORT_AXIS:
        files = sorted(path for path in (folder / series).rglob("*") if path.is_file())
        stacks.append(sorted(map(pydicom.dcmread, files), key=lambda d: float(d.TriggerTime)))
    first = stacks[0][0]
    orientation = np.array(first.ImageOrientationPatient, float)
    normal = np.cross(orientation[:3], orientation[3:])
    stacks.sort(key=lambda s: float(np.dot(normal, np.array(s[0].ImagePositionPatient, float))))
    data = np.stack([[d.pixel_array for d in phase] for phase in zip(*stacks, strict=True)])
    geometry = StackGeometry(
        positions_mm=[s[0].ImagePositionPatient for s in stacks],
        row_cosine=orientation[:3],
        column_cosine=orientation[3:],
        pixel_spacing_mm=(float(first.PixelSpacing[0]), float(first.PixelSpacing[1])),
        shape=(first.Rows, first.Columns),
    )
    return Volume4D(data.astype(np.float32), geometry)
