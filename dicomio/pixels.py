"""Decode the images of a cine, frame by frame."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.filereader import read_partial
from pydicom.pixels.utils import pixel_array
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    UncompressedTransferSyntaxes,
)

from cmr.errors import NothingReadable
from cmr.volume import Volume4D
from dicomio.attributes import tag
from dicomio.bounded import bounded, transfer_syntax
from dicomio.codestream import FrameShape, frame_fault
from dicomio.files import open_regular
from dicomio.quiet import quiet
from dicomio.source import CineSource, FrameRef

_PIXEL_DATA = 0x7FE00010
_EXPLICIT_HEADER, _IMPLICIT_HEADER = 12, 8  # bytes of the pixel data element before its value
_LARGEST_META = 1 << 20
_CHUNK = 1 << 20
# 30 phases, 20 slices, 512 x 512. Equal pixels compress so well that a file of 1 MB could ask for
# all memory; a stack is held as float32, twice while it is put together.
_MOST_PIXELS = 160_000_000
_FRAME_KEYWORDS = """
    Rows Columns BitsAllocated NumberOfFrames ExtendedOffsetTable ExtendedOffsetTableLengths
"""
_FRAME_TAGS = [tag(keyword) for keyword in _FRAME_KEYWORDS.split()]


class FrameUnreadable(NothingReadable):
    """The pixels of one image cannot be decoded."""


@dataclass(frozen=True, eq=False)
class CineImages:
    """The images that could be decoded.

    ``source`` describes exactly the slices of ``volume``; its ``left_out`` says for each missing
    slice which one it was and why.
    """

    volume: Volume4D
    source: CineSource


def read_cine(source: CineSource) -> CineImages:
    """Decode a cine into ``(t, z, row, col)`` float32, rescaled.

    A slice of which an image cannot be decoded is dropped as a whole and named.

    Raises
    ------
    FrameUnreadable
        No slice is left, or there are more pixels than any cine has.
    """
    slices: list[npt.NDArray[Any]] = []
    keep: list[int] = []
    dropped: list[str] = []
    n_slices = source.geometry.n_slices
    check_size("Short-axis cine", source.geometry.shape, len(source.frames) * n_slices)
    with quiet():
        for z in range(n_slices):
            try:
                slices.append(_read_slice(source, z))
                keep.append(z)
            except FrameUnreadable as fault:
                dropped.append(str(fault))
    if not keep:
        raise FrameUnreadable(f"Short-axis cine: none of {n_slices} slices can be decoded.")
    left = source.keep_slices(keep, dropped)
    volume = Volume4D(np.stack(slices, axis=1), left.geometry, left.times_ms, left.rr_ms)
    return CineImages(volume, left)


def check_size(what: str, shape: tuple[int, int], images: int, held: int = 0) -> int:
    """Refuse a stack that memory may not hold, before any of it is decoded.

    Parameters
    ----------
    what
        Names the stack to the user.
    shape, images
        Rows and columns of an image, number of images.
    held
        Pixels that stay in memory beside it.

    Returns
    -------
    int
        Pixels of all.

    Raises
    ------
    FrameUnreadable
        More pixels than any stack has.
    """
    pixels = held + images * shape[0] * shape[1]
    if pixels > _MOST_PIXELS:
        size = " x ".join(map(str, shape))
        beside = " beside what else there is" if held else ""
        raise FrameUnreadable(
            f"{what}: {images} images of {size} pixels{beside} are more than is read."
        )
    return pixels


def read_frame(ref: FrameRef) -> npt.NDArray[np.float32]:
    """``(row, col)`` float32 values of one image, rescaled; MONOCHROME1 turned bright-is-high.

    Raises
    ------
    FrameUnreadable
        The pixel data are damaged.
    """
    stored, dataset = read_stored(ref)
    values: npt.NDArray[np.float32] = bright_is_high(stored, dataset).astype(np.float32)
    if (ref.rescale_slope, ref.rescale_intercept) != (1.0, 0.0):
        values = values * np.float32(ref.rescale_slope) + np.float32(ref.rescale_intercept)
    return values


def read_stored(ref: FrameRef) -> tuple[npt.NDArray[Any], Dataset]:
    """``(row, col)`` stored values of one image, and the attributes that describe them.

    Raises
    ------
    FrameUnreadable
        The pixel data are damaged.
    """
    try:
        return _decode(ref)
    except (KeyboardInterrupt, SystemExit, FrameUnreadable):
        raise
    except BaseException as error:  # decoders raise anything; a panic of Rust is no Exception
        raise FrameUnreadable("an image cannot be decoded") from error


def _decode(ref: FrameRef) -> tuple[npt.NDArray[Any], Dataset]:
    """Stored values of one image, with the attributes that describe them."""
    index = max(ref.frame_number - 1, 0)
    with open_regular(ref.path) as stream:
        syntax = transfer_syntax(stream, _LARGEST_META)
        if syntax == DeflatedExplicitVRLittleEndian:
            dataset = _inflated(ref.path, os.fstat(stream.fileno()).st_mtime_ns)
            return pixel_array(dataset, index=index), dataset
        if not syntax:
            dataset = _without_syntax(stream)
            return pixel_array(dataset, index=index), dataset
        if syntax not in UncompressedTransferSyntaxes:
            _check_frame(stream, index)
        described = Dataset()  # only the wanted frame is read
        return pixel_array(stream, ds_out=described, index=index), described


@lru_cache(maxsize=1)
def _inflated(path: Path, changed_ns: int) -> Dataset:
    """A deflated file can only be read whole; kept for its other frames.

    The reader has seen to it that it does not burst.
    """
    del changed_ns  # another content is another key
    with open_regular(path) as stream:
        return _through_pixels(stream)


def _without_syntax(stream: BinaryIO) -> Dataset:
    """Old files without a preamble; read whole, so their pixel data may not be endless."""
    described = _to_pixels(stream)
    promised = described.Rows * described.Columns * described.BitsAllocated // 8
    promised *= int(described.get("NumberOfFrames") or 1)
    dataset = _through_pixels(bounded(stream, stream.tell() + promised + _CHUNK))
    implicit = dataset.original_encoding[0]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = (
        ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    )
    return dataset


def _through_pixels(stream: BinaryIO) -> Dataset:
    """All elements up to the pixel data; what may follow was never looked at."""

    def behind(number: BaseTag, representation: str | None, length: int) -> bool:
        del representation, length
        return int(number) > _PIXEL_DATA

    stream.seek(0)
    return read_partial(stream, stop_when=behind, force=True)


def _check_frame(stream: BinaryIO, index: int) -> None:
    """Refuse a compressed frame that would decode to something else than the header says."""
    described = _to_pixels(stream)
    offsets = [described.get(k) for k in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")]
    frame = get_frame(
        stream,
        index,
        extended_offsets=(offsets[0], offsets[1]) if all(offsets) else None,
        number_of_frames=int(described.get("NumberOfFrames") or 1),
    )
    shape = FrameShape(described.Rows, described.Columns, described.BitsAllocated)
    fault = frame_fault(frame, described.file_meta.TransferSyntaxUID, shape)
    if fault:
        raise FrameUnreadable(fault)


def _to_pixels(stream: BinaryIO) -> Dataset:
    """Elements that describe frames; the stream stands at the value of the pixel data."""

    def at_pixels(number: BaseTag, representation: str | None, length: int) -> bool:
        del representation, length
        return int(number) == _PIXEL_DATA

    stream.seek(0)
    described = read_partial(stream, stop_when=at_pixels, force=True, specific_tags=_FRAME_TAGS)
    implicit = described.original_encoding[0]
    stream.seek(_IMPLICIT_HEADER if implicit else _EXPLICIT_HEADER, os.SEEK_CUR)
    return described


def pixel_bytes(path: Path) -> Iterator[bytes]:
    """The stored pixel data of a file as they are, in parts.

    Raises
    ------
    Exception
        Almost anything, on damaged files.
    """
    with open_regular(path) as stream:
        if transfer_syntax(stream, _LARGEST_META) == DeflatedExplicitVRLittleEndian:
            yield _inflated(path, os.fstat(stream.fileno()).st_mtime_ns).PixelData
            return
        _to_pixels(stream)
        while part := stream.read(_CHUNK):
            yield part


def bright_is_high(stored: npt.NDArray[Any], dataset: Dataset) -> npt.NDArray[Any]:
    """Mirror stored values of MONOCHROME1 within their range."""
    if dataset.get("PhotometricInterpretation") != "MONOCHROME1":
        return stored
    signed = np.issubdtype(stored.dtype, np.signedinteger)
    return -1 - stored if signed else (1 << int(dataset.BitsStored)) - 1 - stored


def _read_slice(source: CineSource, z: int) -> npt.NDArray[np.float32]:
    """``(t, row, col)`` of one slice."""
    shape = source.geometry.shape
    frames = np.empty((len(source.frames), *shape), dtype=np.float32)
    for t, phase in enumerate(source.frames):
        where = f"Short-axis cine, slice {z + 1}, phase {t + 1}"
        try:
            values = read_frame(phase[z])
        except FrameUnreadable as fault:
            raise FrameUnreadable(f"{where}: {fault}; the slice is left out.") from fault
        if values.shape != shape:
            raise FrameUnreadable(
                f"{where}: {values.shape} pixels, expected {shape}; the slice is left out."
            )
        frames[t] = values
    return frames
