"""One map slice by slice with contours and AHA segments, beside the anatomy of the same slices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cmr.anatomy import Labels
from cmr.volume import FloatArray
from pictures.borders import Spacing
from pictures.colours import NEUTRAL, ColourScale, draw_bar
from pictures.key import Fill, Key, draw_key, key_height_in
from pictures.lettering import LABEL, SMALL, TITLE, wrapped
from pictures.lines import ENDO_LINE, EPI_LINE, RV_LINE, SEGMENT_LINE, draw_lines, draw_numbers
from pictures.page import axes_at, new_page
from pictures.tiles import grey_window, heart_box, size_mm, tile_in
from texts import ENGLISH, Words

_MARGIN_IN = 0.15
_TILE_IN = 2.6
_GAP_IN = 0.1
_LEFTS_IN = (_MARGIN_IN, _MARGIN_IN + _TILE_IN + _GAP_IN)
_BAR_IN = (1.9, 0.1)
_NAME_GAP_IN = 0.02
_KEY_COLUMNS_IN = (0.56 * _TILE_IN, 0.44 * _TILE_IN)


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

    def cropped(self) -> MapOverlay:
        """With 25 mm around the heart, the same for all slices; whole where there is no heart."""
        rows, cols = heart_box(self.labels > 0, self.pixel_spacing_mm)
        return replace(
            self,
            values=self.values[:, rows, cols],
            anatomy=self.anatomy[:, rows, cols],
            labels=self.labels[:, rows, cols],
            segments=self.segments[:, rows, cols],
        )


def overlay_figure(overlay: MapOverlay, footer: str, words: Words = ENGLISH) -> Figure:
    """A row for each slice: the map in colour and the anatomy in grey, both with the contours.

    Parameters
    ----------
    overlay
        What is shown.
    footer
        Such as sequence, field strength, source and intended use; broken into lines.
    """
    shown, key = overlay.cropped(), _key(words)
    text_in = _LEFTS_IN[1] + _TILE_IN - _MARGIN_IN
    heads = [wrapped(text, _TILE_IN, TITLE) for text in (shown.title, shown.anatomy_title)]
    names = [wrapped(name, text_in, LABEL) for name in shown.slice_names]
    note = wrapped(footer, text_in, SMALL)
    tile = tile_in(size_mm(shown.values.shape, shown.pixel_spacing_mm), _TILE_IN)
    rows_in = [name.height_in + _NAME_GAP_IN + tile[0] + _GAP_IN for name in names]
    tops = _MARGIN_IN + max(h.height_in for h in heads) + np.cumsum([_GAP_IN / 2, *rows_in])
    foot = float(tops[-1])
    note_top = foot + key_height_in(key, len(_KEY_COLUMNS_IN)) + _GAP_IN
    page = new_page(text_in + 2 * _MARGIN_IN, note_top + note.height_in + _MARGIN_IN)
    for head, left in zip(heads, _LEFTS_IN, strict=True):
        head.draw(page, left, _MARGIN_IN)
    for z, (name, top) in enumerate(zip(names, tops[:-1], strict=True)):
        name.draw(page, _MARGIN_IN, float(top))
        _draw_slice(page, shown, z, float(top) + name.height_in + _NAME_GAP_IN)
    draw_bar(axes_at(page, _LEFTS_IN[0], foot, *_BAR_IN), shown.scale, shown.values)
    draw_key(page, key, _LEFTS_IN[1], foot, _KEY_COLUMNS_IN)
    note.draw(page, _MARGIN_IN, note_top)
    return page


def _key(words: Words) -> Key:
    return (
        (words("endocardium"), ENDO_LINE),
        (words("AHA segments"), SEGMENT_LINE),
        (words("epicardium"), EPI_LINE),
        (words("undetermined"), Fill(NEUTRAL)),
        (words("right ventricle"), RV_LINE),
    )


def _draw_slice(page: Figure, shown: MapOverlay, z: int, top_in: float) -> None:
    height_mm, width_mm = size_mm(shown.values.shape, shown.pixel_spacing_mm)
    height, width = tile_in((height_mm, width_mm), _TILE_IN)
    coloured: dict[str, Any] = {"cmap": shown.scale.colour_map(), "norm": shown.scale.norm()}
    grey: dict[str, Any] = {"cmap": "gray", "norm": grey_window(shown.anatomy[z])}
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
