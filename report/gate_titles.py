"""What people call each quality gate."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cmr.results_mapping import TITLES
from texts import Words

GATE_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "slices_left_out": "Slices left out",
        "heart_located": "Heart located by its motion",
        "stack_positions": "Slices in the stack",
        "slice_pitch": "Slice distance",
        "slice_gaps": "Evenness of slice distances",
        "phase_count": "Number of phases",
        "frame_spacing": "Time between phases",
        "lv_present": "LV found",
        "myocardium_present": "Myocardium found",
        "rv_present": "RV found",
        "lv_es_below_ed": "LV smaller at end-systole",
        "rv_es_below_ed": "RV smaller at end-systole",
        "lv_ef_range": "LV ejection fraction possible",
        "rv_ef_range": "RV ejection fraction possible",
        "phases_usable": "Phases left out",
        "stroke_volume_difference": "LV and RV stroke volume",
        "mass_difference": "LV mass at both phases",
        "area_length_difference": "Volume by two methods",
        "curve_unimodal": "Shape of the volume curve",
        "mid_ventricular_ring": "Closed myocardial ring",
        "image_border": "Heart inside the image",
        "area_kink": "Areas from slice to slice",
        "empty_slices": "Empty slices in between",
        "base_coverage": "Ring of the basal slice",
        "base_step": "Size of the basal slice",
        "base_descent": "Descent of the base",
        "rv_above_base": "RV above the LV base",
        "base_changes": "Base over the cycle",
        "rate_fit": "Fit of the volume curve",
        "variant_agreement": "Agreement of mirrored images",
        "scar_place": "Heart on late enhancement",
        "scar_heart": "Myocardium of two networks",
        "scar_remote": "Remote myocardium",
        "scar_contrast": "Blood against remote wall",
        "scar_blood": "Blood against scar",
        "scar_slices": "Late enhancement: slices",
        "scar_pitch": "Late enhancement: slice distance",
        "scar_gaps": "Late enhancement: evenness",
        "scar_methods": "Agreement of scar methods",
        "scar_cine_contours": "Late enhancement: cine contours",
    }
)
MAP_GATE_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "unit": "unit of the values",
        "scanner_map": "scanner's map",
        "heart": "heart found",
        "scanner_difference": "against the scanner's map",
        "motion": "motion",
        "fit": "goodness of fit",
        "blood": "blood value",
        "range": "value",
        "cine_contours": "cine contours",
        "registration": "registration",
    }
)
"""Of the gates that every map has; their names begin with the key of the map."""


def gate_title(name: str, words: Words) -> str:
    """Title of a gate; its name where it has none."""
    if name in GATE_TITLES:
        return words(GATE_TITLES[name])
    # The longest key first: t2_star before t2.
    for key in sorted(TITLES, key=len, reverse=True):
        rest = name.removeprefix(key)
        number, _, suffix = rest.partition("_")
        if rest != name and suffix in MAP_GATE_TITLES:
            which = f" ({number.removeprefix('-')})" if number else ""
            return f"{words(TITLES[key])}{which}: {words(MAP_GATE_TITLES[suffix])}"
    return name
