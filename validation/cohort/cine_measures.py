"""What the cine task measures, in the order shown."""

from __future__ import annotations

from cmr.labels import PHASES
from validation.cohort.measures import OVERLAP_COLUMNS, Measure
from validation.cohort.records import OVERLAPS, VOLUMES

STRUCTURE_TITLES = {"lv": "LV cavity", "myo": "LV myocardium", "rv": "RV cavity"}
STRUCTURE_SHORT = {"lv": "LV", "myo": "Myo", "rv": "RV"}
PHASE_TITLES = {"ed": "end-diastole", "es": "end-systole"}
_QUANTITIES = {
    "edv_ml": ("end-diastolic volume", "EDV", "ml"),
    "esv_ml": ("end-systolic volume", "ESV", "ml"),
    "ef_pct": ("ejection fraction", "EF", "%"),
    "mass_ed_g": ("mass at end-diastole", "mass", "g"),
}
_OVERLAP_NAMES = {"dice": ("Dice", ""), "hd95_mm": ("HD95", "mm")}


def _volume(key: str) -> Measure:
    side, quantity = key.split(".")
    title, short, unit = _QUANTITIES[quantity]
    title, short = f"{side.upper()} {title}", f"{side.upper()} {short} ({unit})"
    return Measure("agreement", key, title, short, unit, 1)


def _overlap(overlap: str, structure: str, phase: str) -> Measure:
    name, unit = _OVERLAP_NAMES[overlap]
    return Measure(
        kind="overlap",
        key=f"{overlap}.{structure}.{phase}",
        title=f"{name}, {STRUCTURE_TITLES[structure]}, {PHASE_TITLES[phase]}",
        short=f"{STRUCTURE_SHORT[structure]} {phase.upper()}",
        unit=unit,
        digits=OVERLAP_COLUMNS[overlap].digits,
        group=STRUCTURE_TITLES[structure],
        part=PHASE_TITLES[phase],
        column=overlap,
    )


CINE_MEASURES = (
    *(_overlap(o, s, p) for o in OVERLAPS for s in STRUCTURE_TITLES for p in PHASES),
    *(_volume(key) for key in VOLUMES),
)
