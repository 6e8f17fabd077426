"""The cine task's chart of the test-time variants' agreement against Dice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from cmr.labels import PHASES
from cmr.volume import FloatArray
from validation.cohort.chart import MARKS, STYLE, Chart, svg_of
from validation.cohort.cine_measures import STRUCTURE_TITLES
from validation.cohort.measures import number
from validation.cohort.records import CaseRow

_MIN_RANKED = 3


def uncertainty_chart(rows: Sequence[CaseRow]) -> Chart | None:
    """Dice against the agreement of the test-time variants, by structure; None without a pair."""
    panels = {s: points for s in STRUCTURE_TITLES if (points := _uncertainty_points(rows, s))}
    if not panels:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.2 * len(panels), 3.1), layout="constrained")
        # Shared axes, so that the eye may compare the structures.
        grid = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)
        for axes, (structure, points) in zip(grid[0], panels.items(), strict=True):
            _uncertainty_panel(axes, STRUCTURE_TITLES[structure], points)
        grid[0, 0].set_ylabel("Dice")
        svg = svg_of(figure, "uncertainty")
    return Chart(svg, "Dice against the agreement of the test-time variants, by structure.")


def _uncertainty_points(rows: Sequence[CaseRow], structure: str) -> dict[str, FloatArray]:
    """Agreement and Dice ``(n, 2)`` of each phase that has any."""
    nan = float("nan")
    found = {}
    for phase in PHASES:
        key = f"{structure}.{phase}"
        pairs = np.array(
            [
                (r.agreement.get(f"agreement.{key}", nan), r.overlap.get(f"dice.{key}", nan))
                for r in rows
            ]
        ).reshape(-1, 2)
        pairs = pairs[np.isfinite(pairs).all(axis=1)]
        if len(pairs):
            found[phase] = pairs
    return found


def _uncertainty_panel(axes: Axes, title: str, points: Mapping[str, FloatArray]) -> None:
    for phase, pairs in points.items():
        agreement, dice = pairs.T
        marks = MARKS[phase == "es"]
        axes.scatter(agreement, dice, s=18, linewidths=1, alpha=0.8, label=phase.upper(), **marks)
    pooled = np.concatenate(list(points.values()))
    axes.set_title(f"{title}\n{_rank_correlation(pooled)}")
    axes.set_xlabel("agreement of the variants")
    axes.locator_params(axis="x", nbins=4)
    axes.legend(frameon=False, loc="lower right", handletextpad=0.2, borderpad=0)


def _rank_correlation(pairs: FloatArray) -> str:
    varies = len(pairs) >= _MIN_RANKED and (np.ptp(pairs, axis=0) > 0).all()
    rho = number(spearmanr(*pairs.T).statistic, 2) if varies else "undefined"
    return f"Spearman ρ {rho}, n {len(pairs)}"
