"""What report and pictures have in common as DICOM: made for people, from images, on a computer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from highdicom import SOPClass
from pydicom.dataset import Dataset
from pydicom.uid import UID

from dicomio import codes, equipment
from dicomio.highdicom_fixes import instances, reference
from dicomio.origin import Origin
from dicomio.source import FrameRef


@dataclass(frozen=True)
class WrittenRendering:
    """One object on disk."""

    path: Path
    sop_class_uid: str
    series_uid: str
    sop_instance_uid: str


@dataclass(frozen=True)
class Rendering:
    """An object to be made, but for its content; ``kind`` and ``series`` enter its UIDs."""

    sop_class_uid: UID
    modality: str
    kind: str
    series: str
    series_number: int
    instance_number: int
    series_description: str
    names_patient: bool


def new_object(plan: Rendering, origin: Origin) -> Dataset:
    """Patient, study, series, equipment and SOP common of ``plan``.

    highdicom's own class for Secondary Capture is passed over: it wants an orientation of the
    patient, which a chart has not, and writes the time of its own clock.
    """
    made: Dataset = SOPClass(
        study_instance_uid=origin.study_uid,
        series_instance_uid=origin.uid(f"{plan.series}/series"),
        series_number=plan.series_number,
        sop_instance_uid=origin.uid(plan.kind),
        sop_class_uid=plan.sop_class_uid,
        instance_number=plan.instance_number,
        modality=plan.modality,
        series_description=f"{plan.series_description} ({equipment.MAP_NOTE})",
        **equipment.sop_class_arguments(origin),
    )
    equipment.stamp(made, origin)
    made.BodyPartExamined = "HEART"
    made.ConversionType = "WSD"  # made on a workstation
    made.BurnedInAnnotation = "YES" if plan.names_patient else "NO"
    made.RecognizableVisualFeatures = "NO"
    return made


def source_items(frames: Sequence[FrameRef]) -> list[Dataset]:
    """Items that refer to each source instance once, with its frames if it has several."""
    return [reference(frame, sorted(set(numbers))) for frame, numbers in instances(frames)]


def save(made: Dataset, path: Path) -> WrittenRendering:
    """Complete the codes of ``made`` and write it."""
    codes.complete(made)
    made.save_as(path, enforce_file_format=True)
    return WrittenRendering(
        path, str(made.SOPClassUID), str(made.SeriesInstanceUID), str(made.SOPInstanceUID)
    )
