"""How each number of the results schema is coded in the structured report.

Keys are those of ``results.json`` below ``cine``. A test holds the two together: every measured
field stands either in :data:`CONCEPTS` or, with the reason, in :data:`LEFT_OUT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from pydicom.sr.coding import Code

from cmr.labels import Label
from dicomio import codes

Modifier = tuple[Code, Code]


@dataclass(frozen=True)
class Region:
    """A segment in a phase: its numbers go to a TID 1411 group that refers to it."""

    label: Label
    phase: str


class Part(Enum):
    """What a TID 1501 group is about. The values are tracking identifiers."""

    LV_FUNCTION = "Left ventricular function"
    RV_FUNCTION = "Right ventricular function"
    LV_AREA_LENGTH = "Left ventricle, area-length cross-check"
    HEART = "Heart and body size"


@dataclass(frozen=True)
class Concept:
    """Name, place, modifiers, equation and method of one number.

    ``part`` is its group; ``region``, where set, takes precedence if the segment exists.
    """

    name: Code
    part: Part
    region: Region | None = None
    modifiers: tuple[Modifier, ...] = ()
    equation: str = ""
    method: Code | None = None


_AT_ED: Modifier = (codes.CARDIAC_CYCLE_POINT, codes.END_DIASTOLE)
_AT_ES: Modifier = (codes.CARDIAC_CYCLE_POINT, codes.END_SYSTOLE)
_PER_BSA: Modifier = (codes.INDEX, codes.BODY_SURFACE_AREA)
# Labels follow the ACDC convention: papillary muscles count as cavity, not as mass.
_IN_CAVITY: Modifier = (codes.PAPILLARY_MUSCLES, codes.PAPILLARY_INCLUDED)
_NOT_IN_MASS: Modifier = (codes.PAPILLARY_MUSCLES, codes.PAPILLARY_EXCLUDED)

_MASS = "mass = myocardial volume x tissue density"
_BULLET = "volume = 5/6 x short-axis area x length"


def _function(part: Part) -> dict[str, Concept]:
    return {
        "sv_ml": Concept(codes.STROKE_VOLUME, part, equation="SV = EDV - ESV"),
        "co_l_min": Concept(codes.CARDIAC_OUTPUT, part, equation="CO = SV x heart rate"),
        "ci_l_min_m2": Concept(
            codes.CARDIAC_INDEX, part, modifiers=(_PER_BSA,), equation="CI = CO / BSA"
        ),
        "sv_index_ml_m2": Concept(
            codes.STROKE_INDEX, part, modifiers=(_PER_BSA,), equation="SV / BSA"
        ),
        **_rates(part),
    }


def _rates(part: Part) -> dict[str, Concept]:
    def concept(name: Code, equation: str) -> Concept:
        return Concept(name, part, equation=equation)

    return {
        "peak_ejection_rate_ml_s": concept(
            codes.PEAK_EJECTION_RATE, "largest -dV/dt from ED to ES, of a periodic fit"
        ),
        "peak_filling_rate_ml_s": concept(
            codes.PEAK_FILLING_RATE, "largest dV/dt from ES to ED, of a periodic fit"
        ),
        "time_to_peak_ejection_ms": concept(
            codes.PEAK_EJECTION_TIME, "time of the peak ejection rate - time of ED"
        ),
        "time_to_peak_filling_ms": concept(
            codes.PEAK_FILLING_TIME, "time of the peak filling rate - time of ES"
        ),
    }


def _volumes(
    part: Part, label: Label, ed: Code, es: Code, modifiers: tuple[Modifier, ...]
) -> dict[str, Concept]:
    edv = Concept(ed, part, Region(label, "ed"), (_AT_ED, *modifiers))
    esv = Concept(es, part, Region(label, "es"), (_AT_ES, *modifiers))
    return {
        "edv_ml": edv,
        "esv_ml": esv,
        "edv_index_ml_m2": _indexed(edv, "EDV / BSA"),
        "esv_index_ml_m2": _indexed(esv, "ESV / BSA"),
    }


def _indexed(concept: Concept, equation: str) -> Concept:
    modifiers = (*concept.modifiers, _PER_BSA)
    return replace(concept, region=None, modifiers=modifiers, equation=equation)


def _mass() -> dict[str, Concept]:
    def at(phase: str, point: Modifier) -> Concept:
        region = Region(Label.MYOCARDIUM, phase)
        modifiers = (point, _NOT_IN_MASS)
        return Concept(codes.WALL_MASS, Part.LV_FUNCTION, region, modifiers, _MASS)

    return {
        "mass_ed_g": at("ed", _AT_ED),
        "mass_es_g": at("es", _AT_ES),
        "mass_ed_index_g_m2": _indexed(at("ed", _AT_ED), "mass / BSA"),
    }


def _area_length() -> dict[str, Concept]:
    part = Part.LV_AREA_LENGTH
    return {
        "edv_area_length_ml": Concept(
            codes.LV_ED_VOLUME, part, modifiers=(_AT_ED,), equation=_BULLET
        ),
        "esv_area_length_ml": Concept(
            codes.LV_ES_VOLUME, part, modifiers=(_AT_ES,), equation=_BULLET
        ),
        "ef_area_length_pct": Concept(
            codes.LV_EJECTION_FRACTION, part, equation="EF = (EDV - ESV) / EDV"
        ),
    }


def _ejection_fraction(name: Code, part: Part) -> dict[str, Concept]:
    return {"ef_pct": Concept(name, part, equation="EF = (EDV - ESV) / EDV")}


_LV = {
    **_volumes(Part.LV_FUNCTION, Label.LV, codes.LV_ED_VOLUME, codes.LV_ES_VOLUME, (_IN_CAVITY,)),
    **_ejection_fraction(codes.LV_EJECTION_FRACTION, Part.LV_FUNCTION),
    **_function(Part.LV_FUNCTION),
    **_mass(),
    **_area_length(),
}
_RV = {
    **_volumes(Part.RV_FUNCTION, Label.RV, codes.RV_ED_VOLUME, codes.RV_ES_VOLUME, ()),
    **_ejection_fraction(codes.RV_EJECTION_FRACTION, Part.RV_FUNCTION),
    **_function(Part.RV_FUNCTION),
}
_HEART = {
    "heart_rate_bpm": Concept(codes.HEART_RATE, Part.HEART),
    "bsa_m2": Concept(codes.BODY_SURFACE_AREA, Part.HEART),
}

CONCEPTS: Mapping[str, Concept] = MappingProxyType(
    {
        f"{group}.{key}": concept
        for group, concepts in (("lv", _LV), ("rv", _RV), ("heart", _HEART))
        for key, concept in concepts.items()
    }
)
"""Concept of each number, by its key below ``cine``."""

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "heart.height_cm": "stands in the text of the body surface area",
        "heart.weight_kg": "stands in the text of the body surface area",
    }
)
"""Numbers that are no measurement of their own in the report, with the reason."""

BSA_METHODS: Mapping[str, Code] = MappingProxyType(
    {"Mosteller": codes.BSA_MOSTELLER, "DuBois": codes.BSA_DUBOIS}
)
"""Code of each formula that :class:`cmr.results.Heart` names."""
