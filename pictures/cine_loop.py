"""The beating heart with its contours, as an animated WebP that any browser plays."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform
from PIL import Image

from cmr.anatomy import Labels
from pictures.cine_look import contour_key, shown_box
from pictures.cine_page import CinePage
from pictures.key import draw_key, key_height_in
from pictures.lettering import LABEL, SMALL, wrapped
from pictures.lines import OUTLINES, RIM_COLOUR, RIM_OPACITY, RIM_PT, Line
from pictures.outlines import outlines
from pictures.page import new_page, pixels_of
from pictures.tiles import grey_window, size_mm, tile_in

_DPI = 100
_MARGIN_IN, _GAP_IN, _TILE_IN = 0.1, 0.06, 2.6
# From base to apex, as shares of the slices with heart at ED.
_SHARES = (0.15, 0.5, 0.85)
_LONGEST_BEAT_MS, _USUAL_BEAT_MS = 3000.0, 1000.0
_QUALITY, _EFFORT = 82, 2
_BAR_PX, _MARK_PX = 3, 9
_BAR, _DONE = (222, 226, 230), (28, 39, 51)

Pixels = npt.NDArray[np.uint8]


def loop_bytes(page: CinePage) -> bytes | None:
    """Animated WebP, a frame for each phase, at the speed of the heart; None without heart.

    A beat lasts 1 s where the heart rate is unknown.
    """
    slices = shown_slices(page)
    if not slices:
        return None
    frames = [Image.fromarray(frame) for frame in loop_frames(page, slices)]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        format="WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=durations_ms(page),
        loop=0,
        quality=_QUALITY,
        method=_EFFORT,
    )
    return buffer.getvalue()


def shown_slices(page: CinePage) -> list[int]:
    """One near the base, one in the middle, one near the apex; fewer where there are fewer."""
    held = page.slices_with_heart(page.results.phases.ed)
    if not held:
        return []
    return list(dict.fromkeys(held[round(share * (len(held) - 1))] for share in _SHARES))


def durations_ms(page: CinePage) -> list[int]:
    """Of each frame; together a heartbeat."""
    rr = page.rr_ms
    beat = rr if isfinite(rr) and rr <= _LONGEST_BEAT_MS else _USUAL_BEAT_MS
    ends = np.round(np.arange(page.n_phases + 1) * beat / page.n_phases).astype(int)
    return [int(length) for length in np.diff(ends)]


def loop_frames(page: CinePage, slices: Sequence[int]) -> list[Pixels]:
    """``(row, col, 3)`` for each phase: the slices side by side over a bar that shows the phase."""
    box = shown_box(page)
    size = size_mm(page.images[:, :, *box].shape, page.pixel_spacing_mm)
    height, width = (round(inches * _DPI) for inches in tile_in(size, _TILE_IN))
    sheet, corners, bar_top = _sheet(page, slices, (height, width))
    frames = []
    tiles = [_images(page, z, box, (height, width)) for z in slices]
    for phase in range(page.n_phases):
        frame = sheet.copy()
        for z, tile, (row, col) in zip(slices, tiles, corners, strict=True):
            frame[row : row + height, col : col + width] = _with_contours(
                tile[phase], page.labels[phase, z, *box], page.pixel_spacing_mm
            )
        _draw_bar(frame, page, phase, bar_top, corners[0][1])
        frames.append(frame)
    return frames


def _sheet(
    page: CinePage, slices: Sequence[int], tile_px: tuple[int, int]
) -> tuple[Pixels, list[tuple[int, int]], int]:
    """What stays: names, key and notice; the corners of the slices and the row of the bar."""
    words, (height, width) = page.words, (pixels / _DPI for pixels in tile_px)
    text_in = len(slices) * width + (len(slices) - 1) * _GAP_IN
    names = [
        wrapped(words("Slice {n} of {count}", n=page.number(z), count=page.n_slices), width, LABEL)
        for z in slices
    ]
    note = wrapped(words(page.notice), text_in, SMALL)
    key = contour_key(words)
    widest = max(SMALL.width_in(name) for name, _ in key) + 0.45
    columns = max(min(int(text_in / widest), len(key)), 1)
    top = _MARGIN_IN + max(name.height_in for name in names)
    bar = top + height + _GAP_IN
    key_top = bar + 2 * _GAP_IN
    note_top = key_top + key_height_in(key, columns) + _GAP_IN
    figure = new_page(text_in + 2 * _MARGIN_IN, note_top + note.height_in + _MARGIN_IN)
    lefts = [_MARGIN_IN + n * (width + _GAP_IN) for n in range(len(slices))]
    for name, left in zip(names, lefts, strict=True):
        name.draw(figure, left, _MARGIN_IN)
    draw_key(figure, key, _MARGIN_IN, key_top, (text_in / columns,) * columns)
    note.draw(figure, _MARGIN_IN, note_top)
    corners = [(round(top * _DPI), round(left * _DPI)) for left in lefts]
    return pixels_of(figure, _DPI), corners, round(bar * _DPI)


def _images(
    page: CinePage, z: int, box: tuple[slice, slice], shape: tuple[int, int]
) -> list[Pixels]:
    """Grey values ``shape`` of each phase, in one window for all, so that nothing flickers."""
    shown = page.images[:, z, *box]
    grey = np.asarray(grey_window(shown)(np.nan_to_num(shown)) * 255).round().astype(np.uint8)
    size = shape[::-1]
    return [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BICUBIC)) for one in grey]


def _with_contours(grey: Pixels, labels: Labels, spacing_mm: tuple[float, float]) -> Pixels:
    """``(row, col, 3)``: drawn by Agg alone, as a figure for each frame takes too long."""
    height, width = grey.shape
    agg: Any = RendererAgg(width, height, _DPI)  # type: ignore[no-untyped-call]
    ground = np.asarray(agg.buffer_rgba())
    ground[..., :3], ground[..., 3] = grey[..., None], 255
    scale = height / (labels.shape[0] * spacing_mm[0])
    for held, line in OUTLINES:
        for points in outlines(np.isin(labels, held), spacing_mm):
            # Agg counts rows from the bottom.
            _stroke(agg, Path(points * scale * (1, -1) + (0, height), closed=True), line)
    return np.array(ground[..., :3])


def _stroke(agg: Any, path: Path, line: Line) -> None:
    """The line over its rim."""
    for colour, opacity, width_pt in (
        (RIM_COLOUR, RIM_OPACITY, line.width_pt + RIM_PT),
        (line.colour, 1.0, line.width_pt),
    ):
        context = agg.new_gc()
        context.set_foreground((*to_rgb(colour), opacity), isRGBA=True)
        context.set_linewidth(agg.points_to_pixels(width_pt))
        if line.dashes:
            context.set_dashes(0, [agg.points_to_pixels(d * line.width_pt) for d in line.dashes])
        agg.draw_path(context, path, IdentityTransform())


def _draw_bar(frame: Pixels, page: CinePage, phase: int, top: int, left: int) -> None:
    """How far the beat has come, with a mark at ED and one at ES."""
    width = frame.shape[1] - 2 * left
    at = [left + round((n + 0.5) * width / page.n_phases) for n in range(page.n_phases)]
    frame[top : top + _BAR_PX, left : left + width] = _BAR
    frame[top : top + _BAR_PX, left : at[phase]] = _DONE
    reach = (_MARK_PX - _BAR_PX) // 2
    for marked in page.phase_names:
        frame[top - reach : top + _BAR_PX + reach, at[marked] - 1 : at[marked] + 1] = _DONE
