"""One late-enhancement slice, point by point: its damage, its pixels, its areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cmr.labels import Label
from cmr.scar.labels import ScarLabel
from cmr.volume import FloatArray, StackGeometry
from phantom.mapping_heart import MappedSlice, imaged_ventricles
from phantom.render import Scene, binned
from phantom.sampled_plane import SampledPlane, majority_labels, sample_plane
from phantom.scar_heart import reference_insertion
from phantom.scar_lesion import Damage, DamageMap, WallPoints, damage_at, wall_points
from phantom.scar_settings import Lesion
from phantom.scar_signal import with_damage
from phantom.tissue import Part

_AHA_NUMBERS = 17
_THIRDS = 3
_SCAR_LABELS = {
    Label.LV: ScarLabel.LV,
    Label.MYOCARDIUM: ScarLabel.MYOCARDIUM,
}


@dataclass(frozen=True, eq=False)
class WallArea:
    """Areas in one slice, means over its thickness, mm2.

    Parameters
    ----------
    damage_mm2
        ``(4,)`` wall by :class:`Damage`.
    segments_mm2
        ``(17, 4)`` the same by AHA number; without number under 0.
    layers_mm2
        ``(3,)`` scar (no-reflow with it) in the endocardial, middle and epicardial third of the
        wall, where it surrounds a cavity.
    """

    damage_mm2: FloatArray
    segments_mm2: FloatArray
    layers_mm2: FloatArray


@dataclass(frozen=True, eq=False)
class ScarSlice:
    """Points of a slice with their damage, healthy outside the wall.

    ``points`` are those of the wall; None where the slice has nothing of the heart.
    """

    plane: SampledPlane
    damage: DamageMap
    points: WallPoints | None

    def signal(self, signals: FloatArray) -> npt.NDArray[np.float32]:
        """``(row, col)`` mean signal; ``signals`` as in ``LateContrast``."""
        return binned(signals.astype(np.float32)[with_damage(self.plane.tissue, self.damage)])

    @cached_property
    def wall_labels(self) -> npt.NDArray[np.uint8]:
        """``(row, col)`` of :class:`cmr.labels.Label`."""
        return majority_labels(self.plane.label)

    @property
    def share(self) -> npt.NDArray[np.float32]:
        """``(row, col)`` scar, no-reflow with it, over the wall in the pixel; 0 without wall."""
        wall, scar = self._part(self._wall), self._part(self.damage > Damage.HEALTHY)
        return np.divide(scar, wall, out=np.zeros_like(scar), where=wall > 0)

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """``(row, col)`` of :class:`cmr.scar.labels.ScarLabel`; wall is what most of it is."""
        out = np.full(self.wall_labels.shape, ScarLabel.BACKGROUND, np.uint8)
        for label, name in _SCAR_LABELS.items():
            out[self.wall_labels == label] = name
        dark = self._part(self.damage == Damage.NO_REFLOW)
        scar = self._part(self.damage > Damage.HEALTHY)
        mostly = (self.wall_labels == Label.MYOCARDIUM) & (scar > self._part(self._wall) / 2)
        out[mostly] = np.where(dark > scar / 2, ScarLabel.NO_REFLOW, ScarLabel.INFARCT)[mostly]
        return out

    @property
    def _wall(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.plane.label == Label.MYOCARDIUM)

    @staticmethod
    def _part(points: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        return binned(points.astype(np.float32))

    def area(self, place: MappedSlice | None, point_mm2: float) -> WallArea:
        """Sums over the points; ``point_mm2`` is what each of a layer stands for."""
        heart, points = self.plane.heart, self.points
        if heart is None or points is None:
            return WallArea(np.zeros(4), np.zeros((_AHA_NUMBERS, 4)), np.zeros(_THIRDS))
        wall = heart.part == Part.LV_WALL
        damage = self.damage[heart.inside][wall].astype(np.int_)
        number = np.zeros_like(damage)
        if place is not None:
            number = place.segments(heart.u[wall], heart.v[wall]).astype(np.int_)
        each_mm2 = point_mm2 / len(self.damage)
        segments = np.bincount(number * len(Damage) + damage, minlength=_AHA_NUMBERS * len(Damage))
        layered = (damage > Damage.HEALTHY) & (points.inner_mm > 0)
        third = np.clip(_THIRDS * points.depth[layered], 0, _THIRDS - 1).astype(np.int_)
        return WallArea(
            np.bincount(damage, minlength=len(Damage)) * each_mm2,
            segments.reshape(_AHA_NUMBERS, len(Damage)) * each_mm2,
            np.bincount(third, minlength=_THIRDS) * each_mm2,
        )


def sample_scar(
    scene: Scene, geometry: StackGeometry, z: int, shift_mm: FloatArray, lesions: Sequence[Lesion]
) -> ScarSlice:
    """Slice ``z`` of a body displaced by ``shift_mm`` ``(3,)``, in diastasis."""
    ventricles = imaged_ventricles(scene)
    plane = sample_plane(scene, geometry, z, shift_mm, ventricles)
    damage = np.full(plane.tissue.shape, Damage.HEALTHY, np.uint8)
    heart = plane.heart
    if heart is None:
        return ScarSlice(plane, damage, None)
    wall = heart.part == Part.LV_WALL
    insertion = reference_insertion(ventricles)
    points = wall_points(ventricles, insertion, heart.u[wall], heart.v[wall], heart.w[wall])
    damage[heart.inside][wall] = damage_at(lesions, points)
    return ScarSlice(plane, damage, points)
