"""Scanner maps are read to ms; units are checked, and nothing is scaled in silence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from cmr.mapping.plausible import blood_limits, range_flags
from cmr.mapping.terms import Contrast, MapKind
from dicomio.index import index_input
from dicomio.map_pixels import MapImages, read_map
from dicomio.mapping_source import MapSource
from dicomio.pixels import FrameUnreadable
from tests.dicom_factory import READER, header, write
from tests.mapping_support import scanner_map, stored
from tests.tissue_heart import MAPPING

pytestmark = pytest.mark.requirement("TIS-01")

CHECK = MAPPING.plausible
SHAPE = (40, 36)
T1 = np.full(SHAPE, 1000, np.uint16)
T1[::3] = 1600
T2 = np.full(SHAPE, 45, np.uint16)
T2[::4] = 180


def source(folder: Path, values: Any, token: str = "T1 MAP", **changes: Any) -> MapSource:
    give: Callable[[Dataset], Any] = values if callable(values) else lambda ds: values
    [found] = stored(folder, scanner_map("map", token, **changes), values=give).maps
    return found


def read(folder: Path, values: Any, token: str = "T1 MAP", **changes: Any) -> MapImages:
    return read_map(source(folder, values, token, **changes), CHECK)


def real_world(slope: float, intercept: float, unit: str) -> list[Dataset]:
    item, code = Dataset(), Dataset()
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item.MeasurementUnitsCodeSequence = [code]
    return [item]


def test_plain_milliseconds(tmp_path: Path) -> None:
    found = read(tmp_path, T1)
    assert (found.values == T1).all()
    assert (found.values.dtype, found.values.shape) == (np.float32, (3, *SHAPE))
    assert (found.unit, found.flags, found.undefined) == ("ms", (), (0, 0, 0))
    assert found.notes == ("the header names no unit that is known; values are taken for ms",)


def test_rescale(tmp_path: Path) -> None:
    found = read(tmp_path, T1, RescaleSlope=0.5, RescaleIntercept=20, RescaleType="ms")
    assert (found.values == 0.5 * T1 + 20).all()
    assert found.notes == ()


def test_rescale_of_each_frame_its_own(tmp_path: Path) -> None:
    made = scanner_map("map")
    for n, ds in enumerate(made, start=1):
        ds.RescaleSlope, ds.RescaleIntercept = 1 / n, 0
    [one] = stored(tmp_path, made, values=lambda ds: T1).maps
    assert read_map(one, CHECK).values == pytest.approx(
        np.stack([T1 / 1, T1 / 2, T1 / 3]), rel=1e-6
    )


@pytest.mark.parametrize(
    ("unit", "factor", "note"),
    [("ms", 1.0, ()), ("s", 1000.0, ("converted from s to ms",))],
)
def test_real_world_values_go_first(
    unit: str, factor: float, note: tuple[str, ...], tmp_path: Path
) -> None:
    mapping = real_world(0.5 / factor, 100 / factor, unit)
    found = read(tmp_path, T1, RealWorldValueMappingSequence=mapping)
    assert found.values == pytest.approx(np.stack([0.5 * T1 + 100] * 3))
    assert found.notes == note
    assert found.flags == ()


def test_scales_that_disagree_are_told(tmp_path: Path) -> None:
    mapping = real_world(0.5, 0, "ms")
    found = read(
        tmp_path, T1, RealWorldValueMappingSequence=mapping, RescaleSlope=1, RescaleIntercept=0
    )
    assert (found.values == 0.5 * T1).all()
    assert "the rescale of the header would give values 2 times as large" in found.notes[0]


def test_private_scale_of_philips_where_there_is_no_other(tmp_path: Path) -> None:
    """FP = (stored - SI) / SS."""
    made = scanner_map("map", ImageType=["ORIGINAL", "PRIMARY", "T1 MAP", "T1", "UNSPECIFIED"])
    for ds in made:
        ds.Manufacturer = "Philips"
        ds.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
        ds.add_new(0x2005100D, "FL", 200.0)
        ds.add_new(0x2005100E, "FL", 0.5)
    [one] = stored(tmp_path, made, values=lambda ds: T1).maps
    assert read_map(one, CHECK).values == pytest.approx(np.stack([(T1 - 200.0) / 0.5] * 3))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"RescaleSlope": 0, "RescaleIntercept": 0}, "a rescale slope of 0"),
        ({"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "1/s"}, "the map is in 1/s"),
        ({"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "%"}, "the map is in %"),
        ({"RescaleSlope": "1e300", "RescaleIntercept": 0}, "not finite"),
    ],
)
def test_refused_with_the_reason(changes: Any, reason: str, tmp_path: Path) -> None:
    with pytest.raises(FrameUnreadable, match=reason):
        read(tmp_path, T1, **changes)


def test_one_slice_that_cannot_be_read(tmp_path: Path) -> None:
    one = source(tmp_path, T1)
    one.frames[1].path.write_bytes(b"")
    found = read_map(one, CHECK)
    assert found.values.shape[0] == 2
    assert "an image cannot be decoded; the slice is left out" in found.source.left_out[0]


def test_pixels_without_a_value_are_nan_and_counted(tmp_path: Path) -> None:
    values = T1.copy()
    values[5, 5:8] = 0
    values[6, 6] = 4095
    found = read(tmp_path, values, PixelPaddingValue=4095)
    assert np.isnan(found.values[:, 5, 5:8]).all()
    assert found.undefined == (4, 4, 4)


@pytest.mark.requirement("TIS-02")
def test_t2_in_tenths_of_a_millisecond_is_flagged_and_left(tmp_path: Path) -> None:
    found = read(tmp_path, 10 * T2, "T2 MAP")
    assert (found.values == 10 * T2).all()
    [flag] = found.flags
    assert "100 % would if divided by 10" in flag
    assert "nothing was scaled" in flag
    assert read(tmp_path / "right", T2, "T2 MAP").flags == ()


@pytest.mark.requirement("TIS-02")
@pytest.mark.parametrize(
    ("kind", "values", "divisor"),
    [
        (MapKind.T1, T1 * 10.0, "10"),
        (MapKind.T1, T1 / 1000.0, "0.001"),
        (MapKind.T2, T2 * 10.0, "10"),
        (MapKind.T2_STAR, np.full(SHAPE, 300.0), "10"),
        (MapKind.ECV, np.full(SHAPE, 0.27), "0.01"),
    ],
)
def test_units_that_do_not_fit(kind: MapKind, values: Any, divisor: str) -> None:
    [flag] = range_flags(values[None], kind, CHECK)
    assert f"if divided by {divisor}:" in flag


@pytest.mark.parametrize("t1_ms", [250.0, 450.0, 1000.0, 1500.0, 2000.0])
def test_true_t1_raises_no_flag(t1_ms: float) -> None:
    assert range_flags(np.full((1, *SHAPE), t1_ms), MapKind.T1, CHECK) == ()


@pytest.mark.requirement("TIS-02")
def test_implausible_overall() -> None:
    values = np.full((1, *SHAPE), 1.0)
    values[:, ::3] = 1000
    values[:, 1::3] = 1e6
    [flag] = range_flags(values, MapKind.T1, CHECK)
    assert flag.startswith("only 3")


def test_no_value_in_the_middle() -> None:
    assert "no pixel" in range_flags(np.full((1, *SHAPE), np.nan), MapKind.T1, CHECK)[0]


@pytest.mark.requirement("TIS-02")
@pytest.mark.parametrize(
    ("blood_ms", "kind", "contrast", "doubted"),
    [
        (1600, MapKind.T1, Contrast.NATIVE, False),
        (300, MapKind.T1, Contrast.NATIVE, True),
        (300, MapKind.T1, Contrast.POST, False),
        (1600, MapKind.T1, Contrast.POST, True),
        (1600, MapKind.T1, Contrast.UNDECIDED, False),
        (180, MapKind.T2, Contrast.NATIVE, False),
        (1800, MapKind.T2, Contrast.NATIVE, True),
        (20, MapKind.T2_STAR, Contrast.NATIVE, False),
    ],
)
def test_blood(blood_ms: float, kind: MapKind, contrast: Contrast, doubted: bool) -> None:
    limits = blood_limits(kind, contrast, CHECK)
    assert (limits is not None and not limits.holds(blood_ms)) is doubted


def test_colour_copy_is_left_by_the_reader(tmp_path: Path) -> None:
    """An RGB copy is no grey MR image; the account of the input says so."""
    stored(tmp_path, scanner_map("map"), values=lambda ds: T1)
    rgb = header(SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    rgb.BitsAllocated, rgb.BitsStored, rgb.HighBit = 8, 8, 7
    write(rgb, tmp_path / "rgb.dcm", np.zeros((*SHAPE, 3), np.uint8))
    [skipped] = index_input(tmp_path, READER).count.skipped
    assert skipped.reason == "colour image"


@pytest.mark.requirement("TRU-06")
def test_a_map_of_more_pixels_than_memory_holds_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = source(tmp_path, T1)
    monkeypatch.setattr("dicomio.pixels._MOST_PIXELS", 3 * 40 * 36 - 1)
    monkeypatch.setattr("dicomio.map_pixels.read_values", lambda *_: pytest.fail("decoded"))
    with pytest.raises(FrameUnreadable, match="T1 map: 3 images of 40 x 36 pixels are more"):
        read_map(one, CHECK)
