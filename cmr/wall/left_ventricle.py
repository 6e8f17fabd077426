"""Wall and cavity of a stack, on the grid of its images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Mask
from cmr.volume import StackGeometry


@dataclass(frozen=True, eq=False)
class LeftVentricle:
    """``(z, row, col)`` cavity and whole wall (scar and no-reflow with it) of one stack.

    ``segments`` are AHA numbers on the wall, 0 elsewhere.
    """

    cavity: Mask
    wall: Mask
    segments: np.ndarray
    geometry: StackGeometry
