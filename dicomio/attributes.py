"""Read single attributes out of raw elements: no conversion errors, no warnings, no surprises.

pydicom converts lazily and complains with the value in the text; hostile or sloppy headers are
read here byte by byte instead, and whatever does not parse is simply absent.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Mapping
from functools import cache
from io import BytesIO
from typing import Any, TypeAlias

from pydicom import charset, datadict
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_sequence
from pydicom.sequence import Sequence

from dicomio.bounded import bounded

Element: TypeAlias = DataElement | RawDataElement
Elements: TypeAlias = Mapping[int, Element]

_BINARY = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
_CHARACTER_SET = 0x00080005
_LONGEST_TEXT = 1024
# Switches between character sets (ISO 2022); pydicom 3.0.2 leaves those to GB 2312 in the text.
_SWITCH = re.compile("\x1b\\$?[(),.-]?[@-Z]")
_SMALL_SEQUENCE = 1 << 16


@cache
def tag(keyword: str) -> int:
    """Look up the tag of a DICOM keyword."""
    found = datadict.tag_for_keyword(keyword)
    if found is None:
        raise KeyError(keyword)
    return found


def elements(dataset: Dataset) -> dict[int, Element]:
    """List the elements of a dataset by tag, nothing converted."""
    return {int(number): dataset.get_item(number) for number in dataset.keys()}  # noqa: SIM118


def items(dataset: Dataset, number: int) -> list[Dataset]:
    """Items of a sequence; empty when the element is absent or no sequence.

    Raises
    ------
    HeaderTooLargeError
        More of them than any image has.
    """
    element = dataset.get_item(number) if number in dataset else None
    if isinstance(element, RawDataElement) and len(element.value or b"") > _SMALL_SEQUENCE:
        return _many_items(number, element, dataset)
    value = None if element is None else dataset[number].value
    return list(value) if isinstance(value, Sequence) else []


def _many_items(number: int, element: RawDataElement, dataset: Dataset) -> list[Dataset]:
    """As pydicom converts them, but counted."""
    if _representation(number, element) != "SQ" or element.value is None:
        return []
    size = len(element.value)
    stream = bounded(BytesIO(element.value), size)
    encoding = dataset.original_character_set
    return list(
        read_sequence(stream, element.is_implicit_VR, element.is_little_endian, size, encoding)
    )


class Attributes:
    """Typed look-up in one or more element tables; the first that holds a value wins.

    Parameters
    ----------
    tables
        Element tables by tag, most specific first (a frame's own macros, the shared ones, the
        top level).
    """

    def __init__(self, *tables: Elements) -> None:
        self._tables = tables

    def element(self, number: int) -> Element | None:
        """Find the first element with a value."""
        for table in self._tables:
            found = table.get(number)
            if found is not None and found.value not in (None, b"", ""):
                return found
        return None

    def texts(self, *keywords: str) -> tuple[str, ...]:
        """Upper-case components of a code string, from the first keyword that has any."""
        for keyword in keywords:
            parts = self._components(tag(keyword))
            if parts:
                return tuple(part.upper() for part in parts)
        return ()

    def text(self, *keywords: str) -> str:
        """Read a text, decoded and trimmed; empty when absent."""
        for keyword in keywords:
            element = self.element(tag(keyword))
            value = "" if element is None else self._decode(element.value)
            if value:
                return value
        return ""

    def numbers(self, keyword: str, count: int) -> tuple[float, ...] | None:
        """Exactly ``count`` finite numbers, or None."""
        values = self._numbers(tag(keyword))
        if len(values) != count or not all(map(math.isfinite, values)):
            return None
        return values

    def number(self, *keywords: str) -> float:
        """First number of the first keyword that has one; NaN when absent or not finite."""
        for keyword in keywords:
            value = self.private_number(tag(keyword))
            if math.isfinite(value):
                return value
        return math.nan

    def private_number(self, number: int) -> float:
        """First number of the element with this tag; NaN when absent."""
        values = self._numbers(number)
        return values[0] if values else math.nan

    def integer(self, keyword: str, default: int = 0) -> int:
        """Read a whole number, ``default`` when absent."""
        value = self.number(keyword)
        return int(value) if abs(value) < 2**63 else default

    def _numbers(self, number: int) -> tuple[float, ...]:
        element = self.element(number)
        if element is None:
            return ()
        value = element.value
        form = _BINARY.get(_representation(number, element))
        try:
            if isinstance(value, bytes) and form is not None:
                return _unpack(value, form, element)
            return tuple(float(part) for part in _parts(value, "ascii"))
        except (ValueError, TypeError, OverflowError, struct.error):
            return ()

    def _components(self, number: int) -> tuple[str, ...]:
        element = self.element(number)
        if element is None:
            return ()
        parts = tuple(str(part).strip("\0 ") for part in _parts(element.value, "latin-1"))
        return parts if any(parts) else ()

    def _decode(self, value: object) -> str:
        if isinstance(value, bytes):
            value = self._decode_bytes(value[:_LONGEST_TEXT])
        return str(value).strip("\0 \t\r\n")

    def _decode_bytes(self, value: bytes) -> str:
        try:
            encodings = charset.convert_encodings(list(self._components(_CHARACTER_SET)) or "")
            return _SWITCH.sub("", charset.decode_bytes(value, encodings, {ord(c) for c in "\\^="}))
        except (LookupError, ValueError, TypeError):
            return value.decode("latin-1")


def _parts(value: Any, encoding: str) -> Iterable[Any]:
    """Components of a raw or converted value."""
    if isinstance(value, bytes):
        return value[:_LONGEST_TEXT].decode(encoding).strip("\0 ").split("\\")
    return value if isinstance(value, Iterable) and not isinstance(value, str) else (value,)


def _representation(number: int, element: Element) -> str:
    vr = element.VR
    if vr and vr != "UN":
        return str(vr)
    try:
        return datadict.dictionary_VR(number)
    except KeyError:
        return "UN"


def _unpack(value: bytes, form: str, element: Element) -> tuple[float, ...]:
    little = getattr(element, "is_little_endian", True)
    count = len(value) // struct.calcsize("=" + form)
    pattern = f"{'<' if little else '>'}{count}{form}"
    return tuple(map(float, struct.unpack(pattern, value[: struct.calcsize(pattern)])))
