"""Read the header of one file of unknown content; whatever is wrong becomes a stated fault."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.pixels.decoders.base import get_decoder
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from cmr.body import Subject
from cmr.settings import Section
from dicomio.attributes import Attributes, elements
from dicomio.bounded import HeaderTooLargeError, bounded, inflate, transfer_syntax
from dicomio.files import FoundFile, open_regular
from dicomio.headers import (
    HEADER_TAGS,
    MR_CLASSES,
    ImageHeader,
    MissingAttributesError,
    image_headers,
)
from dicomio.patient import PatientIdentity, read_identity, read_subject
from dicomio.pixel_check import PixelLayout, pixel_fault

_NATIVE = frozenset(
    {
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    }
)
# Pixel Data, Float Pixel Data, Double Float Pixel Data.
_PIXELS = frozenset({0x7FE00010, 0x7FE00008, 0x7FE00009})
_MOST_ELEMENTS = 100_000
_PREAMBLE = 128
_SIDE_FILE = "side file, passed over"


class ReaderSettings(Section):
    """Limits of the study reader."""

    side_files: tuple[str, ...]
    max_pixels_per_frame: int
    max_frames_per_file: int
    max_header_mb: int
    max_inflated_mb: int


@dataclass(frozen=True)
class FileRecord:
    """What one file holds. ``fault`` says why it has no images; empty when it has."""

    found: FoundFile
    fault: str = ""
    images: tuple[ImageHeader, ...] = ()
    identity: PatientIdentity | None = None
    study_uid: str = ""
    study_start: str = ""
    subject: Subject = field(default_factory=Subject)


class _UnusableError(Exception):
    """Why a file holds no usable image; the text is free of values from the file."""


def read_file(found: FoundFile, settings: ReaderSettings) -> FileRecord:
    """Header record of one file; never raises for what the file holds."""
    if found.fault:
        return FileRecord(found, found.fault)
    try:
        with open_regular(found.path) as stream:
            return _read_stream(found, stream, settings)
    except _UnusableError as unusable:
        return FileRecord(found, str(unusable))
    except HeaderTooLargeError:
        return FileRecord(found, "the header is larger than the reader's limit")
    except OSError:
        return FileRecord(found, "cannot be opened or read")
    except Exception:  # pydicom raises almost anything on garbage, RecursionError included
        return FileRecord(found, "damaged: the header cannot be parsed")


def _read_stream(found: FoundFile, stream: BinaryIO, settings: ReaderSettings) -> FileRecord:
    size = os.fstat(stream.fileno()).st_size
    if size == 0:
        raise _UnusableError("empty file")
    if not _looks_like_dicom(stream):
        side = any(fnmatch.fnmatch(found.path.name.lower(), p) for p in settings.side_files)
        raise _UnusableError(_SIDE_FILE if side else "not a DICOM file")
    dataset, inflated = _read_header(stream, settings)
    top = Attributes(elements(dataset))
    identity = read_identity(top)
    try:
        layout = _check_image(dataset, top, settings)
        fault = (
            _inflated_fault(inflated, layout)
            if inflated is not None
            else pixel_fault(stream, size, layout)
        )
        if fault:
            raise _UnusableError(fault)
        images = image_headers(dataset, found.path)
    except (_UnusableError, MissingAttributesError) as unusable:
        return FileRecord(found, str(unusable), identity=identity)
    return FileRecord(
        found,
        images=images,
        identity=identity,
        study_uid=images[0].study_uid,
        study_start=top.text("StudyDate") + top.text("StudyTime"),
        subject=read_subject(top),
    )


def _read_header(stream: BinaryIO, settings: ReaderSettings) -> tuple[Dataset, int | None]:
    """Wanted elements before the pixel data, and the length of a deflated data set."""
    limit = settings.max_header_mb << 20
    syntax = transfer_syntax(stream, limit)
    stop, tags = _stop_at_pixels(), [*HEADER_TAGS]
    if syntax != DeflatedExplicitVRLittleEndian:
        stream.seek(0)
        return read_partial(bounded(stream, limit), stop, force=True, specific_tags=tags), None
    most = settings.max_inflated_mb << 20
    inflated = inflate(stream, limit, most)
    if inflated is None:
        raise _UnusableError(f"deflated data of more than {settings.max_inflated_mb} MB")
    if not inflated.complete:
        raise _UnusableError("truncated: the deflated data end early")
    head = bounded(inflated.head, limit)
    dataset = read_dataset(head, False, True, stop_when=stop, specific_tags=tags)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset, inflated.size


def _stop_at_pixels() -> Callable[[BaseTag, str | None, int], bool]:
    """Stop at the pixel data, and refuse to crawl through what cannot be a header."""
    seen = 0

    def stop(number: BaseTag, representation: str | None, length: int) -> bool:  # noqa: ARG001
        nonlocal seen
        seen += 1
        if seen > _MOST_ELEMENTS:
            raise _UnusableError("damaged: the header has no end")
        return number in _PIXELS

    return stop


def _looks_like_dicom(stream: BinaryIO) -> bool:
    """Look for a preamble, or (old files) for group 0002 or 0008 at the start."""
    head = stream.read(_PREAMBLE + 4)
    if head[_PREAMBLE:] == b"DICM":
        return True
    return head[:2] in (b"\x02\x00", b"\x08\x00") and head[3:4] == b"\x00" and len(head) > 8


def _inflated_fault(inflated: int, layout: PixelLayout) -> str:
    expected = layout.bytes_per_frame * layout.frames
    if inflated < expected:
        return f"truncated: {inflated} bytes after inflation, expected more than {expected}"
    return ""


def _check_image(dataset: Dataset, top: Attributes, settings: ReaderSettings) -> PixelLayout:
    """Layout of the pixel data of a grey MR image that the decoders can read."""
    sop_class = UID(top.text("SOPClassUID"))
    if not sop_class:
        media = str(getattr(dataset.file_meta, "MediaStorageSOPClassUID", ""))
        if media == MediaStorageDirectoryStorage:
            raise _UnusableError(_SIDE_FILE)
        raise _UnusableError("no SOP class: damaged, or not a DICOM image")
    if sop_class not in MR_CLASSES:
        raise _UnusableError(
            f"not an MR image ({sop_class.name if sop_class.keyword else 'unknown'})"
        )
    if top.integer("SamplesPerPixel", 1) != 1 or "MONOCHROME" not in (
        top.text("PhotometricInterpretation") or "MONOCHROME2"
    ):
        raise _UnusableError("colour image")
    rows, columns = top.integer("Rows"), top.integer("Columns")
    frames = top.integer("NumberOfFrames", 1)
    bits = top.integer("BitsAllocated")
    if min(rows, columns) <= 0 or bits not in (8, 16, 32):
        raise _UnusableError("missing or unusable: Rows, Columns or Bits Allocated")
    if rows * columns > settings.max_pixels_per_frame:
        raise _UnusableError(f"a matrix of {rows} x {columns} is larger than the reader's limit")
    if not 1 <= frames <= settings.max_frames_per_file:
        raise _UnusableError(f"{frames} frames are outside the reader's limits")
    return _layout(dataset, rows * columns * bits // 8, frames)


def _layout(dataset: Dataset, bytes_per_frame: int, frames: int) -> PixelLayout:
    syntax = UID(str(getattr(dataset.file_meta, "TransferSyntaxUID", "")))
    implicit, little = dataset.original_encoding
    if syntax and syntax not in _NATIVE and not decodable(syntax):
        name = syntax.name if syntax.keyword else "unknown"
        raise _UnusableError(f"transfer syntax that no decoder reads ({name})")
    return PixelLayout(
        bytes_per_frame=bytes_per_frame,
        frames=frames,
        little_endian=little is not False,
        implicit_vr=implicit is True,
        encapsulated=bool(syntax) and syntax not in _NATIVE,
    )


@lru_cache(maxsize=64)
def decodable(syntax: UID) -> bool:
    """Whether a decoder of this transfer syntax is installed."""
    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False
