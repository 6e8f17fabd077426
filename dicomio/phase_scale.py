"""Stored values of phase images to radians."""

from __future__ import annotations

import math

from dicomio.value_scale import Linear, ValueScale

# Ends of the stored range lie one step off symmetry: -4096 and 4094 for slope 2.
_SYMMETRIC = 0.01
_MILLIRADIAN = Linear(1e-3, 0.0)


def phase_scale(scale: ValueScale) -> Linear | None:
    """Linear scale to radians; None where the header does not tell.

    - A unit (rad, mrad, deg) is taken at its word.
    - A rescale whose range is symmetric about 0 spans a turn: Siemens -4096 to 4094 (seen in
      ``../shared/data/relaxometry``), Philips -3142 to 3142.
    - Unsigned values without a rescale span a turn about the middle: Siemens 0 to 4095.
    - Signed values of GE without a rescale are milliradians.
    """
    for linear in (scale.real_world, scale.rescale):
        if linear is not None and not linear.usable:
            return None
        factor = _UNITS.get(linear.unit.lower()) if linear else None
        if linear is not None and factor is not None:
            return Linear(linear.slope * factor, linear.intercept * factor)
    rescale = scale.rescale
    if rescale is None or (rescale.slope, rescale.intercept) == (1.0, 0.0):
        return _without_rescale(scale)
    low, high = _stored_range(scale)
    ends = [rescale.slope * end + rescale.intercept for end in (low, high)]
    half = max(map(abs, ends))
    if abs(sum(ends)) > _SYMMETRIC * half:
        return None
    return Linear(rescale.slope * math.pi / half, rescale.intercept * math.pi / half)


_UNITS = {
    "rad": 1.0,
    "radians": 1.0,
    "mrad": 1e-3,
    "deg": math.pi / 180,
    "degrees": math.pi / 180,
}


def _without_rescale(scale: ValueScale) -> Linear | None:
    if scale.signed:
        return _MILLIRADIAN if scale.manufacturer.upper().startswith("GE") else None
    middle = float(1 << (scale.bits_stored - 1))
    return Linear(math.pi / middle, -math.pi)


def _stored_range(scale: ValueScale) -> tuple[int, int]:
    whole = 1 << scale.bits_stored
    return (-whole // 2, whole // 2 - 1) if scale.signed else (0, whole - 1)
