"""Surfaces of the left ventricle and its scar from four sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from matplotlib.figure import Figure

from cmr.scar.surface import Structure
from cmr.scar.surface_mould import Surface
from cmr.volume import FloatArray
from pictures.key import Fill, Key, draw_key, key_height_in
from pictures.lettering import LABEL, SMALL, TITLE, wrapped
from pictures.page import DPI, axes_at, new_page
from pictures.shaded import Body, View, shaded
from texts import ENGLISH, Words

_MARGIN_IN = 0.15
_PANEL_IN = 2.0
_GAP_IN = 0.1
_KEY_COLUMN_IN = 2.1
# Of the panel, taken by the longest way across the scene.
_FILLED = 0.94
_LOOKS: Mapping[Structure, Fill] = MappingProxyType(
    {
        "endocardium": Fill("#e3c9a6"),
        "scar": Fill("#c1121f"),
        "epicardium": Fill("#7d93a8", 0.18),
    }
)
# What shines through, as it looks on the page.
_KEY_LOOKS = MappingProxyType({**_LOOKS, "epicardium": Fill("#cbd4dc")})


@dataclass(frozen=True, eq=False)
class _Panel:
    """One view: the lowest and highest coordinates of the scene along its axes, and its name."""

    view: View
    box: tuple[FloatArray, FloatArray]
    name: str


@dataclass(frozen=True)
class Captions:
    """Title and summary above a picture, footer below."""

    title: str
    summary: str
    footer: str


def surface_figure(
    surfaces: Mapping[Structure, Surface],
    views: Sequence[View],
    captions: Captions,
    words: Words = ENGLISH,
) -> Figure:
    """All views in one scale, side by side, with the key and the volumes below.

    Parameters
    ----------
    surfaces
        At least one.
    views
        One panel each.
    captions
        Above and below; broken into lines.
    """
    text_in = len(views) * _PANEL_IN
    head = wrapped(captions.title, text_in, TITLE)
    line, note = wrapped(captions.summary, text_in, LABEL), wrapped(captions.footer, text_in, SMALL)
    bodies = [
        Body(surfaces[name], look.colour, look.opacity)
        for name, look in _LOOKS.items()
        if name in surfaces
    ]
    names = _key(surfaces, words)
    columns = [_KEY_COLUMN_IN] * len(names)
    points = np.concatenate([body.surface.vertices_mm for body in bodies])
    boxes = [_box(points, view) for view in views]
    width_mm, height_mm, _ = np.max([high - low for low, high in boxes], axis=0) / _FILLED
    height_in = _PANEL_IN * height_mm / width_mm
    top = _MARGIN_IN + head.height_in + line.height_in + _GAP_IN
    key_top = top + height_in + LABEL.line_in + 1.5 * _GAP_IN
    note_top = key_top + key_height_in(names, len(columns)) + _GAP_IN
    figure = new_page(text_in + 2 * _MARGIN_IN, note_top + note.height_in + _MARGIN_IN)
    head.draw(figure, _MARGIN_IN, _MARGIN_IN)
    line.draw(figure, _MARGIN_IN, _MARGIN_IN + head.height_in)
    panels = [_Panel(view, box, words(view.name)) for view, box in zip(views, boxes, strict=True)]
    _draw_panels(figure, bodies, panels, (top, height_in), width_mm)
    draw_key(figure, names, _MARGIN_IN, key_top, columns)
    note.draw(figure, _MARGIN_IN, note_top)
    return figure


def _draw_panels(
    figure: Figure,
    bodies: list[Body],
    panels: Sequence[_Panel],
    row_in: tuple[float, float],
    width_mm: float,
) -> None:
    """All views side by side in a row of ``(top, height)``, each panel ``width_mm`` across."""
    top, height_in = row_in
    pixels = round(height_in * DPI), round(_PANEL_IN * DPI)
    for n, panel in enumerate(panels):
        left = _MARGIN_IN + n * _PANEL_IN
        axes = axes_at(figure, left, top, _PANEL_IN, height_in)
        axes.set_axis_off()
        centre = (panel.box[0] + panel.box[1]) / 2 @ panel.view.axes
        image = shaded(bodies, panel.view, centre, width_mm / pixels[1], pixels)
        axes.imshow((255 * image).astype(np.uint8), interpolation="nearest", aspect="auto")
        name = wrapped(panel.name, _PANEL_IN, LABEL)
        name.draw(figure, left + _PANEL_IN / 2, top + height_in + _GAP_IN / 2, "center")


def _key(surfaces: Mapping[Structure, Surface], words: Words) -> Key:
    return [
        (f"{words(name)}, {surfaces[name].volume_ml:.1f} ml", look)
        for name, look in _KEY_LOOKS.items()
        if name in surfaces
    ]


def _box(points: FloatArray, view: View) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest coordinates along the axes of a view."""
    seen = points @ view.axes.T
    return seen.min(axis=0), seen.max(axis=0)
