"""DICOM results beside SEG and SR: a picture, a document, and key objects that name all."""

from __future__ import annotations

import uuid
from io import BytesIO

import highdicom
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

MAKER = ("cmr-map tests", "stand-in", "1", "1")
_STUDY = """
    PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID StudyDate StudyTime StudyID
    AccessionNumber ReferringPhysicianName
"""


def made_uid(kind: str, images: list[Dataset]) -> str:
    """The same for the same images."""
    name = "/".join([kind, *(image.SOPInstanceUID for image in images)])
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"


def more(images: list[Dataset], seg: Dataset, report: Dataset) -> dict[str, Dataset]:
    """Secondary capture, encapsulated PDF made of the report, and a selection of all by name.

    The names are those under which the one that points is found first.
    """
    capture = highdicom.sc.SCImage.from_ref_dataset(
        images[0],
        np.zeros((16, 16), np.uint8),
        "MONOCHROME2",
        8,
        "PATIENT",
        made_uid("sc/series", images),
        902,
        made_uid("sc", images),
        1,
        MAKER[0],
        patient_orientation=("L", "P"),
    )
    capture.BodyPartExamined = "HEART"
    document = _document(images, report)
    keys = highdicom.ko.KeyObjectSelectionDocument(
        [capture, document, seg, report],
        highdicom.ko.KeyObjectSelection(codes.DCM.ForReferringProvider, [capture, seg]),
        made_uid("ko/series", images),
        904,
        made_uid("ko", images),
        1,
        MAKER[0],
    )
    return {"a-keys.dcm": keys, "b-document.dcm": document, "c-capture.dcm": capture}


def _document(images: list[Dataset], report: Dataset) -> Dataset:
    """Encapsulated PDF (PS3.3, A.45.1)."""
    buffer = BytesIO()
    Image.new("L", (16, 16)).save(buffer, "PDF")
    content = buffer.getvalue()
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword in _STUDY.split():
        setattr(ds, keyword, images[0].get(keyword, ""))
    ds.SOPClassUID, ds.SOPInstanceUID = EncapsulatedPDFStorage, made_uid("pdf", images)
    ds.Modality, ds.ConversionType = "DOC", "WSD"
    ds.SeriesInstanceUID, ds.SeriesNumber = made_uid("pdf/series", images), 903
    ds.InstanceNumber, ds.BurnedInAnnotation, ds.Manufacturer = 1, "NO", MAKER[0]
    ds.ContentDate = ds.ContentTime = ds.AcquisitionDateTime = ""
    ds.DocumentTitle, ds.ConceptNameCodeSequence = "stand-in", []
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocument = content + bytes(len(content) % 2)
    ds.EncapsulatedDocumentLength = len(content)
    source = Dataset()
    source.ReferencedSOPClassUID = report.SOPClassUID
    source.ReferencedSOPInstanceUID = report.SOPInstanceUID
    ds.SourceInstanceSequence = [source]
    return ds
