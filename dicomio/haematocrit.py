"""Haematocrit as the input states it: a side file, or the headers of the images."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from dicomio.attributes import items, tag
from dicomio.bounded import HeaderTooLargeError
from dicomio.files import open_regular
from dicomio.quiet import quiet

SIDE_FILE = "haematocrit.json"
_KEY = "haematocrit"
_MAX_BYTES = 65536
# LOINC: hematocrit of blood, by automated count or whatever method; SNOMED CT: hematocrit.
_CODES = frozenset({("LN", "20570-8"), ("LN", "4544-3"), ("SCT", "28317006")})
_COMMENTS = ("AdditionalPatientHistory", "PatientComments", "StudyComments")
_TEXT = re.compile(
    # Neither dates, ranges nor longer numbers.
    r"\b(?:hct|ha?ematocrit)\s*[:=]?\s*(\d{1,2}(?:[.,]\d+)?|0?[.,]\d+)(?!\d|[.,:/-]\d)\s*(%)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class StatedHaematocrit:
    """A value as found; ``fraction`` is None with a ``reason`` where there is none to use."""

    fraction: float | None
    origin: str
    reason: str = ""


def stated_haematocrit(
    input_folder: Path, study_uid: str, images: Iterable[Path], configured: float | None
) -> StatedHaematocrit:
    """The value nearest to the patient: side file, headers, settings, in this order.

    Parameters
    ----------
    images
        Images of the study, of which the headers are read.
    configured
        ``tissue.haematocrit.fraction`` of ``app.yaml``.
    """
    found = _from_side_file(input_folder / SIDE_FILE, study_uid)
    if found is not None:
        return found
    for path in images:
        value = _from_headers(path)
        if value is not None:
            return value
    if configured is not None:
        return StatedHaematocrit(configured, "app.yaml")
    return StatedHaematocrit(None, "", "Neither side file, study nor app.yaml states one.")


def _from_side_file(path: Path, study_uid: str) -> StatedHaematocrit | None:
    """``{"haematocrit": 0.42}``, or ``{"<Study Instance UID>": 0.42}`` for several studies."""
    if not path.is_file():
        return None
    try:
        with open_regular(path) as stream:
            text = stream.read(_MAX_BYTES + 1)
        if len(text) > _MAX_BYTES:
            raise ValueError("too large")
        # Windows begins a text with a byte order mark.
        content = json.loads(text.decode("utf-8-sig"))
        if not isinstance(content, dict):
            raise ValueError("no object")
        value = content.get(study_uid, content.get(_KEY))
        if value is None:
            return None
        fraction = _number(value)
    except (OSError, ValueError, RecursionError) as error:
        return StatedHaematocrit(None, SIDE_FILE, f"{SIDE_FILE} cannot be used: {_plain(error)}.")
    return StatedHaematocrit(fraction, SIDE_FILE)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise ValueError("not a number")
    return number


def _plain(error: Exception) -> str:
    """Nothing of the content of the file."""
    if isinstance(error, UnicodeDecodeError | json.JSONDecodeError | RecursionError):
        return "not JSON"
    return "it cannot be read" if isinstance(error, OSError) else str(error)


def _from_headers(path: Path) -> StatedHaematocrit | None:
    try:
        with quiet():
            header = dcmread(path, stop_before_pixels=True)
    except (OSError, InvalidDicomError, ValueError):
        return None
    try:
        coded = _coded(header)
    except (ValueError, TypeError, AttributeError, HeaderTooLargeError):  # not what their VR says
        coded = None
    if coded is not None and isfinite(coded):
        return StatedHaematocrit(coded, "Acquisition Context of the images")
    for keyword in _COMMENTS:
        match = _TEXT.search(str(header.get(keyword, "")))
        if match:
            value = float(match[1].replace(",", "."))
            fraction = value / 100 if match[2] or value > 1 else value
            return StatedHaematocrit(fraction, f"{keyword} of the images")
    return None


def _coded(header: Dataset) -> float | None:
    for item in items(header, tag("AcquisitionContextSequence")):
        name: Any = (items(item, tag("ConceptNameCodeSequence")) or [Dataset()])[0]
        code = (str(name.get("CodingSchemeDesignator", "")), str(name.get("CodeValue", "")))
        value = item.get("NumericValue", None)
        if code in _CODES and value not in (None, ""):
            units: Any = (items(item, tag("MeasurementUnitsCodeSequence")) or [Dataset()])[0]
            number = float(value if not hasattr(value, "__len__") else value[0])
            return number / 100 if units.get("CodeValue", "") == "%" else number
    return None
