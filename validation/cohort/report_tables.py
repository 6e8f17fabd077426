"""What the tables of the report hold, drawn from the summary; the template only lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from validation.cohort.criteria import FAILURES, Criterion
from validation.cohort.measures import (
    DICE_MEASURES,
    MEASURES,
    PHASE_TITLES,
    STRUCTURE_TITLES,
    VOLUME_MEASURES,
    Measure,
)
from validation.cohort.records import OVERLAPS

Figures = dict[str, Any]

_STATISTICS = {
    "sd": "SD",
    "min": "minimum",
    "max": "maximum",
    "bias": "bias, without its sign",
    "loa_low": "lower limit of agreement",
    "loa_high": "upper limit of agreement",
    "mae": "mean absolute error",
    "pearson_r": "Pearson r",
    "icc_2_1": "ICC(2,1)",
}
_WITHOUT_UNIT = ("pearson_r", "icc_2_1")


@dataclass(frozen=True)
class OverlapRows:
    """The rows of one structure: title of the phase, figures of Dice, figures of HD95."""

    structure: str
    phases: list[tuple[str, Figures, Figures]]


@dataclass(frozen=True)
class GroupTable:
    """Figures of the measures that a subgroup has, a row for each of its values.

    Parameters
    ----------
    measures
        Columns.
    rows
        Value of the subgroup, number of cases, number of failed cases, figures of each measure.
    """

    measures: list[Measure]
    rows: list[tuple[str, int, int, list[Figures]]]


@dataclass(frozen=True)
class Subgroup:
    """One column of the manifest."""

    column: str
    dice: GroupTable
    agreement: GroupTable


def figures_of(summary: Mapping[str, Any], measure: Measure) -> Figures:
    """Statistics of one measure; empty where no reference of the data holds it."""
    found: Any = summary.get("cine", {})
    for part in measure.key.split("."):
        found = found.get(part, {})
    return dict(found) if found.get("n", 0) + found.get("missing", 0) else {}


def overlap_rows(summary: Mapping[str, Any]) -> list[OverlapRows]:
    """Dice and HD95 of every structure and phase that the references hold."""
    rows = [OverlapRows(t, _overlap_phases(summary, s)) for s, t in STRUCTURE_TITLES.items()]
    return [row for row in rows if row.phases]


def _overlap_phases(
    summary: Mapping[str, Any], structure: str
) -> list[tuple[str, Figures, Figures]]:
    rows = []
    for phase, title in PHASE_TITLES.items():
        dice, distance = (
            figures_of(summary, MEASURES[f"{overlap}.{structure}.{phase}"]) for overlap in OVERLAPS
        )
        if dice or distance:
            rows.append((title, dice, distance))
    return rows


def agreement_rows(summary: Mapping[str, Any]) -> list[tuple[Measure, Figures]]:
    """Agreement of every quantity that the references hold."""
    return [(m, found) for m in VOLUME_MEASURES if (found := figures_of(summary, m))]


def subgroups(summary: Mapping[str, Any]) -> list[Subgroup]:
    """Figures of every further column of the manifest."""
    return [
        Subgroup(column, _group_table(values, DICE_MEASURES), _group_table(values, VOLUME_MEASURES))
        for column, values in summary.get("subgroups", {}).items()
    ]


def _group_table(values: Mapping[str, Any], measures: Sequence[Measure]) -> GroupTable:
    held = [m for m in measures if any(figures_of(group, m) for group in values.values())]
    rows = [
        (name, group["n"], group.get("failures", 0), [figures_of(group, m) for m in held])
        for name, group in values.items()
    ]
    return GroupTable(held, rows)


def describe(criterion: Criterion) -> Measure:
    """Title, unit and decimals of what a criterion asks; its own words where it is not known."""
    if criterion.key == FAILURES:
        return Measure(FAILURES, "Failed cases", "failed", "", 0)
    key = criterion.key.removeprefix("cine.")
    measure = MEASURES.get(key, Measure(key, key, key, "", 3))
    statistic = criterion.statistic
    titled = replace(measure, title=f"{measure.title}, {_STATISTICS.get(statistic, statistic)}")
    return replace(titled, unit="", digits=3) if statistic in _WITHOUT_UNIT else titled
