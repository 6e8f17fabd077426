"""How deep the damage reaches along radii: transmurality of the continuous lesions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray, StackGeometry
from phantom.mapping_heart import MappedSlice, imaged_ventricles, slice_depths_mm
from phantom.render import THROUGH_PLANE_POINTS, Scene
from phantom.scar_heart import reference_insertion
from phantom.scar_lesion import Damage, damage_at, wall_points
from phantom.scar_settings import Lesion

_CHORDS = 360
_STEP_MM = 0.1
_REACH_MM = 60.0


@dataclass(frozen=True, eq=False)
class Chords:
    """``(n,)`` radii of one slice: share of the wall that is scar, and AHA segment."""

    share: FloatArray
    segment: npt.NDArray[np.uint8]


def slice_chords(
    scene: Scene, geometry: StackGeometry, z: int, place: MappedSlice, lesions: Sequence[Lesion]
) -> Chords:
    """One radius a degree of slice ``z``, in its plane, about the axis of the ventricle.

    A share is the mean over the thickness of the slice, as far as a whole wall surrounds a cavity
    there, not cut by the base; radii without any are left out.
    """
    layers_mm = (np.arange(THROUGH_PLANE_POINTS) + 0.5) / THROUGH_PLANE_POINTS - 0.5
    layers = [
        _layer(scene, geometry, z, float(offset_mm), lesions)
        for offset_mm in layers_mm * geometry.slice_thickness_mm
    ]
    shares = np.array([share for share, _ in layers])
    known = np.isfinite(shares)
    held = known.any(axis=0)
    share = np.where(known, shares, 0).sum(axis=0)[held] / known.sum(axis=0)[held]
    middle = layers[len(layers) // 2][1]
    return Chords(share, place.segments(middle[0], middle[1])[held])


def _layer(
    scene: Scene, geometry: StackGeometry, z: int, offset_mm: float, lesions: Sequence[Lesion]
) -> tuple[FloatArray, FloatArray]:
    """``(n,)`` shares, NaN where there is none; ``(3, n)`` directions in heart coordinates."""
    ventricles, axes = imaged_ventricles(scene), scene.pose.axes
    down, along = axes @ geometry.column_cosine, axes @ geometry.row_cosine
    angle = np.arange(_CHORDS) * 2 * np.pi / _CHORDS
    direction = np.multiply.outer(along, np.cos(angle)) + np.multiply.outer(down, np.sin(angle))
    step = offset_mm / float(axes[2] @ geometry.normal)
    centre_mm = float(slice_depths_mm(scene, geometry)[z]) + step
    radii_mm = (np.arange(int(_REACH_MM / _STEP_MM)) + 0.5) * _STEP_MM
    u, v, w = np.multiply.outer(direction, radii_mm)
    points = wall_points(ventricles, reference_insertion(ventricles), u, v, w + centre_mm)
    wall = (points.depth >= 0) & (points.depth < 1) & (points.inner_mm > 0)
    whole = wall.any(axis=1) & ~(wall & (points.along_mm < 0)).any(axis=1)
    scar = wall & (damage_at(lesions, points) > Damage.HEALTHY)
    share = np.full(_CHORDS, np.nan)
    np.divide(scar.sum(axis=1), wall.sum(axis=1), out=share, where=whole)
    return share, direction
