"""The report of a study as Encapsulated PDF (PS3.3, A.45.1)."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from dicomio import codes
from dicomio.origin import Origin
from dicomio.quiet import quiet
from dicomio.rendering import Rendering, WrittenRendering, new_object, save, source_items
from dicomio.seg import WriterSettings
from dicomio.uids import file_name

_TITLE = "Cardiac MR report, for research only"


def write_pdf(
    pdf: bytes, origin: Origin, settings: WriterSettings, folder: Path
) -> WrittenRendering:
    """Write ``pdf`` as it is, wrapped, to ``folder``; it names the patient.

    Every image that something was measured on is a source of it.
    """
    plan = Rendering(
        sop_class_uid=EncapsulatedPDFStorage,
        modality="DOC",
        kind="pdf",
        series="pdf",
        series_number=settings.pdf_series_number,
        instance_number=1,
        series_description="Cardiac report",
        names_patient=True,
    )
    with quiet():
        made = new_object(plan, origin)
        made.AcquisitionDateTime = None  # of what was scanned over half an hour there is none
        made.SourceInstanceSequence = _without_frames(source_items(origin.frames))
        made.DocumentTitle = _TITLE
        made.ConceptNameCodeSequence = [codes.item(codes.MRI_REPORT)]
        made.VerificationFlag = "UNVERIFIED"
        made.MIMETypeOfEncapsulatedDocument = "application/pdf"
        made.EncapsulatedDocumentLength = len(pdf)
        made.EncapsulatedDocument = pdf + bytes(len(pdf) % 2)
        return save(made, folder / file_name("pdf", made.SOPInstanceUID))


def _without_frames(items: list[Dataset]) -> list[Dataset]:
    """Source Instance Sequence has no place for frame numbers."""
    for item in items:
        item.pop("ReferencedFrameNumber", None)
    return items
