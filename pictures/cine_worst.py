"""The slice that the network doubts most, as it is and with its contours."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from pictures.canvas import Canvas, Place
from pictures.cine_look import MARGIN_IN, TEXT_IN, contour_key, shown_box
from pictures.cine_page import CinePage
from pictures.key import draw_key, key_height_in
from pictures.lettering import LABEL, SMALL, TITLE, wrapped
from pictures.page import new_page
from pictures.tiles import size_mm, tile_in

_SEAM_IN, _GAP_IN = 0.05, 0.1
_TILE_IN = (TEXT_IN - _SEAM_IN) / 2


def worst_slice(page: CinePage) -> tuple[int, int] | None:
    """Phase and slice, of those at ED and ES that hold heart, on which the variants agree least."""
    if page.slice_agreement is None:
        return None
    found = [
        (float(page.slice_agreement[phase, z]), phase, z)
        for phase in page.phase_names
        for z in page.slices_with_heart(phase)
        if np.isfinite(page.slice_agreement[phase, z])
    ]
    return min(found)[1:] if found else None


def worst_figure(page: CinePage) -> Figure | None:
    """The image and the same with contours; None where no variants were compared."""
    worst = worst_slice(page)
    if worst is None or page.slice_agreement is None:
        return None
    words, (phase, z) = page.words, worst
    agreement = f"{100 * page.slice_agreement[phase, z]:.1f}"
    where = words("Slice {n} of {count}", n=page.number(z), count=page.n_slices)
    head = wrapped(words("Slice with the most doubtful contours"), TEXT_IN, TITLE)
    line = wrapped(
        f"{where} · {words(page.phase_names[phase])} · "
        + words("Mirrored images give contours that agree by {figure} % (Dice).", figure=agreement),
        TEXT_IN,
        LABEL,
    )
    note = wrapped(page.words(page.notice), TEXT_IN, SMALL)
    box = shown_box(page)
    height, width = tile_in(size_mm(page.images[:, :, *box].shape, page.pixel_spacing_mm), _TILE_IN)
    top = MARGIN_IN + head.height_in + line.height_in + _GAP_IN / 2
    key, key_top = contour_key(words), top + height + _GAP_IN
    note_top = key_top + key_height_in(key, len(key)) + _GAP_IN / 2
    figure = new_page(TEXT_IN + 2 * MARGIN_IN, note_top + note.height_in + MARGIN_IN)
    canvas = Canvas(figure)
    for n in (0, 1):
        left = MARGIN_IN + n * (_TILE_IN + _SEAM_IN) + (_TILE_IN - width) / 2
        place = Place(left, top, height, width)
        canvas.image(page.images[phase, z, *box], place)
    canvas.contours(page.labels[phase, z, *box], page.pixel_spacing_mm, place)
    canvas.draw_lines()
    head.draw(figure, MARGIN_IN, MARGIN_IN)
    line.draw(figure, MARGIN_IN, MARGIN_IN + head.height_in)
    draw_key(figure, key, MARGIN_IN, key_top, (TEXT_IN / 3,) * 3)
    note.draw(figure, MARGIN_IN, note_top)
    return figure
