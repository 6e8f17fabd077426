"""Numbers as they stand in the report: the decimals of the schema, a point, no translation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cmr.records import Quantity

# UCUM as people write it; what is counted is named by the text beside it.
_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "1": "",
        "{H.B.}/min": "/min",
        "ml/m2": "ml/m²",
        "g/m2": "g/m²",
        "l/min/m2": "l/min/m²",
        "m2": "m²",
        "{SD}": "SD",
    }
)
NOTHING = "–"
# Beside a gauge; nothing where the value lies within, so that what lies outside is seen.
OUTSIDE: Mapping[str, str] = MappingProxyType({"below": "↓", "within": "", "above": "↑"})


def unit_of(ucum: str) -> str:
    """Unit for a reader; empty for a plain number or a count."""
    return _UNITS.get(ucum, "" if ucum.startswith("{") else ucum)


def figure(value: float, quantity: Quantity) -> str:
    """``value`` with the decimals of the schema."""
    return f"{value:.{quantity.decimals}f}"


def with_unit(text: str, ucum: str) -> str:
    """``text`` and its unit, which no line break parts."""
    unit = unit_of(ucum)
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def general(value: float | None, ucum: str) -> str:
    """A figure of a gate, to four significant digits."""
    return NOTHING if value is None else with_unit(significant(value), ucum)


def significant(value: float) -> str:
    """Four significant digits, never as a power of ten.

    Examples
    --------
    >>> significant(12345.6), significant(0.25)
    ('12346', '0.25')
    """
    return f"{value:.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def between(low: float | None, high: float | None, decimals: int) -> str:
    """A range, from low to high."""
    if low is None or high is None:
        return ""
    return f"{low:.{decimals}f}\N{EN DASH}{high:.{decimals}f}"


def shortened(uid: str, kept: int = 14) -> str:
    """The end of a UID, which tells two series of a study apart."""
    return uid if len(uid) <= kept + 1 else f"…{uid[-kept:]}"
