"""From the scales in a header to milliseconds, or per cent for ECV; nothing scaled in silence."""

from __future__ import annotations

from cmr.mapping.terms import MapKind
from dicomio.pixels import FrameUnreadable
from dicomio.value_scale import Linear, ValueScale

_TIME_FACTORS = {"ms": 1.0, "msec": 1.0, "s": 1000.0, "us": 1e-3}
_SHARE_FACTORS = {"%": 1.0, "percent": 1.0, "1": 100.0}
_RATES = frozenset({"1/s", "/s", "s-1", "hz"})
_SAME_SCALE = 1e-2


def map_scale(scale: ValueScale, kind: MapKind) -> tuple[Linear, tuple[str, ...]]:
    """Scale from stored values to the unit of the kind, and what a reader should know of it.

    The real-world value mapping comes first, then the rescale, then Philips' own scale.

    Raises
    ------
    FrameUnreadable
        A slope of 0, or a unit that is none of this quantity.
    """
    wanted = kind.unit
    chosen = scale.real_world or scale.rescale or scale.philips or Linear(1.0, 0.0)
    if not chosen.usable:
        raise FrameUnreadable("a rescale slope of 0 or without meaning")
    factors = _SHARE_FACTORS if kind is MapKind.ECV else _TIME_FACTORS
    unit = chosen.unit.lower()
    notes = list(_disagreement(scale))
    if unit in _RATES or unit in (_TIME_FACTORS if kind is MapKind.ECV else ("%", "percent")):
        raise FrameUnreadable(f"the map is in {chosen.unit}, not in {wanted}")
    factor = factors.get(unit)
    if factor is None:
        notes.append(f"the header names no unit that is known; values are taken for {wanted}")
    elif factor != 1:
        notes.append(f"converted from {chosen.unit} to {wanted}")
    factor = factor or 1.0
    return Linear(chosen.slope * factor, chosen.intercept * factor, wanted), tuple(notes)


def _disagreement(scale: ValueScale) -> tuple[str, ...]:
    """Say when two scales of a header give other values."""
    given = [
        ("real-world value mapping", scale.real_world),
        ("rescale", scale.rescale),
        ("private scale of Philips", scale.philips),
    ]
    known = [(name, linear) for name, linear in given if linear is not None]
    return tuple(
        f"the {known[0][0]} is used; the {name} of the header would give values "
        f"{other.slope / known[0][1].slope:.4g} times as large"
        for name, other in known[1:]
        if other.usable and abs(other.slope / known[0][1].slope - 1) > _SAME_SCALE
    )
