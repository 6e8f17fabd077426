"""Figures of one measure over the cases of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from math import isnan, nan
from typing import Any

import numpy as np

from validation.cohort.agreement import agreement
from validation.cohort.intervals import mean_interval, share_interval
from validation.cohort.measures import Kind, Measure
from validation.cohort.records import CaseRow


def overlap_figures(rows: Sequence[CaseRow], measure: Measure) -> dict[str, Any]:
    """Mean with its interval, SD (n - 1) and extremes over the cases whose reference holds it."""
    held = [row for row in rows if measure.key in row.overlap]
    every = np.array([row.overlap[measure.key] for row in held])
    values = every[~np.isnan(every)]
    n = len(values)
    low, high = mean_interval(values)
    figures = {
        "mean": float(values.mean()) if n else nan,
        "sd": float(values.std(ddof=1)) if n > 1 else nan,
        "min": float(values.min()) if n else nan,
        "max": float(values.max()) if n else nan,
        "ci_low": low,
        "ci_high": high,
        "n": n,
    }
    needed = {"mean": 1, "sd": 2, "min": 1, "max": 1, "ci_low": 2, "ci_high": 2}
    undefined = {k: f"n = {n}, needs {least}" for k, least in needed.items() if n < least}
    return _complete(figures, len(held) - n, undefined, _reasons(held, measure))


def agreement_figures(rows: Sequence[CaseRow], measure: Measure) -> dict[str, Any]:
    """Agreement of one quantity over the cases whose reference defines it."""
    key = measure.key
    held = [row for row in rows if not isnan(row.reference.get(key, nan))]
    measured = np.array([row.measured.get(key, nan) for row in held])
    reference = np.array([row.reference[key] for row in held])
    found = agreement(measured, reference)
    differences = np.abs(measured - reference)
    low, high = mean_interval(differences[~np.isnan(differences)])
    figures = asdict(found) | {"mae_ci_low": low, "mae_ci_high": high}
    few = {k: f"n = {found.n}, needs 2" for k in ("mae_ci_low", "mae_ci_high") if found.n < 2}
    undefined = found.undefined() | few
    return _complete(figures, len(held) - found.n, undefined, _reasons(rows, measure))


def classification_figures(rows: Sequence[CaseRow], measure: Measure) -> dict[str, Any]:
    """Sensitivity and specificity of a yes (1) or no (0), with counts and the cases it missed."""
    key = measure.key
    held = [row for row in rows if not isnan(row.reference.get(key, nan))]
    told = [row for row in held if not isnan(row.measured.get(key, nan))]

    def cases(called: bool, truth: bool) -> list[str]:
        asked = (called, truth)
        return [r.case for r in told if (bool(r.measured[key]), bool(r.reference[key])) == asked]

    hits, misses = cases(True, True), cases(False, True)
    rejections, alarms = cases(False, False), cases(True, False)
    shares = _share("sensitivity", len(hits), len(misses))
    shares |= _share("specificity", len(rejections), len(alarms))
    undefined = {name: "no such case" for name, value in shares.items() if isnan(value)}
    counts: dict[str, Any] = {
        "rule": measure.title,
        "true_positive": len(hits),
        "false_negative": len(misses),
        "true_negative": len(rejections),
        "false_positive": len(alarms),
        "false_negative_cases": misses,
        "false_positive_cases": alarms,
        "n": len(told),
    }
    return _complete(shares | counts, len(held) - len(told), undefined, _reasons(rows, measure))


def _share(name: str, right: int, wrong: int) -> dict[str, Any]:
    n = right + wrong
    low, high = share_interval(right, n)
    return {name: right / n if n else nan, f"{name}_ci_low": low, f"{name}_ci_high": high}


FIGURES: Mapping[Kind, Callable[[Sequence[CaseRow], Measure], dict[str, Any]]] = {
    "overlap": overlap_figures,
    "agreement": agreement_figures,
    "classification": classification_figures,
}


def _reasons(rows: Sequence[CaseRow], measure: Measure) -> dict[str, int]:
    """Why cases have no value, and how many."""
    return dict(Counter(r for row in rows if (r := row.undefined.get(measure.key))))


def _complete(
    figures: dict[str, Any], missing: int, undefined: dict[str, str], reasons: dict[str, int]
) -> dict[str, Any]:
    plain = {key: None if key in undefined else value for key, value in figures.items()}
    plain["missing"] = missing
    plain |= {"undefined": undefined} if undefined else {}
    return plain | ({"reasons": reasons} if reasons else {})
