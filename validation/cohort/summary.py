"""Figures of a whole run from the rows of its cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isnan, nan
from typing import Any

import numpy as np

from cmr.labels import PHASES
from validation.cohort.agreement import agreement
from validation.cohort.records import OVERLAPS, STRUCTURE_NAMES, VOLUMES, CaseRow

NOT_GIVEN = "not given"


def summarise(rows: Sequence[CaseRow]) -> dict[str, Any]:
    """Summarise the cases: the content of ``summary.json`` but for the run and the criteria.

    A failed case is in no figure, and in ``cases`` and ``failures`` of the whole and of its
    subgroups. Every measure is present whatever the data hold: ``n`` cases gave its figures, and
    ``missing`` cases have a reference for it and no defined measurement. A figure that is
    undefined is None, with its reason in the ``undefined`` table beside it.

    Parameters
    ----------
    rows
        All cases of the manifest.

    Returns
    -------
    dict
        ``cases``, ``failures``, ``cine``, ``subgroups``; plain types, ready for JSON.
    """
    failed = [row for row in rows if row.failure]
    return {
        "cases": len(rows),
        "failures": {
            "n": len(failed),
            "cases": [{"case": row.case, "reason": row.failure} for row in failed],
        },
        "cine": _cine(rows),
        "subgroups": {column: _subgroup(rows, column) for column in _columns(rows)},
    }


def _columns(rows: Sequence[CaseRow]) -> list[str]:
    """Columns of all rows, in the order of their first appearance."""
    return list(dict.fromkeys(column for row in rows for column in row.subgroups))


def _subgroup(rows: Sequence[CaseRow], column: str) -> dict[str, Any]:
    held: dict[str, list[CaseRow]] = {}
    for row in rows:
        held.setdefault(row.subgroups.get(column) or NOT_GIVEN, []).append(row)
    return {
        value: {
            "n": len(held[value]),
            "failures": sum(bool(row.failure) for row in held[value]),
            "cine": _cine(held[value]),
        }
        for value in sorted(held)
    }


def _cine(rows: Sequence[CaseRow]) -> dict[str, Any]:
    measured = [row for row in rows if not row.failure]
    cine: dict[str, Any] = {
        overlap: {
            name: {phase: _overlap(measured, f"{overlap}.{name}.{phase}") for phase in PHASES}
            for name in STRUCTURE_NAMES.values()
        }
        for overlap in OVERLAPS
    }
    for key in VOLUMES:
        ventricle, quantity = key.split(".")
        cine.setdefault(ventricle, {})[quantity] = _volume(measured, key)
    return cine


def _overlap(rows: Sequence[CaseRow], key: str) -> dict[str, Any]:
    """Mean, SD (n - 1) and extremes of one overlap over the cases whose reference holds it."""
    held = np.array([row.overlap[key] for row in rows if key in row.overlap])
    values = held[~np.isnan(held)]
    n = len(values)
    figures = {
        "mean": float(values.mean()) if n else nan,
        "sd": float(values.std(ddof=1)) if n > 1 else nan,
        "min": float(values.min()) if n else nan,
        "max": float(values.max()) if n else nan,
        "n": n,
    }
    needed = {"mean": 1, "sd": 2, "min": 1, "max": 1}
    undefined = {k: f"n = {n}, needs {least}" for k, least in needed.items() if n < least}
    return _figures(figures, len(held) - n, undefined)


def _volume(rows: Sequence[CaseRow], key: str) -> dict[str, Any]:
    """Agreement of one quantity over the cases whose reference defines it."""
    held = [row for row in rows if not isnan(row.reference.get(key, nan))]
    found = agreement(
        np.array([row.measured.get(key, nan) for row in held]),
        np.array([row.reference[key] for row in held]),
    )
    return _figures(asdict(found), len(held) - found.n, found.undefined())


def _figures(figures: dict[str, Any], missing: int, undefined: dict[str, str]) -> dict[str, Any]:
    plain = {key: None if key in undefined else value for key, value in figures.items()}
    return {**plain, "missing": missing} | ({"undefined": undefined} if undefined else {})
