"""Volumes of both ventricles over the heartbeat, with what is read from the curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy.interpolate import CubicSpline

from cmr.labels import Label
from cmr.results import Ventricle
from cmr.volume import FloatArray
from pictures.cine_look import MARGIN_IN, TEXT_IN
from pictures.cine_page import CinePage
from pictures.lettering import INK, LABEL, MUTED, SMALL, TITLE, wrapped
from pictures.page import axes_at, new_page

_LEFT_IN, _FOOT_IN, _PLOT_IN, _PHASE_NAME_IN = 0.5, 0.42, 3.0, 0.2
_GAP_IN = 0.1
_KEY_LINE_IN = 0.19
_SAMPLE_IN = 0.34
# Points of the drawn line for each phase.
_FINER = 12
# From the last phase to the next heartbeat, for a line that goes on.
_LONGEST_GAP_STEPS = 1.5
_MARK_PT, _POINT_PT = 9.0, 4.2
_EJECTION, _FILLING = "v", "^"


@dataclass(frozen=True, eq=False)
class Look:
    """How a ventricle is drawn: apart in colour, lightness, dashes and points."""

    side: str
    label: Label
    title: str
    colour: str
    dashes: tuple[float, ...] | None
    point: str


LV_LOOK = Look("lv", Label.LV, "Left ventricle", "#0a3d7a", None, "o")
RV_LOOK = Look("rv", Label.RV, "Right ventricle", "#d9730d", (4, 2), "s")


def curve_figure(page: CinePage) -> Figure | None:
    """Volume-time curves of the ventricles that have one; None where neither has."""
    looks = [look for look in (LV_LOOK, RV_LOOK) if _has_curve(page, look)]
    if not looks:
        return None
    words = page.words
    head = wrapped(words("Ventricular volumes over the heartbeat"), TEXT_IN, TITLE)
    keys = [_key(page, look) for look in looks]
    columns = _columns(keys)
    note = wrapped(_note(page), TEXT_IN, SMALL)
    top = MARGIN_IN + head.height_in + _PHASE_NAME_IN
    key_top = top + _PLOT_IN + _FOOT_IN + _GAP_IN / 2
    rows = sum(ceil(len(key) / len(columns)) for key in keys)
    note_top = key_top + rows * _KEY_LINE_IN + _GAP_IN
    figure = new_page(TEXT_IN + 2 * MARGIN_IN, note_top + note.height_in + MARGIN_IN)
    axes = axes_at(figure, MARGIN_IN + _LEFT_IN, top, TEXT_IN - _LEFT_IN - 0.1, _PLOT_IN)
    times = _Times(page)
    _draw_phases(axes, page, times)
    for look in looks:
        _draw_curve(axes, page, look, times)
    _finish(axes, page, times)
    head.draw(figure, MARGIN_IN, MARGIN_IN)
    _draw_keys(figure, keys, columns, key_top)
    note.draw(figure, MARGIN_IN, note_top)
    return figure


class _Times:
    """The axis of time: ms after the R wave; phases where the times are unknown."""

    def __init__(self, page: CinePage) -> None:
        known = np.array([np.nan if t is None else t for t in page.results.curve.time_ms])
        self.in_ms = bool(np.isfinite(known).all() and (np.diff(known) > 0).all())
        self.of_phase = known if self.in_ms else np.arange(1.0, page.n_phases + 1)
        self.step = float(np.median(np.diff(self.of_phase))) if page.n_phases > 1 else 1.0
        span = float(np.ptp(self.of_phase))
        # The RR interval, as for the fit: a study triggered by the R wave leaves its end out.
        whole = self.in_ms and page.rr_ms > span
        self.period = page.rr_ms if whole else span + self.step

    def wrapped(self, at: float) -> float:
        """A moment of the next heartbeat in this one."""
        first = float(self.of_phase[0])
        return first + (at - first) % self.period


def _has_curve(page: CinePage, look: Look) -> bool:
    return any(v is not None for v in getattr(page.results.curve, f"{look.side}_ml"))


def _draw_phases(axes: Axes, page: CinePage, times: _Times) -> None:
    """ED and ES, named above the plot where they do not touch."""
    last = times.of_phase[0] + times.period
    for phase, name in page.phase_names.items():
        at = float(times.of_phase[phase])
        axes.axvline(at, color=MUTED, linewidth=0.8, dashes=(2, 2), zorder=1)
        share = (at - times.of_phase[0]) / (last - times.of_phase[0])
        text = page.words(name)
        axes.annotate(
            text,
            (at, 1),
            (0, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if share < 0.15 else "right" if share > 0.85 else "center",
            fontproperties=LABEL.font(text),
            color=INK,
        )


def _draw_curve(axes: Axes, page: CinePage, look: Look, times: _Times) -> None:
    measured = _floats(getattr(page.results.curve, f"{look.side}_ml"))
    fitted = _floats(getattr(page.results.curve, f"{look.side}_fitted_ml"))
    style: dict[str, Any] = {"color": look.colour, "linewidth": 1.6, "zorder": 3}
    if look.dashes:
        style["dashes"] = look.dashes
    has_fit = len(fitted) == page.n_phases and bool(np.isfinite(fitted).all())
    line = _between(fitted, times) if has_fit else (times.of_phase, measured)
    axes.plot(*line, **style)
    points: dict[str, Any] = {"linestyle": "none", "marker": look.point, "color": look.colour}
    axes.plot(times.of_phase, measured, markersize=_POINT_PT, markeredgewidth=0, zorder=4, **points)
    if out := [t for t in sorted(page.excluded) if page.volumes_ml[look.label][t] > 0]:
        hollow = page.volumes_ml[look.label][out]
        style = points | {"markerfacecolor": "white", "markersize": 5}
        axes.plot(times.of_phase[out], hollow, zorder=4, **style)
    for marker, at, volume in _peaks(page, look, times, line):
        axes.plot(
            [at],
            [volume],
            marker=marker,
            markersize=_MARK_PT,
            color=look.colour,
            markeredgecolor="white",
            markeredgewidth=1.0,
            zorder=5,
        )


def _floats(values: Sequence[float | None]) -> FloatArray:
    return np.array([np.nan if v is None else v for v in values], np.float64)


def _between(fitted: FloatArray, times: _Times) -> tuple[FloatArray, FloatArray]:
    """The periodic fit between its phases too; not where a part of the heartbeat was not imaged."""
    first, last = float(times.of_phase[0]), float(times.of_phase[-1])
    end = first + times.period
    curve = CubicSpline(
        np.append(times.of_phase, end), np.append(fitted, fitted[0]), bc_type="periodic"
    )
    closed = end - last < _LONGEST_GAP_STEPS * times.step
    at = np.linspace(first, end if closed else last, len(fitted) * _FINER + 1)
    return at, np.asarray(curve(at))


def _peaks(
    page: CinePage, look: Look, times: _Times, line: tuple[FloatArray, FloatArray]
) -> list[tuple[str, float, float]]:
    """Sign, time and volume of the fastest emptying and filling, where they are known."""
    ventricle: Ventricle = getattr(page.results, look.side)
    if not times.in_ms:
        return []
    phases, found = page.results.phases, []
    for sign, phase, after in (
        (_EJECTION, phases.ed, ventricle.time_to_peak_ejection_ms),
        (_FILLING, phases.es, ventricle.time_to_peak_filling_ms),
    ):
        if after is not None:
            at = times.wrapped(float(times.of_phase[phase]) + after)
            volume = float(np.interp(at, *line, period=times.period))
            found.append((sign, at, volume))
    return found


def _finish(axes: Axes, page: CinePage, times: _Times) -> None:
    words = page.words
    first = float(times.of_phase[0])
    axes.set_xlim(first - 0.012 * times.period, first + times.period)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.04)
    axes.grid(color="#e6e9ec", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(color=MUTED, linewidth=0.6)
    for axis, most in ((axes.xaxis, 8), (axes.yaxis, 6)):
        low, high = axis.get_view_interval()
        ticks = np.asarray(MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high))
        inside = ticks[(ticks >= low) & (ticks <= high)]
        axis.set_ticks(
            inside, [f"{t:g}" for t in inside], fontproperties=SMALL.font("0"), color=INK
        )
    axes.tick_params(length=2.5, width=0.6, color=MUTED, pad=2)
    across = words("Time after the R wave (ms)") if times.in_ms else words("Phase")
    axes.set_xlabel(across, fontproperties=LABEL.font(across), color=INK, labelpad=3)
    up = words("Volume (ml)")
    axes.set_ylabel(up, fontproperties=LABEL.font(up), color=INK, labelpad=4)


_Entry = tuple[str, dict[str, Any]]


def _key(page: CinePage, look: Look) -> list[_Entry]:
    """The line, its peaks with their values, and hollow points where there are any."""
    words, ventricle = page.words, getattr(page.results, look.side)
    style: dict[str, Any] = {"color": look.colour, "marker": look.point, "markersize": _POINT_PT}
    entries: list[_Entry] = [
        (words(look.title), style | {"linewidth": 1.6, "linestyle": (0, look.dashes)})
    ]
    mark = {"color": look.colour, "linestyle": "none", "markersize": 7}
    for sign, name, key in (
        (_EJECTION, "Peak ejection {rate} ml/s", "peak_ejection"),
        (_FILLING, "Peak filling {rate} ml/s", "peak_filling"),
    ):
        rate = getattr(ventricle, f"{key}_rate_ml_s")
        if rate is not None:
            entries.append((words(name, rate=f"{rate:.0f}"), mark | {"marker": sign}))
    if page.excluded:
        hollow = {"marker": look.point, "markersize": 5, "markerfacecolor": "white"}
        entries.append((words("left-out phase"), mark | hollow))
    return entries


def _columns(keys: list[list[_Entry]]) -> list[float]:
    """Widths of as many columns as the longest text lets stand side by side."""
    widest = max(SMALL.width_in(text) for key in keys for text, _ in key) + _SAMPLE_IN + 0.2
    count = max(int(TEXT_IN / widest), 1)
    return [TEXT_IN / min(count, 4)] * min(count, 4)


def _draw_keys(
    figure: Figure, keys: list[list[_Entry]], columns: list[float], top_in: float
) -> None:
    rows = sum(ceil(len(key) / len(columns)) for key in keys)
    axes = axes_at(figure, MARGIN_IN, top_in, TEXT_IN, rows * _KEY_LINE_IN)
    axes.set(xlim=(0, TEXT_IN), ylim=(rows * _KEY_LINE_IN, 0))
    axes.set_axis_off()
    first = 0
    for key in keys:
        for n, (text, style) in enumerate(key):
            row, column = divmod(n, len(columns))
            left, middle = sum(columns[:column]), (first + row + 0.5) * _KEY_LINE_IN
            right = left + _SAMPLE_IN - 0.08
            ends = [left, (left + right) / 2, right]
            sample = Line2D(ends, [middle] * 3, markevery=[1], **style)
            axes.add_line(sample)
            axes.text(
                left + _SAMPLE_IN,
                middle,
                text,
                va="center_baseline",
                fontproperties=SMALL.font(text),
                color=INK,
            )
        first += ceil(len(key) / len(columns))


def _note(page: CinePage) -> str:
    words, curve = page.words, page.results.curve
    fit = any(v is not None for v in [*curve.lv_fitted_ml, *curve.rv_fitted_ml])
    line = "Line: periodic fit to the points." if fit else "Line: joins the points."
    return f"{words(line)} {words(page.notice)}"
