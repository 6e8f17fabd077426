"""Which points of the wall are damaged, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray
from phantom.heart import Ventricles
from phantom.scar_settings import Lesion, LesionKind

# Foci of a patchy lesion: so many around and along it, where a product of three half waves, one
# across the wall, exceeds this.
_FOCI = 4
_FOCUS_LEVEL = 0.35
_ALL_AROUND_DEG = 180.0

DamageMap = npt.NDArray[np.uint8]


class Damage(IntEnum):
    """State of a point of the wall; the higher wins."""

    HEALTHY = 0
    GRAY = 1
    CORE = 2
    NO_REFLOW = 3


@dataclass(frozen=True, eq=False)
class WallPoints:
    """Points within the wall of the left ventricle, arrays of one shape.

    Parameters
    ----------
    angle_deg
        From the anterior RV insertion towards the septum.
    radius_mm, inner_mm, thickness_mm
        Along the radius: distance from the axis, that of the endocardium (0 beyond the cavity's
        apex), and from there to the epicardium.
    along_mm, length_mm
        Distance from the base along the axis, and the whole length.
    """

    angle_deg: FloatArray
    radius_mm: FloatArray
    inner_mm: FloatArray
    thickness_mm: FloatArray
    along_mm: FloatArray
    length_mm: float

    @property
    def depth(self) -> FloatArray:
        """0 at the endocardium, 1 at the epicardium."""
        return np.asarray((self.radius_mm - self.inner_mm) / self.thickness_mm)


def wall_points(
    ventricles: Ventricles, insertion: float, u: FloatArray, v: FloatArray, w: FloatArray
) -> WallPoints:
    """Place in the wall of points in heart coordinates; ``insertion`` in radians.

    Angles and radii are those of the frame in which sections of the ventricle are circles.
    """
    stretch = 1 + ventricles.shape.ellipticity
    u_round, v_round = u / stretch, v * stretch
    reference = np.arctan2(np.sin(insertion) * stretch, np.cos(insertion) / stretch)
    inner = ventricles.endocardium.section_radius_mm(w)
    return WallPoints(
        angle_deg=np.rad2deg(np.arctan2(v_round, u_round) - reference),
        radius_mm=np.hypot(u_round, v_round),
        inner_mm=inner,
        thickness_mm=ventricles.epicardium.section_radius_mm(w) - inner,
        along_mm=w - ventricles.base_mm,
        length_mm=ventricles.epicardium.length_mm,
    )


def damage_at(lesions: Sequence[Lesion], points: WallPoints) -> DamageMap:
    """:class:`Damage` of each point."""
    found = np.full(points.radius_mm.shape, Damage.HEALTHY, np.uint8)
    for lesion in lesions:
        np.maximum(found, _damage(lesion, points), out=found)
    return found


def _damage(lesion: Lesion, points: WallPoints) -> DamageMap:
    sides_mm = _sides_mm(lesion, points)
    inside = np.min([*sides_mm.values()], axis=0) >= 0
    found = np.where(inside, Damage.CORE, Damage.HEALTHY).astype(np.uint8)
    if lesion.kind is LesionKind.PATCHY:
        found[~_in_focus(lesion, points)] = Damage.HEALTHY
        return found
    low, high = lesion.depth_range
    at_surface = {"inner": low == 0, "outer": high == 1}
    bordering = [mm for name, mm in sides_mm.items() if not at_surface.get(name, False)]
    found[inside & (np.min(bordering, axis=0) < lesion.gray_zone_mm)] = Damage.GRAY
    if lesion.no_reflow:
        deep = np.min([*sides_mm.values()], axis=0) >= lesion.no_reflow_rim_mm
        found[inside & deep & _in_middle(lesion, points)] = Damage.NO_REFLOW
    return found


def _in_middle(lesion: Lesion, points: WallPoints) -> npt.NDArray[np.bool_]:
    """The middle half around the axis and along it."""
    around = np.abs(_turn_deg(lesion, points)) <= lesion.half_width_deg / 2
    first, last = np.array(lesion.along) * points.length_mm
    beside_mm = np.abs(points.along_mm - (first + last) / 2)
    return np.asarray(around & (beside_mm <= (last - first) / 4))


def _sides_mm(lesion: Lesion, points: WallPoints) -> dict[str, FloatArray]:
    """Distance inside each surface of the lesion's sector; negative outside."""
    low, high = lesion.depth_range
    first, last = lesion.along
    aside_mm = np.deg2rad(lesion.half_width_deg - np.abs(_turn_deg(lesion, points)))
    all_around = lesion.half_width_deg == _ALL_AROUND_DEG
    return {
        "aside": np.where(all_around, np.inf, aside_mm * points.radius_mm),
        "inner": (points.depth - low) * points.thickness_mm,
        "outer": (high - points.depth) * points.thickness_mm,
        "basal": points.along_mm - first * points.length_mm,
        "apical": last * points.length_mm - points.along_mm,
    }


def _turn_deg(lesion: Lesion, points: WallPoints) -> FloatArray:
    """Angle from the middle of the lesion, -180 to 180."""
    return np.asarray(np.mod(points.angle_deg - lesion.centre_deg + 180, 360) - 180)


def _in_focus(lesion: Lesion, points: WallPoints) -> npt.NDArray[np.bool_]:
    low, high = lesion.depth_range
    first, last = lesion.along
    around = (_turn_deg(lesion, points) / lesion.half_width_deg + 1) / 2
    along = (points.along_mm / points.length_mm - first) / (last - first)
    across = (points.depth - low) / (high - low)
    waves = np.sin(np.pi * _FOCI * around) * np.sin(np.pi * _FOCI * along) * np.sin(np.pi * across)
    return np.asarray(np.abs(waves) > _FOCUS_LEVEL)
