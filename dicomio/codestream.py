"""Does a compressed frame hold the image that the header promises? Told without decoding it.

Decoders make room for whatever a codestream claims: 3 KB of JPEG 2000 took 5 GB, 1 KB of JPEG-LS
minutes. A frame that claims another size than the header, or decodes to more, never reaches them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise

from pydicom.uid import (
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLETransferSyntaxes,
)

_JPEG_2000 = frozenset(JPEG2000TransferSyntaxes)
_JPEG = frozenset((*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes))
_START_2000 = b"\xff\x4f\xff\x51"
_SIGNATURE_2000 = b"\0\0\0\x0cjP  \r\n\x87\n"
_BOX = struct.Struct(">I4s")
_START = b"\xff\xd8"
_SCAN, _HIERARCHY = 0xDA, 0xDE
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
_RLE_HEADER = struct.Struct("<16I")


@dataclass(frozen=True)
class FrameShape:
    """What the header promises of every frame."""

    rows: int
    columns: int
    bits_allocated: int


def frame_fault(frame: bytes, syntax: str, shape: FrameShape) -> str:
    """Why a compressed frame must not be decoded; empty when nothing speaks against it."""
    if syntax in RLETransferSyntaxes:
        return _rle_fault(frame, shape)
    if syntax in _JPEG_2000:
        sizes = _jpeg_2000_sizes(frame)
    elif syntax in _JPEG:
        sizes = _jpeg_sizes(frame)
    else:
        return "compressed in a way that cannot be checked"
    if not sizes:
        return "an image cannot be decoded"
    if sizes != {(shape.rows, shape.columns, 1)}:
        return "the compressed image is not of the size that the header states"
    return ""


def _jpeg_2000_sizes(frame: bytes) -> set[tuple[int, int, int]]:
    """Rows, columns and components of the main header (ISO/IEC 15444-1, A.5.1)."""
    start = _codestream_2000(frame)
    fields = frame[start + 8 : start + 42]
    if not frame.startswith(_START_2000, start) or len(fields) < 34:
        return set()
    width, height, left, top, *_, components = struct.unpack(">8IH", fields)
    return {(height - top, width - left, components)}


def _codestream_2000(frame: bytes) -> int:
    """Where the codestream begins that a decoder takes: some writers wrap it in boxes (I.4)."""
    if not frame.startswith(_SIGNATURE_2000):
        return 0
    at, length, kind = 0, len(_SIGNATURE_2000), b""
    while kind != b"jp2c" and length >= _BOX.size and at + length <= len(frame) - _BOX.size:
        at += length
        length, kind = _BOX.unpack_from(frame, at)
    # A length of 1 is followed by a longer one, which no box before the codestream needs.
    return at + (16 if length == 1 else _BOX.size) if kind == b"jp2c" else len(frame)


def _jpeg_sizes(frame: bytes) -> set[tuple[int, int, int]]:
    """Rows, columns and components of every frame header (ITU-T T.81, B.2.2; T.87, C.2.2)."""
    found: set[tuple[int, int, int]] = set()
    if frame[:2] != _START:
        return found
    at = 2
    while 0 <= at < len(frame) - 9:
        code = frame[at + 1]
        if frame[at] != 0xFF or code == _HIERARCHY:
            return set()
        if code in _FRAMES:
            rows, columns, components = struct.unpack(">HHB", frame[at + 5 : at + 10])
            found.add((rows, columns, components))
        at = _next_marker(frame, at)
    return found


def _next_marker(frame: bytes, at: int) -> int:
    """Behind the segment at ``at``, and behind the data that follow a scan; -1 at the end."""
    code = frame[at + 1]
    if code == 0xFF:  # padding
        return at + 1
    at += 2 + int.from_bytes(frame[at + 2 : at + 4])
    while code == _SCAN:
        at = frame.find(b"\xff", at)
        # Stuffed: T.81 with 0, T.87 with a bit. Restart markers belong to the data too.
        if at < 0 or at + 1 >= len(frame):
            return -1
        if frame[at + 1] >= 0xC0 and not 0xD0 <= frame[at + 1] <= 0xD7:
            return -1 if frame[at + 1] == 0xD9 else at
        at += 1
    return at


def _rle_fault(frame: bytes, shape: FrameShape) -> str:
    """The decoder panics where a segment is too long (PS3.5, G.3)."""
    if len(frame) < _RLE_HEADER.size:
        return "the compressed image is cut short"
    count, *offsets = _RLE_HEADER.unpack(frame[: _RLE_HEADER.size])
    if count != shape.bits_allocated // 8:
        return "the compressed image is not of the depth that the header states"
    bounds = [*offsets[:count], len(frame)]
    if bounds != sorted(bounds) or bounds[0] < _RLE_HEADER.size:
        return "the compressed image has no order"
    expected = shape.rows * shape.columns
    segments = (frame[a:b] for a, b in pairwise(bounds))
    if any(_unpacked_size(segment, expected) != expected for segment in segments):
        return "the compressed image is not of the size that the header states"
    return ""


def _unpacked_size(segment: bytes, most: int) -> int:
    """Length that PackBits data decode to, without decoding; a padding byte counts nothing."""
    at = size = 0
    last = len(segment) - 1
    while at < last and size <= most:
        control = segment[at]
        if control < 128:
            size += control + 1
            at += control + 2
        else:
            size += 257 - control if control > 128 else 0
            at += 2 if control > 128 else 1
    return size if at <= len(segment) else -1
