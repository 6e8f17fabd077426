"""Is the pixel data of a file all there? Told from element headers and file size, undecoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

_PIXEL_DATA = (0x7FE0, 0x0010)
_ITEM = (0xFFFE, 0xE000)
_DELIMITER = (0xFFFE, 0xE0DD)
_UNDEFINED = 0xFFFFFFFF
_SPARE_BYTES = 1 << 20


@dataclass(frozen=True)
class PixelLayout:
    """What the header promises."""

    bytes_per_frame: int
    frames: int
    little_endian: bool
    implicit_vr: bool
    encapsulated: bool


def pixel_fault(stream: BinaryIO, size: int, layout: PixelLayout) -> str:
    """Why the pixel data cannot be complete; empty when nothing speaks against it.

    Parameters
    ----------
    stream
        Positioned at the pixel data element.
    size
        Length of the stream in bytes.
    layout
        What the header promises.
    """
    length = element_length(stream, layout)
    if length is None:
        return "no pixel data"
    if layout.encapsulated:
        if length != _UNDEFINED:
            return "compressed pixel data without fragments"
        return _fragment_fault(stream, size, layout)
    expected = layout.bytes_per_frame * layout.frames
    present = min(length, size - stream.tell())
    if present < expected:
        return f"truncated: {present} bytes of pixel data, expected {expected}"
    return ""


def element_length(stream: BinaryIO, layout: PixelLayout) -> int | None:
    """Length that the pixel data element states; None when the stream stands before another."""
    order = "<" if layout.little_endian else ">"
    head = stream.read(8)
    if len(head) < 8 or struct.unpack(order + "HH", head[:4]) != _PIXEL_DATA:
        return None
    if layout.implicit_vr:
        return int(struct.unpack(order + "I", head[4:])[0])
    tail = stream.read(4)
    return int(struct.unpack(order + "I", tail)[0]) if len(tail) == 4 else None


def _fragment_fault(stream: BinaryIO, size: int, layout: PixelLayout) -> str:
    fragments = -1  # the first item is the offset table
    # Compression that fails makes noise a little larger, not twice as large.
    most = 2 * layout.bytes_per_frame * layout.frames + _SPARE_BYTES
    while True:
        head = stream.read(8)
        if len(head) < 8:
            break
        group, element, length = struct.unpack("<HHI", head)
        if (group, element) == _DELIMITER:
            break
        if (group, element) != _ITEM or length == _UNDEFINED:
            return "compressed pixel data that is not a list of fragments"
        if stream.tell() + length > size:
            return "truncated: the last fragment of the pixel data is cut short"
        most -= length
        if most < 0:
            return "more compressed pixel data than the header promises"
        stream.seek(length, 1)
        fragments += 1
    if fragments < layout.frames:
        return f"truncated: {max(fragments, 0)} compressed frames, expected {layout.frames}"
    return ""
