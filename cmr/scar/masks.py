"""Wall, cavity and scar of a stack, on the grid of its images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Mask
from cmr.volume import FloatArray, StackGeometry


@dataclass(frozen=True, eq=False)
class LeftVentricle:
    """``(z, row, col)`` cavity and whole wall (scar and no-reflow with it) of one stack.

    ``segments`` are AHA numbers on the wall, 0 elsewhere.
    """

    cavity: Mask
    wall: Mask
    segments: np.ndarray
    geometry: StackGeometry


@dataclass(frozen=True, eq=False)
class ScarMask:
    """What one method calls scar.

    Parameters
    ----------
    scar
        ``(z, row, col)`` infarct with its no-reflow; within the wall.
    no_reflow
        Part of ``scar``.
    weight
        ``(z, row, col)`` share of scar in a pixel, 0 outside ``scar``; volumes are sums of it.
        1 on the mask for methods that know no partial volume.
    thresholds
        ``(z,)`` grey value from which a pixel is scar; NaN where there is none.
    reason
        Why the method has no answer; empty where it has. Then the masks are empty.
    note
        What it rests on; may be empty.
    """

    scar: Mask
    no_reflow: Mask
    weight: FloatArray
    thresholds: FloatArray
    reason: str = ""
    note: str = ""
