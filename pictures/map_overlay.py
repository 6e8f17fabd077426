"""One map slice by slice with contours and AHA segments, beside the anatomy of the same slices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from cmr.anatomy import Labels, bounding_box
from cmr.volume import FloatArray
from pictures.borders import Spacing
from pictures.colours import ColourScale, draw_bar
from pictures.lettering import LABEL, SMALL, TITLE, wrapped
from pictures.lines import KEY_HEIGHT_IN, draw_key, draw_lines, draw_numbers
from pictures.page import axes_at, new_page

_MARGIN_IN = 0.15
_TILE_IN = 2.6
_GAP_IN = 0.1
_LEFTS_IN = (_MARGIN_IN, _MARGIN_IN + _TILE_IN + _GAP_IN)
_BAR_IN = (1.9, 0.1)
_NAME_GAP_IN = 0.02
_HEART_MARGIN_MM = 25.0
_WINDOW_PERCENT = (1.0, 99.5)


@dataclass(frozen=True, eq=False)
class MapOverlay:
    """One map, its anatomy and what was found in it, all on one grid.

    Attributes
    ----------
    title, anatomy_title
        Over the two columns, such as ``Native T1`` and ``Inversion recovery``.
    slice_names
        ``(z,)`` over the rows, such as ``Slice 2 of 3, mid``.
    values
        ``(z, row, col)`` in the unit of ``scale``; NaN where undetermined.
    anatomy
        ``(z, row, col)`` image shown in grey.
    labels
        ``(z, row, col)``, :class:`cmr.labels.Label`; zero where no heart was found.
    segments
        ``(z, row, col)`` AHA numbers, 0 outside.
    pixel_spacing_mm
        Distance between rows and between columns.
    scale
        How values become colours.

    Raises
    ------
    ValueError
        Arrays that differ in shape.
    """

    title: str
    anatomy_title: str
    slice_names: tuple[str, ...]
    values: FloatArray
    anatomy: FloatArray
    labels: Labels
    segments: npt.NDArray[np.uint8]
    pixel_spacing_mm: Spacing
    scale: ColourScale

    def __post_init__(self) -> None:
        expected = (len(self.slice_names), *self.values.shape[1:])
        for name in ("values", "anatomy", "labels", "segments"):
            if (shape := getattr(self, name).shape) != expected:
                raise ValueError(f"Overlay of {self.title}: {name} {shape}, expected {expected}.")

    @property
    def size_mm(self) -> tuple[float, float]:
        """Height and width of a slice."""
        rows, cols = self.values.shape[1:]
        return rows * self.pixel_spacing_mm[0], cols * self.pixel_spacing_mm[1]

    def cropped(self) -> MapOverlay:
        """With 25 mm around the heart, the same for all slices; whole where there is no heart."""
        held = np.any(self.labels > 0, axis=0)
        if not held.any():
            return self
        margins = [round(_HEART_MARGIN_MM / spacing) for spacing in self.pixel_spacing_mm]
        rows, cols = (
            slice(max(box.start - margin, 0), box.stop + margin)
            for box, margin in zip(bounding_box(held), margins, strict=True)
        )
        return replace(
            self,
            values=self.values[:, rows, cols],
            anatomy=self.anatomy[:, rows, cols],
            labels=self.labels[:, rows, cols],
            segments=self.segments[:, rows, cols],
        )


def overlay_figure(overlay: MapOverlay, footer: str) -> Figure:
    """A row for each slice: the map in colour and the anatomy in grey, both with the contours.

    Parameters
    ----------
    overlay
        What is shown.
    footer
        Such as sequence, field strength, source and intended use; broken into lines.
    """
    shown = overlay.cropped()
    text_in = _LEFTS_IN[1] + _TILE_IN - _MARGIN_IN
    heads = [wrapped(text, _TILE_IN, TITLE) for text in (shown.title, shown.anatomy_title)]
    names = [wrapped(name, text_in, LABEL) for name in shown.slice_names]
    note = wrapped(footer, text_in, SMALL)
    rows_in = [name.height_in + _NAME_GAP_IN + _tile_in(shown)[0] + _GAP_IN for name in names]
    tops = _MARGIN_IN + max(h.height_in for h in heads) + np.cumsum([_GAP_IN / 2, *rows_in])
    foot = float(tops[-1])
    note_top = foot + KEY_HEIGHT_IN + _GAP_IN
    page = new_page(text_in + 2 * _MARGIN_IN, note_top + note.height_in + _MARGIN_IN)
    for head, left in zip(heads, _LEFTS_IN, strict=True):
        head.draw(page, left, _MARGIN_IN)
    for z, (name, top) in enumerate(zip(names, tops[:-1], strict=True)):
        name.draw(page, _MARGIN_IN, float(top))
        _draw_slice(page, shown, z, float(top) + name.height_in + _NAME_GAP_IN)
    draw_bar(axes_at(page, _LEFTS_IN[0], foot, *_BAR_IN), shown.scale, shown.values)
    draw_key(page, _LEFTS_IN[1], foot, _TILE_IN)
    note.draw(page, _MARGIN_IN, note_top)
    return page


def _tile_in(shown: MapOverlay) -> tuple[float, float]:
    """Height and width of one picture; the longer side fills its column."""
    height, width = shown.size_mm
    return _TILE_IN * height / max(height, width), _TILE_IN * width / max(height, width)


def _draw_slice(page: Figure, shown: MapOverlay, z: int, top_in: float) -> None:
    height_mm, width_mm = shown.size_mm
    height, width = _tile_in(shown)
    coloured: dict[str, Any] = {"cmap": shown.scale.colour_map(), "norm": shown.scale.norm()}
    grey: dict[str, Any] = {"cmap": "gray", "norm": _grey_window(shown.anatomy[z])}
    found = (shown.labels[z], shown.segments[z], shown.pixel_spacing_mm)
    sides = ((shown.values, coloured), (shown.anatomy, grey))
    for left, (pixels, colours) in zip(_LEFTS_IN, sides, strict=True):
        axes = axes_at(page, left + (_TILE_IN - width) / 2, top_in, width, height)
        axes.set_axis_off()
        extent = (0, width_mm, height_mm, 0)
        axes.imshow(pixels[z], extent=extent, interpolation="nearest", aspect="auto", **colours)
        draw_lines(axes, *found)
        axes.set(xlim=(0, width_mm), ylim=(height_mm, 0))
    # On the anatomy alone, which keeps the map clear.
    draw_numbers(axes, *found)


def _grey_window(image: FloatArray) -> Normalize:
    """From nearly the darkest to nearly the brightest pixel."""
    finite = image[np.isfinite(image)]
    low, high = np.percentile(finite, _WINDOW_PERCENT) if finite.size else (0.0, 1.0)
    return Normalize(low, high, clip=True)
