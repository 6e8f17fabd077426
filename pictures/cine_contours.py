"""Every slice of one phase that holds heart, with the contours of both ventricles."""

from __future__ import annotations

from math import ceil, sqrt

from matplotlib.figure import Figure

from pictures.canvas import Canvas, Place
from pictures.cine_look import MARGIN_IN, TEXT_IN, contour_key, shown_box
from pictures.cine_page import CinePage
from pictures.key import draw_key, key_height_in
from pictures.lettering import LABEL, SMALL, TITLE, wrapped
from pictures.page import new_page
from pictures.tiles import size_mm, tile_in

_GAP_IN = 0.05
_BLOCK_GAP_IN = 0.1
_FEWEST, _MOST = 3, 6
_KEY_COLUMNS_IN = (TEXT_IN / 3,) * 3


def contour_figure(page: CinePage, phase: int) -> Figure:
    """A grid of slices, the most basal one first, all cut to the heart in the same way."""
    words, held = page.words, page.slices_with_heart(phase)
    columns = _columns(len(held))
    longest = (TEXT_IN - (columns - 1) * _GAP_IN) / columns
    box = shown_box(page)
    height, width = tile_in(size_mm(page.images[:, :, *box].shape, page.pixel_spacing_mm), longest)
    head = wrapped(words(page.phase_names[phase]), TEXT_IN, TITLE)
    line = wrapped(_subtitle(page, phase), TEXT_IN, LABEL)
    note = wrapped(page.words(page.notice), TEXT_IN, SMALL)
    top = MARGIN_IN + head.height_in + line.height_in + _BLOCK_GAP_IN / 2
    rows = ceil(len(held) / columns)
    key_top = top + rows * (height + _GAP_IN) - _GAP_IN + _BLOCK_GAP_IN
    key = contour_key(words)
    note_top = key_top + key_height_in(key, 3) + _BLOCK_GAP_IN / 2
    figure = new_page(TEXT_IN + 2 * MARGIN_IN, note_top + note.height_in + MARGIN_IN)
    canvas = Canvas(figure)
    for n, z in enumerate(held):
        row, column = divmod(n, columns)
        left = MARGIN_IN + column * (longest + _GAP_IN) + (longest - width) / 2
        place = Place(left, top + row * (height + _GAP_IN), height, width)
        canvas.image(page.images[phase, z, *box], place)
        canvas.contours(page.labels[phase, z, *box], page.pixel_spacing_mm, place)
        canvas.name(str(page.number(z)), place)
    canvas.draw_lines()
    head.draw(figure, MARGIN_IN, MARGIN_IN)
    line.draw(figure, MARGIN_IN, MARGIN_IN + head.height_in)
    draw_key(figure, key, MARGIN_IN, key_top, _KEY_COLUMNS_IN)
    note.draw(figure, MARGIN_IN, note_top)
    return figure


def _columns(count: int) -> int:
    """A grid a little wider than high, with the fewest empty places."""
    wide = min(max(ceil(sqrt(1.2 * count)), _FEWEST), _MOST - 1)
    return min((wide, wide + 1), key=lambda columns: -count % columns)


def _subtitle(page: CinePage, phase: int) -> str:
    words, time = page.words, page.results.curve.time_ms[phase]
    parts = [words("Phase {n} of {count}", n=phase + 1, count=page.n_phases)]
    if time is not None:
        parts.append(words("{time} ms after the R wave", time=f"{time:.0f}"))
    parts.append(words("slices numbered from the base, 1 to {count}", count=page.n_slices))
    return " · ".join(parts)
