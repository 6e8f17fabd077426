"""Whose study it is, as it stands on the report, and nowhere else.

Read from the header of the first image of the study, which need not be a measured one; an input
of more than one patient is refused before. Never logged.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pydicom

from dicomio.attributes import Attributes, elements
from dicomio.index import Study
from dicomio.quiet import quiet

_KEYWORDS = (
    "SpecificCharacterSet",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "AccessionNumber",
    "InstitutionName",
    "ReferringPhysicianName",
    "Manufacturer",
    "ManufacturerModelName",
)
_LONGEST = 64  # of LO and of one group of a name
_GROUPS = 3
_JOINERS = "\u200c\u200d"  # without them Arabic and Indic letters take other shapes
_SEXES = ("M", "F", "O")
_DATE = re.compile(r"(\d{4})([.]?)(\d\d)\2(\d\d)")  # with points before 1993
_TIME = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)")
_AGE = re.compile(r"(\d{1,3})([YMWD])")
_AGE_UNITS = {"Y": "y", "M": "mo", "W": "wk", "D": "d"}


@dataclass(frozen=True, repr=False)  # a traceback must not show a name
class StudyIdentity:
    """Patient, study and scanner as they are shown to a reader; empty where the header is silent.

    Attributes
    ----------
    patient_name
        Readable, all groups of the DICOM name, such as ``Wang, XiaoDong (王, 小東)``.
    birth_date, study_date
        ``YYYY-MM-DD``.
    study_time
        ``HH:MM``.
    sex
        ``M``, ``F``, ``O`` or empty.
    age
        With its unit, such as ``45 y`` or ``7 mo``.
    scanner
        Manufacturer and model.
    """

    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    age: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    accession_number: str = ""
    institution: str = ""
    referring_physician: str = ""
    scanner: str = ""
    field_strength_t: float | None = None


def read_study_identity(study: Study) -> StudyIdentity:
    """Read who was scanned, when and where, from the first image of ``study``."""
    image = study.series[0].images[0]
    with quiet():
        return _identity(_header(image.ref.path), image.field_strength_t)


def _identity(found: Attributes, strength: float) -> StudyIdentity:
    born, scanned = _date(found.text("PatientBirthDate")), _date(found.text("StudyDate"))
    sex = found.text("PatientSex").upper()
    return StudyIdentity(
        patient_name=readable_name(found.text("PatientName")),
        patient_id=shown(found.text("PatientID")),
        birth_date=born.isoformat() if born else "",
        sex=sex if sex in _SEXES else "",
        age=_stated_age(found.text("PatientAge")) or _age_between(born, scanned),
        study_date=scanned.isoformat() if scanned else "",
        study_time=_clock(found.text("StudyTime")),
        study_description=shown(found.text("StudyDescription")),
        accession_number=shown(found.text("AccessionNumber")),
        institution=shown(found.text("InstitutionName")),
        referring_physician=readable_name(found.text("ReferringPhysicianName")),
        scanner=_scanner(found),
        field_strength_t=strength if math.isfinite(strength) else None,
    )


def _header(path: Path) -> Attributes:
    """Raw elements: pydicom cuts a name at ``=`` before it decodes it, which breaks Japanese."""
    return Attributes(
        elements(
            pydicom.dcmread(
                path, stop_before_pixels=True, force=True, specific_tags=list(_KEYWORDS)
            )
        )
    )


def readable_name(name: str) -> str:
    """Order a DICOM name for reading: the groups after the first stand in brackets.

    ``Adams^John Robert Quincy^^Rev.^B.A.`` becomes ``Adams, Rev. John Robert Quincy, B.A.``.
    """
    groups = [_readable_group(group) for group in name.split("=")[:_GROUPS]]
    first, *others = [group for group in groups if group] or [""]
    return f"{first} ({'; '.join(others)})" if others else first


def _readable_group(group: str) -> str:
    parts = [shown(part) for part in shown(group).split("^")[:5]]
    family, given, middle, prefix, suffix = parts + [""] * (5 - len(parts))
    called = " ".join(filter(None, (prefix, given, middle)))
    return ", ".join(filter(None, (family, called, suffix)))


def shown(text: str, longest: int = _LONGEST) -> str:
    """Make ``text`` fit for a page: one line, no control or direction signs, bounded."""
    visible = "".join(
        " " if c.isspace() else c
        for c in unicodedata.normalize("NFC", text)
        if c.isspace() or c in _JOINERS or not unicodedata.category(c).startswith("C")
    )
    line = " ".join(visible.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _date(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    try:
        return date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        return None


def _clock(text: str) -> str:
    match = _TIME.match(text)
    return f"{match[1]}:{match[2]}" if match else ""


def _stated_age(text: str) -> str:
    """Age as the scanner wrote it; nought years is what is written for none."""
    match = _AGE.fullmatch(text)
    if match is None or (int(match[1]) == 0 and match[2] == "Y"):
        return ""
    return f"{int(match[1])} {_AGE_UNITS[match[2]]}"


def _age_between(born: date | None, scanned: date | None) -> str:
    """Age at the day of the scan: in years from two on, then in months, then in days."""
    if born is None or scanned is None or scanned < born:
        return ""
    months = 12 * (scanned.year - born.year) + scanned.month - born.month
    months -= scanned.day < born.day
    if months >= 24:
        return f"{months // 12} y"
    return f"{months} mo" if months else f"{(scanned - born).days} d"


def _scanner(found: Attributes) -> str:
    maker, model = shown(found.text("Manufacturer")), shown(found.text("ManufacturerModelName"))
    named = model.casefold().startswith(maker.casefold())
    return model if named else f"{maker} {model}".strip()
