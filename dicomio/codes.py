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


def _own(value: str, meaning: str) -> Code:
    return Code(value, PRIVATE_SCHEME, meaning)


def _unit(value: str, meaning: str = "") -> Code:
    return Code(value, "UCUM", meaning or value)


# Segments: what kind of thing, and which thing.
ANATOMICAL_STRUCTURE = _sct("91723000", "Anatomical Structure")
ABNORMAL_STRUCTURE = _sct("49755003", "Morphologically Abnormal Structure")
LEFT_VENTRICLE = _sct("87878005", "Left ventricle")
RIGHT_VENTRICLE = _sct("53085002", "Right ventricle")
LV_MYOCARDIUM = _sct("49848007", "Left Ventricle Myocardium")
HEART = _sct("80891009", "Heart")
SEPTUM = _sct("589001", "Interventricular septum")
BLOOD = _sct("87612001", "Blood")
AHA_SEGMENTS: Mapping[int, Code] = MappingProxyType(
    {
        1: _sct("264850008", "left ventricle basal anterior segment"),
        2: _sct("396482007", "left ventricle basal anteroseptal segment"),
        3: _sct("396646008", "left ventricle basal inferoseptal segment"),
        4: _sct("264846001", "left ventricle basal inferior segment"),
        5: _sct("396652009", "left ventricle basal inferolateral segment"),
        6: _sct("396654005", "left ventricle basal anterolateral segment"),
        7: _sct("264848000", "left ventricle mid anterior segment"),
        8: _sct("396647004", "left ventricle mid anteroseptal segment"),
        9: _sct("396649001", "left ventricle mid inferoseptal segment"),
        10: _sct("264847005", "left ventricle mid inferior segment"),
        11: _sct("396655006", "left ventricle mid inferolateral segment"),
        12: _sct("396656007", "left ventricle mid anterolateral segment"),
        13: _sct("264844003", "left ventricle apical anterior segment"),
        14: _sct("264845002", "left ventricle apical septal segment"),
        15: _sct("264849008", "left ventricle apical inferior segment"),
        16: _sct("264853005", "left ventricle apical lateral segment"),
    }
)
"""Segments of the American Heart Association, but for the apex, which no short axis shows."""
ARTIFICIAL_INTELLIGENCE = _dcm("123110", "Artificial Intelligence")
HISTOGRAM_ANALYSIS = _dcm("123105", "Histogram Analysis")

# Cardiac phase.
CARDIAC_CYCLE_POINT = _sct("272518008", "Cardiac Cycle Point")
END_DIASTOLE = _sct("416190007", "End diastole")
END_SYSTOLE = _sct("416430001", "End Systole")

# Skeleton of report and key object.
MRI_REPORT = _loinc("25056-3", "MRI Report")
FOR_RESEARCH = _dcm("113009", "For Research")
MEASUREMENT_REPORT = _dcm("126000", "Imaging Measurement Report")
CARDIAC_MRI = _sct("241620005", "Cardiac MRI")
MEASUREMENT_METHOD = _sct("370129005", "Measurement Method")
EQUATION = _dcm("121420", "Equation")
INDEX = _dcm("121425", "Index")
COMMENT = _dcm("121106", "Comment")
SOURCE_IMAGE_FOR_SEGMENTATION = _dcm("121233", "Source image for segmentation")

SOURCE_IMAGE_FOR_PROCESSING = _dcm("121322", "Source image for image processing operation")
DERIVATION = _dcm("121401", "Derivation")
UNCERTAINTY_ABOVE = _sct("371886008", "+, range of upper measurement uncertainty")
UNCERTAINTY_BELOW = _sct("371885007", "-, range of lower measurement uncertainty")
NORMAL_RANGE_LOW = _sct("385524004", "Normal Range Lower Limit")
NORMAL_RANGE_HIGH = _sct("371933006", "Normal Range Upper Limit")
NORMAL_RANGE_DESCRIPTION = _dcm("121407", "Normal Range description")
NORMAL_RANGE_AUTHORITY = _dcm("121408", "Normal Range Authority")
NORMALITY = _dcm("121402", "Normality")
NORMAL = _sct("17621005", "Normal")
ABNORMALLY_HIGH = _sct("371879000", "Abnormally High")
ABNORMALLY_LOW = _sct("371880002", "Abnormally Low")
Z_SCORE = _dcm("121416", "Z-Score of measurement")
MEAN = _sct("373098007", "Mean")
MEDIAN = _sct("373099004", "Median")
STANDARD_DEVIATION = _sct("386136009", "Standard Deviation")
MEASURED = _sct("258104002", "Measured")
ESTIMATED = _sct("414135002", "Estimated")

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
PEAK_EJECTION_RATE = _dcm("122616", "Peak Ejection Rate")
PEAK_EJECTION_TIME = _dcm("122617", "Peak Ejection Time")
PEAK_FILLING_RATE = _dcm("122618", "Peak Filling Rate")
PEAK_FILLING_TIME = _dcm("122619", "Peak Filling Time")
WALL_MASS = _dcm("122447", "Wall Mass")
WALL_THICKNESS = _dcm("122445", "Wall Thickness")
WALL_THICKENING = _loinc("59092-7", "% Thickening")
# That of a volume has public codes; this one is of the areas of a sector.
REGIONAL_EJECTION_FRACTION = _own("REGEF", "Regional ejection fraction by area")
HEART_RATE = _loinc("8867-4", "Heart rate")
BODY_SURFACE_AREA = _loinc("8277-6", "Body Surface Area")

# Tissue mapping.
QUANTITY = _sct("246205007", "Quantity")
T1 = _dcm("113063", "T1")
T2 = _dcm("113065", "T2")
T2_STAR = _dcm("113064", "T2*")
EXTRACELLULAR_VOLUME = _own("ECV", "Extracellular volume fraction")
SYNTHETIC_EXTRACELLULAR_VOLUME = _own(
    "ECVSYN", "Extracellular volume fraction, synthetic hematocrit"
)
HAEMATOCRIT = _loinc("20570-8", "Hematocrit")
T1_BY_INVERSION = _dcm("126351", "T1 by Inversion Recovery")
T1_BY_SATURATION = _own("T1SR", "T1 by Saturation Recovery")
CONTRAST_PHASE = _dcm("109058", "Contrast Phase")
NATIVE = _own("NATIVE", "Native (before contrast)")
POST_CONTRAST = _own("POST", "After contrast")
PULSE_SEQUENCE_NAME = _dcm("128230", "Pulse Sequence Name")
R_SQUARED = _dcm("126220", "R2-Coefficient")
PIXELS_USED = _own("PIXUSED", "Pixels used")
PIXELS_LEFT_OUT = _own("PIXLEFT", "Share of pixels left out")

# Late enhancement. No public scheme tells core and gray zone apart, or the ways to find a scar.
SCAR = _sct("12402003", "Scar tissue")
SCAR_CORE = _own("SCARCORE", "Core of late gadolinium enhancement")
GRAY_ZONE = _own("GRAYZONE", "Gray zone of late gadolinium enhancement")
NO_REFLOW = _own("MVO", "Microvascular obstruction")
REMOTE_MYOCARDIUM = _own("REMOTE", "Remote myocardium")
MASS = _sct("118538004", "Mass")
SCAR_SHARE = _own("SCARPCT", "Scar mass as percent of left ventricular mass")
LV_MASS_SHARE = _own("LVMASSPCT", "Percent of left ventricular mass")
GRAY_SHARE = _own("GRAYPCT", "Gray zone as percent of core and gray zone")
LAYER_SHARE = _own("LAYERPCT", "Percent of the scar in a layer of the wall")
SEGMENT_SHARE = _own("SEGPCT", "Scar as percent of the segment")
TRANSMURAL_EXTENT = _own("TRANSM", "Transmural extent of late gadolinium enhancement")
TRANSMURALITY_CLASS = _own("TRANSMCLS", "Class of transmural extent")
SEGMENTS_OVER_50 = _own("SEGOVER50", "Segments with transmural extent over 50 %")
SEGMENTS_WITH_SCAR = _own("SEGSCAR", "Segments with scar")
CHORDS = _own("CHORDS", "Chords measured")
CORONARY_TERRITORY = _own("TERRITORY", "Coronary territory")
SIGNAL = _dcm("110852", "MR signal intensity")
TOPOGRAPHICAL_MODIFIER = _sct("106233006", "Topographical modifier")
ENDOCARDIAL = _sct("304059001", "endocardial")
INTERMEDIATE = _sct("11896004", "Intermediate")
EPICARDIAL = _sct("261073003", "epicardial")
CORONARY_ARTERIES: Mapping[str, Code] = MappingProxyType(
    {
        "LAD": _sct("59438005", "Left Anterior Descending Coronary Artery"),
        "RCA": _sct("13647002", "Right Coronary Artery"),
        "LCX": _sct("57396003", "Circumflex Coronary Artery"),
    }
)
SCAR_METHODS: Mapping[str, Code] = MappingProxyType(
    {
        "network": _own("LGENET", "Scar by network"),
        "sd2": _own("LGE2SD", "Scar by 2 SD above remote"),
        "sd3": _own("LGE3SD", "Scar by 3 SD above remote"),
        "sd4": _own("LGE4SD", "Scar by 4 SD above remote"),
        "sd5": _own("LGE5SD", "Scar by 5 SD above remote"),
        "sd6": _own("LGE6SD", "Scar by 6 SD above remote"),
        "fwhm": _own("LGEFWHM", "Scar by full width at half maximum"),
        "otsu": _own("LGEOTSU", "Scar by Otsu"),
        "gmm": _own("LGEGMM", "Scar by Gaussian mixture"),
        "ewa": _own("LGEEWA", "Scar by expectation maximisation, weighted"),
    }
)
GRAY_DEFINITIONS: Mapping[str, Code] = MappingProxyType(
    {
        "sd_2_3": _own("GRAYSD", "Gray zone 2 to 3 SD above remote"),
        "yan": _own("GRAYYAN", "Peri-infarct zone of Yan 2006"),
        "schmidt": _own("GRAYSCHMIDT", "Gray zone of Schmidt 2007"),
    }
)
TRANSMURALITY_CLASSES: Mapping[str, Code] = MappingProxyType(
    {
        "0": _own("TRANSM0", "Transmural extent 0 %"),
        "1-25": _own("TRANSM25", "Transmural extent 1 to 25 %"),
        "26-50": _own("TRANSM50", "Transmural extent 26 to 50 %"),
        "51-75": _own("TRANSM75", "Transmural extent 51 to 75 %"),
        "76-100": _own("TRANSM100", "Transmural extent 76 to 100 %"),
    }
)
"""Methods, definitions and classes by their names in the results."""

# Conventions and methods.
PAPILLARY_MUSCLES = _dcm("122670", "Papillary Muscle Included/Excluded")
PAPILLARY_INCLUDED = _dcm("122621", "Papillary Muscle Included")
PAPILLARY_EXCLUDED = _dcm("122620", "Papillary Muscle Excluded")
VOXEL_SUM = _dcm("126030", "Sum of segmented voxel method for volume")
CENTERLINE = _dcm("122449", "Centerline Wall Motion Analysis")
BULLET = _dcm("125228", "Bullet Method")
BSA_DUBOIS = _dcm("122241", "BSA = 0.007184*WT^0.425*HT^0.725")
BSA_MOSTELLER = _dcm("122244", "BSA = (HT*WT/36)^0.5")

UNITS: Mapping[str, Code] = MappingProxyType(
    {
        code.value: code
        for code in (
            _unit("ml"),
            _unit("ml/s"),
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
            _unit("ms"),
            _unit("1", "no units"),
        )
    }
)
"""Units by their UCUM text, as :class:`cmr.records.Quantity` names them."""

TABLE: tuple[Code, ...] = (
    *(value for value in list(globals().values()) if isinstance(value, Code)),
    *(
        code
        for table in (
            AHA_SEGMENTS,
            CORONARY_ARTERIES,
            SCAR_METHODS,
            GRAY_DEFINITIONS,
            TRANSMURALITY_CLASSES,
            UNITS,
        )
        for code in table.values()
    ),
)
"""Every code of this module."""

_MEANINGS = {(code.value, code.scheme_designator): code.meaning for code in TABLE}


def item(code: Code) -> Dataset:
    """Make the item of a code sequence."""
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator = code.value, code.scheme_designator
    made.CodeMeaning = code.meaning
    return made


def harmonise_meanings(dataset: Dataset) -> None:
    """Give every code in ``dataset`` that stands in :data:`TABLE` the meaning of the table.

    Libraries spell some meanings differently ("Percent" for "%"). Changes ``dataset``.
    """
    for item in _coded_items(dataset):
        known = _MEANINGS.get((item.CodeValue, item.CodingSchemeDesignator))
        if known is not None:
            item.CodeMeaning = known


def complete(dataset: Dataset) -> None:
    """Harmonise the meanings of a finished object, and declare the private scheme if it is used."""
    harmonise_meanings(dataset)
    schemes = coding_schemes(dataset)
    if schemes:
        dataset.CodingSchemeIdentificationSequence = schemes


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
