"""Patient and study attributes that a result takes over from its source, and nothing else.

A whitelist: comments, history, private tags and everything unnamed stay behind. Text is copied as
it is, so that results meet their patient in the archive; a malformed date, time, age or code is
left empty, because validators and databases refuse it. Log messages name keywords, never values.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pydicom
from pydicom.charset import python_encoding
from pydicom.config import RAISE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import validate_value

from dicomio.quiet import quiet

_log = logging.getLogger("cmr.header")

# Type 2: present in every object, empty where the source has no value.
_REQUIRED = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_OPTIONAL = (
    "IssuerOfPatientID",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "StudyDescription",
    "TimezoneOffsetFromUTC",
)
WHITELIST: tuple[str, ...] = _REQUIRED + _OPTIONAL
"""Keywords of the attributes that are copied."""

_TEXT_VRS = frozenset({"PN", "LO", "SH"})
_ALLOWED = {"PatientSex": ("M", "F", "O"), "PatientIdentityRemoved": ("YES", "NO")}
_OFFSET = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)")


@dataclass(frozen=True, eq=False)
class PatientStudy:
    """The whitelisted attributes of one source instance; unset ones are absent or empty.

    The character set stays that of the source, so that names are equal byte by byte; everything
    that this package adds is ASCII.
    """

    attributes: Dataset

    def apply(self, target: Dataset) -> None:
        """Write the attributes to ``target``."""
        target.pop("SpecificCharacterSet", None)
        for element in self.attributes:
            target[element.tag] = element

    def local(self, now: datetime) -> datetime:
        """``now`` in the time zone of the source, where it states one.

        Timezone Offset From UTC holds for every date and time of an object, those of the study
        included; so ours follow the source, and where it has none, none is written.
        """
        match = _OFFSET.fullmatch(str(self.attributes.get("TimezoneOffsetFromUTC", "")))
        if match is None:
            return now
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return now.astimezone(timezone(offset if sign == "+" else -offset))


def read_patient_study(path: Path) -> PatientStudy:
    """Read the whitelisted attributes of the DICOM file ``path``."""
    with quiet():
        header = pydicom.dcmread(
            path,
            stop_before_pixels=True,
            force=True,
            specific_tags=["SpecificCharacterSet", *WHITELIST],
        )
        return from_header(header)


def from_header(header: Dataset) -> PatientStudy:
    """Take the whitelisted attributes of ``header``, checked."""
    kept = Dataset()
    character_set = _character_set(header)
    if character_set:
        kept.SpecificCharacterSet = character_set
    for keyword in WHITELIST:
        text = _text(header, keyword)
        if text or keyword in _REQUIRED:
            kept.add(_element(keyword, text))
    if kept.get("PatientIdentityRemoved") == "YES" and "DeidentificationMethod" not in kept:
        # Required with YES; sources often give codes instead, which stay behind.
        kept.add(_element("DeidentificationMethod", "As stated in the source images"))
    return PatientStudy(kept)


def _character_set(header: Dataset) -> list[str]:
    """Return the declared character set; for undeclared letters Latin-1, as pydicom reads them."""
    declared = header.get("SpecificCharacterSet") or ""
    terms = list(declared) if isinstance(declared, MultiValue) else [str(declared)]
    if any(terms) and all(term in python_encoding for term in terms):
        return terms
    texts = (_joined(header.get(k)) for k in WHITELIST if dictionary_VR(k) in _TEXT_VRS)
    return [] if all(text.isascii() for text in texts) else ["ISO_IR 100"]


def _text(header: Dataset, keyword: str) -> str:
    try:
        value = header.get(keyword)
        text = _joined(value)
        _check(keyword, text)
    except Exception:  # a hostile header fails in many ways; all of them mean "no value"
        _log.warning("Source header: %s is not valid and is left empty in the results.", keyword)
        return ""
    return text


def _joined(value: Any) -> str:
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)


def _check(keyword: str, text: str) -> None:
    if not text:
        return
    if dictionary_VR(keyword) not in _TEXT_VRS:
        validate_value(dictionary_VR(keyword), text, RAISE)
    if keyword == "TimezoneOffsetFromUTC" and not _OFFSET.fullmatch(text):
        raise ValueError("not an offset")
    if text not in _ALLOWED.get(keyword, (text,)):
        raise ValueError("not an allowed value")


def _element(keyword: str, text: str) -> DataElement:
    return DataElement(keyword, dictionary_VR(keyword), text or None)
