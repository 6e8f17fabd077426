"""Tiny synthetic MR headers, files and studies for the tests of the reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

from cmr.body import Subject
from dicomio.headers import ImageHeader, image_headers
from dicomio.index import ReaderSettings, Series, Study
from dicomio.selection import SelectionSettings

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = yaml.safe_load((ROOT / "app.yaml").read_text())
READER = ReaderSettings.model_validate(SETTINGS["reader"])
SELECTION = SelectionSettings.model_validate(SETTINGS["selection"])

# Orthonormal planes, written down by hand: (row cosine, column cosine).
SHORT_AXIS = ((0.8, 0.6, 0.0), (-0.36, 0.48, -0.8))  # normal (-0.48, 0.64, 0.6), from the apex
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


def uid(text: str) -> str:
    return generate_uid(entropy_srcs=[text])


def header(**changes: Any) -> Dataset:
    """A classic MR header with a 40 x 36 matrix; ``None`` removes an attribute."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    ds.SOPClassUID = MRImageStorage
    ds.SOPInstanceUID = uid("instance")
    ds.StudyInstanceUID = uid("study")
    ds.SeriesInstanceUID = uid("series")
    ds.FrameOfReferenceUID = uid("frame")
    ds.StudyDate, ds.StudyTime = "20240101", "120000"
    ds.Modality = "MR"
    ds.Manufacturer = "Maker"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Doe^Jane", "ID4711", "19600102"
    ds.MagneticFieldStrength = 1.5
    ds.ScanningSequence, ds.SequenceVariant = "GR", "SK"
    ds.SeriesNumber, ds.InstanceNumber, ds.AcquisitionNumber = 1, 1, 1
    ds.ImagePositionPatient = [0.0, 0.0, 0.0]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [1.5, 1.5]
    ds.SliceThickness = 8
    ds.Rows, ds.Columns = 40, 36
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    for keyword, value in changes.items():
        if value is None:
            del ds[keyword]
        else:
            setattr(ds, keyword, value)
    return ds


def pixels(seed: int = 0, shape: tuple[int, ...] = (40, 36)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4096, shape, dtype=np.uint16)


def write(
    ds: Dataset,
    path: Path,
    values: np.ndarray | None = None,
    syntax: str = ExplicitVRLittleEndian,
    compress: str = "",
) -> Path:
    """Write a file, uncompressed in ``syntax`` or compressed to ``compress``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = pixels() if values is None else values
    big = syntax == "1.2.840.10008.1.2.2"
    ds.PixelData = values.astype(values.dtype.newbyteorder(">" if big else "<")).tobytes()
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    if compress:
        ds.compress(compress, encoding_plugin="", generate_instance_uid=False)
    ds.save_as(path, enforce_file_format=True)
    return path


def position(plane: Any, height_mm: float) -> list[float]:
    """A corner ``height_mm`` along the normal of a plane."""
    normal = np.cross(*plane)
    return [float(round(v, 6)) for v in np.array([-100.0, -80.0, 60.0]) + height_mm * normal]


def cine_slice(
    plane: Any, height_mm: float, phases: int, name: str, **changes: Any
) -> list[Dataset]:
    """Headers of one cine slice, RR 800 ms."""
    return [
        header(
            **{
                "SOPInstanceUID": uid(f"{name}-{height_mm}-{phase}"),
                "SeriesInstanceUID": uid(name),
                "ImagePositionPatient": position(plane, height_mm),
                "ImageOrientationPatient": [*plane[0], *plane[1]],
                "TriggerTime": round(800 * phase / phases, 3),
                "NominalInterval": 800,
                "InstanceNumber": phase + 1,
                **changes,
            }
        )
        for phase in range(phases)
    ]


def images(datasets: list[Dataset], folder: str = "/input") -> list[ImageHeader]:
    """Header records without files."""
    return [
        image
        for n, ds in enumerate(datasets)
        for image in image_headers(ds, Path(folder) / f"{n}.dcm")
    ]


def study(*series: list[Dataset]) -> Study:
    """A study of headers without files; each argument is one or more series."""
    by_series: dict[str, list[ImageHeader]] = {}
    for datasets in series:
        for image in images(datasets):
            by_series.setdefault(image.series_uid, []).append(image)
    records = tuple(Series(key, tuple(found)) for key, found in by_series.items())
    return Study(uid=uid("study"), series=records, subject=Subject())


def changed(image: ImageHeader, **changes: Any) -> ImageHeader:
    return replace(image, **changes)


def enhanced(plane: Any, heights: list[float], phases: int, slope: float = 1.0) -> Dataset:
    """An Enhanced MR cine; frame n has rescale intercept n so that mixing up frames shows."""
    ds = header(
        SOPClassUID=EnhancedMRImageStorage,
        SOPInstanceUID=uid("enhanced"),
        ImagePositionPatient=None,
        ImageOrientationPatient=None,
        PixelSpacing=None,
        SliceThickness=None,
        ScanningSequence=None,
        SequenceVariant=None,
        ImageType=["ORIGINAL", "PRIMARY", "CARDIAC", "NONE"],
    )
    ds.NumberOfFrames = len(heights) * phases
    shared = Dataset()
    shared.PlaneOrientationSequence = _item(ImageOrientationPatient=[*plane[0], *plane[1]])
    shared.PixelMeasuresSequence = _item(PixelSpacing=[1.5, 1.25], SliceThickness=8)
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for phase in range(phases):
        for height in heights:
            group = Dataset()
            group.PlanePositionSequence = _item(ImagePositionPatient=position(plane, height))
            group.CardiacSynchronizationSequence = _item(
                NominalCardiacTriggerDelayTime=800.0 * phase / phases, RRIntervalTimeNominal=800.0
            )
            group.FrameContentSequence = _item(TemporalPositionIndex=phase + 1, StackID="1")
            group.MRImageFrameTypeSequence = _item(
                FrameType=["ORIGINAL", "PRIMARY", "CARDIAC", "NONE"],
                ComplexImageComponent="MAGNITUDE",
            )
            group.PixelValueTransformationSequence = _item(
                RescaleSlope=slope, RescaleIntercept=len(groups), RescaleType="US"
            )
            groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return ds


def _item(**values: Any) -> Sequence:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])
