"""Contours and segment borders over a slice, and the key that names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import AbstractPathEffect, withStroke

from cmr.anatomy import Labels, Mask
from cmr.labels import Label
from pictures.borders import Spacing, number_places, segment_borders
from pictures.colours import NEUTRAL
from pictures.lettering import SMALL, Lettering
from pictures.page import axes_at

_COLOUR = "white"
_RIM = "#14181d"
_UNDER_SAMPLE = "#59626c"
_SAMPLE_IN = (0.26, 0.11)
_KEY_LINE_IN = 0.17
_SMOOTHINGS = 2
_NUMBER = Lettering(6, colour=_COLOUR)


@dataclass(frozen=True)
class _Line:
    """White with a dark rim, so that it can be seen on any colour."""

    width_pt: float
    dashes: tuple[float, ...] | None = None

    def style(self) -> dict[str, Any]:
        """For collections of lines and for contours alike."""
        return {
            "colors": [_COLOUR],
            "linewidths": [self.width_pt],
            "linestyles": [(0, self.dashes)],
        }

    def rim(self) -> list[AbstractPathEffect]:
        """Drawn under the line."""
        return [withStroke(linewidth=self.width_pt + 1, foreground=_RIM, alpha=0.55)]


_WALL, _RV, _SEGMENT = _Line(1.1), _Line(0.8, (3.5, 2.0)), _Line(0.6)
# What a contour goes round, and its line.
_OUTLINES = (
    ((Label.RV,), _RV),
    ((Label.LV,), _WALL),
    ((Label.LV, Label.MYOCARDIUM), _WALL),
)
_KEY = (
    ("endo- and epicardium", _WALL),
    ("right ventricle", _RV),
    ("AHA segments", _SEGMENT),
    ("undetermined", None),
)
KEY_HEIGHT_IN = (len(_KEY) + 1) // 2 * _KEY_LINE_IN


def draw_lines(
    axes: Axes, labels: Labels, segments: npt.NDArray[np.uint8], spacing_mm: Spacing
) -> None:
    """Draw all lines of one slice ``(row, col)`` on axes in mm from its upper left corner."""
    borders = segment_borders(segments, labels, spacing_mm)
    _add(axes, borders, _SEGMENT)
    for held, line in _OUTLINES:
        _draw_outline(axes, np.isin(labels, held), spacing_mm, line)


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


def _draw_outline(axes: Axes, mask: Mask, spacing_mm: Spacing, line: _Line) -> None:
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


def _add(axes: Axes, paths: Any, line: _Line) -> None:
    axes.add_collection(
        LineCollection(paths, path_effects=line.rim(), zorder=2.2, **line.style()), autolim=False
    )


def draw_key(page: Figure, left_in: float, top_in: float, width_in: float) -> None:
    """Name the lines and the neutral colour, in two columns."""
    axes = axes_at(page, left_in, top_in, width_in, KEY_HEIGHT_IN)
    axes.set(xlim=(0, width_in), ylim=(KEY_HEIGHT_IN, 0))
    axes.set_axis_off()
    for n, (name, line) in enumerate(_KEY):
        left, middle = n % 2 * width_in * 0.56, (n // 2 + 0.5) * _KEY_LINE_IN
        wide, high = _SAMPLE_IN
        fill = NEUTRAL if line is None else _UNDER_SAMPLE
        axes.add_patch(
            Rectangle((left, middle - high / 2), wide, high, facecolor=fill, linewidth=0)
        )
        if line is not None:
            _add(axes, [[(left, middle), (left + wide, middle)]], line)
        axes.text(
            left + wide + 0.06,
            middle,
            name,
            va="center_baseline",
            fontproperties=SMALL.font,
            color=SMALL.colour,
        )
