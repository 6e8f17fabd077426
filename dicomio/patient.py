"""Who was scanned: only enough to tell two patients apart, and never shown to anyone.

Size, sex and age are read apart from that: volumes are indexed and compared by them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import inf, isfinite, nan

from cmr.body import Sex, Subject
from dicomio.attributes import Attributes

_MOST_SPELLINGS = 200
_SEXES: dict[str, Sex] = {"M": "male", "F": "female"}
_AGE = re.compile(r"(\d{3})([DWMY])")
_PER_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12, "Y": 1}
# Born before that, a patient has a date that was put there to hide the true one.
_OLDEST_YEARS = 120
# Age is written in whole years; a birthday may lie between study and header.
_SAME_AGE_YEARS = 1.5
_SEPARATORS = re.compile(r"[\^=\s,.;_]+")


@dataclass(frozen=True)
class PatientIdentity:
    """Normalised identity; empty where the header says nothing."""

    patient_id: str
    issuer: str
    name: tuple[str, ...]
    birth_date: str
    aliases: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must not appear outside the DICOM results."""
        date = self.birth_date
        dates = (date, f"{date[:4]}-{date[4:6]}-{date[6:]}", f"{date[6:]}{date[4:6]}{date[:4]}")
        return (self.patient_id, *self.name, *self.aliases, *(dates if len(date) == 8 else ()))

    def differs_from(self, other: PatientIdentity) -> bool:
        """Tell whether the two cannot be one person.

        The ID decides where both have one (under the same issuer, if both name it), unless name
        and birth date both contradict it, as with one ID given to all anonymised patients.
        Without an ID on both sides name and birth date decide.
        """
        names_differ = _contradict(self.name, other.name)
        dates_differ = _contradict(self.birth_date, other.birth_date)
        if self.patient_id and other.patient_id:
            if self.patient_id != other.patient_id or _contradict(self.issuer, other.issuer):
                return True
            return names_differ and dates_differ
        return names_differ or dates_differ


def _contradict(one: object, two: object) -> bool:
    return bool(one) and bool(two) and one != two


def read_identity(found: Attributes) -> PatientIdentity:
    """Identity of the patient in a header, with spelling differences removed."""
    aliases = (found.text("OtherPatientIDs"), found.text("OtherPatientNames"))
    return PatientIdentity(
        patient_id=_plain(found.text("PatientID")),
        issuer=_plain(found.text("IssuerOfPatientID")),
        name=name_parts(found.text("PatientName")),
        birth_date="".join(filter(str.isdigit, found.text("PatientBirthDate"))),
        aliases=tuple(part for alias in aliases for part in name_parts(alias)),
    )


def read_subject(found: Attributes) -> Subject:
    """Height, weight, sex and age as one header states them."""
    return Subject(
        height_cm=100 * found.number("PatientSize"),
        weight_kg=found.number("PatientWeight"),
        sex=_SEXES.get(found.text("PatientSex").upper(), ""),
        age_years=_age_years(found),
    )


def agreed_subject(subjects: Iterable[Subject]) -> Subject:
    """What all headers agree on; the rest is unknown."""
    known = list(subjects)
    sexes = {subject.sex for subject in known if subject.sex}
    return Subject(
        height_cm=_agreed(subject.height_cm for subject in known),
        weight_kg=_agreed(subject.weight_kg for subject in known),
        sex=sexes.pop() if len(sexes) == 1 else "",
        age_years=_agreed(subject.age_years for subject in known),
    )


def _age_years(found: Attributes) -> float:
    """Stated, else from the dates of birth and study; NaN where the two contradict each other."""
    parts = _AGE.fullmatch(found.text("PatientAge").upper())
    # Nought is what is written for none (as dicomio.person has it).
    stated = int(parts[1]) / _PER_YEAR[parts[2]] if parts and int(parts[1]) else nan
    born, studied = (_date(found.text(name)) for name in ("PatientBirthDate", "StudyDate"))
    reckoned = _years_between(born, studied) if born and studied else nan
    if isfinite(stated) and isfinite(reckoned) and abs(stated - reckoned) > _SAME_AGE_YEARS:
        return nan
    age = stated if isfinite(stated) else reckoned
    return age if 0 <= age <= _OLDEST_YEARS else nan


def _years_between(first: date, last: date) -> float:
    """Years, whole ones exactly on birthdays: ranges of healthy people count completed years."""
    months = 12 * (last.year - first.year) + last.month - first.month
    return (months + (last.day - first.day) / 31) / 12


def _date(text: str) -> date | None:
    digits = "".join(filter(str.isdigit, text))
    try:
        return date.fromisoformat(digits) if len(digits) == 8 else None
    except ValueError:
        return None


def _agreed(values: Iterable[float]) -> float:
    """Return the one positive value that all headers agree on, else NaN."""
    known = {round(value, 3) for value in values if 0 < value < inf}
    return known.pop() if len(known) == 1 else nan


def name_parts(name: str) -> tuple[str, ...]:
    """Parts of a person name in a fixed order: no case, carets, commas or padding."""
    return tuple(sorted(filter(None, _SEPARATORS.split(_plain(name)))))


def count_patients(identities: Iterable[PatientIdentity]) -> int:
    """How many patients there are at least: 1, or 2 as soon as two identities contradict.

    More spellings than one patient can have count as two patients; to compare each with each would
    take a hostile input hours.
    """
    known: list[PatientIdentity] = []
    spellings = dict.fromkeys(identities)
    if len(spellings) > _MOST_SPELLINGS:
        return 2
    for identity in spellings:
        if any(identity.differs_from(other) for other in known):
            return 2
        known.append(identity)
    return min(len(known), 1)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip("\0 ").casefold()
