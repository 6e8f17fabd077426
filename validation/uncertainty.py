"""How well the agreement of the variants predicts the Dice, on patients with reference masks."""

from __future__ import annotations

from collections.abc import Sequence
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
    """Rank correlation, and what a review of the least sure tenth finds.

    Returns
    -------
    dict
        ``spearman`` with ``spearman_ci`` (95 %, Fisher); ``limit_pct``, the agreement below which
        a tenth of the cases lies; ``reviewed`` cases below it; ``poor`` cases below Dice 0.8 and
        ``poor_reviewed`` of them; the same for cases with any structure below it; the mean Dice
        of the reviewed and of the others.
    """
    dice = np.array([row.mean_dice for row in rows])
    agreement = np.array([case_agreement(row) for row in rows])
    rho = float(stats.spearmanr(agreement, dice).statistic)
    with np.errstate(divide="ignore"):  # rho of 1 has the end 1
        z = np.arctanh(rho)
    half = 1.96 / np.sqrt(len(rows) - 3)
    ends = np.tanh([z - half, z + half])
    limit = float(np.quantile(agreement, REVIEWED_SHARE))
    reviewed, poor = agreement < limit, dice < POOR_DICE
    poor_structure = np.array([row.least_dice for row in rows]) < POOR_DICE
    return {
        "cases": len(rows),
        "spearman": round(rho, 3),
        "spearman_ci": [round(float(end), 3) for end in ends],
        "limit_pct": round(limit, 2),
        "reviewed": int(reviewed.sum()),
        "poor": int(poor.sum()),
        "poor_reviewed": int((poor & reviewed).sum()),
        "poor_structure": int(poor_structure.sum()),
        "poor_structure_reviewed": int((poor_structure & reviewed).sum()),
        "dice_reviewed": round(float(dice[reviewed].mean()), 3) if reviewed.any() else None,
        "dice_others": round(float(dice[~reviewed].mean()), 3),
    }
