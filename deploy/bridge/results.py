"""The DICOM objects of a run: readable, of the right study and patient, in the order to send."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pydicom

_HEADER = ("SOPInstanceUID", "StudyInstanceUID", "PatientID", "Modality")
# Reports and documents point at the other objects of a run.
_POINTING = frozenset({"SR", "DOC", "KO", "PR"})


class UnfitResultsError(Exception):
    """The objects of a run must not be stored; the text may be shown."""


@dataclass(frozen=True)
class Result:
    """One object to store."""

    path: Path
    uid: str
    study_uid: str
    patient_id: str
    points: bool


def read_results(folder: Path) -> list[Result]:
    """Every DICOM object of a run; those that point at others last.

    Raises
    ------
    UnfitResultsError
        There is none, or one cannot be read.
    """
    found = [_read(path) for path in sorted(folder.rglob("*.dcm"))]
    if not found:
        raise UnfitResultsError("the application left no DICOM object")
    return sorted(found, key=lambda result: result.points)


def check_identity(results: list[Result], study_uid: str, source: Path) -> None:
    """See that every object belongs to the study and to the patient of ``source``.

    Raises
    ------
    UnfitResultsError
        One does not.
    """
    patient_id = _read(source).patient_id
    for result in results:
        if result.study_uid != study_uid:
            raise UnfitResultsError("an object of the application belongs to another study")
        if result.patient_id != patient_id:
            raise UnfitResultsError("an object of the application has another patient's ID")


def _read(path: Path) -> Result:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_HEADER))
        return Result(
            path=path,
            uid=str(header.SOPInstanceUID),
            study_uid=str(header.StudyInstanceUID),
            patient_id=str(header.get("PatientID") or ""),
            points=header.get("Modality") in _POINTING,
        )
    except Exception as error:  # pydicom raises almost anything on garbage
        raise UnfitResultsError("an object of the application cannot be read") from error
