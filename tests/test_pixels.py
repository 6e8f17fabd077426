"""Pixels as the scanner meant them: every syntax, sign, rescale and frame."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from dicomio.index import index_input
from dicomio.pixels import FrameUnreadable, read_cine, read_frame
from dicomio.selection import select
from dicomio.source import CineSource, FrameRef
from tests.dicom_factory import (
    READER,
    SELECTION,
    SHORT_AXIS,
    cine_slice,
    enhanced,
    header,
    pixels,
    write,
)

pytestmark = pytest.mark.requirement("CINE-06")

PHASES = 10
HEIGHTS = (0.0, 10.0, 20.0)


def ref(path: Path, slope: float = 1.0, intercept: float = 0.0, frame: int = 0) -> FrameRef:
    return FrameRef(path, "1.2", "1.2.3", "1.2.4", frame, slope, intercept)


def source(folder: Path) -> CineSource:
    [study] = index_input(folder, READER).studies
    found = select(study, SELECTION).cine
    assert found is not None
    return found


def write_stack(folder: Path, compress: str = "") -> dict[tuple[int, int], Path]:
    """Files by (phase, slice), each with pixels made from its own seed."""
    paths = {}
    for z, height in enumerate(HEIGHTS):
        for t, ds in enumerate(cine_slice(SHORT_AXIS, height, PHASES, f"s{z}")):
            path = folder / f"{(7 * t + 3 * z) % 31}-{z}-{t}"
            paths[t, z] = write(ds, path, pixels(100 * t + z), compress=compress)
    return paths


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_native_syntaxes(tmp_path: Path, syntax: str) -> None:
    path = write(header(), tmp_path / "image", pixels(1), syntax=syntax)
    values = read_frame(ref(path))
    assert values.dtype == np.float32
    assert np.array_equal(values, pixels(1))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_compressed_syntaxes(tmp_path: Path, syntax: str) -> None:
    path = write(header(), tmp_path / "image", pixels(1), compress=syntax)
    assert dcmread(path).file_meta.TransferSyntaxUID == syntax
    assert np.array_equal(read_frame(ref(path)), pixels(1))


@pytest.mark.parametrize("syntax", ["", RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_signed_pixels(tmp_path: Path, syntax: str) -> None:
    signed = (pixels(2).astype(np.int32) - 2048).astype(np.int16)
    ds = header(PixelRepresentation=1, BitsStored=16, HighBit=15)
    path = write(ds, tmp_path / "image", signed, compress=syntax)
    assert np.array_equal(read_frame(ref(path)), signed)


def test_rescale_is_read_from_the_header(tmp_path: Path) -> None:
    values = np.zeros((40, 36), np.uint16)
    values[0, :3] = [0, 1, 4095]
    write(header(RescaleSlope="0.5", RescaleIntercept="-100"), tmp_path / "image", values)
    [image] = index_input(tmp_path, READER).studies[0].series[0].images
    assert read_frame(image.ref)[0, :3].tolist() == [-100, -99.5, 1947.5]


def test_monochrome1_is_turned_round(tmp_path: Path) -> None:
    values = np.zeros((40, 36), np.uint16)
    values[0, :2] = [0, 4095]
    path = write(header(PhotometricInterpretation="MONOCHROME1"), tmp_path / "image", values)
    assert read_frame(ref(path))[0, :2].tolist() == [4095, 0]


@pytest.mark.parametrize("compress", ["", JPEGLSLossless])
def test_every_pixel_lands_at_its_phase_and_slice(tmp_path: Path, compress: str) -> None:
    write_stack(tmp_path, compress)
    cine = read_cine(source(tmp_path))
    assert cine.source.left_out == ()
    assert cine.volume.data.dtype == np.float32
    assert cine.volume.data.shape == (PHASES, 3, 40, 36)
    for t in range(PHASES):
        for z in range(3):
            assert np.array_equal(cine.volume.data[t, z], pixels(100 * t + z))
    assert cine.volume.rr_ms.tolist() == [800] * 3
    assert cine.volume.times_ms[5].tolist() == [400] * 3


def test_enhanced_frames_with_their_own_rescale(tmp_path: Path) -> None:
    stored = pixels(3, (3 * PHASES, 40, 36))
    write(enhanced(SHORT_AXIS, list(HEIGHTS), PHASES, slope=2.0), tmp_path / "e.dcm", stored)
    volume = read_cine(source(tmp_path)).volume
    for t in range(PHASES):
        for z in range(3):
            frame = 3 * t + z
            assert np.array_equal(volume.data[t, z], 2.0 * stored[frame] + frame)


def test_compressed_enhanced(tmp_path: Path) -> None:
    stored = pixels(3, (3 * PHASES, 40, 36))
    ds = enhanced(SHORT_AXIS, list(HEIGHTS), PHASES)
    write(ds, tmp_path / "e.dcm", stored, compress=RLELossless)
    volume = read_cine(source(tmp_path)).volume
    assert np.array_equal(volume.data[4, 2], stored[14] + 14.0)


def test_deflated_enhanced(tmp_path: Path) -> None:
    stored = pixels(3, (3 * PHASES, 40, 36))
    ds = enhanced(SHORT_AXIS, list(HEIGHTS), PHASES)
    write(ds, tmp_path / "e.dcm", stored, syntax=DeflatedExplicitVRLittleEndian)
    volume = read_cine(source(tmp_path)).volume
    assert np.array_equal(volume.data[4, 2], stored[14] + 14.0)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_file_without_preamble(tmp_path: Path, syntax: str) -> None:
    path = write(header(), tmp_path / "old", pixels(1), syntax=syntax)
    content = path.read_bytes()
    path.write_bytes(content[144 + int.from_bytes(content[140:144], "little") :])
    assert np.array_equal(read_frame(ref(path)), pixels(1))


def test_damaged_slice_is_dropped_and_named(tmp_path: Path) -> None:
    paths = write_stack(tmp_path, compress=JPEG2000Lossless)
    found = source(tmp_path)
    damaged = bytearray(paths[4, 1].read_bytes())
    start = damaged.rindex(b"\xff\x4f\xff\x51")
    damaged[start : start + 60] = bytes(60)
    paths[4, 1].write_bytes(bytes(damaged))
    cine = read_cine(found)
    assert cine.volume.data.shape == (PHASES, 2, 40, 36)
    assert cine.source.left_out == (
        "Short-axis cine, slice 2, phase 5: an image cannot be decoded; the slice is left out.",
    )
    assert cine.source.geometry.n_slices == 2
    assert cine.source.frames[4][1].path == paths[4, 2]
    assert np.array_equal(cine.volume.data[4, 1], pixels(402))
    assert cine.source.geometry.pitch_mm == pytest.approx(20, abs=1e-3)


def test_nothing_left(tmp_path: Path) -> None:
    paths = write_stack(tmp_path)
    found = source(tmp_path)
    for path in paths.values():
        path.unlink()
    with pytest.raises(FrameUnreadable, match="none of 3 slices can be decoded"):
        read_cine(found)


@pytest.mark.real_data
def test_real_study_against_pydicom(bivme: Path) -> None:
    found = source(bivme)
    volume = read_cine(found).volume
    assert volume.data.shape == (25, 6, 208, 256)
    for t, z in ((0, 0), (12, 3), (24, 5)):
        ds = dcmread(found.frames[t][z].path)
        assert np.array_equal(volume.data[t, z], ds.pixel_array)
        assert ds.ImagePositionPatient == pytest.approx(volume.geometry.positions_mm[z])
        assert ds.TriggerTime == pytest.approx(volume.times_ms[t, z])
