"""Files made to burst a reader: a few bytes that claim, or decode to, gigabytes."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from openjpeg.utils import encode_array
from PIL import Image
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from tests.dicom_factory import SHORT_AXIS, enhanced, header, pixels, uid, write

GB = 1 << 30
_PIXELS = b"\xe0\x7f\x10\x00OW"
_ITEM, _END_OF_SEQUENCE = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_SEQUENCE = b"\x11\x70\x01\x10SQ\0\0\xff\xff\xff\xff"


def _plain(path: Path) -> bytes:
    return write(header(SOPInstanceUID=uid(path.name)), path).read_bytes()


def _with_frame(path: Path, frame: bytes, syntax: str, **changes: object) -> None:
    """A file of one compressed frame that the header says is 40 x 36."""
    ds = header(SOPInstanceUID=uid(path.name), **changes)
    write(ds, path)
    ds = pydicom.dcmread(path)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.save_as(path)


def _frame(path: Path, syntax: str) -> bytearray:
    write(header(), path, compress=syntax)
    return bytearray(get_frame(pydicom.dcmread(path).PixelData, 0))


def jpeg_2000(path: Path) -> None:
    """Claims 30,000 x 30,000; the decoder took 5.3 GB."""
    frame, size = _frame(path, JPEG2000Lossless), struct.pack(">II", 30000, 30000)
    start = frame.index(b"\xff\x51")
    frame[start + 6 : start + 14] = frame[start + 22 : start + 30] = size
    _with_frame(path, bytes(frame), JPEG2000Lossless)


def jpeg_2000_decoy(path: Path) -> None:
    """Claims 30,000 x 30,000 where the decoder looks, and shows 40 x 36 in a box before it."""
    frame = bytearray(encode_array(pixels(0), photometric_interpretation=2, codec_format=1))
    size, start = struct.pack(">II", 30000, 30000), frame.index(b"\xff\x4f\xff\x51")
    shown = struct.pack(">I4s", 68, b"free") + frame[start : start + 60]
    for at in (frame.index(b"ihdr") + 4, start + 8, start + 24):
        frame[at : at + 8] = size
    unknown = b"\xff\x70\0\x04ab"  # a marker segment that decoders pass over
    box = start - 8
    length = struct.pack(">I", int.from_bytes(frame[box : box + 4]) + len(unknown))
    whole = frame[:box] + shown + length + frame[box + 4 : start + 2] + unknown + frame[start + 2 :]
    _with_frame(path, bytes(whole), JPEG2000Lossless)


def jpeg_ls(path: Path) -> None:
    """Claims 60,000 x 60,000; the decoder did not come back within minutes."""
    frame = _frame(path, JPEGLSLossless)
    start = frame.index(b"\xff\xf7")
    frame[start + 5 : start + 9] = struct.pack(">HH", 60000, 60000)
    _with_frame(path, bytes(frame), JPEGLSLossless)


def jpeg(path: Path) -> None:
    """Claims 60,000 x 60,000; the decoder took 9 GB."""
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((40, 36), np.uint8)).save(buffer, "JPEG")
    frame = bytearray(buffer.getvalue())
    start = frame.index(b"\xff\xc0")
    frame[start + 5 : start + 9] = struct.pack(">HH", 60000, 60000)
    depth = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    _with_frame(path, bytes(frame), JPEGBaseline8Bit, **depth)


def _rle(path: Path, packets: int) -> None:
    segment = b"\x81\x00" * packets  # 128 zeros each
    offsets = struct.pack("<16I", 2, 64, 64 + len(segment), *[0] * 13)
    _with_frame(path, offsets + segment + segment, RLELossless)


def rle(path: Path) -> None:
    """Segments of 1.3 GB."""
    _rle(path, 10 << 20)


def rle_slightly_long(path: Path) -> None:
    """One run more than the image holds; the decoder panicked, and that ended the process."""
    _rle(path, 13)


def deflated(path: Path) -> None:
    """3 GB of zeros before the pixel data, and a file meta longer than a quick look is."""
    write(header(SOPInstanceUID=uid(path.name)), path, syntax=DeflatedExplicitVRLittleEndian)
    content = path.read_bytes()
    end = 144 + int.from_bytes(content[140:144], "little")
    padding = b"\x02\x00\x03\x00UI" + struct.pack("<H", 4000) + bytes(4000)
    squeeze = zlib.compressobj(wbits=-15)
    with path.open("wb") as file:
        file.write(content[:132] + padding + content[132:end])
        file.write(squeeze.compress(b"\x11\x70\x01\x10OB\0\0" + struct.pack("<I", 3 * GB)))
        for _ in range(3 << 10):
            file.write(squeeze.compress(bytes(1 << 20)))
        file.write(squeeze.flush())


def items(path: Path) -> None:
    """A million empty items: 8 MB of file, 700 MB of objects."""
    content = _plain(path)
    start = content.index(_PIXELS)
    bomb = _SEQUENCE + (_ITEM + bytes(4)) * 1_000_000 + _END_OF_SEQUENCE
    path.write_bytes(content[:start] + bomb + content[start:])


def items_of_frames(path: Path) -> None:
    """The same as the functional groups of a multi-frame image, of defined length."""
    ds = enhanced(SHORT_AXIS, [0.0], 2)
    ds.SOPInstanceUID = uid(path.name)
    content = write(ds, path, pixels(0, (2, 40, 36))).read_bytes()
    groups, start = content.index(b"\x00\x52\x30\x92SQ"), content.index(_PIXELS)
    body = (_ITEM + bytes(4)) * 1_000_000
    head = b"\x00\x52\x30\x92SQ\0\0" + struct.pack("<I", len(body))
    path.write_bytes(content[:groups] + head + body + content[start:])


def items_behind_the_pixels(path: Path) -> None:
    """Where the reader of headers does not look."""
    bomb = b"\xe1\x7f\x01\x10SQ\0\0\xff\xff\xff\xff" + (_ITEM + bytes(4)) * 1_000_000
    path.write_bytes(_plain(path) + bomb + _END_OF_SEQUENCE)


def deep(path: Path) -> None:
    """20,000 sequences in each other."""
    content = _plain(path)
    start = content.index(_PIXELS)
    begin = b"\x40\x00\x55\x05SQ\0\0\xff\xff\xff\xff" + _ITEM + b"\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\0\0\0\0" + _END_OF_SEQUENCE
    path.write_bytes(content[:start] + begin * 20000 + end * 20000 + content[start:])


def _sparse(path: Path, before: bytes, element: bytes, after: bytes) -> None:
    """An element of 3 GB that takes no room on the disk."""
    with path.open("wb") as file:
        file.write(before + element + struct.pack("<I", 3 * GB))
        file.seek(3 * GB, io.SEEK_CUR)
        file.write(after or b"\0")


def long_name(path: Path) -> None:
    """A patient's name of 3 GB."""
    content = _plain(path)
    start = content.index(b"\x10\x00\x10\x00PN")
    _sparse(path, content[:start], b"\x10\x00\x10\x00UT\0\0", content[start:])


def long_pixels(path: Path) -> None:
    """3 GB of pixel data for an image of 3 KB."""
    content = _plain(path)
    _sparse(path, content[: content.index(_PIXELS)], _PIXELS + b"\0\0", b"")


def long_pixels_without_syntax(path: Path) -> None:
    """The same in an old file without preamble and file meta, which is read whole."""
    content = _plain(path)
    start = 144 + int.from_bytes(content[140:144], "little")
    _sparse(path, content[start : content.index(_PIXELS)], _PIXELS + b"\0\0", b"")


BOMBS: tuple[Callable[[Path], None], ...] = (
    jpeg_2000,
    jpeg_2000_decoy,
    jpeg_ls,
    jpeg,
    rle,
    rle_slightly_long,
    deflated,
    items,
    items_of_frames,
    items_behind_the_pixels,
    deep,
    long_name,
    long_pixels,
    long_pixels_without_syntax,
)
