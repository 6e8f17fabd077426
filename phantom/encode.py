"""Transfer syntaxes: one dataset written plain, deflated or with losslessly compressed pixels."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

# Fixed, so that a file does not change with the version of the library that wrote it.
_IMPLEMENTATION_UID = generate_uid(entropy_srcs=["cmr phantom implementation"])
_IMPLEMENTATION_NAME = "CMR_PHANTOM"


class Syntax(StrEnum):
    """How a file is encoded; all are lossless."""

    EXPLICIT = "explicit"
    IMPLICIT = "implicit"
    DEFLATED = "deflated"
    RLE = "rle"
    JPEG_LS = "jpeg-ls"
    JPEG_2000 = "jpeg-2000"


_PLAIN = {
    Syntax.EXPLICIT: ExplicitVRLittleEndian,
    Syntax.IMPLICIT: ImplicitVRLittleEndian,
    Syntax.DEFLATED: DeflatedExplicitVRLittleEndian,
}
_COMPRESSED = {
    Syntax.RLE: RLELossless,
    Syntax.JPEG_LS: JPEGLSLossless,
    Syntax.JPEG_2000: JPEG2000Lossless,
}


def save(dataset: Dataset, path: Path, syntax: Syntax) -> None:
    """Write ``dataset``, whose pixel data are native little endian, as a DICOM file.

    The dataset gets a file meta group, and its pixel data are replaced by the compressed ones
    where the syntax has it so. Folders above ``path`` are made.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.ImplementationClassUID = _IMPLEMENTATION_UID
    meta.ImplementationVersionName = _IMPLEMENTATION_NAME
    meta.TransferSyntaxUID = UID(_PLAIN.get(syntax, ExplicitVRLittleEndian))
    dataset.file_meta = meta
    if syntax in _COMPRESSED:
        dataset.compress(_COMPRESSED[syntax], generate_instance_uid=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
