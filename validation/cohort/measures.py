"""What a task measures of each case: keys, what the report calls them, and how it prints them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal

Kind = Literal["overlap", "agreement", "classification"]

STATISTICS: Mapping[Kind, tuple[str, ...]] = {
    "overlap": ("mean", "sd", "min", "max", "ci_low", "ci_high"),
    "agreement": (
        *("bias", "sd", "loa_low", "loa_high", "mae", "pearson_r", "icc_2_1"),
        *("mae_ci_low", "mae_ci_high"),
    ),
    "classification": (
        *("sensitivity", "sensitivity_ci_low", "sensitivity_ci_high"),
        *("specificity", "specificity_ci_low", "specificity_ci_high"),
    ),
}
"""Figures of a whole run by kind of measure."""


@dataclass(frozen=True)
class Measure:
    """One quantity.

    Parameters
    ----------
    kind
        What is made of it over many cases.
    key
        Flat key of a case, such as ``lv.edv_ml`` or ``dice.lv.ed``, and place in the summary.
    title, short, unit
        As a reader of the report knows them; the unit of Dice is empty.
    digits
        Decimals that are worth printing.
    group, part, column
        Of an overlap: its rows and column in the table of the report, such as ``LV cavity``,
        ``end-diastole``, ``dice``.
    main
        Shown with subgroups and with the worst cases, and drawn as a chart.
    """

    kind: Kind
    key: str
    title: str
    short: str
    unit: str
    digits: int
    group: str = ""
    part: str = ""
    column: str = ""
    main: bool = True


@dataclass(frozen=True)
class OverlapColumn:
    """How one measure of overlap is shown; ``worst`` names the extreme that matters."""

    title: str
    chart_title: str
    digits: int
    worst: Literal["min", "max"]


OVERLAP_COLUMNS = {
    "dice": OverlapColumn("Dice", "Dice coefficient", 3, "min"),
    "hd95_mm": OverlapColumn(
        "95 % Hausdorff distance (mm)", "95 % Hausdorff distance (mm)", 1, "max"
    ),
}
UNDEFINED = "–"


def of_kind(measures: Iterable[Measure], kind: Kind) -> list[Measure]:
    """Measures of one kind."""
    return [measure for measure in measures if measure.kind == kind]


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
