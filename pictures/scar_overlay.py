"""Every late-enhancement slice twice: as it is, and with wall, core, gray zone and no-reflow."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from cmr.anatomy import Labels
from cmr.labels import Label
from cmr.wall.left_ventricle import LeftVentricle
from pictures.key import Fill, Key, draw_key, key_height_in
from pictures.lettering import LABEL, SMALL, TITLE, wrapped
from pictures.lines import (
    ENDO_LINE,
    EPI_LINE,
    SEGMENT_LINE,
    Line,
    draw_lines,
    draw_numbers,
    draw_outline,
)
from pictures.page import axes_at, new_page
from pictures.scar_page import ScarPage
from pictures.tiles import grey_window, heart_box, size_mm, tile_in
from texts import Words

_MARGIN_IN = 0.15
_TILE_IN = 1.95
_GAP_IN = 0.1
# Between the two pictures of a slice.
_SEAM_IN = 0.02
_NAME_GAP_IN = 0.02
_PAIR_IN = 2 * _TILE_IN + _SEAM_IN
_TEXT_IN = 2 * _PAIR_IN + _GAP_IN
# Colours of Okabe and Ito, which colour-blind eyes tell apart.
_CORE, _GRAY = Fill("#d55e00", 0.42), Fill("#f0e442", 0.42)
_SCAR, _NO_REFLOW = Line(1.0, colour="#ff8a3c"), Line(1.1, (2.0, 1.2), "#56b4e9")
_KEY_COLUMNS_IN = (_TEXT_IN / 4,) * 4


def scar_overlay_figure(
    page: ScarPage, title: str, summary: str, slice_names: tuple[str, ...], footer: str
) -> Figure:
    """Two slices to a row, all cut to the heart in the same way.

    Parameters
    ----------
    page
        What is shown.
    title, summary, footer
        Above and below; broken into lines.
    slice_names
        ``(z,)`` over the pictures.
    """
    head, words = wrapped(title, _TEXT_IN, TITLE), wrapped(summary, _TEXT_IN, LABEL)
    names = [wrapped(name, _PAIR_IN, LABEL) for name in slice_names]
    note, key = wrapped(footer, _TEXT_IN, SMALL), _key(page.words)
    box = heart_box(page.ventricle.cavity | page.ventricle.wall, _spacing(page))
    tile = tile_in(size_mm(page.images[:, *box].shape, _spacing(page)), _TILE_IN)
    rows = [names[n : n + 2] for n in range(0, len(names), 2)]
    row_in = [max(n.height_in for n in row) + _NAME_GAP_IN + tile[0] + _GAP_IN for row in rows]
    first = _MARGIN_IN + head.height_in + words.height_in + _GAP_IN
    tops = first + np.cumsum([0.0, *row_in])
    note_top = float(tops[-1]) + key_height_in(key, len(_KEY_COLUMNS_IN)) + _GAP_IN
    figure = new_page(_TEXT_IN + 2 * _MARGIN_IN, note_top + note.height_in + _MARGIN_IN)
    head.draw(figure, _MARGIN_IN, _MARGIN_IN)
    words.draw(figure, _MARGIN_IN, _MARGIN_IN + head.height_in)
    for z, name in enumerate(names):
        left, top = _MARGIN_IN + z % 2 * (_PAIR_IN + _GAP_IN), float(tops[z // 2])
        name.draw(figure, left, top)
        picture_top = float(tops[z // 2 + 1]) - _GAP_IN - tile[0]
        for n in (0, 1):
            place = left + n * (_TILE_IN + _SEAM_IN) + (_TILE_IN - tile[1]) / 2
            axes = axes_at(figure, place, picture_top, tile[1], tile[0])
            _draw_slice(axes, page, z, box, with_findings=n == 1)
    draw_key(figure, key, _MARGIN_IN, float(tops[-1]), _KEY_COLUMNS_IN)
    note.draw(figure, _MARGIN_IN, note_top)
    return figure


def _key(words: Words) -> Key:
    return (
        (words("endocardium"), ENDO_LINE),
        (words("scar"), _SCAR),
        (words("core"), _CORE),
        (words("AHA segments"), SEGMENT_LINE),
        (words("epicardium"), EPI_LINE),
        (words("no-reflow"), _NO_REFLOW),
        (words("gray zone"), _GRAY),
    )


def _draw_slice(
    axes: Axes, page: ScarPage, z: int, box: tuple[slice, slice], *, with_findings: bool
) -> None:
    image, spacing = page.images[z, *box], _spacing(page)
    height_mm, width_mm = size_mm(image.shape, spacing)
    extent = (0, width_mm, height_mm, 0)
    axes.set_axis_off()
    axes.imshow(image, cmap="gray", norm=grey_window(image), extent=extent, interpolation="nearest")
    if with_findings:
        for mask, fill in ((page.gray, _GRAY), (page.core, _CORE)):
            tint = np.multiply.outer(mask[z, *box], to_rgba(fill.colour, fill.opacity))
            axes.imshow(tint, extent=extent, interpolation="nearest")
        labels, segments = _labels(page.ventricle)[z, *box], page.ventricle.segments[z, *box]
        draw_lines(axes, labels, segments, spacing)
        draw_outline(axes, page.scar[z, *box], spacing, _SCAR)
        draw_outline(axes, page.no_reflow[z, *box], spacing, _NO_REFLOW)
        draw_numbers(axes, labels, segments, spacing)
    axes.set(xlim=(0, width_mm), ylim=(height_mm, 0), aspect="auto")


def _labels(ventricle: LeftVentricle) -> Labels:
    labels = np.where(ventricle.wall, Label.MYOCARDIUM, Label.BACKGROUND).astype(np.uint8)
    labels[ventricle.cavity] = Label.LV
    return labels


def _spacing(page: ScarPage) -> tuple[float, float]:
    return page.ventricle.geometry.pixel_spacing_mm
