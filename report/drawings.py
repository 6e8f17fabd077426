"""Small drawings made once for both writers: gauges, bars and status marks, as SVG.

They hold numbers of ours alone, no text of a header. Form carries the meaning and colour repeats
it, so that grey print and colour-blind eyes lose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from types import MappingProxyType

INK, SOFT, RANGE, TRACK = "#1c2733", "#55626f", "#9cc3dc", "#e6ebef"
ACCENT, ALERT = "#00588a", "#b04300"
_WIDTH, _HEIGHT = 108.0, 18.0
_BAR_HEIGHT = 9.0
# The range takes the middle half; a value farther out than its width stands at the end.
_LOW, _HIGH = 0.25 * _WIDTH, 0.75 * _WIDTH
_EDGE = 6.0

MARKS: Mapping[str, str] = MappingProxyType(
    {
        "pass": (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
            f'<circle cx="8" cy="8" r="7" fill="none" stroke="{ACCENT}" stroke-width="1.6"/>'
            f'<path d="M4.6 8.3l2.4 2.4 4.4-5" fill="none" stroke="{ACCENT}" stroke-width="1.8" '
            'stroke-linecap="round" stroke-linejoin="round"/></svg>'
        ),
        "review": (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
            f'<path d="M8 1.2L15.4 14.6H.6z" fill="{ALERT}"/>'
            '<path d="M8 5.6v4.4" stroke="#fff" stroke-width="1.8" stroke-linecap="round"/>'
            '<circle cx="8" cy="12.4" r="1.1" fill="#fff"/></svg>'
        ),
        "withheld": (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
            f'<rect x="1" y="1" width="14" height="14" rx="2" fill="{INK}"/>'
            '<path d="M5 5l6 6M11 5l-6 6" stroke="#fff" stroke-width="1.8" '
            'stroke-linecap="round"/></svg>'
        ),
    }
)


def gauge(value: float, low: float, high: float) -> str:
    """Where ``value`` lies on a track whose middle half is the range; empty for no range.

    Inside the range the value is a filled disc, outside a diamond of the other colour; one that
    lies off the track is an arrowhead at its end.
    """
    if not (isfinite(low) and isfinite(high) and low < high):
        return ""
    at = _LOW + (value - low) / (high - low) * (_HIGH - _LOW)
    middle = _HEIGHT / 2
    return _svg(
        f'<rect x="0" y="{middle - 2:g}" width="{_WIDTH:g}" height="4" rx="2" fill="{TRACK}"/>'
        f'<rect x="{_LOW:g}" y="{middle - 4.5:g}" width="{_HIGH - _LOW:g}" height="9" '
        f'fill="{RANGE}"/>'
        f'<path d="M{_LOW:g} 2v14M{_HIGH:g} 2v14" stroke="{SOFT}" stroke-width="1"/>'
        + _needle(at, middle, inside=low <= value <= high)
    )


def bar(share: float) -> str:
    """Bar of ``share`` (0-1) of its track."""
    width = max(0.0, min(1.0, share)) * _WIDTH
    return _svg(
        f'<rect width="{_WIDTH:g}" height="{_BAR_HEIGHT:g}" fill="{TRACK}"/>'
        f'<rect width="{width:.2f}" height="{_BAR_HEIGHT:g}" fill="{ACCENT}"/>',
        _BAR_HEIGHT,
    )


def _needle(at: float, middle: float, *, inside: bool) -> str:
    if inside:
        return (
            f'<circle cx="{at:.2f}" cy="{middle:g}" r="6" fill="{ACCENT}" stroke="#fff" '
            'stroke-width="1.4"/>'
        )
    if at < _EDGE:
        shape = f"M1 {middle:g}l10 -7v14z"
    elif at > _WIDTH - _EDGE:
        shape = f"M{_WIDTH - 1:g} {middle:g}l-10 -7v14z"
    else:
        shape = f"M{at - 7:.2f} {middle:g}l7 -7l7 7l-7 7z"
    return f'<path d="{shape}" fill="{ALERT}" stroke="#fff" stroke-width="1.2"/>'


def _svg(content: str, height: float = _HEIGHT) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}">'
        f"{content}</svg>"
    )
