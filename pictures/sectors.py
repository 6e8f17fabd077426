"""Where the 16 segments lie in a bullseye (Cerqueira et al., Circulation 2002;105:539).

The apex is in the middle, the base outside, anterior at the top, the septum on the left. Angles
are in degrees, counter-clockwise from the right; radii are shares of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

APEX_RADIUS = 0.22
_MID, _BASE = 0.48, 0.74


@dataclass(frozen=True)
class Sector:
    """Part of a ring."""

    inner: float
    outer: float
    start_deg: float
    width_deg: float

    @property
    def middle(self) -> tuple[float, float]:
        """``(x, y)`` half-way along the arc and the radius."""
        angle = np.deg2rad(self.start_deg + self.width_deg / 2)
        radius = (self.inner + self.outer) / 2
        return float(radius * np.cos(angle)), float(radius * np.sin(angle))


def _ring(first: int, inner: float, outer: float, count: int) -> dict[int, Sector]:
    """``count`` equal segments counter-clockwise, the first one centred at the top."""
    width = 360 / count
    return {
        first + n: Sector(inner, outer, 90 - width / 2 + n * width, width) for n in range(count)
    }


SECTORS = _ring(1, _BASE, 1.0, 6) | _ring(7, _MID, _BASE, 6) | _ring(13, APEX_RADIUS, _MID, 4)
