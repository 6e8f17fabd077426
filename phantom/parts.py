"""Which part of the heart a point lies in: ventricles, papillary muscles, atria, great vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray
from phantom.heart import HeartShape, RvCrescent, TruncatedEllipsoid, Ventricles
from phantom.tissue import Part

# Walls of atria and great vessels (Sicari 2009: 2-4 mm with partial volume).
_THIN_WALL_MM = 2.0
# Papillary muscle: half length as a share of the cavity, and distance from the axis as a share of
# the endocardial radius, for a body that stands off the wall by a narrow cleft.
_PAPILLARY_HALF_LENGTH = 0.20
_PAPILLARY_LEVEL = 0.48
_PAPILLARY_OFF_AXIS = 0.66
# Trabeculae fill at most this share of the cavity together with the blood between them.
_MOST_TRABECULAR = 0.9
# Full height of the RV wall at its apex end, as a share of its length.
_WALL_TAPER = 6


@dataclass(frozen=True)
class Chamber:
    """An atrium: an ellipsoid above a moving base plane. Heart coordinates at end-diastole."""

    centre: tuple[float, float, float]
    half_axes: tuple[float, float, float]
    right_sided: bool

    def level(self, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
        """Approximate distance outside the surface, mm; negative inside."""
        scaled = [
            (x - c) / a for x, c, a in zip((u, v, w), self.centre, self.half_axes, strict=True)
        ]
        radius = np.sqrt(scaled[0] ** 2 + scaled[1] ** 2 + scaled[2] ** 2)
        return np.asarray((radius - 1) * min(self.half_axes))


@dataclass(frozen=True)
class Vessel:
    """A straight tube that leaves the base upwards. Heart coordinates at end-diastole."""

    start: tuple[float, float, float]
    direction: tuple[float, float, float]
    radius_mm: float

    def level(self, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
        """Distance outside the surface, mm; negative inside. The tube has a round lower end."""
        offset = [x - s for x, s in zip((u, v, w), self.start, strict=True)]
        axis = np.asarray(self.direction) / np.linalg.norm(self.direction)
        along = np.maximum(sum(o * a for o, a in zip(offset, axis, strict=True)), 0)
        square = sum((o - along * a) ** 2 for o, a in zip(offset, axis, strict=True))
        return np.asarray(np.sqrt(square) - self.radius_mm)


def chambers_of(shape: HeartShape) -> tuple[Chamber, Chamber]:
    """Left and right atrium, sized with the left ventricle at end-diastole."""
    size = shape.at(0).endocardium.radius_mm
    left = Chamber((-0.15 * size, 0.35 * size, -18), (0.95 * size, size, 34), right_sided=False)
    right = Chamber((1.35 * size, 1.0 * size, -14), (size, 0.95 * size, 32), right_sided=True)
    return left, right


def vessels_of(shape: HeartShape) -> tuple[Vessel, Vessel]:
    """Aortic root from the LV base, outflow tract and pulmonary trunk from the RV base."""
    size = shape.at(0).endocardium.radius_mm
    aorta = Vessel((0.45 * size, -0.35 * size, -4), (0.45, -0.05, -1.0), 0.50 * size)
    trunk = Vessel((0.95 * size, -1.15 * size, 4), (-0.25, -0.05, -1.0), 0.52 * size)
    return aorta, trunk


def parts_at(
    ventricles: Ventricles, u: FloatArray, v: FloatArray, w: FloatArray
) -> npt.NDArray[np.uint8]:
    """Part of the heart at points given in heart coordinates (mm).

    Earlier rules win: left ventricle, right ventricle, great vessels, atria, then their walls and
    epicardial fat.
    """
    shape = ventricles.shape
    stretch = 1 + shape.ellipticity
    u_round, v_round = u / stretch, v * stretch
    radius = np.sqrt(u_round**2 + v_round**2)
    angle = np.arctan2(v_round, u_round)
    part = np.zeros(radius.shape, np.uint8)
    _paint_fat_and_rv(part, ventricles, radius, angle, w)
    if w.min() < max(ventricles.base_mm, ventricles.crescent.base_mm):
        _paint_above_base(part, ventricles, u, v, w)
    _paint_lv(part, ventricles, (u_round, v_round, w), radius)
    return part


def _paint_fat_and_rv(
    part: npt.NDArray[np.uint8],
    ventricles: Ventricles,
    radius: FloatArray,
    angle: FloatArray,
    w: FloatArray,
) -> None:
    shape, crescent = ventricles.shape, ventricles.crescent
    epicardial = crescent.epicardium.section_radius_mm(w)
    layer = crescent.border_mm(w, angle)
    wall = np.where(layer > 0, _wall_mm(shape.rv_wall_mm, crescent, w), 0)
    first, second = shape.fat_angles
    # Most fat lies on the right ventricle, in uneven cushions; little on the LV free wall.
    lumps = 0.6 + 0.6 * np.cos(angle - first) + 0.4 * np.cos(2 * angle - second)
    fat = shape.fat_mm * np.clip(lumps, 0, None) * (epicardial > 0)
    outside = radius - epicardial
    below_base = w >= min(crescent.base_mm, ventricles.base_mm) - 4
    part[below_base & (outside < layer + wall + fat)] = Part.FAT
    rv_length = (w >= crescent.base_mm) & (outside >= 0)
    part[rv_length & (outside < layer + wall)] = Part.RV_WALL
    part[rv_length & (outside < layer)] = Part.RV_CAVITY


def _wall_mm(wall_mm: float, crescent: RvCrescent, w: FloatArray) -> FloatArray:
    x = np.clip((w - crescent.base_mm) / crescent.length_mm, 0, 1)
    return np.asarray(wall_mm * np.sqrt(1 - x**_WALL_TAPER))


def _paint_above_base(
    part: npt.NDArray[np.uint8],
    ventricles: Ventricles,
    u: FloatArray,
    v: FloatArray,
    w: FloatArray,
) -> None:
    """Atria and vessels fill what the ventricles leave: above the base plane of their side."""
    shape = ventricles.shape
    bases = {False: ventricles.base_mm, True: ventricles.crescent.base_mm}
    lv_outside = u**2 + v**2 > ventricles.epicardium.section_radius_mm(w) ** 2
    taken = (part == Part.RV_CAVITY) | (part == Part.RV_WALL)
    hollow = [(c.level(u, v, w), w < bases[c.right_sided], Part.ATRIUM) for c in chambers_of(shape)]
    aorta, trunk = vessels_of(shape)
    hollow.append((trunk.level(u, v, w), w < bases[True], Part.VESSEL))
    hollow.append((aorta.level(u, v, w), w < bases[False], Part.VESSEL))
    for level, above, kind in hollow:
        free = above & ~taken & (lv_outside | (w < ventricles.base_mm))
        part[free & (level < _THIN_WALL_MM)] = Part.THIN_WALL
        part[free & (level < 0)] = kind


def _paint_lv(
    part: npt.NDArray[np.uint8],
    ventricles: Ventricles,
    point: tuple[FloatArray, FloatArray, FloatArray],
    radius: FloatArray,
) -> None:
    w = point[2]
    below = w >= ventricles.base_mm
    part[below & (radius < ventricles.epicardium.section_radius_mm(w))] = Part.LV_WALL
    cavity = below & (radius < ventricles.endocardium.section_radius_mm(w))
    part[cavity] = Part.LV_CAVITY
    part[cavity & _in_trabeculae(ventricles, point, radius)] = Part.TRABECULAE
    for volume_ml, angle in zip(
        ventricles.shape.papillary_ml, ventricles.shape.papillary_angles, strict=True
    ):
        part[cavity & _in_papillary(ventricles.endocardium, volume_ml, angle, point)] = (
            Part.PAPILLARY
        )


def _in_trabeculae(
    ventricles: Ventricles,
    point: tuple[FloatArray, FloatArray, FloatArray],
    radius: FloatArray,
) -> npt.NDArray[np.bool_]:
    """Ridges along the cavity's wall that fill half of a layer of it, their volume constant.

    A layer of ``d`` of the radius holds ``2d - d^2`` of the cavity's volume at every level, so
    half of that for the ridges gives ``d``; in systole they crowd together.
    """
    shape = ventricles.shape
    share = min(2 * shape.trabecular_ml / ventricles.lv_ml, _MOST_TRABECULAR)
    depth = 1 - np.sqrt(1 - share)
    count, start, twist = shape.trabecular_waves
    u, v, w = point
    ridges = np.sin(count * np.arctan2(v, u) + start + twist * w)
    inner_mm = (1 - depth) * ventricles.endocardium.section_radius_mm(w)
    return np.asarray((radius > inner_mm) & (ridges > 0))


def _in_papillary(
    endocardium: TruncatedEllipsoid,
    volume_ml: float,
    angle: float,
    point: tuple[FloatArray, FloatArray, FloatArray],
) -> npt.NDArray[np.bool_]:
    """Inside an ellipsoid of constant volume that shortens with the cavity and follows its wall."""
    half_length = _PAPILLARY_HALF_LENGTH * endocardium.length_mm
    half_width = np.sqrt(volume_ml * 1000 / (4 / 3 * np.pi * half_length))
    level = endocardium.base_mm + _PAPILLARY_LEVEL * endocardium.length_mm
    off_axis = _PAPILLARY_OFF_AXIS * endocardium.section_radius_mm(np.asarray(level))
    u, v, w = point
    across = (u - off_axis * np.cos(angle)) ** 2 + (v - off_axis * np.sin(angle)) ** 2
    return np.asarray(across / half_width**2 + ((w - level) / half_length) ** 2 < 1)
