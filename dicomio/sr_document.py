"""What the coded report and the report in words have in common: state, series, completion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from dicomio import codes, equipment
from dicomio.origin import Origin
from dicomio.uids import file_name


def document_arguments(kind: str, series_number: int, title: str, origin: Origin) -> dict[str, Any]:
    """Arguments of highdicom's class, but for content and evidence; ``kind`` begins the UIDs."""
    return {
        "series_instance_uid": origin.uid(f"{kind}/series"),
        "series_number": series_number,
        "sop_instance_uid": origin.uid(kind),
        "instance_number": 1,
        "is_complete": True,
        "is_final": False,
        "is_verified": False,
        "series_description": f"{title} ({equipment.SERIES_NOTE})",
        **equipment.sop_class_arguments(origin),
    }


def save_document(report: Dataset, kind: str, origin: Origin, folder: Path) -> Path:
    """Complete a document and write it to ``folder``; the file."""
    equipment.stamp(report, origin)
    codes.complete(report)
    path = folder / file_name(kind, report.SOPInstanceUID)
    report.save_as(path, enforce_file_format=True)
    return path
