"""Tables of the DICOM conformance statement, from the code where it has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydicom.datadict import keyword_dict
from pydicom.uid import (
    UID,
    AllTransferSyntaxes,
    ComprehensiveSRStorage,
    EncapsulatedPDFStorage,
    EnhancedSRStorage,
    ExplicitVRLittleEndian,
    KeyObjectSelectionDocumentStorage,
    ParametricMapStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from deploy.trust.markdown import replace_part, table
from dicomio.codes import PRIVATE_SCHEME, TABLE
from dicomio.file_reader import decodable
from dicomio.headers import MR_CLASSES, MULTI_FRAME_CLASSES
from dicomio.patient_study import WHITELIST

PAGE = Path("docs/conformance.md")

WRITTEN = {
    SegmentationStorage: "`seg-*.dcm`: contours of cine, maps and late enhancement (BINARY)",
    ParametricMapStorage: "`map-*.dcm`: T1, T2, T2*, ECV and their SD (float32)",
    ComprehensiveSRStorage: "`sr-*.dcm`: measurements (TID 1500)",
    EnhancedSRStorage: "`text-*.dcm`: the same in words, on request (`writers.text_report`)",
    EncapsulatedPDFStorage: "`pdf-*.dcm`: the report that people read",
    SecondaryCaptureImageStorage: "`capture-*.dcm`: key pictures of the report, RGB",
    KeyObjectSelectionDocumentStorage: "`key-object-*.dcm`: list of all of them (TID 2010)",
}
"""SOP classes that are written, each with its files."""

PRIVATE_TAGS = {
    0x2005100D: ("Philips", "intercept of the stored values"),
    0x2005100E: ("Philips", "slope of the stored values"),
    0x20051572: ("Philips", "inversion time, where the standard one is absent"),
    0x00430010: ("GE", "private creator of the next one"),
    0x0043102F: ("GE", "magnitude, phase, real or imaginary"),
}
"""Private elements that are read, never written."""


def conformance_page(page: str) -> str:
    """Put fresh tables into the statement."""
    parts: dict[str, Callable[[], str]] = {
        "sop-classes-read": _read,
        "sop-classes-written": _written,
        "transfer-syntaxes": _syntaxes,
        "private-tags": _private_tags,
        "attributes-copied": _copied,
        "private-codes": _codes,
    }
    for name, made in parts.items():
        page = replace_part(page, name, made())
    return page


def transfer_syntaxes() -> list[UID]:
    """List what the pinned decoders read, compressed or not."""
    return [uid for uid in AllTransferSyntaxes if decodable(uid)]


def _read() -> str:
    rows = [
        (uid.name, f"`{uid}`", "one image a frame" if uid in MULTI_FRAME_CLASSES else "one image")
        for uid in sorted(MR_CLASSES)
    ]
    return table(("SOP class", "UID", "Read as"), rows)


def _written() -> str:
    rows = [(uid.name, f"`{uid}`", files) for uid, files in WRITTEN.items()]
    return table(("SOP class", "UID", "Files"), rows)


def _syntaxes() -> str:
    rows = [
        (uid.name, f"`{uid}`", "yes", "yes" if uid == ExplicitVRLittleEndian else "")
        for uid in transfer_syntaxes()
    ]
    return table(("Transfer syntax", "UID", "Read", "Written"), rows)


def _private_tags() -> str:
    rows = [
        (f"({number >> 16:04X},{number & 0xFFFF:04X})", vendor, meaning)
        for number, (vendor, meaning) in PRIVATE_TAGS.items()
    ]
    return table(("Element", "Vendor", "Read as"), rows)


def _copied() -> str:
    tags = {keyword: number for keyword, number in keyword_dict.items() if keyword in WHITELIST}
    rows = [(f"({tags[k] >> 16:04X},{tags[k] & 0xFFFF:04X})", k) for k in WHITELIST]
    return table(("Element", "Attribute"), sorted(rows))


def _codes() -> str:
    own = [code for code in TABLE if code.scheme_designator == PRIVATE_SCHEME]
    return table(("Code", "Meaning"), sorted((f"`{c.value}`", c.meaning) for c in own))
