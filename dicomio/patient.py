"""Who was scanned: only enough to tell two patients apart, and never shown to anyone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from dicomio.attributes import Attributes

_MOST_SPELLINGS = 200
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
