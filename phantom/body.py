"""The chest around the heart, in patient coordinates (LPS, mm), and the heart's place in it.

Still: images are taken in breath-hold. Origin in the middle of the chest at heart level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray
from phantom.appearance import BodyRanges, draw
from phantom.heart import HeartShape
from phantom.tissue import Tissue

_LUNG_VESSELS = 140
_LIVER_VESSELS = 30
# The heart starts this far in front and is moved back to its place behind the chest wall.
_FRONT_MM = 40.0
_RIB_PITCH_MM = 27.0
# Rib cross-section: share of the pitch, and the part of it that is marrow.
_RIB_SHARE = 0.42
_MARROW_SHARE = 0.24


@dataclass(frozen=True, eq=False)
class HeartPose:
    """Where the heart lies: ``axes`` rows are u, v, w in patient coordinates."""

    base_mm: FloatArray
    axes: FloatArray

    def to_heart(self, points_mm: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Heart coordinates (u, v, w) of ``(..., 3)`` patient coordinates."""
        local = (points_mm - self.base_mm.astype(points_mm.dtype)) @ self.axes.T.astype(
            points_mm.dtype
        )
        return local[..., 0], local[..., 1], local[..., 2]

    def to_patient(self, local_mm: FloatArray) -> FloatArray:
        """Patient coordinates of ``(..., 3)`` heart coordinates."""
        return np.asarray(self.base_mm + local_mm @ self.axes)


@dataclass(frozen=True, eq=False)
class Body:
    """Sizes of one chest; blobs are ``(n, 4)`` centres and radii."""

    half_width_mm: float
    half_depth_mm: float
    fat_mm: float
    wall_mm: float
    right_dome_mm: float
    left_dome_mm: float
    aorta_radius_mm: float
    lung_blobs: FloatArray
    liver_blobs: FloatArray
    pose: HeartPose
    height_m: float
    weight_kg: float

    def tissue_at(self, points_mm: FloatArray) -> npt.NDArray[np.uint8]:
        """Tissue at ``(row, col, 3)`` points of a regular plane grid, the heart left out."""
        x, y, z = points_mm[..., 0], points_mm[..., 1], points_mm[..., 2]
        tissue = np.full(x.shape, Tissue.AIR, np.uint8)
        skin = self.shell(x, y, 0.0)
        inside = self.shell(x, y, self.fat_mm)
        cavity = self.shell(x, y, self.fat_mm + self.wall_mm)
        tissue[skin < 1] = Tissue.FAT
        tissue[inside < 1] = Tissue.MUSCLE
        self._paint_ribs(tissue, (x, y, z), inside, cavity)
        chest = cavity < 1
        tissue[chest] = Tissue.LUNG
        self._paint_blobs(tissue, points_mm, chest, self.lung_blobs, Tissue.BLOOD)
        self._paint_mediastinum(tissue, points_mm, chest)
        self._paint_abdomen(tissue, points_mm, chest)
        self._paint_spine(tissue, (x, y, z))
        return tissue

    def shell(self, x: FloatArray, y: FloatArray, depth_mm: float) -> FloatArray:
        """Below 1 inside the chest outline, shrunk by ``depth_mm``; a rounded box."""
        a, b = self.half_width_mm - depth_mm, self.half_depth_mm - depth_mm
        return np.asarray(np.abs(x / a) ** 2.6 + np.abs(y / b) ** 2.6)

    def _paint_ribs(
        self,
        tissue: npt.NDArray[np.uint8],
        point: tuple[FloatArray, FloatArray, FloatArray],
        inside: FloatArray,
        cavity: FloatArray,
    ) -> None:
        """Slanted rings in the inner half of the chest wall: cortex around marrow."""
        x, y, z = point
        middle = self.shell(x, y, self.fat_mm + 0.5 * self.wall_mm)
        ring = (middle < 1) & (cavity > 1) & (inside < 1)
        slanted = (z + 0.45 * y) / _RIB_PITCH_MM
        off_centre = np.abs(slanted - np.round(slanted))
        tissue[ring & (off_centre < _RIB_SHARE / 2)] = Tissue.BONE
        tissue[ring & (off_centre < _MARROW_SHARE / 2)] = Tissue.MARROW

    def _paint_blobs(
        self,
        tissue: npt.NDArray[np.uint8],
        points_mm: FloatArray,
        where: npt.NDArray[np.bool_],
        blobs: FloatArray,
        kind: Tissue,
    ) -> None:
        """Vessels cut across: spheres, each tested only in its window of the regular grid."""
        origin = points_mm[0, 0]
        steps = (points_mm[1, 0] - origin, points_mm[0, 1] - origin)
        normal = np.cross(*(s / np.linalg.norm(s) for s in steps))
        for *centre, radius in blobs:
            offset = np.asarray(centre) - origin
            if abs(offset @ normal) >= radius:
                continue
            window = tuple(
                _window(float(offset @ step / (step @ step)), radius / float(np.linalg.norm(step)))
                for step in steps
            )
            distance = np.linalg.norm(points_mm[window] - np.asarray(centre), axis=-1)
            tissue[window][where[window] & (distance < radius)] = kind

    def _paint_mediastinum(
        self, tissue: npt.NDArray[np.uint8], points_mm: FloatArray, chest: npt.NDArray[np.bool_]
    ) -> None:
        """Fat between the lungs and behind the breastbone, descending aorta, vena cava."""
        x, y, _ = points_mm[..., 0], points_mm[..., 1], points_mm[..., 2]
        waist = np.where(y < 0, 10.0, 24.0) + 12 * (y / self.half_depth_mm) ** 2
        tissue[chest & (np.abs(x) < waist)] = Tissue.FAT
        self._paint_tube(tissue, points_mm, (22.0, self._spine_y() - 26), self.aorta_radius_mm)
        self._paint_tube(tissue, points_mm, (-28.0, self._spine_y() - 42), 10.0)

    def _paint_tube(
        self,
        tissue: npt.NDArray[np.uint8],
        points_mm: FloatArray,
        centre_mm: tuple[float, float],
        radius_mm: float,
    ) -> None:
        """A vertical vessel with a wall of 2 mm."""
        square = (points_mm[..., 0] - centre_mm[0]) ** 2 + (points_mm[..., 1] - centre_mm[1]) ** 2
        tissue[square < (radius_mm + 2) ** 2] = Tissue.MUSCLE
        tissue[square < radius_mm**2] = Tissue.BLOOD

    def _spine_y(self) -> float:
        return self.half_depth_mm - self.fat_mm - 54

    def _paint_abdomen(
        self, tissue: npt.NDArray[np.uint8], points_mm: FloatArray, chest: npt.NDArray[np.bool_]
    ) -> None:
        """Liver, stomach and spleen under a diaphragm with two domes; fat between them."""
        x, y, z = points_mm[..., 0], points_mm[..., 1], points_mm[..., 2]
        depth = self._dome(x, y) - z
        below = chest & (depth > 0)
        tissue[below] = Tissue.SPLEEN
        tissue[below & (y > 20 + 0.3 * np.abs(x))] = Tissue.FAT
        tissue[below & (depth < 9) & (x > 20)] = Tissue.FAT
        liver = below & (x < 45 - 0.35 * depth) & (depth > 3)
        tissue[liver] = Tissue.LIVER
        self._paint_blobs(tissue, points_mm, liver, self.liver_blobs, Tissue.BLOOD)
        stomach = _within(points_mm, (80, -15, self.left_dome_mm - 58), (52, 62, 52))
        tissue[below & (depth > 4) & (stomach < 1)] = Tissue.STOMACH
        spleen = _within(points_mm, (100, 55, self.left_dome_mm - 55), (34, 34, 48))
        tissue[below & (depth > 4) & (spleen < 1)] = Tissue.SPLEEN
        tissue[below & (depth < 2.5)] = Tissue.MUSCLE
        self._paint_tube(tissue, points_mm, (22.0, self._spine_y() - 26), self.aorta_radius_mm)
        self._paint_tube(tissue, points_mm, (-28.0, self._spine_y() - 42), 10.0)

    def _dome(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Height of the diaphragm: two domes, joined, falling off towards the back."""
        right = self.right_dome_mm - 0.006 * (x + 75) ** 2
        left = self.left_dome_mm - 0.006 * (x - 80) ** 2
        return np.asarray(np.maximum(right, left) - 0.006 * (y + 10) ** 2)

    def _paint_spine(
        self,
        tissue: npt.NDArray[np.uint8],
        point: tuple[FloatArray, FloatArray, FloatArray],
    ) -> None:
        """Back muscles, vertebral bodies with discs, spinal canal."""
        x, y, z = point
        centre = self._spine_y()
        inside = self.shell(x, y, self.fat_mm) < 1
        muscles = inside & (((np.abs(x) - 30) / 30) ** 2 + ((y - centre - 32) / 24) ** 2 < 1)
        tissue[muscles] = Tissue.MUSCLE
        tissue[inside & (np.abs(x) < 14) & (y > centre + 10)] = Tissue.MUSCLE
        square = x**2 + (y - centre) ** 2
        tissue[square < 19.0**2] = Tissue.BONE
        disc = np.abs(z / 30.0 - np.round(z / 30.0)) > 0.41
        tissue[(square < 17.0**2) & ~disc] = Tissue.MARROW
        canal = x**2 + (y - centre - 27) ** 2
        tissue[canal < 10.0**2] = Tissue.BONE
        tissue[canal < 8.0**2] = Tissue.FLUID
        tissue[canal < 4.5**2] = Tissue.MUSCLE


def _window(centre: float, half_width: float) -> slice:
    return slice(max(int(centre - half_width), 0), max(int(centre + half_width) + 2, 0))


def _within(
    points_mm: FloatArray, centre: tuple[float, float, float], axes: tuple[float, ...]
) -> FloatArray:
    return np.asarray(sum(((points_mm[..., i] - centre[i]) / axes[i]) ** 2 for i in range(3)))


def draw_body(ranges: BodyRanges, shape: HeartShape, rng: np.random.Generator) -> Body:
    """One chest with this heart in it."""
    half_width_mm, half_depth_mm = draw(rng, ranges.half_width_mm), draw(rng, ranges.half_depth_mm)
    right_dome_mm = draw(rng, ranges.right_dome_mm)
    height_m = draw(rng, ranges.height_m)
    box = np.array([half_width_mm, half_depth_mm, 110.0]) * 0.85
    liver_centre = np.array([-70.0, 0.0, right_dome_mm - 60])
    body = Body(
        half_width_mm=half_width_mm,
        half_depth_mm=half_depth_mm,
        fat_mm=draw(rng, ranges.subcutaneous_fat_mm),
        wall_mm=draw(rng, ranges.chest_wall_mm),
        right_dome_mm=right_dome_mm,
        left_dome_mm=draw(rng, ranges.left_dome_mm),
        aorta_radius_mm=draw(rng, ranges.aorta_radius_mm),
        lung_blobs=_blobs(rng, _LUNG_VESSELS, np.zeros(3), box, (1.5, 3.5)),
        liver_blobs=_blobs(
            rng, _LIVER_VESSELS, liver_centre, np.array([60.0, 60.0, 50.0]), (2.5, 6)
        ),
        pose=_draw_pose(ranges, rng),
        height_m=height_m,
        weight_kg=draw(rng, ranges.body_mass_index) * height_m**2,
    )
    return _behind_chest_wall(body, shape, draw(rng, ranges.chest_gap_mm))


def _blobs(
    rng: np.random.Generator,
    count: int,
    centre: FloatArray,
    half_box: FloatArray,
    radii: tuple[float, float],
) -> FloatArray:
    centres = centre + rng.uniform(-1, 1, (count, 3)) * half_box
    return np.hstack([centres, rng.uniform(*radii, (count, 1))])


def _draw_pose(ranges: BodyRanges, rng: np.random.Generator) -> HeartPose:
    azimuth, elevation, roll = (
        np.deg2rad(draw(rng, r))
        for r in (ranges.azimuth_deg, ranges.elevation_deg, ranges.roll_deg)
    )
    w = np.array(
        [
            np.cos(elevation) * np.cos(azimuth),
            -np.cos(elevation) * np.sin(azimuth),
            -np.sin(elevation),
        ]
    )
    # The right ventricle lies to the right and in front of the left one.
    towards_rv = np.array([-0.9, -0.45, 0.0])
    u = towards_rv - (towards_rv @ w) * w
    u /= np.linalg.norm(u)
    v = np.cross(w, u)
    turned = np.cos(roll) * u + np.sin(roll) * v
    base_mm = np.array([draw(rng, ranges.base_left_mm), -_FRONT_MM, draw(rng, ranges.base_up_mm)])
    return HeartPose(base_mm, np.stack([turned, np.cross(w, turned), w]))


def _outer_surface(shape: HeartShape) -> FloatArray:
    """``(n, 3)`` points on the outside of both ventricles at end-diastole, heart coordinates."""
    ventricles = shape.at(0)
    w, angle = np.meshgrid(np.linspace(0, shape.length_mm, 30), np.linspace(-np.pi, np.pi, 60))
    radius = ventricles.epicardium.section_radius_mm(w) + ventricles.crescent.border_mm(w, angle)
    radius = radius + shape.rv_wall_mm
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), w], axis=-1).reshape(-1, 3)


def _behind_chest_wall(body: Body, shape: HeartShape, gap_mm: float) -> Body:
    """The heart moved back to ``gap_mm`` behind the chest wall."""
    surface = body.pose.to_patient(_outer_surface(shape))
    depth_mm = body.fat_mm + body.wall_mm + gap_mm
    back_mm = next(
        (
            step
            for step in np.arange(0.0, 3 * _FRONT_MM)
            if np.all(body.shell(surface[:, 0], surface[:, 1] + step, depth_mm) < 1)
        ),
        3 * _FRONT_MM,
    )
    base_mm = body.pose.base_mm + np.array([0, back_mm, 0])
    return replace(body, pose=replace(body.pose, base_mm=base_mm))
