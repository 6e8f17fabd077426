"""The pictures of late enhancement: bullseyes, every slice with the scar, the surfaces."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cmr.records import Measured
from cmr.results_scar import GRAY_TITLES, METHOD_TITLES, ScarSegment
from cmr.scar.surface import Structure
from cmr.scar.surface_mould import Surface
from pictures.bullseye import Bullseye, ClassBullseye, Disc, bullseye_figure
from pictures.classes import ClassScale
from pictures.colours import ColourScale
from pictures.heart_views import heart_views
from pictures.page import png_of
from pictures.scar_overlay import scar_overlay_figure
from pictures.scar_page import ScarPage
from pictures.slice_names import slice_names
from pictures.surface_figure import Captions, surface_figure

_SCALE = ColourScale("YlOrRd", 0, 100, "%")
# Where each class lies on the same colours; no scar is told from a little at a glance.
_CLASS_PLACES = MappingProxyType(
    {"0": 0.0, "1-25": 27.0, "26-50": 50.0, "51-75": 76.0, "76-100": 100.0}
)
_CLASSES = ClassScale({name: _SCALE.colour(at) for name, at in _CLASS_PLACES.items()}, "%")
_TITLES = MappingProxyType(
    {"magnitude": "Late enhancement, magnitude", "psir": "Late enhancement, PSIR"}
)


def bullseye_page(page: ScarPage) -> bytes | None:
    """PNG with scar and transmurality by segment; None where no segment has either."""
    segments = page.results.segments
    classes = {k: s.transmurality_class for k, s in segments.items() if s.transmurality_class}
    amounts = _values(segments, "scar_pct")
    if not classes and not amounts:
        return None
    words, depths = page.words, _values(segments, "transmurality_pct")
    discs: list[Disc] = [
        Bullseye(words("Scar, share of segment"), amounts, _SCALE, 0),
        ClassBullseye(words("Transmurality"), classes, depths, _CLASSES),
    ]
    return png_of(bullseye_figure(discs, f"{_summary(page)} · {words(page.notice)}", words))


def overlay_page(page: ScarPage) -> bytes:
    """PNG of every slice, as it is and with what was found."""
    names = slice_names([one.level for one in page.results.slices], page.words)
    title = page.words(_TITLES[page.results.stack.kind])
    notice = page.words(page.notice)
    return png_of(scar_overlay_figure(page, title, _summary(page), names, notice))


def surface_page(page: ScarPage, surfaces: Mapping[Structure, Surface]) -> bytes | None:
    """PNG of the surfaces from four sides; None without any."""
    if not surfaces:
        return None
    views = heart_views(page.ventricle)
    words = page.words
    captions = Captions(words("Left ventricle and scar"), _summary(page), words(page.notice))
    return png_of(surface_figure(surfaces, views, captions, words))


def _values(segments: Mapping[int, ScarSegment], name: str) -> dict[int, float]:
    found = {k: getattr(segment, name) for k, segment in segments.items()}
    return {k: value for k, value in found.items() if value is not None}


def _summary(page: ScarPage) -> str:
    """Amounts, with the method and the definition they go by."""
    words, results = page.words, page.results
    said = _said(results)
    scar = [
        f"{said[k]} {words(u)}"
        for k, u in (("mass_g", "g"), ("pct_lv_mass", "% of LV mass"))
        if k in said
    ]
    amount = ", ".join(scar) or words("not told")
    method = words(METHOD_TITLES[results.method])
    parts = [words("Scar {amount} ({method})", amount=amount, method=method)]
    zones = [
        f"{words(n)} {said[k]} %"
        for k, n in (("core_pct", "core"), ("gray_pct", "gray zone"))
        if k in said
    ]
    if zones:
        parts.append(f"{', '.join(zones)} ({words(GRAY_TITLES[results.gray_definition])})")
    if "mvo_pct" in said:
        parts.append(f"{words('no-reflow')} {said['mvo_pct']} %")
    return " · ".join(parts)


def _said(record: Measured) -> dict[str, str]:
    """By key, each value with its decimals."""
    return {q.key: f"{value:.{q.decimals}f}" for q, value in record.values()}
