"""The pictures of a cine: contours, curves, bullseyes of the wall, the worst slice, the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from matplotlib.figure import Figure

from cmr.results_cine import WallSegment
from pictures.bullseye import Bullseye, bullseye_figure
from pictures.cine_contours import contour_figure
from pictures.cine_curves import curve_figure
from pictures.cine_loop import loop_bytes
from pictures.cine_page import CinePage
from pictures.cine_worst import worst_figure
from pictures.colours import ColourScale
from pictures.page import png_of

# The same for every patient, so that two pictures can be compared.
_THICKNESS = ColourScale("viridis", 4, 20, "mm")
_THICKENING = ColourScale("cividis", 0, 120, "%")
_DISCS = (
    ("thickness_ed_mm", _THICKNESS, 1),
    ("thickness_es_mm", _THICKNESS, 1),
    ("thickening_pct", _THICKENING, 0),
)


def contours_page(page: CinePage, phase: int) -> bytes | None:
    """PNG of all slices with heart at one phase; None where none has."""
    return png_of(contour_figure(page, phase)) if page.slices_with_heart(phase) else None


def bullseye_page(page: CinePage) -> bytes | None:
    """PNG of wall thickness and thickening by segment; None where no segment has any."""
    wall = page.results.wall
    if wall is None or not any(_values(wall.segments, key) for key, *_ in _DISCS):
        return None
    titles = {q.key: q.title for q in WallSegment.quantities()}
    discs = [
        Bullseye(page.words(titles[key]), _values(wall.segments, key), scale, decimals)
        for key, scale, decimals in _DISCS
    ]
    return png_of(bullseye_figure(discs, page.words(page.notice), page.words))


def _values(segments: Mapping[int, WallSegment], key: str) -> dict[int, float]:
    found = {n: getattr(segment, key) for n, segment in segments.items()}
    return {n: value for n, value in found.items() if value is not None}


def _png(figure: Figure | None) -> bytes | None:
    return None if figure is None else png_of(figure)


PICTURES: Mapping[str, Callable[[CinePage], bytes | None]] = MappingProxyType(
    {
        "cine-contours-ed.png": lambda page: contours_page(page, page.results.phases.ed),
        "cine-contours-es.png": lambda page: contours_page(page, page.results.phases.es),
        "cine-curves.png": lambda page: _png(curve_figure(page)),
        "cine-bullseyes.png": bullseye_page,
        "cine-worst-slice.png": lambda page: _png(worst_figure(page)),
        "cine-loop.webp": loop_bytes,
    }
)
"""By file; None where a cine lacks what a picture shows."""
