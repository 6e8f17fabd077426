"""The one table of codes: every coded concept that this package writes stands here, once.

A test compares each entry with an independent list of codes. Codes in :data:`PRIVATE_SCHEME` are
this project's own, for concepts that no public scheme has; :func:`coding_schemes` declares the
scheme in any object that uses one, as DICOM asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

PRIVATE_SCHEME = "99CMRPOST"
# Fixed for all time: it names the meaning of the private codes, not a result.
PRIVATE_SCHEME_UID = "2.25.202757683203288934757775222967491085310"


def _dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


def _sct(value: str, meaning: str) -> Code:
    return Code(value, "SCT", meaning)


def _loinc(value: str, meaning: str) -> Code:
    return Code(value, "LN", meaning)


def _unit(value: str, meaning: str = "") -> Code:
    return Code(value, "UCUM", meaning or value)


# Segments: what kind of thing, and which thing.
ANATOMICAL_STRUCTURE = _sct("91723000", "Anatomical Structure")
LEFT_VENTRICLE = _sct("87878005", "Left ventricle")
RIGHT_VENTRICLE = _sct("53085002", "Right ventricle")
LV_MYOCARDIUM = _sct("49848007", "Left Ventricle Myocardium")
HEART = _sct("80891009", "Heart")
ARTIFICIAL_INTELLIGENCE = _dcm("123110", "Artificial Intelligence")

# Cardiac phase.
CARDIAC_CYCLE_POINT = _sct("272518008", "Cardiac Cycle Point")
END_DIASTOLE = _sct("416190007", "End diastole")
END_SYSTOLE = _sct("416430001", "End Systole")

# Skeleton of the report.
MEASUREMENT_REPORT = _dcm("126000", "Imaging Measurement Report")
CARDIAC_MRI = _sct("241620005", "Cardiac MRI")
MEASUREMENT_METHOD = _sct("370129005", "Measurement Method")
EQUATION = _dcm("121420", "Equation")
INDEX = _dcm("121425", "Index")
COMMENT = _dcm("121106", "Comment")
SOURCE_IMAGE_FOR_SEGMENTATION = _dcm("121233", "Source image for segmentation")

# Image library.
IMAGE_LIBRARY = _dcm("111028", "Image Library")
IMAGE_LIBRARY_GROUP = _dcm("126200", "Image Library Group")
SOURCE = _sct("260753009", "Source")
MODALITY = _dcm("121139", "Modality")
MAGNETIC_RESONANCE = _dcm("MR", "Magnetic Resonance")
FRAME_OF_REFERENCE_UID = _dcm("112227", "Frame of Reference UID")
PIXEL_DATA_ROWS = _dcm("110910", "Pixel Data Rows")
PIXEL_DATA_COLUMNS = _dcm("110911", "Pixel Data Columns")
HORIZONTAL_PIXEL_SPACING = _dcm("111026", "Horizontal Pixel Spacing")
VERTICAL_PIXEL_SPACING = _dcm("111066", "Vertical Pixel Spacing")

# Function of the ventricles.
LV_ED_VOLUME = _loinc("8821-1", "Left Ventricular ED Volume")
LV_ES_VOLUME = _loinc("8823-7", "Left Ventricular ES Volume")
RV_ED_VOLUME = _loinc("8822-9", "Right Ventricular ED Volume")
RV_ES_VOLUME = _loinc("8824-5", "Right Ventricular ES Volume")
LV_EJECTION_FRACTION = _loinc("8811-2", "Left ventricular ejection fraction by MR")
RV_EJECTION_FRACTION = _loinc("8818-7", "Right ventricular ejection fraction by MR")
STROKE_VOLUME = _sct("90096001", "Stroke Volume")
STROKE_INDEX = _sct("277381004", "Stroke Index")
CARDIAC_OUTPUT = _sct("82799009", "Cardiac Output")
CARDIAC_INDEX = _sct("54993008", "Cardiac Index")
WALL_MASS = _dcm("122447", "Wall Mass")
HEART_RATE = _loinc("8867-4", "Heart rate")
BODY_SURFACE_AREA = _loinc("8277-6", "Body Surface Area")

# Conventions and methods.
PAPILLARY_MUSCLES = _dcm("122670", "Papillary Muscle Included/Excluded")
PAPILLARY_INCLUDED = _dcm("122621", "Papillary Muscle Included")
PAPILLARY_EXCLUDED = _dcm("122620", "Papillary Muscle Excluded")
VOXEL_SUM = _dcm("126030", "Sum of segmented voxel method for volume")
BULLET = _dcm("125228", "Bullet Method")
BSA_DUBOIS = _dcm("122241", "BSA = 0.007184*WT^0.425*HT^0.725")
BSA_MOSTELLER = _dcm("122244", "BSA = (HT*WT/36)^0.5")

UNITS: Mapping[str, Code] = MappingProxyType(
    {
        code.value: code
        for code in (
            _unit("ml"),
            _unit("g"),
            _unit("%"),
            _unit("l/min"),
            _unit("l/min/m2"),
            _unit("ml/m2"),
            _unit("g/m2"),
            _unit("m2"),
            _unit("{H.B.}/min", "BPM"),
            _unit("mm"),
            _unit("{pixels}", "pixels"),
        )
    }
)
"""Units by their UCUM text, as :class:`cmr.records.Quantity` names them."""

TABLE: tuple[Code, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Code)
) + tuple(UNITS.values())
"""Every code of this module."""

_MEANINGS = {(code.value, code.scheme_designator): code.meaning for code in TABLE}


def harmonise_meanings(dataset: Dataset) -> None:
    """Give every code in ``dataset`` that stands in :data:`TABLE` the meaning of the table.

    Libraries spell some meanings differently ("Percent" for "%"). Changes ``dataset``.
    """
    for item in _coded_items(dataset):
        known = _MEANINGS.get((item.CodeValue, item.CodingSchemeDesignator))
        if known is not None:
            item.CodeMeaning = known


def coding_schemes(dataset: Dataset) -> list[Dataset]:
    """Describe the private scheme for CodingSchemeIdentificationSequence, if it is used."""
    used = {item.CodingSchemeDesignator for item in _coded_items(dataset)}
    if PRIVATE_SCHEME not in used:
        return []
    scheme = Dataset()
    scheme.CodingSchemeDesignator = PRIVATE_SCHEME
    scheme.CodingSchemeUID = PRIVATE_SCHEME_UID
    scheme.CodingSchemeName = "Codes of the cardiac MR post-processing application"
    return [scheme]


def _coded_items(dataset: Dataset) -> list[Dataset]:
    return [
        item
        for element in dataset.iterall()
        if element.VR == "SQ"
        for item in element.value
        if "CodeValue" in item and "CodingSchemeDesignator" in item
    ]
