"""Many slices on one sheet: one pair of axes in inches, one collection for each kind of line.

Axes of their own for each slice would take most of the time of a picture.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patheffects import withStroke

from cmr.anatomy import Labels
from cmr.volume import FloatArray
from pictures.borders import Spacing
from pictures.lettering import Lettering
from pictures.lines import OUTLINES, RIM_COLOUR, Line, add_line
from pictures.outlines import outlines
from pictures.page import axes_at
from pictures.tiles import grey_window

_NAME = Lettering(8, bold=True, colour="white")
_NAME_INSET_IN = 0.05


@dataclass(frozen=True)
class Place:
    """Where a slice lies on the page, in inches from the upper left corner."""

    left_in: float
    top_in: float
    height_in: float
    width_in: float

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """As matplotlib wants it: left, right, bottom, top."""
        right, bottom = self.left_in + self.width_in, self.top_in + self.height_in
        return self.left_in, right, bottom, self.top_in


class Canvas:
    """Slices and their contours on a page."""

    def __init__(self, page: Figure) -> None:
        width, height = (float(inches) for inches in page.get_size_inches())
        self._axes: Axes = axes_at(page, 0, 0, width, height)
        self._axes.set(xlim=(0, width), ylim=(height, 0))
        self._axes.set_axis_off()
        self._paths: dict[Line, list[FloatArray]] = defaultdict(list)

    def image(self, pixels: FloatArray, place: Place) -> None:
        """A slice ``(row, col)`` in grey."""
        shown = AxesImage(
            self._axes,
            cmap="gray",
            norm=grey_window(pixels),
            interpolation="bicubic",
            extent=place.extent,
            origin="upper",
        )
        shown.set_data(np.nan_to_num(pixels))
        self._axes.add_image(shown)

    def contours(self, labels: Labels, spacing_mm: Spacing, place: Place) -> None:
        """Of both ventricles, for :meth:`draw_lines`."""
        in_per_mm = place.height_in / (labels.shape[0] * spacing_mm[0])
        corner = np.array([place.left_in, place.top_in])
        for held, line in OUTLINES:
            found = outlines(np.isin(labels, held), spacing_mm)
            self._paths[line] += [corner + points * in_per_mm for points in found]

    def draw_lines(self) -> None:
        """All contours, each kind at once."""
        for _, line in OUTLINES:
            add_line(self._axes, self._paths[line], line)

    def name(self, text: str, place: Place) -> None:
        """In the corner of a slice."""
        self._axes.text(
            place.left_in + _NAME_INSET_IN,
            place.top_in + _NAME_INSET_IN,
            text,
            va="top",
            fontproperties=_NAME.font(text),
            color=_NAME.colour,
            parse_math=False,
            path_effects=[withStroke(linewidth=1.6, foreground=RIM_COLOUR)],
        )
