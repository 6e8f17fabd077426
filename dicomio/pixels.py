"""Decode the images of a cine, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from cmr.errors import NothingReadable
from cmr.volume import Volume4D
from dicomio.quiet import quiet
from dicomio.source import CineSource, FrameRef


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
        No slice is left.
    """
    slices: list[npt.NDArray[Any]] = []
    keep: list[int] = []
    dropped: list[str] = []
    n_slices = source.geometry.n_slices
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
    except Exception as error:  # decoders raise anything on damaged data
        raise FrameUnreadable("an image cannot be decoded") from error


def _decode(ref: FrameRef) -> tuple[npt.NDArray[Any], Dataset]:
    """Stored values of one image, with the attributes that describe them."""
    if ref.frame_number and not _is_deflated(ref):
        described = Dataset()  # only the wanted frame is read
        return pixel_array(ref.path, ds_out=described, index=ref.frame_number - 1), described
    dataset = pydicom.dcmread(ref.path, force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:  # old files without a preamble
        implicit = dataset.original_encoding[0]
        dataset.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        )
    return pixel_array(dataset, index=max(ref.frame_number - 1, 0)), dataset


def _is_deflated(ref: FrameRef) -> bool:
    """Deflated files cannot be read in part."""
    syntax = read_file_meta_info(ref.path).TransferSyntaxUID
    return bool(syntax == DeflatedExplicitVRLittleEndian)


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
