"""AHA levels and RV insertions of the late-enhancement slices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cmr.labels import Label
from cmr.volume import FloatArray, StackGeometry
from phantom.heart import Ventricles
from phantom.mapping_heart import (
    LEVELS,
    MappedSlice,
    imaged_ventricles,
    insertion_angle,
    slice_depths_mm,
)
from phantom.render import Scene

# Where the RV touches less of the wall, its ends tell nothing of the septum.
_LEAST_HALF_ARC_DEG = 30.0


def reference_insertion(ventricles: Ventricles) -> float:
    """Angle (radians) that lesions are counted from: the insertion at half of the LV's length."""
    return insertion_angle(ventricles, ventricles.shape.length_mm / 2)


def late_slices(
    scene: Scene, geometry: StackGeometry, labels: npt.NDArray[np.uint8]
) -> tuple[MappedSlice | None, ...]:
    """Level and insertion of each slice of labels ``(z, row, col)``; None without LV cavity.

    Levels are thirds of the slices with cavity, each slice as long as it stands for; a single one
    is mid. Slices whose RV arc is narrow take the insertion of the nearest slice whose is not.
    """
    ventricles, depths_mm = imaged_ventricles(scene), slice_depths_mm(scene, geometry)
    held = (labels == Label.LV).any(axis=(1, 2))
    levels = slice_levels(depths_mm, geometry.slice_extents_mm, held)
    wide = [depth for depth in depths_mm if _half_arc_deg(ventricles, depth) >= _LEAST_HALF_ARC_DEG]
    places = []
    for depth, level in zip(depths_mm, levels, strict=True):
        nearest = min(wide or depths_mm, key=lambda other: abs(other - depth))
        angle = insertion_angle(ventricles, float(nearest))
        places.append(None if level is None else MappedSlice(level, angle))
    return tuple(places)


def _half_arc_deg(ventricles: Ventricles, depth_mm: float) -> float:
    crescent = ventricles.crescent
    share = np.asarray((depth_mm - crescent.base_mm) / crescent.length_mm)
    return float(np.rad2deg(crescent.along(share)[1]))


def slice_levels(
    depths_mm: FloatArray, extents_mm: FloatArray, held: npt.NDArray[np.bool_]
) -> list[int | None]:
    """Thirds of the slices that hold the LV, as indices of ``LEVELS``; a single slice is mid."""
    found: list[int | None] = [None] * len(depths_mm)
    if len(depths_mm) == 1:
        return [LEVELS.index("mid") if held[0] else None]
    if held.any():
        start = (depths_mm - extents_mm / 2)[held].min()
        length = (depths_mm + extents_mm / 2)[held].max() - start
        for z in np.flatnonzero(held):
            found[z] = int(np.clip(3 * (depths_mm[z] - start) / length, 0, 2))
    return found
