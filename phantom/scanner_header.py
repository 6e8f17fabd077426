"""Patient, study, scanner and pixel format, as classic and Enhanced MR headers tell them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.valuerep import DSfloat

from cmr.volume import StackGeometry
from phantom.acquired import Acquisition, Person
from phantom.identity import Identity

DATE = "20240115"
# From the start of one breath-hold to the start of the next.
SLICE_INTERVAL_S = 12.0
_STUDY_TIME_S = 35_400.0
_BITS_STORED = 12


def fill(dataset: Dataset, **values: Any) -> Dataset:
    """Set attributes by keyword and give the dataset back."""
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def item(**values: Any) -> Sequence:
    """A sequence of one item."""
    return Sequence([fill(Dataset(), **values)])


def decimal(value: float) -> DSfloat | None:
    """A decimal string of at most 16 characters; None, an empty value, for NaN."""
    return DSfloat(float(value), auto_format=True) if math.isfinite(value) else None


def decimals(values: Iterable[float]) -> list[DSfloat | None]:
    """Decimal strings of several values."""
    return [decimal(value) for value in values]


def clock(seconds: float) -> str:
    """Time of day as DICOM writes it, from seconds after midnight."""
    micros = round(seconds * 1_000_000)
    whole, fraction = divmod(micros, 1_000_000)
    return f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}.{fraction:06d}"


def slice_started_s(acquisition: Acquisition, z: int) -> float:
    """Seconds after midnight at which slice ``z`` was begun."""
    return acquisition.started_s + z * SLICE_INTERVAL_S


def image_begun_s(acquisition: Acquisition, t: int, z: int) -> float:
    """Seconds after midnight at which an image was begun, as its header has it."""
    if acquisition.tags is None:
        return slice_started_s(acquisition, z)
    return float(acquisition.tags.begun_s[t, z])


def is_gated(acquisition: Acquisition) -> bool:
    """True when every image has a trigger time."""
    return bool(np.isfinite(acquisition.volume.times_ms).all())


def is_cine(acquisition: Acquisition) -> bool:
    """True for several gated images at each position that differ in nothing but time."""
    several = acquisition.volume.n_phases > 1 and acquisition.tags is None
    return several and is_gated(acquisition)


def stored_values(acquisition: Acquisition) -> npt.NDArray[np.uint16]:
    """``(t, z, row, col)`` whole numbers as the files hold them.

    Raises
    ------
    ValueError
        A value that 12 unsigned bits cannot hold.
    """
    rounded: npt.NDArray[Any] = np.rint(acquisition.volume.data)
    if not (rounded.min() >= 0 and rounded.max() < 2**_BITS_STORED):
        raise ValueError("Image values: expected 0 to 4095.")
    stored: npt.NDArray[np.uint16] = rounded.astype("<u2")
    return stored


def frame_of_reference(geometry: StackGeometry, identity: Identity) -> str:
    """UID of the geometry's own frame of reference, else one for the whole study."""
    return geometry.frame_of_reference_uid or identity.uid("frame of reference")


def common_header(
    acquisition: Acquisition, person: Person, identity: Identity, series_number: int
) -> Dataset:
    """Patient, study, series, equipment and pixel format, for a new dataset."""
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 192"
    _add_patient(header, person)
    fill(
        header,
        StudyInstanceUID=identity.uid("study"),
        StudyDate=DATE,
        StudyTime=clock(_STUDY_TIME_S),
        StudyID="1",
        AccessionNumber="",
        ReferringPhysicianName="",
        StudyDescription="Heart",
        Modality="MR",
        SeriesNumber=series_number,
        SeriesDate=DATE,
        SeriesDescription=acquisition.description,
        ProtocolName=acquisition.description,
        BodyPartExamined="HEART",
        PatientPosition="HFS",
        FrameOfReferenceUID=frame_of_reference(acquisition.volume.geometry, identity),
        PositionReferenceIndicator="",
        ContentDate=DATE,
        BurnedInAnnotation="NO",
        LossyImageCompression="00",
    )
    _add_equipment(header, acquisition.sequence.field_strength_t)
    _add_pixel_format(header, acquisition.volume.geometry.shape)
    return header


def window(acquisition: Acquisition) -> dict[str, DSfloat | None]:
    """Window from black to the brightest percent of the pixels."""
    width = max(float(np.rint(np.percentile(acquisition.volume.data, 99))), 1.0)
    return {"WindowCenter": decimal(width / 2), "WindowWidth": decimal(width)}


def hardware_macros(shape: tuple[int, int]) -> dict[str, Sequence]:
    """Functional groups of Enhanced MR on gradients and coils, for a matrix of ``shape``."""
    rows, columns = shape
    return {
        "MRFOVGeometrySequence": item(
            InPlanePhaseEncodingDirection="ROW",
            MRAcquisitionFrequencyEncodingSteps=columns,
            MRAcquisitionPhaseEncodingStepsInPlane=rows,
            PercentSampling=decimal(100),
            PercentPhaseFieldOfView=decimal(100),
        ),
        "MRReceiveCoilSequence": item(
            ReceiveCoilName="Array",
            ReceiveCoilManufacturerName="",
            ReceiveCoilType="MULTICOIL",
            QuadratureReceiveCoil="NO",
            MultiCoilDefinitionSequence=item(MultiCoilElementName="1", MultiCoilElementUsed="YES"),
        ),
        "MRTransmitCoilSequence": item(
            TransmitCoilName="Body", TransmitCoilManufacturerName="", TransmitCoilType="BODY"
        ),
    }


def _add_patient(header: Dataset, person: Person) -> None:
    fill(
        header,
        PatientName=person.name,
        PatientID=person.patient_id,
        PatientBirthDate=person.birth_date,
        PatientSex=person.sex,
    )
    if math.isfinite(person.height_cm):
        header.PatientSize = decimal(person.height_cm / 100)
    if math.isfinite(person.weight_kg):
        header.PatientWeight = decimal(person.weight_kg)


def _add_equipment(header: Dataset, field_strength_t: float) -> None:
    fill(
        header,
        Manufacturer="PHANTOM",
        ManufacturerModelName="Digital heart",
        DeviceSerialNumber="1",
        SoftwareVersions="1",
        InstitutionName="",
        MagneticFieldStrength=decimal(field_strength_t),
    )


def _add_pixel_format(header: Dataset, shape: tuple[int, int]) -> None:
    fill(
        header,
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=shape[0],
        Columns=shape[1],
        BitsAllocated=16,
        BitsStored=_BITS_STORED,
        HighBit=_BITS_STORED - 1,
        PixelRepresentation=0,
        PresentationLUTShape="IDENTITY",
    )
