"""Figures of a whole run from the rows of its cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from validation.cohort.figures import FIGURES
from validation.cohort.records import CaseRow
from validation.cohort.task import Task

NOT_GIVEN = "not given"


def summarise(rows: Sequence[CaseRow], task: Task) -> dict[str, Any]:
    """Summarise the cases: the content of ``summary.json`` but for the run and the criteria.

    A failed case is in no figure, and in ``cases`` and ``failures`` of the whole and of its
    subgroups. Every measure is present whatever the data hold: ``n`` cases gave its figures, and
    ``missing`` cases have a reference for it and no defined measurement. A figure that is
    undefined is None, with its reason in the ``undefined`` table beside it; why single cases have
    no value stands in ``reasons``.

    Parameters
    ----------
    rows
        All cases of the manifest.

    Returns
    -------
    dict
        ``cases``, ``failures``, the name of the task, ``subgroups``; plain types, ready for JSON.
    """
    failed = [row for row in rows if row.failure]
    return {
        "cases": len(rows),
        "failures": {
            "n": len(failed),
            "cases": [{"case": row.case, "reason": row.failure} for row in failed],
        },
        task.name: _figures(rows, task),
        "subgroups": {column: _subgroup(rows, column, task) for column in _columns(rows)},
    }


def _columns(rows: Sequence[CaseRow]) -> list[str]:
    """Columns of all rows, in the order of their first appearance."""
    return list(dict.fromkeys(column for row in rows for column in row.subgroups))


def _subgroup(rows: Sequence[CaseRow], column: str, task: Task) -> dict[str, Any]:
    held: dict[str, list[CaseRow]] = {}
    for row in rows:
        held.setdefault(row.subgroups.get(column) or NOT_GIVEN, []).append(row)
    return {
        value: {
            "n": len(held[value]),
            "failures": sum(bool(row.failure) for row in held[value]),
            task.name: _figures(held[value], task),
        }
        for value in sorted(held)
    }


def _figures(rows: Sequence[CaseRow], task: Task) -> dict[str, Any]:
    """Figures of every measure at the place that its key names."""
    measured = [row for row in rows if not row.failure]
    figures: dict[str, Any] = {}
    for measure in task.measures:
        *path, last = measure.key.split(".")
        place = figures
        for name in path:
            place = place.setdefault(name, {})
        place[last] = FIGURES[measure.kind](measured, measure)
    return figures
