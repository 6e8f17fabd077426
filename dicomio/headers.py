"""The few header fields of an image that the application needs, one light record an image."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import (
    EnhancedMRImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    MRImageStorage,
)

from dicomio.attributes import Attributes, Element, Elements, elements, items, tag
from dicomio.kinds import Component
from dicomio.source import FrameRef

MULTI_FRAME_CLASSES = frozenset({EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage})
MR_CLASSES = MULTI_FRAME_CLASSES | {MRImageStorage}

# Philips' own inversion time, where the standard one is absent: two public readers of T1 series
# fall back on it (QIB-Sheffield/WEASEL, MRKonrad/tomato).
_PHILIPS_INVERSION_TIME = 0x20051572
# What people enter in place of an agent.
_NO_AGENT = frozenset({"", "NONE", "NO", "N", "NO CONTRAST", "WITHOUT", "NATIVE", "0"})

# GE writes the component of the complex signal here: 0 magnitude, 1 phase, 2 real, 3 imaginary.
_GE_RAW_DATA_TYPE = 0x0043102F
_GE_COMPONENTS = (Component.MAGNITUDE, Component.PHASE, Component.REAL, Component.IMAGINARY)

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_LONGEST_UID = 64
_VENDORS = {
    "SIEMENS": "SIEMENS",
    "PHILIPS": "Philips",
    "GE MEDICAL": "GE MEDICAL SYSTEMS",
    "GE HEALTHCARE": "GE HealthCare",
    "CANON": "Canon",
    "TOSHIBA": "TOSHIBA",
    "HITACHI": "Hitachi",
    "FUJIFILM": "FUJIFILM",
    "UNITED IMAGING": "United Imaging",
    "UIH": "United Imaging",
    "ESAOTE": "Esaote",
    "NEUSOFT": "Neusoft",
    "MINDRAY": "Mindray",
    "PHANTOM": "PHANTOM",
}

_PER_FRAME, _SHARED = "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"
# Macros whose items hold references or free text; nothing in them describes the frame itself.
_SKIPPED_MACROS = frozenset(
    map(tag, ("DerivationImageSequence", "ReferencedImageSequence", "FrameAnatomySequence"))
)


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """One image: a classic instance or one frame. Unknown numbers are NaN, unknown texts empty.

    ``acquired_s`` and ``series_time_s`` count seconds on one clock, good for comparing only.
    """

    ref: FrameRef
    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    image_type: tuple[str, ...]
    component: Component
    description: str
    protocol: str
    comments: str
    sequence_name: str
    scanning_sequence: tuple[str, ...]
    sequence_variant: tuple[str, ...]
    scan_options: tuple[str, ...]
    series_number: float
    instance_number: float
    acquisition_number: float
    temporal_index: float
    acquired_s: float
    series_time_s: float
    trigger_time_ms: float
    inversion_time_ms: float
    echo_time_ms: float
    repetition_time_ms: float
    rr_ms: float
    cardiac_images: float
    tagged: bool
    velocity_encoded: bool
    contrast_given: bool
    contrast_start_s: float
    private_inversion_ms: float
    saturated: bool
    t2_prepared: bool
    burned_in: bool
    position_mm: tuple[float, ...]
    orientation: tuple[float, ...]
    pixel_spacing_mm: tuple[float, ...]
    shape: tuple[int, int]
    slice_thickness_mm: float
    field_strength_t: float
    manufacturer: str
    model_name: str


class MissingAttributesError(ValueError):
    """Attributes without which an image cannot be placed in space."""


def frame_tables(dataset: Dataset) -> list[tuple[Elements, ...]]:
    """Element tables of each frame of a multi-frame dataset, most specific first."""
    top = elements(dataset)
    shared: Elements = {}
    for group in items(dataset, tag(_SHARED))[:1]:
        shared = _flatten(group)
    return [(_flatten(group), shared, top) for group in items(dataset, tag(_PER_FRAME))]


def _flatten(group: Dataset) -> Elements:
    """Merge the elements of all functional group macros of a frame."""
    flat: dict[int, Element] = {}
    for number in elements(group):
        if number not in _SKIPPED_MACROS:
            for item in items(group, number)[:1]:
                flat.update(elements(item))
    return flat


def image_headers(dataset: Dataset, path: Path) -> tuple[ImageHeader, ...]:
    """Header of every image in a dataset that was read without pixels.

    Raises
    ------
    MissingAttributesError
        Required attributes are absent or make no sense; the message names the keywords only.
    """
    top = Attributes(elements(dataset))
    if str(dataset.get("SOPClassUID", "")) not in MULTI_FRAME_CLASSES:
        return (_image_header(top, path, 0),)
    tables = frame_tables(dataset)
    if len(tables) != top.integer("NumberOfFrames"):
        raise MissingAttributesError(
            f"functional groups of {len(tables)} frames, "
            f"the header says {top.integer('NumberOfFrames')}"
        )
    return tuple(_image_header(Attributes(*t), path, n) for n, t in enumerate(tables, start=1))


def _image_header(found: Attributes, path: Path, frame_number: int) -> ImageHeader:
    _check_geometry(found)
    image_type = found.texts("FrameType", "ImageType")
    series_uid = _uid(found, "SeriesInstanceUID")
    slope, intercept = found.number("RescaleSlope"), found.number("RescaleIntercept")
    ref = FrameRef(
        path=path,
        sop_class_uid=_uid(found, "SOPClassUID"),
        sop_instance_uid=found.text("SOPInstanceUID"),
        series_uid=series_uid,
        frame_number=frame_number,
        rescale_slope=slope if math.isfinite(slope) and slope != 0 else 1.0,
        rescale_intercept=intercept if math.isfinite(intercept) else 0.0,
    )
    return ImageHeader(
        ref=ref,
        study_uid=_uid(found, "StudyInstanceUID"),
        series_uid=series_uid,
        frame_of_reference_uid=_uid(found, "FrameOfReferenceUID"),
        image_type=image_type,
        component=component(found, image_type),
        description=_shared(found, "SeriesDescription"),
        protocol=_shared(found, "ProtocolName"),
        comments=_shared(found, "ImageComments", "FrameComments"),
        sequence_name=_shared(found, "SequenceName", "PulseSequenceName"),
        scanning_sequence=_scanning_sequence(found),
        sequence_variant=found.texts("SequenceVariant"),
        scan_options=found.texts("ScanOptions"),
        series_number=found.number("SeriesNumber"),
        instance_number=found.number("InstanceNumber") if frame_number == 0 else frame_number,
        acquisition_number=found.number("FrameAcquisitionNumber", "AcquisitionNumber"),
        temporal_index=found.number("TemporalPositionIndex", "TemporalPositionIdentifier"),
        acquired_s=_acquired(found),
        series_time_s=_clock(found.text("SeriesDate"), found.text("SeriesTime")),
        trigger_time_ms=found.number("TriggerTime", "NominalCardiacTriggerDelayTime"),
        inversion_time_ms=found.number("InversionTime", "InversionTimes"),
        echo_time_ms=found.number("EchoTime", "EffectiveEchoTime"),
        repetition_time_ms=found.number("RepetitionTime"),
        rr_ms=_rr_ms(found),
        cardiac_images=found.number("CardiacNumberOfImages"),
        tagged=found.text("Tagging") not in ("", "NONE"),
        velocity_encoded=_velocity_encoded(found),
        contrast_given=_contrast_given(found),
        contrast_start_s=_contrast_start(found),
        private_inversion_ms=_private_inversion(found),
        saturated=found.text("SaturationRecovery") == "YES",
        t2_prepared=found.text("T2Preparation") == "YES",
        burned_in=found.text("BurnedInAnnotation") == "YES",
        position_mm=found.numbers("ImagePositionPatient", 3) or (),
        orientation=found.numbers("ImageOrientationPatient", 6) or (),
        pixel_spacing_mm=found.numbers("PixelSpacing", 2) or (),
        shape=(found.integer("Rows"), found.integer("Columns")),
        slice_thickness_mm=found.number("SliceThickness"),
        field_strength_t=_tesla(found.number("MagneticFieldStrength")),
        manufacturer=_vendor(found),
        model_name=_shared(found, "ManufacturerModelName"),
    )


def _check_geometry(found: Attributes) -> None:
    position = found.numbers("ImagePositionPatient", 3)
    orientation = found.numbers("ImageOrientationPatient", 6)
    spacing = found.numbers("PixelSpacing", 2)
    present = {
        "Image Position (Patient)": position is not None,
        "Image Orientation (Patient)": orientation is not None and _orthonormal(orientation),
        "Pixel Spacing": spacing is not None and min(spacing) > 0,
        "SOP Instance UID": bool(_uid(found, "SOPInstanceUID")),
        "Series Instance UID": bool(_uid(found, "SeriesInstanceUID")),
        "Study Instance UID": bool(_uid(found, "StudyInstanceUID")),
    }
    missing = [name for name, there in present.items() if not there]
    if missing:
        raise MissingAttributesError(f"missing or unusable: {', '.join(missing)}")


def _orthonormal(orientation: tuple[float, ...]) -> bool:
    row, column = orientation[:3], orientation[3:]
    dots = [
        sum(a * b for a, b in zip(u, v, strict=True))
        for u, v in ((row, row), (column, column), (row, column))
    ]
    return all(abs(dot - want) < 1e-3 for dot, want in zip(dots, (1, 1, 0), strict=True))


def component(found: Attributes, image_type: tuple[str, ...]) -> Component:
    """Component of the complex signal: its own attribute first, then ImageType, then GE's tag."""
    for name in (*found.texts("ComplexImageComponent"), *image_type[2:]):
        known = _COMPONENT_NAMES.get(name)
        if known is not None:
            return known
    code = found.private_number(_GE_RAW_DATA_TYPE)
    return _GE_COMPONENTS[int(code)] if code in (0, 1, 2, 3) else Component.UNKNOWN


# Tokens of Siemens, Philips (M_FFE, R_IR, PHASE MAP, ...) and Enhanced MR.
_COMPONENT_NAMES = {
    **dict.fromkeys(("M", "MAGNITUDE", "M_FFE", "M_IR", "M_SE", "M_PCA"), Component.MAGNITUDE),
    **dict.fromkeys(
        ("P", "PHASE", "PHASE MAP", "P_FFE", "P_IR", "VELOCITY MAP", "VELOCITY"), Component.PHASE
    ),
    **dict.fromkeys(("R", "REAL", "R_IR", "R_FFE", "CR_IR", "PSIR"), Component.REAL),
    **dict.fromkeys(("I", "IMAGINARY", "I_IR", "I_FFE"), Component.IMAGINARY),
}


def _scanning_sequence(found: Attributes) -> tuple[str, ...]:
    """The classic code strings; made up from the attributes of Enhanced MR where absent."""
    echo = {"GRADIENT": ("GR",), "SPIN": ("SE",), "BOTH": ("GR", "SE")}
    inverted = ("IR",) if found.text("InversionRecovery") == "YES" else ()
    return found.texts("ScanningSequence") or (
        *echo.get(found.text("EchoPulseSequence"), ()),
        *inverted,
    )


def _velocity_encoded(found: Attributes) -> bool:
    encoded = found.text("PhaseContrast") == "YES"
    return encoded or any(abs(v) > 0 for v in (found.number("VelocityEncodingMaximumValue"),))


def _contrast_given(found: Attributes) -> bool:
    """Per frame where Enhanced MR says so, else whether an agent or its time is named."""
    administered = found.text("ContrastBolusAgentAdministered")
    if administered:
        return administered == "YES"
    agents = found.element(tag("ContrastBolusAgentSequence"))
    named = found.text("ContrastBolusAgent").upper() not in _NO_AGENT
    listed = agents is not None and bool(agents.value)
    return named or listed or bool(found.text("ContrastBolusStartTime"))


def _contrast_start(found: Attributes) -> float:
    time = found.text("ContrastBolusStartTime")
    return _clock(found.text("AcquisitionDate") or found.text("AcquisitionDateTime")[:8], time)


def _private_inversion(found: Attributes) -> float:
    if not found.text("Manufacturer").upper().startswith("PHILIPS"):
        return math.nan
    return found.private_number(_PHILIPS_INVERSION_TIME)


def _rr_ms(found: Attributes) -> float:
    interval = found.number("NominalInterval", "RRIntervalTimeNominal")
    if interval > 0:
        return interval
    rate = found.number("HeartRate")
    return 60000.0 / rate if rate > 0 else math.nan


def _tesla(value: float) -> float:
    """Field strength in tesla; some scanners wrote gauss."""
    return value / 10000.0 if value > 100 else (value if value > 0 else math.nan)


def _uid(found: Attributes, keyword: str) -> str:
    """Empty for what is no UID: such a text may be a name, or a path."""
    text = found.text(keyword)
    return sys.intern(text) if len(text) <= _LONGEST_UID and _UID.fullmatch(text) else ""


def _vendor(found: Attributes) -> str:
    """A maker that is known: free text may hold anything, and this one is shown."""
    text = found.text("Manufacturer").upper()
    return next((name for word, name in _VENDORS.items() if word in text), "")


def _shared(found: Attributes, *keywords: str) -> str:
    return sys.intern(found.text(*keywords))


def _acquired(found: Attributes) -> float:
    time = found.text("AcquisitionTime")
    stamp = found.text("FrameAcquisitionDateTime")
    if not stamp and not time:
        stamp = found.text("AcquisitionDateTime")
    if len(stamp) > 8:
        return _clock(stamp[:8], stamp[8:])
    return _clock(found.text("AcquisitionDate"), time)


def _clock(date: str, time: str) -> float:
    """Seconds of a DICOM date and time; NaN without a time, day 0 without a date."""
    digits = time.split("+")[0].split("-")[0].replace(":", "")
    whole, _, fraction = digits.partition(".")
    try:
        moment = datetime.strptime(whole[:6].ljust(6, "0"), "%H%M%S") if whole else None
        if moment is None:
            return math.nan
        seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
        return _day(date) * 86400.0 + seconds + float(f"0.{fraction or 0}")
    except ValueError:
        return math.nan


def _day(date: str) -> int:
    try:
        return datetime.strptime(date[:8], "%Y%m%d").toordinal()
    except ValueError:
        return 0


# Everything above asks for one of these; pydicom skips the rest of the file unread.
_KEYWORDS = """
    SpecificCharacterSet ImageType SOPClassUID SOPInstanceUID StudyDate StudyTime SeriesDate
    SeriesTime AcquisitionDate AcquisitionTime AcquisitionDateTime Manufacturer
    ManufacturerModelName SeriesDescription PatientName PatientID IssuerOfPatientID
    PatientBirthDate OtherPatientIDs OtherPatientNames PatientSize PatientWeight PatientSex
    PatientAge
    ContrastBolusAgent ContrastBolusAgentSequence ContrastBolusStartTime InversionTimes
    SaturationRecovery T2Preparation ScanningSequence SequenceVariant ScanOptions
    SequenceName SliceThickness RepetitionTime EchoTime InversionTime MagneticFieldStrength
    TriggerTime NominalInterval HeartRate CardiacNumberOfImages ProtocolName PulseSequenceName
    EchoPulseSequence InversionRecovery Tagging PhaseContrast StudyInstanceUID
    SeriesInstanceUID SeriesNumber AcquisitionNumber
    InstanceNumber ImagePositionPatient ImageOrientationPatient FrameOfReferenceUID
    TemporalPositionIdentifier TemporalPositionIndex ImageComments SamplesPerPixel
    PhotometricInterpretation NumberOfFrames Rows Columns PixelSpacing BitsAllocated
    BurnedInAnnotation RescaleIntercept RescaleSlope ComplexImageComponent
    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
"""
_GE_CREATOR = 0x00430010
HEADER_TAGS = (
    *map(tag, _KEYWORDS.split()),
    _GE_CREATOR,
    _GE_RAW_DATA_TYPE,
    _PHILIPS_INVERSION_TIME,
)
