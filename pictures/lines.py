"""Contours and segment borders over a slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patheffects import AbstractPathEffect, withStroke

from cmr.anatomy import Labels, Mask
from cmr.labels import Label
from pictures.borders import Spacing, number_places, segment_borders
from pictures.lettering import Lettering
from pictures.outlines import outlines

_COLOUR = "white"
RIM_COLOUR, RIM_OPACITY, RIM_PT = "#14181d", 0.55, 1.0
_NUMBER = Lettering(6, colour=_COLOUR)


@dataclass(frozen=True)
class Line:
    """With a dark rim, so that it can be seen on any colour."""

    width_pt: float
    dashes: tuple[float, ...] | None = None
    colour: str = _COLOUR

    def style(self) -> dict[str, Any]:
        """For collections of lines and for contours alike."""
        return {
            "colors": [self.colour],
            "linewidths": [self.width_pt],
            "linestyles": [(0, self.dashes)],
        }

    def rim(self) -> list[AbstractPathEffect]:
        """Drawn under the line."""
        width = self.width_pt + RIM_PT
        return [withStroke(linewidth=width, foreground=RIM_COLOUR, alpha=RIM_OPACITY)]


# White, blue-green, amber: apart for colour-blind eyes, and by lightness or dashes in grey print.
ENDO_LINE, EPI_LINE = Line(1.2), Line(1.1, colour="#4fdcc0")
RV_LINE = Line(1.1, (3.2, 1.6), "#ffc04d")
SEGMENT_LINE = Line(0.6)
# What a contour goes round, and its line.
OUTLINES: Sequence[tuple[tuple[Label, ...], Line]] = (
    ((Label.RV,), RV_LINE),
    ((Label.LV, Label.MYOCARDIUM), EPI_LINE),
    ((Label.LV,), ENDO_LINE),
)


def draw_lines(
    axes: Axes, labels: Labels, segments: npt.NDArray[np.uint8], spacing_mm: Spacing
) -> None:
    """Draw all lines of one slice ``(row, col)`` on axes in mm from its upper left corner."""
    borders = segment_borders(segments, labels, spacing_mm)
    add_line(axes, borders, SEGMENT_LINE)
    for held, line in OUTLINES:
        draw_outline(axes, np.isin(labels, held), spacing_mm, line)


def draw_numbers(
    axes: Axes, labels: Labels, segments: npt.NDArray[np.uint8], spacing_mm: Spacing
) -> None:
    """Write the AHA number of each segment beside the wall."""
    for segment, (x, y) in number_places(segments, labels, spacing_mm).items():
        axes.text(
            x,
            y,
            str(segment),
            ha="center",
            va="center",
            fontproperties=_NUMBER.font(str(segment)),
            color=_NUMBER.colour,
            clip_on=True,
            path_effects=[withStroke(linewidth=1.4, foreground=RIM_COLOUR)],
        )


def draw_outline(axes: Axes, mask: Mask, spacing_mm: Spacing, line: Line) -> None:
    """Draw the outline of a mask ``(row, col)`` on axes in mm."""
    add_line(axes, outlines(mask, spacing_mm), line)


def add_line(axes: Axes, paths: Any, line: Line) -> None:
    """Draw ``paths``, ``(n, 2)`` points each."""
    axes.add_collection(
        LineCollection(paths, path_effects=line.rim(), zorder=2.2, **line.style()), autolim=False
    )
