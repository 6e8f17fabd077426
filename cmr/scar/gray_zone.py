"""Core and gray zone by three definitions, which disagree; results name theirs.

- ``sd_2_3``: core above 3 SD of remote, gray zone between 2 and 3 SD, anywhere in the wall.
- ``yan``: the same limits, but only the gray zone that borders on core, as the peri-infarct zone of
  Yan, Circulation 2006;114:32.
- ``schmidt``: core above half of the scar's maximum, gray zone between the brightest remote pixel
  and that (Schmidt, Circulation 2007;115:2006); on PSIR half-way between remote and maximum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cmr.anatomy import Mask
from cmr.components import DIAGONAL_IN_PLANE
from cmr.results_scar import GrayDefinition
from cmr.scar.islands import without_islands
from cmr.scar.settings import IslandSettings
from cmr.scar.thresholds import Wall, above_sd, half_maximum
from cmr.volume import FloatArray
from cmr.wall.left_ventricle import LeftVentricle


@dataclass(frozen=True, eq=False)
class CoreAndGray:
    """``(z, row, col)`` masks; core holds the no-reflow. ``reason`` says why there are none."""

    core: Mask
    gray: Mask
    reason: str = ""


def core_and_gray(
    definition: GrayDefinition,
    wall: Wall,
    no_reflow: Mask,
    left_ventricle: LeftVentricle,
    settings: IslandSettings,
) -> CoreAndGray:
    """Divide the scar of a wall."""
    if not wall.enhanced.any():
        return CoreAndGray(np.zeros_like(wall.inner), np.zeros_like(wall.inner))
    low, high = _limits(definition, wall)
    bright = left_ventricle.wall & (wall.values > low[:, None, None])
    kept = without_islands(bright, wall.inner, left_ventricle, settings)
    core = (kept & (wall.values > high[:, None, None])) | no_reflow
    gray = kept & ~core
    if definition == "yan":
        gray = _touching(gray, core)
    return CoreAndGray(core, gray)


def _limits(definition: GrayDefinition, wall: Wall) -> tuple[FloatArray, FloatArray]:
    if definition == "schmidt":
        high = half_maximum(wall)
        return np.minimum(wall.remote.peak, high), high
    return above_sd(2)(wall), above_sd(3)(wall)


def _touching(gray: Mask, core: Mask) -> Mask:
    """Parts of ``gray`` that have a neighbour in ``core``, slice by slice."""
    parts, count = ndimage.label(gray, DIAGONAL_IN_PLANE)
    near = ndimage.binary_dilation(core, DIAGONAL_IN_PLANE)
    keep = np.zeros(count + 1, bool)
    keep[np.unique(parts[near & gray])] = True
    keep[0] = False
    return np.asarray(keep[parts])
