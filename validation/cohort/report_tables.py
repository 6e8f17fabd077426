"""What the tables of the report hold, drawn from the summary; the template only lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from validation.cohort.criteria import FAILURES, Criterion
from validation.cohort.measures import OVERLAP_COLUMNS, Kind, Measure, OverlapColumn, of_kind
from validation.cohort.task import Task

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
    "ci_low": "lower end of the interval of the mean",
    "ci_high": "upper end of the interval of the mean",
    "mae_ci_low": "mean absolute error, lower end of its interval",
    "mae_ci_high": "mean absolute error, upper end of its interval",
    "sensitivity_ci_low": "sensitivity, lower end of its interval",
    "sensitivity_ci_high": "sensitivity, upper end of its interval",
    "specificity_ci_low": "specificity, lower end of its interval",
    "specificity_ci_high": "specificity, upper end of its interval",
}
_WITHOUT_UNIT = ("pearson_r", "icc_2_1")


@dataclass(frozen=True)
class OverlapTable:
    """Columns of the overlap table, and by structure the rows: a title and figures by column."""

    columns: list[OverlapColumn]
    groups: dict[str, list[tuple[str, list[Figures]]]]


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


def figures_of(summary: Mapping[str, Any], task: Task, measure: Measure) -> Figures:
    """Statistics of one measure; empty where no reference of the data holds it."""
    found: Any = summary.get(task.name, {})
    for part in measure.key.split("."):
        found = found.get(part, {})
    return dict(found) if found.get("n", 0) + found.get("missing", 0) else {}


def overlap_table(summary: Mapping[str, Any], task: Task) -> OverlapTable:
    """Overlap of every structure that the references hold."""
    measures = of_kind(task.measures, "overlap")
    columns = list(dict.fromkeys(m.column for m in measures))
    places = dict.fromkeys((m.group, m.part) for m in measures)
    groups: dict[str, list[tuple[str, list[Figures]]]] = {}
    for group, part in places:
        held = {
            m.column: figures_of(summary, task, m)
            for m in measures
            if (m.group, m.part) == (group, part)
        }
        row = [held.get(column, {}) for column in columns]
        if any(row):
            groups.setdefault(group, []).append((part, row))
    return OverlapTable([OVERLAP_COLUMNS[column] for column in columns], groups)


def rows_of(summary: Mapping[str, Any], task: Task, kind: Kind) -> list[tuple[Measure, Figures]]:
    """Figures of every measure of a kind that the references hold."""
    measures = of_kind(task.measures, kind)
    return [(m, found) for m in measures if (found := figures_of(summary, task, m))]


def subgroups(summary: Mapping[str, Any], task: Task) -> list[Subgroup]:
    """Figures of every further column of the manifest."""
    main = [m for m in task.measures if m.main]
    dice = [m for m in of_kind(main, "overlap") if m.column == "dice"]
    agreement = of_kind(main, "agreement")
    return [
        Subgroup(column, _group_table(values, task, dice), _group_table(values, task, agreement))
        for column, values in summary.get("subgroups", {}).items()
    ]


def _group_table(values: Mapping[str, Any], task: Task, measures: Sequence[Measure]) -> GroupTable:
    held = [m for m in measures if any(figures_of(group, task, m) for group in values.values())]
    rows = [
        (name, group["n"], group.get("failures", 0), [figures_of(group, task, m) for m in held])
        for name, group in values.items()
    ]
    return GroupTable(held, rows)


def describe(criterion: Criterion, task: Task) -> tuple[str, str, int]:
    """Title, unit and decimals of what a criterion asks."""
    if criterion.key == FAILURES:
        return "Failed cases", "", 0
    (measure,) = (m for m in task.measures if f"{task.name}.{m.key}" == criterion.key)
    title = f"{measure.title}, {_STATISTICS.get(criterion.statistic, criterion.statistic)}"
    if criterion.statistic in _WITHOUT_UNIT:
        return title, "", 3
    return title, measure.unit, measure.digits
