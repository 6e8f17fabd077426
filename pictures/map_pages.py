"""The pictures of a mapping study: bullseyes side by side, and each map with its contours."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from pictures.bullseye import Bullseye, bullseye_figure
from pictures.colours import ColourScale
from pictures.map_overlay import MapOverlay, overlay_figure
from pictures.map_page import MapPage
from pictures.page import png_of
from pictures.slice_names import slice_names
from texts import ENGLISH, Words

_STRONG_FIELD_T = 2.0
# What myocardium spans in health and disease, and what the whole picture spans, by quantity. The
# same for every patient of a field strength, so that two pictures can be compared.
_WALL = MappingProxyType(
    {
        "native_t1": ColourScale("magma", 850, 1300, "ms"),
        "post_t1": ColourScale("magma", 250, 650, "ms"),
        "t1": ColourScale("magma", 250, 1300, "ms"),
        "t2": ColourScale("viridis", 35, 75, "ms"),
        "t2_star": ColourScale("viridis", 5, 45, "ms"),
        "ecv": ColourScale("cividis", 15, 50, "%"),
    }
)
_WHOLE = MappingProxyType(
    {
        "native_t1": ColourScale("magma", 500, 2000, "ms"),
        "post_t1": ColourScale("magma", 150, 800, "ms"),
        "t1": ColourScale("magma", 150, 2000, "ms"),
        "t2": ColourScale("viridis", 20, 120, "ms"),
        "t2_star": ColourScale("viridis", 0, 60, "ms"),
        "ecv": ColourScale("viridis", 0, 70, "%"),
    }
)
_WALL_STRONG_FIELD_T1 = ColourScale("magma", 1000, 1500, "ms")
_DECIMALS = MappingProxyType({"t2": 1, "t2_star": 1, "ecv": 1})


def bullseye_page(pages: Sequence[MapPage], notice: str, words: Words = ENGLISH) -> bytes | None:
    """PNG with a bullseye of every map that has a segment; None where none has."""
    drawn = [_bullseye(page, words) for page in pages if _medians(page)]
    if not drawn:
        return None
    footers = dict.fromkeys(
        f"{title_of(p.title, words)}: {_origin(p, words)}" for p in pages if _medians(p)
    )
    return png_of(bullseye_figure(drawn, " · ".join([*footers, words(notice)]), words))


def overlay_page(page: MapPage, notice: str, words: Words = ENGLISH) -> bytes:
    """PNG of every slice of a map beside its anatomy."""
    slices = page.results.slices
    overlay = MapOverlay(
        title=title_of(page.title, words),
        anatomy_title=words("Image with the most signal"),
        slice_names=slice_names([one.level for one in slices], words),
        values=page.values,
        anatomy=page.shown,
        labels=page.labels,
        segments=page.segments,
        pixel_spacing_mm=page.results.pixel_spacing_mm,
        scale=_WHOLE[page.results.quantity],
    )
    return png_of(overlay_figure(overlay, f"{_origin(page, words)} · {words(notice)}", words))


def title_of(title: str, words: Words) -> str:
    """The quantity in the reader's language; what tells two maps of it apart stays."""
    quantity, mark, which = title.partition(" (")
    return words(quantity) + mark + which


def _bullseye(page: MapPage, words: Words) -> Bullseye:
    quantity, field = page.results.quantity, page.results.field_strength_t or 0.0
    scale = _WALL[quantity]
    if quantity == "native_t1" and field > _STRONG_FIELD_T:
        scale = _WALL_STRONG_FIELD_T1
    return Bullseye(title_of(page.title, words), _medians(page), scale, _DECIMALS.get(quantity, 0))


def _medians(page: MapPage) -> dict[int, float]:
    name = "median_pct" if page.results.quantity == "ecv" else "median_ms"
    found = {k: getattr(region, name) for k, region in page.results.segments.items()}
    return {k: value for k, value in found.items() if value is not None}


def _origin(page: MapPage, words: Words) -> str:
    results = page.results
    field = f"{results.field_strength_t:g} T" if results.field_strength_t else ""
    parts = [results.sequence, field, words(f"{results.source} map")]
    return ", ".join(part for part in parts if part)
