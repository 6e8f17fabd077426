"""The charts of the report: box plots, scatter with Bland-Altman."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cmr.volume import FloatArray
from validation.cohort.chart import BLUE, INK, MARKS, MUTED, STYLE, VERMILION, Chart, svg_of
from validation.cohort.measures import Measure, number
from validation.cohort.records import CaseRow
from validation.cohort.task import BoxChart

_TINTS = {False: "#eaf3f9", True: "#fbeee4"}
# Steps of the golden ratio spread points evenly without a random number.
_GOLDEN = 0.618


def box_chart(rows: Sequence[CaseRow], chart: BoxChart) -> Chart | None:
    """Box plots side by side, of those measures that any case has; None without any value."""
    held = [
        (box, values)
        for box in chart.boxes
        if (values := _finite(row.overlap.get(box.measure.key) for row in rows))
    ]
    if not held:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.0, 3.1), layout="constrained")
        axes = figure.add_subplot()
        for position, (box, values) in enumerate(held):
            # A few boxes get as wide as they are among six, not the whole width.
            width = min(0.56, 0.1 * len(held))
            _box(axes, position, np.array(values), box.filled, width)
        axes.set_xticks(range(len(held)), [box.text for box, _ in held])
        axes.grid(visible=False, axis="x")
        axes.set_title(chart.title)
        svg = svg_of(figure, f"box-{chart.name}")
    return Chart(svg, f"Box plots of {chart.title}.")


def _box(axes: Axes, position: int, values: FloatArray, filled: bool, width: float) -> None:
    axes.boxplot(
        [values],
        positions=[position],
        widths=width,
        showfliers=False,
        patch_artist=True,
        medianprops={"color": INK, "linewidth": 1.8},
        boxprops={"edgecolor": MUTED, "facecolor": _TINTS[filled]},
        whiskerprops={"color": MUTED},
        capprops={"color": MUTED},
        manage_ticks=False,
    )
    spread = (np.arange(len(values)) * _GOLDEN % 1 - 0.5) * 0.7 * width
    marks = axes.scatter(position + spread, values, s=12, linewidths=0.8, **MARKS[filled])
    marks.set_zorder(3)


def agreement_chart(
    rows: Sequence[CaseRow], measure: Measure, figures: Mapping[str, Any]
) -> Chart | None:
    """Scatter with the identity line, and Bland-Altman plot; None without a pair.

    Parameters
    ----------
    rows
        Cases of the run.
    measure
        What is compared.
    figures
        Bias and limits of agreement of the summary, so that chart and table say the same.
    """
    pairs = _pairs(rows, measure.key)
    if not len(pairs):
        return None
    measured, reference = pairs.T
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 3.3), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.55))
        _scatter(left, measured, reference, measure.unit)
        _bland_altman(right, measured, reference, measure.unit)
        _draw_limits(right, figures, measure.digits)
        svg = svg_of(figure, measure.key.replace(".", "-"))
    return Chart(
        svg,
        f"{measure.title}: measured against reference, and difference against mean, "
        f"{len(pairs)} cases.",
    )


def _pairs(rows: Sequence[CaseRow], key: str) -> FloatArray:
    """``(n, 2)``: measured and reference of the cases that have both."""
    nan = float("nan")
    pairs = np.array([(r.measured.get(key, nan), r.reference.get(key, nan)) for r in rows])
    pairs = pairs.reshape(-1, 2)
    return np.asarray(pairs[np.isfinite(pairs).all(axis=1)])


def _scatter(axes: Axes, measured: FloatArray, reference: FloatArray, unit: str) -> None:
    low, high = min(measured.min(), reference.min()), max(measured.max(), reference.max())
    margin = 0.06 * (high - low) or 1.0
    ends = (low - margin, high + margin)
    axes.plot(ends, ends, color=MUTED, linewidth=1, zorder=1)
    _points(axes, reference, measured)
    axes.set(xlim=ends, ylim=ends, aspect="equal", title="Measured against reference")
    axes.set(xlabel=f"reference ({unit})", ylabel=f"measured ({unit})")


def _bland_altman(axes: Axes, measured: FloatArray, reference: FloatArray, unit: str) -> None:
    _points(axes, (measured + reference) / 2, measured - reference)
    axes.axhline(0, color=MUTED, linewidth=0.8, zorder=1)
    axes.set(title="Bland–Altman", xlabel=f"mean of measured and reference ({unit})")
    axes.set_ylabel(f"measured − reference ({unit})")


def _points(axes: Axes, x: FloatArray, y: FloatArray) -> None:
    axes.scatter(x, y, s=20, facecolors="none", edgecolors=BLUE, linewidths=1.1, zorder=2)


def _draw_limits(axes: Axes, figures: Mapping[str, Any], digits: int) -> None:
    lines = {"bias": ("bias", "solid"), "loa_high": ("+1.96 SD", (0, (5, 3)))}
    lines["loa_low"] = ("−1.96 SD", (0, (5, 3)))
    for key, (name, style) in lines.items():
        value = figures.get(key)
        if value is None or not np.isfinite(value):
            continue
        axes.axhline(value, color=VERMILION, linewidth=1.3, linestyle=style, zorder=1.5)
        axes.annotate(
            f"{name} {number(value, digits, signed=True)}",
            (1.01, value),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
        )


def _finite(values: Any) -> list[float]:
    return [v for v in values if v is not None and np.isfinite(v)]
