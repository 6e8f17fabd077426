"""The DICOM objects of a run, of whatever class: of the right patient, in the order to send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom


class UnfitResultsError(Exception):
    """The objects of a run must not be stored; the text may be shown."""


@dataclass(frozen=True)
class Result:
    """One object to store; ``points_at`` are the UIDs of all objects that it names."""

    path: Path
    uid: str
    study_uid: str
    patient_id: str
    points_at: frozenset[str]


def read_results(folder: Path) -> list[Result]:
    """Every DICOM object of a run.

    Raises
    ------
    UnfitResultsError
        There is none, or one cannot be read.
    """
    found = [_read(path) for path in sorted(folder.rglob("*.dcm"))]
    if not found:
        raise UnfitResultsError("the application left no DICOM object")
    return found


def waves(results: Sequence[Result]) -> Iterator[list[Result]]:
    """What to send together, in order: nothing goes before an object that it points at."""
    left = list(results)
    while left:
        uids = {result.uid for result in left}
        # In a circle none is the first.
        ready = [r for r in left if not (r.points_at - {r.uid}) & uids] or left
        yield ready
        left = [result for result in left if result not in ready]


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
        header = pydicom.dcmread(path, stop_before_pixels=True)
        named = (e.value for e in header.iterall() if e.keyword == "ReferencedSOPInstanceUID")
        return Result(
            path=path,
            uid=str(header.SOPInstanceUID),
            study_uid=str(header.StudyInstanceUID),
            patient_id=str(header.get("PatientID") or ""),
            points_at=frozenset(map(str, named)),
        )
    except Exception as error:  # pydicom raises almost anything on garbage
        raise UnfitResultsError("an object of the application cannot be read") from error
