"""What the stored values of an image mean: every scale that its header gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pydicom
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset

from dicomio.attributes import Attributes, Elements, elements, items, tag
from dicomio.headers import MULTI_FRAME_CLASSES, frame_tables
from dicomio.quiet import quiet
from dicomio.source import FrameRef

# Philips: value = (stored - intercept) / slope, apart from the rescale for display
# (Chenevert et al., Transl Oncol 2014;7:65; rordenlab/dcm2niix, Philips/README.md).
_PHILIPS_INTERCEPT, _PHILIPS_SLOPE = 0x2005100D, 0x2005100E
_MAPPING = "RealWorldValueMappingSequence"
_UNITS = "MeasurementUnitsCodeSequence"


@dataclass(frozen=True)
class Linear:
    """``value = slope * stored + intercept``, in ``unit`` as the header spells it."""

    slope: float
    intercept: float
    unit: str = ""

    @property
    def usable(self) -> bool:
        """Finite, and not all values the same."""
        return math.isfinite(self.slope) and math.isfinite(self.intercept) and self.slope != 0


@dataclass(frozen=True)
class ValueScale:
    """Scales of one image; None where the header has none."""

    real_world: Linear | None
    rescale: Linear | None
    philips: Linear | None
    bits_stored: int
    signed: bool
    padding: float
    manufacturer: str


def value_scales(refs: Sequence[FrameRef]) -> list[ValueScale | None]:
    """Scale of each image; None where the header cannot be read. Each file is read once."""
    tables: dict[object, list[tuple[Elements, ...]]] = {}
    with quiet():
        for ref in refs:
            if ref.path not in tables:
                tables[ref.path] = _tables(ref)
    return [_scale(tables[ref.path], ref.frame_number) for ref in refs]


def _tables(ref: FrameRef) -> list[tuple[Elements, ...]]:
    """Element tables of every frame; empty when the header cannot be read."""
    try:
        dataset = pydicom.dcmread(ref.path, stop_before_pixels=True, force=True)
        if ref.sop_class_uid in MULTI_FRAME_CLASSES:
            return frame_tables(dataset)
        return [(*_first_mapping(dataset), elements(dataset))]
    except Exception:  # pydicom raises almost anything on garbage
        return []


def _first_mapping(dataset: Dataset) -> list[Elements]:
    return [elements(item) for item in items(dataset, tag(_MAPPING))[:1]]


def _scale(tables: list[tuple[Elements, ...]], frame_number: int) -> ValueScale | None:
    index = max(frame_number - 1, 0)
    if index >= len(tables):
        return None
    found = Attributes(*tables[index])
    philips_slope = found.private_number(_PHILIPS_SLOPE)
    return ValueScale(
        real_world=_linear(
            found, "RealWorldValueSlope", "RealWorldValueIntercept", _unit_code(found)
        ),
        rescale=_linear(found, "RescaleSlope", "RescaleIntercept", found.text("RescaleType")),
        philips=_philips(philips_slope, found.private_number(_PHILIPS_INTERCEPT)),
        bits_stored=found.integer("BitsStored", 16),
        signed=found.integer("PixelRepresentation") == 1,
        padding=found.number("PixelPaddingValue"),
        manufacturer=found.text("Manufacturer"),
    )


def _linear(found: Attributes, slope: str, intercept: str, unit: str) -> Linear | None:
    """A slope of 0 is kept: it is an error to be told of, not an absent scale."""
    value, offset = found.number(slope), found.number(intercept)
    if math.isnan(value):
        return None
    return Linear(value, 0.0 if math.isnan(offset) else offset, unit)


def _philips(slope: float, intercept: float) -> Linear | None:
    if not (math.isfinite(slope) and slope != 0):
        return None
    offset = intercept if math.isfinite(intercept) else 0.0
    return Linear(1.0 / slope, -offset / slope)


def _unit_code(found: Attributes) -> str:
    """UCUM code of a real-world value mapping."""
    element = found.element(tag(_UNITS))
    if isinstance(element, RawDataElement):
        element = convert_raw_data_element(element)
    if element is None or not isinstance(element.value, pydicom.Sequence):
        return ""
    return next((Attributes(elements(item)).text("CodeValue") for item in element.value), "")
