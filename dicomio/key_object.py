"""A Key Object Selection that lists what was written of a study (TID 2010)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydicom
from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom.dataset import Dataset

from dicomio import codes, equipment
from dicomio.highdicom_fixes import blank_header, unname_references
from dicomio.origin import Origin
from dicomio.quiet import quiet
from dicomio.rendering import WrittenRendering, save
from dicomio.seg import WriterSettings
from dicomio.uids import file_name

_DESCRIPTION = "All results of cardiac MR post-processing of this study. For research only."
_TAGS = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "InstanceNumber",
         "Rows", "Columns")  # fmt: skip


def write_key_object(
    results: Sequence[Path], origin: Origin, settings: WriterSettings, folder: Path
) -> WrittenRendering:
    """Write the list of the DICOM files ``results`` to ``folder``, in the order of their series."""
    with quiet():
        headers = sorted((_header(path, origin) for path in results), key=_order)
        content = KeyObjectSelection(
            document_title=codes.FOR_RESEARCH,
            referenced_objects=headers,
            observer_device_context=equipment.device_observer(origin.identity),
            description=_DESCRIPTION,
        )
        made: Dataset = KeyObjectSelectionDocument(
            evidence=headers,
            content=content,
            series_instance_uid=origin.uid("key-object/series"),
            series_number=settings.key_object_series_number,
            sop_instance_uid=origin.uid("key-object"),
            instance_number=1,
            series_description=f"List of results ({equipment.MAP_NOTE})",
            **equipment.sop_class_arguments(origin),
        )
        equipment.stamp(made, origin)
        unname_references(made)
        return save(made, folder / file_name("key-object", made.SOPInstanceUID))


def _header(path: Path, origin: Origin) -> Dataset:
    """What a reference needs, read back from the file: such a reference always resolves."""
    read = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
    header = blank_header(read.SOPClassUID, read.SOPInstanceUID)
    header.StudyInstanceUID = origin.study_uid
    for keyword in _TAGS[2:]:
        if keyword in read:
            header[keyword] = read[keyword]
    return header


def _order(header: Dataset) -> tuple[int, int]:
    return int(header.SeriesNumber), int(header.InstanceNumber)
