"""Where the mapping slices lie, and the AHA segments of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray, StackGeometry
from phantom.heart import Ventricles
from phantom.imaging import STILL_CYCLE_TIME
from phantom.planes import short_axis_slices, slice_steps_mm
from phantom.render import Scene
from phantom.settings import PhantomSettings
from phantom.subject import PhantomSubject

# Depth of the basal, mid and apical slice as a share of the long axis. A slice is moved to the
# position of the cine stack that lies within this distance, as an operator copies positions.
_DEPTH_SHARES = (0.24, 0.48, 0.72)
_COPIED_WITHIN_MM = 5.0
Level = Literal["basal", "mid", "apical"]
LEVELS: tuple[Level, ...] = ("basal", "mid", "apical")

# AHA numbers from the anterior RV insertion through the septum and around (Cerqueira 2002): sectors
# of 60 degrees from the insertion on; at the apex of 90 degrees, the septal one around the same
# middle as the two septal ones of the other levels.
_RING = np.array([2, 3, 4, 5, 6, 1], np.uint8)
_APICAL_RING = np.array([14, 15, 16, 13], np.uint8)
_APICAL_START_DEG = 15.0


@dataclass(frozen=True)
class MappedSlice:
    """One slice: ``level`` indexes ``LEVELS``; polar angle (radians) of the anterior insertion.

    The insertion is where the RV cavity ends on the LV epicardium at the middle of the slice.
    """

    level: int
    insertion: float

    @property
    def numbers(self) -> tuple[int, ...]:
        """AHA numbers of the level, ascending."""
        first = 1 + 6 * self.level
        return tuple(range(first, first + (4 if LEVELS[self.level] == "apical" else 6)))

    def segments(self, u: FloatArray, v: FloatArray) -> npt.NDArray[np.uint8]:
        """AHA segment of points in heart coordinates, wherever they lie in the slice."""
        degrees = np.rad2deg(np.arctan2(v, u) - self.insertion)
        apical = LEVELS[self.level] == "apical"
        first, width = (_APICAL_START_DEG, 90) if apical else (0.0, 60)
        sector = np.int_(np.mod(degrees - first, 360) // width)
        ring = _APICAL_RING if apical else _RING + np.uint8(6 * self.level)
        # A tiny negative angle is rounded to 360 degrees.
        return np.asarray(ring[sector % len(ring)])


def mapping_stack(
    settings: PhantomSettings, subject: PhantomSubject, turn_deg: float
) -> StackGeometry:
    """Three slices; their order along the normal may be base to apex or the other way round."""
    shape, planning = subject.scene.shape, subject.planning
    wanted_mm = np.array(_DEPTH_SHARES) * shape.length_mm
    cine_mm = slice_steps_mm(settings, shape, planning)
    nearest_mm = cine_mm[np.argmin(np.abs(cine_mm[:, None] - wanted_mm), axis=0)]
    near = np.abs(nearest_mm - wanted_mm) <= _COPIED_WITHIN_MM
    turned = replace(planning, in_plane_turn=planning.in_plane_turn + np.deg2rad(turn_deg))
    return short_axis_slices(
        settings, subject.scene.pose, shape, turned, np.where(near, nearest_mm, wanted_mm)
    )


def imaged_ventricles(scene: Scene) -> Ventricles:
    """The heart at the instant of the mapping images, diastasis."""
    return scene.shape.at(STILL_CYCLE_TIME)


def mapped_slices(scene: Scene, geometry: StackGeometry) -> tuple[MappedSlice, ...]:
    """Level and insertion of each slice, in the order of the stack."""
    ventricles, depths_mm = imaged_ventricles(scene), slice_depths_mm(scene, geometry)
    ranks = np.argsort(np.argsort(depths_mm))
    return tuple(
        MappedSlice(int(rank), insertion_angle(ventricles, float(depth)))
        for rank, depth in zip(ranks, depths_mm, strict=True)
    )


def slice_depths_mm(scene: Scene, geometry: StackGeometry) -> FloatArray:
    """``(z,)`` where the LV axis meets the middle of each slice, from the end-diastolic base."""
    steps_mm = (geometry.positions_mm - scene.pose.base_mm) @ geometry.normal
    return np.asarray(steps_mm / (scene.pose.axes[2] @ geometry.normal))


def insertion_angle(ventricles: Ventricles, depth_mm: float) -> float:
    """Polar angle of the anterior RV insertion at a depth below the end-diastolic base, radians.

    ``v`` points to the diaphragm, so that the anterior end of the RV has a negative angle.
    """
    crescent, stretch = ventricles.crescent, 1 + ventricles.shape.ellipticity
    along = np.clip((depth_mm - crescent.base_mm) / crescent.length_mm, 0, 1)
    half_angle = float(crescent.along(along)[1])
    return float(np.arctan2(-np.sin(half_angle) / stretch, np.cos(half_angle) * stretch))
