"""Late enhancement is read as rescaled; PSIR with its sign, and how its zero was found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cmr.errors import GeometryError
from cmr.scar.images import LateImages
from cmr.scar.terms import LateKind
from dicomio.index import index_input
from dicomio.late_pixels import read_late
from dicomio.pixels import FrameUnreadable
from dicomio.selection import select
from tests.dicom_factory import READER, SELECTION, SHORT_AXIS, enhanced, write
from tests.late_support import REAL, late, stored

pytestmark = pytest.mark.requirement("SCAR-01")

HEIGHTS = (0.0, 10.0, 20.0)
SIGNED = {"PixelRepresentation": 1, "BitsStored": 16, "HighBit": 15}
PRIVATE = 0x20050010


def signals(ds: Dataset) -> np.ndarray:
    """``(row, col)`` -600 to 900, another ramp in each slice: what a PSIR image means."""
    n = int(ds.InstanceNumber)
    return np.linspace(-600, 900, 40 * 36).round().reshape(40, 36) + n


def write_and_read(folder: Path, values: Any, **changes: Any) -> Any:
    return read_late(stored(folder, late("a", HEIGHTS, **changes), values=values))


def expected() -> np.ndarray:
    return np.stack([signals(ds) for ds in late("a", HEIGHTS)])


def test_magnitude_is_rescaled_and_in_place(tmp_path: Path) -> None:
    found = write_and_read(
        tmp_path,
        lambda ds: np.full((40, 36), 100 * int(ds.InstanceNumber), np.uint16),
        RescaleSlope=2,
        RescaleIntercept=5,
    )
    assert isinstance(found, LateImages)
    assert (found.kind, found.zero) == (LateKind.MAGNITUDE, "")
    assert found.volume.data.dtype == np.float32
    assert found.values[:, 7, 9].tolist() == [205, 405, 605]
    assert found.volume.data.shape == (1, 3, 40, 36)
    assert found.cycle_phase == pytest.approx([0.6] * 3)
    assert found.volume.times_ms.tolist() == [[600, 600, 600]]
    assert found.volume.rr_ms.tolist() == [1000] * 3
    assert found.volume.geometry is found.source.geometry


@pytest.mark.parametrize(
    ("stored_as", "changes", "zero"),
    [
        # Siemens with a rescale, 12 bits: value = 2 x stored - 4096.
        (lambda v: (v + 4096) / 2, {"RescaleSlope": 2, "RescaleIntercept": -4096}, "rescale"),
        # Philips' real images: unsigned with a rescale of its own.
        (lambda v: (v + 1000) / 0.5, {"RescaleSlope": 0.5, "RescaleIntercept": -1000}, "rescale"),
        # GE: signed.
        (lambda v: v, SIGNED, "signed stored values"),
        # Siemens without a rescale: zero at 2048 of 12 bits, 4096 of 13.
        (lambda v: v + 2048, {}, "middle (2048) of the 12 bits stored"),
        (lambda v: v + 2048, {"RescaleSlope": 1, "RescaleIntercept": 0}, "middle (2048)"),
        (lambda v: v + 4096, {"BitsStored": 13, "HighBit": 12}, "(4096) of the 13 bits stored"),
        (lambda v: v + 4096, {"BitsStored": 16, "HighBit": 15}, "(4096) of the 13 bits in use"),
        (lambda v: v + 2048, {"BitsStored": 16, "HighBit": 15}, "(2048) of the 12 bits in use"),
        (lambda v: v + 4096, SIGNED, "(4096) of the 13 bits in use"),
    ],
)
def test_psir_is_signed_about_zero(stored_as: Any, changes: Any, zero: str, tmp_path: Path) -> None:
    kind = np.int16 if "PixelRepresentation" in changes else np.uint16
    found = write_and_read(
        tmp_path, lambda ds: stored_as(signals(ds)).round().astype(kind), **REAL, **changes
    )
    assert found.kind is LateKind.PSIR
    assert found.values == pytest.approx(expected(), abs=1.01 * changes.get("RescaleSlope", 1) / 2)
    assert zero in found.zero


def test_slope_without_an_offset_is_kept(tmp_path: Path) -> None:
    """A slope alone makes no negative values, but scales what lies about the middle."""
    found = write_and_read(
        tmp_path,
        lambda ds: (signals(ds) + 2048).astype(np.uint16),
        **REAL,
        RescaleSlope=3,
        RescaleIntercept=0,
    )
    assert found.values == pytest.approx(3 * expected())
    assert "middle (2048)" in found.zero


def test_turned_psir_is_given_as_it_is(tmp_path: Path) -> None:
    found = write_and_read(tmp_path, lambda ds: (-signals(ds)).astype(np.int16), **REAL, **SIGNED)
    assert found.values == pytest.approx(-expected())


@pytest.mark.parametrize(("level", "side"), [(100, "below"), (2100, "above")])
def test_zero_that_no_header_tells_and_no_value_supports(
    level: int, side: str, tmp_path: Path
) -> None:
    made = late("a", HEIGHTS, **REAL)
    source = stored(
        tmp_path,
        made,
        values=lambda ds: np.full((40, 36), level, np.uint16) + np.arange(36, dtype=np.uint16),
    )
    with pytest.raises(FrameUnreadable, match=rf"nearly all values lie {side} the middle \(2048\)"):
        read_late(source)


def test_slices_without_a_common_zero(tmp_path: Path) -> None:
    made = late("a", HEIGHTS, **REAL)
    made[1].RescaleSlope, made[1].RescaleIntercept = 2, -4096
    source = stored(tmp_path, made, values=lambda ds: (signals(ds) + 2048).astype(np.uint16))
    with pytest.raises(FrameUnreadable, match="no common zero"):
        read_late(source)


@pytest.mark.parametrize("kind", [{}, REAL])
def test_inverse_display_is_turned(kind: Any, tmp_path: Path) -> None:
    """MONOCHROME1: the lowest stored value is shown white."""
    plain = late("a", HEIGHTS, **kind)
    source = stored(tmp_path / "1", plain, values=lambda ds: (signals(ds) + 2048).astype(np.uint16))
    turned = late("a", HEIGHTS, **kind, PhotometricInterpretation="MONOCHROME1")
    other = stored(
        tmp_path / "2", turned, values=lambda ds: (4095 - signals(ds) - 2048).astype(np.uint16)
    )
    assert read_late(other).values == pytest.approx(read_late(source).values)


def test_display_scales_of_philips_that_differ_give_way_to_its_own(tmp_path: Path) -> None:
    made = late("a", HEIGHTS, Manufacturer="Philips Medical Systems")
    for n, ds in enumerate(made):
        ds.RescaleSlope, ds.RescaleIntercept = 1.0 + n, 0
        ds.add_new(PRIVATE, "LO", "Philips MR Imaging DD 001")
        ds.add_new(0x2005100D, "FL", 0.0)
        ds.add_new(0x2005100E, "FL", 0.5)
    source = stored(tmp_path, made, values=lambda ds: np.full((40, 36), 300, np.uint16))
    assert (read_late(source).values == 600).all()


def test_one_unreadable_slice_of_three(tmp_path: Path) -> None:
    made = late("a", HEIGHTS)
    source = stored(
        tmp_path, made, values=lambda ds: np.full((40, 36), ds.InstanceNumber, np.uint16)
    )
    path = source.frames[1].path
    path.write_bytes(path.read_bytes()[:-500])
    found = read_late(source)
    assert found.values[:, 0, 0].tolist() == [1, 3]
    [line] = found.source.left_out
    assert f"{source.geometry.slice_positions_mm[1]:.1f} mm: an image cannot be decoded" in line
    assert found.cycle_phase.shape == (2,)


def test_a_slope_of_zero_costs_its_slice(tmp_path: Path) -> None:
    made = late("a", HEIGHTS)
    made[0].RescaleSlope, made[0].RescaleIntercept = 0, 0
    source = stored(tmp_path, made, values=lambda _: np.full((40, 36), 7, np.uint16))
    found = read_late(source)
    assert found.volume.data.shape[1] == 2
    assert "a rescale slope of 0" in found.source.left_out[0]


def test_nothing_readable(tmp_path: Path) -> None:
    source = stored(tmp_path, late("a", HEIGHTS), values=lambda _: np.full((40, 36), 7, np.uint16))
    for frame in source.frames:
        frame.path.unlink()
    with pytest.raises(FrameUnreadable, match="none of 3 slices can be read"):
        read_late(source)


def test_frames_of_another_shape(tmp_path: Path) -> None:
    source = stored(tmp_path, late("a", HEIGHTS), values=lambda _: np.full((40, 36), 7, np.uint16))
    wrong = replace(source, geometry=replace(source.geometry, shape=(36, 40)))
    with pytest.raises(GeometryError, match="40 x 36 pixels, expected 36 x 40"):
        read_late(wrong)


def test_frames_of_a_multi_frame_image(tmp_path: Path) -> None:
    """Frame n has rescale intercept n - 1, so that mixing up frames shows."""
    ds = enhanced(SHORT_AXIS, list(HEIGHTS), 1)
    for group in ds.PerFrameFunctionalGroupsSequence:
        modifier = Dataset()
        modifier.InversionRecovery, modifier.InversionTimes = "YES", 310.0
        group.MRModifierSequence = Sequence([modifier])
    values = np.stack([np.full((40, 36), 10 * n, np.uint16) for n in range(3)])
    write(ds, tmp_path / "e.dcm", values)
    [study] = index_input(tmp_path, READER).studies
    found = read_late(select(study, SELECTION).late.required())
    assert found.values[:, 5, 5].tolist() == [0, 11, 22]
