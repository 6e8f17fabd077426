"""Source images are read rescaled, phases in radians; an unreadable slice is left out."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicomio.mapping_pixels import MappingImages, read_mapping
from dicomio.mapping_source import MappingSource
from dicomio.pixels import FrameUnreadable
from tests.mapping_support import MOLLI_533, molli, stored

pytestmark = pytest.mark.requirement("TIS-04")

PHASE = {"ImageType": ["ORIGINAL", "PRIMARY", "P", "DIS2D"]}
MADE_BY = {"Siemens": "SIEMENS", "Philips": "Philips Medical Systems", "GE": "GE MEDICAL SYSTEMS"}


def ramp(ds: Dataset) -> np.ndarray:
    """Values that tell inversion time and slice apart."""
    base = int(ds.InversionTime) // 10 + 1000 * round(ds.ImagePositionPatient[2] - 60)
    return np.full((ds.Rows, ds.Columns), base % 4096, np.uint16)


def one(folder: Path, *series: list[Dataset], values: Any = ramp) -> MappingSource:
    [found] = stored(folder, *series, values=values).sources
    return found


def read(folder: Path, *series: list[Dataset], values: Any = ramp) -> MappingImages:
    return read_mapping(one(folder, *series, values=values))


def test_values_are_rescaled_and_in_place(tmp_path: Path) -> None:
    made = molli("a", RescaleSlope=2, RescaleIntercept=-50)
    images = read(tmp_path, made)
    assert images.data.dtype == np.float32
    assert images.data.shape == (8, 3, 40, 36)
    expected = {(float(ds.InversionTime), round(ds.ImagePositionPatient[2], 3)): ds for ds in made}
    for z, position in enumerate(images.source.geometry.positions_mm):
        for i, time in enumerate(images.source.times_ms[:, z]):
            ds = expected[float(time), round(position[2], 3)]
            assert (images.data[i, z] == 2.0 * ramp(ds) - 50).all()
    assert images.phase_rad is None


def test_one_unreadable_slice_of_three(tmp_path: Path) -> None:
    source = one(tmp_path, molli("a"), molli("p", **PHASE))
    lost = source.frames[2][1]
    data = lost.path.read_bytes()
    lost.path.write_bytes(data[: len(data) // 2])
    images = read_mapping(source)
    assert images.data.shape[:2] == (8, 2)
    assert images.phase_rad is not None
    assert images.phase_rad.shape == images.data.shape
    [left_out] = images.source.left_out
    assert "an image cannot be decoded; the slice is left out." in left_out
    assert f"{source.geometry.slice_positions_mm[1]:.1f} mm" in left_out
    assert images.source.geometry.gaps_mm == pytest.approx([20.0])


def test_nothing_readable(tmp_path: Path) -> None:
    source = one(tmp_path, molli("a", heights=(0.0,)))
    source.frames[0][0].path.unlink()
    with pytest.raises(FrameUnreadable, match="T1 source images: none of 1 slices can be read"):
        read_mapping(source)


def test_unreadable_phase_costs_the_phase_alone(tmp_path: Path) -> None:
    source = one(tmp_path, molli("a"), molli("p", **PHASE))
    lost = source.phase[0][0]
    assert lost is not None
    lost.path.unlink()
    images = read_mapping(source)
    assert images.data.shape[:2] == (8, 3)
    assert images.phase_rad is not None
    assert [bool(np.isnan(images.phase_rad[:, z]).all()) for z in range(3)] == [True, False, False]
    assert "header of a phase image cannot be read" in images.source.notes[-1]


@pytest.mark.parametrize(
    ("vendor", "changes", "values", "radians"),
    [
        # Siemens VE11: seen in the real phantom.
        (
            "Siemens",
            {"RescaleSlope": 2, "RescaleIntercept": -4096},
            (0, 2048, 4095),
            (-math.pi, 0.0, math.pi * 4094 / 4096),
        ),
        ("Siemens", {}, (0, 2048, 4095), (-math.pi, 0.0, math.pi * 2047 / 2048)),
        # Philips: -pi to pi in milliradians.
        (
            "Philips",
            {"RescaleSlope": 6284 / 4095, "RescaleIntercept": -3142, "RescaleType": "mrad"},
            (0, 4095),
            (-3.142, 3.142),
        ),
        (
            "Philips",
            {"RescaleSlope": 6284 / 4095, "RescaleIntercept": -3142},
            (0, 4095),
            (-math.pi, math.pi),
        ),
        # GE: signed milliradians.
        (
            "GE",
            {"PixelRepresentation": 1, "BitsStored": 16, "HighBit": 15},
            (-3142, 0, 3142),
            (-3.142, 0.0, 3.142),
        ),
    ],
)
def test_phase_in_radians(
    vendor: str, changes: Any, values: Any, radians: Any, tmp_path: Path
) -> None:
    def phase_values(ds: Dataset) -> np.ndarray:
        if ds.ImageType[2] != "P":
            return ramp(ds)
        flat = np.resize(np.array(values), ds.Rows * ds.Columns)
        return flat.reshape(ds.Rows, ds.Columns).astype(np.int16 if vendor == "GE" else np.uint16)

    maker = {"Manufacturer": MADE_BY[vendor]}
    phase = molli("p", **PHASE, **maker, **changes)
    images = read(tmp_path, molli("a", **maker), phase, values=phase_values)
    assert images.phase_rad is not None
    found = images.phase_rad[3, 1].ravel()[: len(radians)]
    assert found == pytest.approx(np.array(radians), abs=1e-5)


def test_damaged_phase_costs_the_phase_alone(tmp_path: Path) -> None:
    source = one(tmp_path, molli("a"), molli("p", **PHASE))
    for lost in (source.phase[0][1], source.phase[0][2]):
        assert lost is not None
        lost.path.write_bytes(lost.path.read_bytes()[:-100])
    images = read_mapping(source)
    assert images.phase_rad is not None
    assert [bool(np.isnan(images.phase_rad[:, z]).all()) for z in range(3)] == [False, True, True]
    assert "phase images are not used, an image cannot be decoded" in images.source.notes[0]


def test_phase_of_an_unknown_unit_is_not_used(tmp_path: Path) -> None:
    phase = molli("p", **PHASE, RescaleSlope=1, RescaleIntercept=-500)
    images = read(tmp_path, molli("a"), phase)
    assert images.phase_rad is None
    assert "unit of the phase images is not known" in images.source.notes[0]


def test_a_slope_of_zero_costs_its_slice(tmp_path: Path) -> None:
    made = molli("a")
    made[0].RescaleSlope, made[0].RescaleIntercept = 0, 0
    images = read(tmp_path, made)
    assert images.data.shape[1] == 2
    assert "a rescale slope of 0" in images.source.left_out[0]


def test_huge_values_cost_their_slice(tmp_path: Path) -> None:
    made = molli("a")
    made[-1].RescaleSlope, made[-1].RescaleIntercept = "1e300", 0
    images = read(tmp_path, made)
    assert images.data.shape[1] == 2
    assert "not finite" in images.source.left_out[0]


def test_display_scales_of_philips_that_differ_give_way_to_its_own(tmp_path: Path) -> None:
    """One signal, stored for display with a factor an image; Philips' own scale undoes it."""
    made = molli("a", Manufacturer=MADE_BY["Philips"])
    for n, ds in enumerate(made):
        factor = 1.0 + n % len(MOLLI_533)
        ds.RescaleSlope, ds.RescaleIntercept = factor, 0
        ds.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
        ds.add_new(0x2005100D, "FL", 0.0)
        ds.add_new(0x2005100E, "FL", 0.5)
    images = read(tmp_path, made, values=lambda ds: np.full((40, 36), 300, np.uint16))
    assert images.data == pytest.approx(np.full(images.data.shape, 600.0))


def test_one_display_scale_of_philips_is_left_alone(tmp_path: Path) -> None:
    made = molli("a", Manufacturer=MADE_BY["Philips"], RescaleSlope=3, RescaleIntercept=0)
    for ds in made:
        ds.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
        ds.add_new(0x2005100E, "FL", 0.5)
    images = read(tmp_path, made, values=lambda ds: np.full((40, 36), 300, np.uint16))
    assert (images.data == 900).all()
