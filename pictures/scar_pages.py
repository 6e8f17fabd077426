"""The pictures of late enhancement: bullseyes, every slice with the scar, the surfaces."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cmr.records import Measured
from cmr.results_scar import GRAY_TITLES, METHOD_TITLES, Scar, ScarSegment
from cmr.scar.surface import Structure
from cmr.scar.surface_mould import Surface
from pictures.bullseye import Bullseye, ClassBullseye, Disc, bullseye_figure
from pictures.classes import ClassScale
from pictures.colours import ColourScale
from pictures.heart_views import heart_views
from pictures.page import png_of
from pictures.scar_overlay import scar_overlay_figure
from pictures.scar_page import ScarPage
from pictures.surface_figure import surface_figure

_SCALE = ColourScale("YlOrRd", 0, 100, "%")
# Where each class lies on the same colours; no scar is told from a little at a glance.
_CLASS_PLACES = MappingProxyType(
    {"0": 0.0, "1-25": 27.0, "26-50": 50.0, "51-75": 76.0, "76-100": 100.0}
)
_CLASSES = ClassScale({name: _SCALE.colour(at) for name, at in _CLASS_PLACES.items()}, "%")
_KINDS = MappingProxyType({"magnitude": "magnitude", "psir": "PSIR"})


def bullseye_page(page: ScarPage) -> bytes | None:
    """PNG with scar and transmurality by segment; None where no segment has either."""
    segments = page.results.segments
    classes = {k: s.transmurality_class for k, s in segments.items() if s.transmurality_class}
    amounts = _values(segments, "scar_pct")
    if not classes and not amounts:
        return None
    discs: list[Disc] = [
        Bullseye("Scar, share of segment", amounts, _SCALE, 0),
        ClassBullseye("Transmurality", classes, _values(segments, "transmurality_pct"), _CLASSES),
    ]
    return png_of(bullseye_figure(discs, f"{_summary(page.results)} · {page.notice}"))


def overlay_page(page: ScarPage) -> bytes:
    """PNG of every slice, as it is and with what was found."""
    slices = page.results.slices
    names = tuple(
        f"Slice {z} of {len(slices)}" + (f" · {one.level}" if one.level else "")
        for z, one in enumerate(slices, 1)
    )
    return png_of(
        scar_overlay_figure(page, _title(page.results), _summary(page.results), names, page.notice)
    )


def surface_page(page: ScarPage, surfaces: Mapping[Structure, Surface]) -> bytes | None:
    """PNG of the surfaces from four sides; None without any."""
    if not surfaces:
        return None
    views = heart_views(page.ventricle)
    title = "Left ventricle and scar"
    return png_of(surface_figure(surfaces, views, title, _summary(page.results), page.notice))


def _values(segments: Mapping[int, ScarSegment], name: str) -> dict[int, float]:
    found = {k: getattr(segment, name) for k, segment in segments.items()}
    return {k: value for k, value in found.items() if value is not None}


def _title(results: Scar) -> str:
    return f"Late enhancement, {_KINDS[results.stack.kind]}"


def _summary(results: Scar) -> str:
    """Amounts, with the method and the definition they go by."""
    said = _said(results)
    scar = [
        f"{said[k]} {u}" for k, u in (("mass_g", "g"), ("pct_lv_mass", "% of LV mass")) if k in said
    ]
    parts = [f"Scar {', '.join(scar) or 'not told'} ({METHOD_TITLES[results.method]})"]
    zones = [
        f"{n} {said[k]} %"
        for k, n in (("core_pct", "core"), ("gray_pct", "gray zone"))
        if k in said
    ]
    if zones:
        parts.append(f"{', '.join(zones)} ({GRAY_TITLES[results.gray_definition]})")
    if "mvo_pct" in said:
        parts.append(f"no-reflow {said['mvo_pct']} %")
    return " · ".join(parts)


def _said(record: Measured) -> dict[str, str]:
    """By key, each value with its decimals."""
    return {q.key: f"{value:.{q.decimals}f}" for q, value in record.values()}
