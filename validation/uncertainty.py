"""How well the agreement of the variants predicts the Dice, on patients with reference masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

import numpy as np
from scipy import stats

from validation.cohort.records import CaseRow

POOR_DICE = 0.8
REVIEWED_SHARE = 0.1


def case_agreement(row: CaseRow) -> float:
    """Mean agreement in percent, as the gate takes it: a structure that is not found counts 0."""
    return 100 * float(np.mean([v if isfinite(v) else 0.0 for v in row.agreement.values()]))


def uncertainty(rows: Sequence[CaseRow]) -> dict[str, Any]:
    """What the agreement says of the Dice, and what a review of the least sure tenth finds.

    Returns
    -------
    dict
        ``cases``: by the mean of each case. ``contours``: of each structure at ED and at ES by
        itself. Both as :func:`_found`.
    """
    return {
        "cases": _found([case_agreement(row) for row in rows], [row.mean_dice for row in rows]),
        "contours": _found(*zip(*(pair for row in rows for pair in _contours(row)), strict=True)),
    }


def _contours(row: CaseRow) -> Iterator[tuple[float, float]]:
    """Agreement in percent and Dice of each structure and phase."""
    for key, value in row.agreement.items():
        yield (
            100 * (value if isfinite(value) else 0.0),
            row.overlap[key.replace("agreement", "dice")],
        )


def _found(agreement_pct: Sequence[float], dice: Sequence[float]) -> dict[str, Any]:
    """Rank correlation, and what a review finds.

    Returns
    -------
    dict
        ``n``; ``spearman`` with ``spearman_ci`` (95 %, Fisher); ``limit_pct``, the agreement below
        which a tenth lies; ``reviewed`` below it; ``poor`` below Dice 0.8 and ``poor_reviewed`` of
        them; the mean Dice of the reviewed and of the others.
    """
    agreement, truth = np.array(agreement_pct), np.array(dice)
    rho = float(stats.spearmanr(agreement, truth).statistic)
    with np.errstate(divide="ignore"):  # rho of 1 has the end 1
        z = np.arctanh(rho)
    half = 1.96 / np.sqrt(len(truth) - 3)
    ends = np.tanh([z - half, z + half])
    limit = float(np.quantile(agreement, REVIEWED_SHARE))
    reviewed, poor = agreement < limit, truth < POOR_DICE
    return {
        "n": len(truth),
        "spearman": round(rho, 3),
        "spearman_ci": [round(float(end), 3) for end in ends],
        "limit_pct": round(limit, 2),
        "reviewed": int(reviewed.sum()),
        "poor": int(poor.sum()),
        "poor_reviewed": int((poor & reviewed).sum()),
        "dice_reviewed": round(float(truth[reviewed].mean()), 3) if reviewed.any() else None,
        "dice_others": round(float(truth[~reviewed].mean()), 3),
    }
