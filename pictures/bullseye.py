"""Bullseyes of the 16 AHA segments, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Wedge

from cmr.tissue.aha import SEGMENTS
from cmr.volume import FloatArray
from pictures.classes import ClassScale, draw_classes
from pictures.colours import NEUTRAL, Colour, ColourScale, draw_bar, ink_on
from pictures.lettering import SMALL, TITLE, Lettering, wrapped
from pictures.page import axes_at, new_page
from pictures.sectors import APEX_RADIUS, SECTORS, Sector
from texts import ENGLISH, Words

_MARGIN_IN = 0.15
_PANEL_IN = 3.1
_RADIUS_IN = 1.36
_BAR_IN = (1.9, 0.1)
# Ticks under the bar.
_BAR_FOOT_IN = 0.32
_CLASSES_IN = (2.3, 0.1)
_GAP_IN = 0.12
_NUMBER_PT = 6.0
_VALUE_PT = 9.0
# What the values may take of the width of a ring.
_VALUE_SHARE = 0.86
_HATCH = "#9aa1a8"
_NO_VALUE = "n/a"
_EDGE = {"edgecolor": "white", "linewidth": 1.2}
_SIDES = (
    ("Anterior", 0, 1, 0),
    ("Septal", -1, 0, 90),
    ("Inferior", 0, -1, 0),
    ("Lateral", 1, 0, 270),
)


class Disc(Protocol):
    """One bullseye: what it says of each segment, and the key to its colours."""

    @property
    def title(self) -> str:
        """Over the disc."""

    @property
    def key_in(self) -> tuple[float, float]:
        """Width and height of the key."""

    def text(self, segment: int) -> str:
        """What is written in a segment."""

    def colour(self, segment: int) -> Colour | None:
        """Of a segment; None where it has no value."""

    def draw_key(self, axes: Axes) -> None:
        """Name the colours."""


@dataclass(frozen=True, eq=False)
class Bullseye:
    """Values by segment on a scale of colours.

    Attributes
    ----------
    title
        Such as ``Native T1``.
    values
        By AHA segment, 1 to 16, in the unit of ``scale``. A segment that is missing or not finite
        is drawn without a colour.
    scale
        How values become colours.
    decimals
        Of the values written.

    Raises
    ------
    ValueError
        A segment that is none of the 16.
    """

    title: str
    values: Mapping[int, float]
    scale: ColourScale
    decimals: int

    key_in = _BAR_IN

    def __post_init__(self) -> None:
        _check_segments(self.title, self.values)

    def value(self, segment: int) -> float:
        """NaN where there is none."""
        value = float(self.values.get(segment, np.nan))
        return value if np.isfinite(value) else float("nan")

    def text(self, segment: int) -> str:
        """Value as it is written."""
        value = self.value(segment)
        return _NO_VALUE if np.isnan(value) else f"{value:.{self.decimals}f}"

    def colour(self, segment: int) -> Colour | None:
        """On the scale."""
        value = self.value(segment)
        return None if np.isnan(value) else self.scale.colour(value)

    def draw_key(self, axes: Axes) -> None:
        """A bar, pointed where values go beyond the scale."""
        draw_bar(axes, self.scale, self.all_values())

    def all_values(self) -> FloatArray:
        """``(16,)``."""
        return np.array([self.value(segment) for segment in SEGMENTS])


@dataclass(frozen=True, eq=False)
class ClassBullseye:
    """Classes by segment, each in its colour, with the values they come from.

    Attributes
    ----------
    classes
        By AHA segment; a segment that is missing is drawn without a colour.
    values
        Written in segments that have a class, whole; the class where there is no value.
    scale
        The classes and their colours.

    Raises
    ------
    ValueError
        A segment that is none of the 16.
    """

    title: str
    classes: Mapping[int, str]
    values: Mapping[int, float]
    scale: ClassScale

    key_in = _CLASSES_IN

    def __post_init__(self) -> None:
        _check_segments(self.title, self.classes)

    def text(self, segment: int) -> str:
        """Value as it is written."""
        if segment not in self.classes:
            return _NO_VALUE
        value = self.values.get(segment)
        return self.classes[segment] if value is None else f"{value:.0f}"

    def colour(self, segment: int) -> Colour | None:
        """Of its class."""
        return self.scale.colours[self.classes[segment]] if segment in self.classes else None

    def draw_key(self, axes: Axes) -> None:
        """A box for each class."""
        draw_classes(axes, self.scale)


def _check_segments(title: str, given: Mapping[int, object]) -> None:
    if strange := sorted(set(given) - set(SEGMENTS)):
        raise ValueError(f"Bullseye of {title}: segments {strange}, expected 1 to 16.")


def bullseye_figure(bullseyes: Sequence[Disc], footer: str, words: Words = ENGLISH) -> Figure:
    """Bullseyes from left to right with the key to its colours each, over a line of small print.

    Parameters
    ----------
    bullseyes
        At least one.
    footer
        Such as sequence, field strength, source and intended use; broken into lines.
    """
    width_in = len(bullseyes) * _PANEL_IN + 2 * _MARGIN_IN
    titles = [wrapped(b.title, _PANEL_IN - _GAP_IN, TITLE) for b in bullseyes]
    note = wrapped(footer, width_in - 2 * _MARGIN_IN, SMALL)
    disc_top = _MARGIN_IN + max(title.height_in for title in titles) + _GAP_IN
    bar_top = disc_top + _PANEL_IN + _GAP_IN / 2
    note_top = bar_top + _BAR_IN[1] + _BAR_FOOT_IN
    page = new_page(width_in, note_top + note.height_in + _MARGIN_IN)
    for n, (bullseye, title) in enumerate(zip(bullseyes, titles, strict=True)):
        left = _MARGIN_IN + n * _PANEL_IN
        title.draw(page, left + _PANEL_IN / 2, disc_top - _GAP_IN - title.height_in, "center")
        _draw_disc(axes_at(page, left, disc_top, _PANEL_IN, _PANEL_IN), bullseye, words)
        width, height = bullseye.key_in
        bullseye.draw_key(axes_at(page, left + (_PANEL_IN - width) / 2, bar_top, width, height))
    note.draw(page, _MARGIN_IN, note_top)
    return page


def _draw_disc(axes: Axes, bullseye: Disc, words: Words) -> None:
    reach = _PANEL_IN / 2 / _RADIUS_IN
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    axes.set_axis_off()
    axes.add_patch(Circle((0, 0), APEX_RADIUS, facecolor=NEUTRAL, linewidth=0))
    size_pt = _value_size_pt(bullseye)
    for segment in SEGMENTS:
        _draw_segment(axes, bullseye, segment, size_pt)
    for side, x, y, turn in _SIDES:
        name, at = words(side), 1 + 0.5 * (reach - 1)
        axes.text(
            x * at,
            y * at,
            name,
            ha="center",
            va="center",
            rotation=turn,
            fontproperties=SMALL.font(name),
            color=SMALL.colour,
        )


def _value_size_pt(bullseye: Disc) -> float:
    """The largest that lets the widest value stand inside a ring."""
    widest = max(Lettering(_VALUE_PT).width_in(bullseye.text(s)) for s in SEGMENTS)
    room = min(s.outer - s.inner for s in SECTORS.values()) * _RADIUS_IN * _VALUE_SHARE
    return _VALUE_PT * min(1.0, room / widest)


def _draw_segment(axes: Axes, bullseye: Disc, segment: int, size_pt: float) -> None:
    sector = SECTORS[segment]
    colour = bullseye.colour(segment)
    axes.add_patch(_wedge(sector, facecolor=colour or NEUTRAL, linewidth=0))
    if colour is None:
        hatch = _wedge(sector, fill=False, hatch="////", linewidth=0, edgecolor=_HATCH)
        hatch.set_hatch_linewidth(0.6)
        axes.add_patch(hatch)
    axes.add_patch(_wedge(sector, fill=False, zorder=2, **_EDGE))
    ink = ink_on(colour or NEUTRAL)
    for text, lettering, rise_pt in (
        (bullseye.text(segment), Lettering(size_pt, colour=ink), -3.0),
        (str(segment), Lettering(_NUMBER_PT, colour=ink), 6.0),
    ):
        axes.annotate(
            text,
            sector.middle,
            (0, rise_pt),
            textcoords="offset points",
            fontproperties=lettering.font(text),
            color=ink,
            ha="center",
            va="center",
        )


def _wedge(sector: Sector, **style: object) -> Wedge:
    end = sector.start_deg + sector.width_deg
    return Wedge(
        (0, 0), sector.outer, sector.start_deg, end, width=sector.outer - sector.inner, **style
    )
