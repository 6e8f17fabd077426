"""What the report calls its keys, and how it prints their numbers, in the order shown."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from cmr.labels import PHASES
from validation.cohort.records import OVERLAPS, VOLUMES


@dataclass(frozen=True)
class Measure:
    """One quantity of the report.

    Parameters
    ----------
    key
        Flat key of a case, such as ``lv.edv_ml`` or ``dice.lv.ed``.
    title, short, unit
        As a reader of the report knows them; the unit of Dice is empty.
    digits
        Decimals that are worth printing.
    """

    key: str
    title: str
    short: str
    unit: str
    digits: int


UNDEFINED = "–"
STRUCTURE_TITLES = {"lv": "LV cavity", "myo": "LV myocardium", "rv": "RV cavity"}
STRUCTURE_SHORT = {"lv": "LV", "myo": "Myo", "rv": "RV"}
PHASE_TITLES = {"ed": "end-diastole", "es": "end-systole"}
_QUANTITIES = {
    "edv_ml": ("end-diastolic volume", "EDV", "ml"),
    "esv_ml": ("end-systolic volume", "ESV", "ml"),
    "ef_pct": ("ejection fraction", "EF", "%"),
    "mass_ed_g": ("mass at end-diastole", "mass", "g"),
}
_OVERLAP_NAMES = {"dice": ("Dice", "", 3), "hd95_mm": ("HD95", "mm", 1)}


def _volume(key: str) -> Measure:
    side, quantity = key.split(".")
    title, short, unit = _QUANTITIES[quantity]
    return Measure(key, f"{side.upper()} {title}", f"{side.upper()} {short} ({unit})", unit, 1)


def _overlap(overlap: str, structure: str, phase: str) -> Measure:
    name, unit, digits = _OVERLAP_NAMES[overlap]
    title = f"{name}, {STRUCTURE_TITLES[structure]}, {PHASE_TITLES[phase]}"
    short = f"{STRUCTURE_SHORT[structure]} {phase.upper()}"
    return Measure(f"{overlap}.{structure}.{phase}", title, short, unit, digits)


VOLUME_MEASURES = tuple(_volume(key) for key in VOLUMES)
OVERLAP_MEASURES = tuple(
    _overlap(o, s, p) for o in OVERLAPS for s in STRUCTURE_TITLES for p in PHASES
)
DICE_MEASURES = tuple(m for m in OVERLAP_MEASURES if m.key.startswith("dice."))
MEASURES = {m.key: m for m in (*VOLUME_MEASURES, *OVERLAP_MEASURES)}


def number(value: float | None, digits: int = 1, signed: bool = False) -> str:
    """Text of a number with a true minus sign; a dash where it is undefined.

    >>> number(-1.25, 2), number(3, 1, signed=True), number(None), number(float("nan"))
    ('−1.25', '+3.0', '–', '–')
    >>> number(-0.04, 1, signed=True)
    '0.0'
    """
    if value is None or not isfinite(value):
        return UNDEFINED
    sign = "+" if signed and round(value, digits) else ""
    return f"{value:{sign}z.{digits}f}".replace("-", "−")
