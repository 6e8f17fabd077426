"""Contours and segment borders over a slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.path import Path
from matplotlib.patheffects import AbstractPathEffect, withStroke

from cmr.anatomy import Labels, Mask
from cmr.labels import Label
from pictures.borders import Spacing, number_places, segment_borders
from pictures.lettering import Lettering

_COLOUR = "white"
_RIM = "#14181d"
_SMOOTHINGS = 2
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
        return [withStroke(linewidth=self.width_pt + 1, foreground=_RIM, alpha=0.55)]


WALL_LINE, SEGMENT_LINE = Line(1.1), Line(0.6)
RV_LINE = Line(0.8, (3.5, 2.0))
# What a contour goes round, and its line.
_OUTLINES = (
    ((Label.RV,), RV_LINE),
    ((Label.LV,), WALL_LINE),
    ((Label.LV, Label.MYOCARDIUM), WALL_LINE),
)


def draw_lines(
    axes: Axes, labels: Labels, segments: npt.NDArray[np.uint8], spacing_mm: Spacing
) -> None:
    """Draw all lines of one slice ``(row, col)`` on axes in mm from its upper left corner."""
    borders = segment_borders(segments, labels, spacing_mm)
    add_line(axes, borders, SEGMENT_LINE)
    for held, line in _OUTLINES:
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
            fontproperties=_NUMBER.font,
            color=_NUMBER.colour,
            clip_on=True,
            path_effects=[withStroke(linewidth=1.4, foreground=_RIM)],
        )


def draw_outline(axes: Axes, mask: Mask, spacing_mm: Spacing, line: Line) -> None:
    """Half-way between the pixel centres inside and those outside; closed at the image's edge."""
    if not mask.any():
        return
    padded = np.pad(mask, 1).astype(np.float64)
    y, x = ((np.arange(-1, n + 1) + 0.5) * s for n, s in zip(mask.shape, spacing_mm, strict=True))
    drawn = axes.contour(x, y, padded, [0.5], zorder=2.5, **line.style())
    drawn.set_paths([_smoothed(path) for path in drawn.get_paths()])
    drawn.set_path_effects(line.rim())


def _smoothed(path: Path) -> Path:
    """Closed lines without the steps of the pixels; they move by less than half a pixel."""
    rounded = []
    for line in path.to_polygons(closed_only=False):
        points = np.asarray(line)[:-1]
        for _ in range(_SMOOTHINGS):
            points = (np.roll(points, 1, axis=0) + 2 * points + np.roll(points, -1, axis=0)) / 4
        rounded.append(Path(np.concatenate([points, points[:1]]), closed=True))
    return Path.make_compound_path(*rounded)


def add_line(axes: Axes, paths: Any, line: Line) -> None:
    """Draw ``paths``, ``(n, 2)`` points each."""
    axes.add_collection(
        LineCollection(paths, path_effects=line.rim(), zorder=2.2, **line.style()), autolim=False
    )
