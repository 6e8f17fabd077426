"""Whose study it is, as it stands on the report, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
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
