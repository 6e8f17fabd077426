"""Masks of thick slices as one smooth field: shape-based interpolation.

Each slice becomes a field of signed distances to the outline of its mask (mm, positive inside),
and fields of neighbouring slices are mixed in proportion to height (Raya and Udupa, IEEE Trans
Med Imaging 1990;9:32; Herman et al., IEEE Comput Graph Appl 1992;12:69). The zero of the field is
the surface. A part that has nothing to meet in the neighbouring slice, or that lies in an end
slice, is closed where its slice ends: half-way to the neighbour, half a pitch beyond the stack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cmr.anatomy import Mask
from cmr.volume import FloatArray, StackGeometry

Place = Callable[[float, int, FloatArray], FloatArray]
"""Where points ``(..., 2)`` of a plane at a height have their like in a slice.

Points are mm down and along, see :class:`FineGrid`; called with height, slice and points.
"""

# Farther than any heart is wide.
_FAR_MM = 1e3
# Outside, distances count fully to this share of the depth inside. Mixing plain distances lets the
# rim of a thin sheet that reaches farther in one slice end too early: with the share, half-way.
_OUTSIDE_SHARE = 0.5
_BEYOND_SLOPE = 0.05


@dataclass(frozen=True, eq=False)
class FineGrid:
    """Points in mm along the normal, down the rows and along the columns of a stack.

    Heights are positions along the normal; the other two count from the first pixel of the first
    slice. Each is ``(n,)``, ascending by ``step_mm``.
    """

    heights_mm: FloatArray
    downs_mm: FloatArray
    alongs_mm: FloatArray
    step_mm: float

    @property
    def plane(self) -> FloatArray:
        """``(rows, columns, 2)`` points of one plane."""
        return np.stack(np.meshgrid(self.downs_mm, self.alongs_mm, indexing="ij"), axis=-1)


def straight(_height_mm: float, _slice: int, points: FloatArray) -> FloatArray:
    """The place of a point is the point itself."""
    return points


@dataclass(frozen=True, eq=False)
class ThickSlices:
    """Masks ``(z, row, col)`` of one structure on their stack."""

    masks: Mask
    geometry: StackGeometry

    def field(self, grid: FineGrid, place: Place = straight) -> FloatArray:
        """``(planes, rows, columns)`` mm, positive inside; without any mask far below zero.

        Nothing may touch the edge of the image. The stack has two slices or more.
        """
        heights = self.geometry.slice_positions_mm
        below = np.searchsorted(heights, grid.heights_mm, side="right") - 1
        field = np.empty((below.size, grid.downs_mm.size, grid.alongs_mm.size))
        for z in np.unique(below):
            between = _Between(self, int(z), place)
            for n in np.flatnonzero(below == z):
                field[n] = between.plane(float(grid.heights_mm[n]), grid.plane)
        return field

    def half_mm(self, z: int) -> float:
        """Of the gap above slice ``z``, -1 for below the first."""
        gaps = self.geometry.gaps_mm
        return float(gaps[min(max(z, 0), gaps.size - 1)]) / 2

    def mask(self, z: int) -> Mask:
        """Of a slice; empty beyond the ends."""
        held = 0 <= z < self.geometry.n_slices
        return np.asarray(self.masks[z] if held else np.zeros(self.masks.shape[1:], bool))

    def centres(self, z: int) -> FloatArray:
        """``(row, col, 2)`` mm down and along of pixels of a slice."""
        axes = [np.arange(n) * s for n, s in zip(*self.pixels, strict=True)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1) + self._origin(z)

    def sample(self, values: FloatArray, z: int, points: FloatArray) -> FloatArray:
        """Values ``(row, col)`` of a slice at ``points`` (..., 2), linear between pixels."""
        index = (points - self._origin(z)) / self.geometry.pixel_spacing_mm
        return np.asarray(
            ndimage.map_coordinates(values, np.moveaxis(index, -1, 0), order=1, mode="nearest")
        )

    @property
    def pixels(self) -> tuple[tuple[int, int], tuple[float, float]]:
        """Rows and columns, and their spacing."""
        return self.geometry.shape, self.geometry.pixel_spacing_mm

    def _origin(self, z: int) -> FloatArray:
        """``(2,)`` mm down and along from the first pixel of the first slice to that of ``z``."""
        geometry = self.geometry
        away = geometry.positions_mm[z] - geometry.positions_mm[0]
        return np.array([away @ geometry.column_cosine, away @ geometry.row_cosine])


class _Between:
    """From slice ``z`` to the next; ``z`` is -1 below the first slice."""

    def __init__(self, slices: ThickSlices, z: int, place: Place) -> None:
        self._slices, self._place = slices, place
        self._slice_numbers = (z, z + 1)
        self._half_mm = slices.half_mm(z)
        spacing = slices.geometry.pixel_spacing_mm
        masks = [slices.mask(n) for n in self._slice_numbers]
        self._joined, self._lone = [], []
        for n, other, mask, beyond in zip(
            self._slice_numbers, self._slice_numbers[::-1], masks, masks[::-1], strict=True
        ):
            joined = _meeting(mask, self._seen_from(n, other, beyond))
            self._joined.append(signed_distance_mm(joined, spacing))
            self._lone.append(signed_distance_mm(mask & ~joined, spacing))

    def _seen_from(self, n: int, other: int, mask: Mask) -> Mask:
        """The mask of slice ``other`` at the places that belong to pixels of ``n``."""
        if not mask.any() or not self._slices.mask(n).any():
            return np.zeros_like(mask)
        height = float(self._slices.geometry.slice_positions_mm[n])
        points = self._place(height, other, self._slices.centres(n))
        return np.asarray(self._slices.sample(mask.astype(np.float64), other, points) > 0.5)

    def plane(self, height_mm: float, points: FloatArray) -> FloatArray:
        """Field at ``points`` (..., 2) of a plane."""
        parts = [self._mixed(height_mm, points)]
        for n, lone in zip(self._slice_numbers, self._lone, strict=True):
            if lone.max() > 0:
                away = abs(height_mm - self._slices.geometry.slice_positions_mm[n])
                distance = self._at(lone, n, height_mm, points)
                parts.append(_capped(distance, self._half_mm - away, self._rounding_mm(lone)))
        return np.asarray(np.max(parts, axis=0))

    def _mixed(self, height_mm: float, points: FloatArray) -> FloatArray:
        depth = max(float(d.max()) for d in self._joined)
        if depth <= 0:
            return np.full(points.shape[:-1], -_FAR_MM)
        limit = _OUTSIDE_SHARE * depth
        lower, upper = (
            _held_back(self._at(d, n, height_mm, points), limit)
            for n, d in zip(self._slice_numbers, self._joined, strict=True)
        )
        heights = self._slices.geometry.slice_positions_mm
        share = (height_mm - heights[self._slice_numbers[0]]) / (2 * self._half_mm)
        return np.asarray((1 - share) * lower + share * upper)

    def _at(
        self, distance: FloatArray, n: int, height_mm: float, points: FloatArray
    ) -> FloatArray:
        return self._slices.sample(distance, n, self._place(height_mm, n, points))

    def _rounding_mm(self, distance: FloatArray) -> float:
        return min(self._half_mm, float(distance.max()) / 2)


def signed_distance_mm(mask: Mask, spacing_mm: tuple[float, float]) -> FloatArray:
    """``(row, col)`` distance to the outline, half a pixel from centres beside it; > 0 inside."""
    if not mask.any():
        return np.full(mask.shape, -_FAR_MM)
    inside = ndimage.distance_transform_edt(mask, spacing_mm)
    outside = ndimage.distance_transform_edt(~mask, spacing_mm)
    half_pixel = np.mean(spacing_mm) / 2
    return np.asarray(np.where(mask, inside - half_pixel, half_pixel - outside))


def _meeting(mask: Mask, seen: Mask) -> Mask:
    """The parts of ``mask`` (8 neighbours) that ``seen`` touches."""
    parts, _ = ndimage.label(mask, np.ones((3, 3)))
    return np.asarray(mask & np.isin(parts, parts[seen & mask]))


def _held_back(distance: FloatArray, limit_mm: float) -> FloatArray:
    """Distances that hardly fall any further once ``limit_mm`` outside."""
    beyond = np.minimum(distance + limit_mm, 0)
    return np.maximum(distance, -limit_mm) + _BEYOND_SLOPE * beyond


def _capped(distance: FloatArray, below_end_mm: float, rounding_mm: float) -> FloatArray:
    """A straight column with a flat end whose rim is rounded."""
    side = np.maximum(rounding_mm - distance, 0)
    end = max(rounding_mm - below_end_mm, 0.0)
    core = np.maximum(np.minimum(distance, below_end_mm) - rounding_mm, 0)
    return np.asarray(rounding_mm - np.hypot(side, end) + core)
