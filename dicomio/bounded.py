"""Headers of unknown files read with bounded memory: what pydicom asks of a stream is counted.

pydicom makes an object of about 700 bytes of every sequence item, which takes 8 bytes in a file,
and inflates a deflated file whole. Whoever reads a header by way of this module is spared both.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, cast

from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag
from pydicom.uid import UID

# An item takes three reads and 30 us, an element one or two: 150 MB at most. A
# frame takes 60.
_MOST_READS = 600_000
_CHUNK = 1 << 20
_META_GROUP = 2


class HeaderTooLargeError(Exception):
    """A header of more bytes or elements than any image has."""


class BoundedStream:
    """A stream for pydicom that fails once more is read than a header may hold.

    Parameters
    ----------
    stream
        Where to read from.
    limit
        Position that no read may pass.
    """

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._reads = 0
        self.seek = stream.seek
        self.tell = stream.tell

    def read(self, size: int = -1) -> bytes:
        """Read ``size`` bytes; all at once is what pydicom does to inflate, and is refused."""
        self._reads += 1
        room = max(0, self._limit - self._stream.tell())
        if size < 0 or self._reads > _MOST_READS:
            raise HeaderTooLargeError
        found = self._stream.read(min(size, room))
        if size > room and self._stream.read(1):
            raise HeaderTooLargeError
        return found


def bounded(stream: BinaryIO, limit: int) -> BinaryIO:
    """``stream`` for pydicom's readers, which ask for no more than :class:`BoundedStream` has."""
    return cast(BinaryIO, BoundedStream(stream, limit))


def transfer_syntax(stream: BinaryIO, limit: int) -> UID:
    """Transfer syntax of a file, empty where it has none; the stream stands behind the file meta.

    Raises
    ------
    HeaderTooLargeError
        The file meta runs past ``limit`` bytes.
    """
    stream.seek(0)
    counted = bounded(stream, limit)
    read_preamble(counted, force=True)
    meta = read_dataset(counted, False, True, stop_when=_behind_meta)
    return UID(str(meta.get("TransferSyntaxUID", "")))


def _behind_meta(number: BaseTag, representation: str | None, length: int) -> bool:
    del representation, length
    return number >> 16 != _META_GROUP


@dataclass(frozen=True, eq=False)
class Inflated:
    """The beginning of deflated data, and the length of all of it."""

    head: BytesIO
    size: int
    complete: bool


def inflate(stream: BinaryIO, head_limit: int, limit: int) -> Inflated | None:
    """Inflate from where ``stream`` stands; of more than ``head_limit`` bytes only count the rest.

    ``None`` where there are more than ``limit`` bytes.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    head, size = BytesIO(), 0
    pending = stream.read(_CHUNK)
    part = b""
    # zlib may have taken all input and still hold a few bytes that did not fit the last part.
    while (pending or part) and not inflater.eof:
        part = inflater.decompress(pending, _CHUNK)
        head.write(part[: max(0, head_limit - size)])
        size += len(part)
        if size > limit:
            return None
        pending = inflater.unconsumed_tail or stream.read(_CHUNK)
    head.seek(0)
    return Inflated(head, size, inflater.eof)
