"""Places in the wall that belong together from slice to slice.

The wall grows narrower towards the apex, so that a layer of it does not lie over itself in the
next thick slice. A place is told by its direction from the centre of the ventricle and by its
share of the way from endocardium to epicardium; both outlines change linearly between slices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cmr.anatomy import Mask
from cmr.scar.shape_interpolation import ThickSlices, signed_distance_mm
from cmr.volume import FloatArray, StackGeometry

_DIRECTIONS = 180
_STEP_MM = 0.5
# A wall of no thickness has no share.
_THINNEST_MM = 1e-3


@dataclass(frozen=True, eq=False)
class WallPlace:
    """A :data:`cmr.scar.shape_interpolation.Place` that follows the wall.

    Attributes
    ----------
    heights_mm
        ``(z,)``.
    centres_mm
        ``(z, 2)`` down and along.
    inner_mm, outer_mm
        ``(z, directions)`` radii of endocardium (0 without a cavity) and epicardium.
    """

    heights_mm: FloatArray
    centres_mm: FloatArray
    inner_mm: FloatArray
    outer_mm: FloatArray

    def __call__(self, height_mm: float, z: int, points: FloatArray) -> FloatArray:
        """Where ``points`` (..., 2) of the plane at a height have their like in slice ``z``."""
        centre, inner, outer = (self._at(height_mm, v) for v in self._outlines)
        away = points - centre
        radius, turn = np.hypot(*np.moveaxis(away, -1, 0)), np.arctan2(away[..., 0], away[..., 1])
        here = _by_direction(inner, turn), _by_direction(outer, turn)
        there = _by_direction(self.inner_mm[z], turn), _by_direction(self.outer_mm[z], turn)
        moved = _moved(radius, here, there)
        along = np.stack([np.sin(turn), np.cos(turn)], axis=-1)
        return np.asarray(self.centres_mm[z] + moved[..., None] * along)

    @property
    def _outlines(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.centres_mm, self.inner_mm, self.outer_mm

    def _at(self, height_mm: float, values: FloatArray) -> FloatArray:
        """``values`` (z, ...) at a height, those of the end slices beyond them."""
        rank = np.interp(height_mm, self.heights_mm, np.arange(self.heights_mm.size))
        below, above = int(np.floor(rank)), int(np.ceil(rank))
        return np.asarray(values[below] + (rank - below) * (values[above] - values[below]))


def wall_place(cavity: Mask, filled: Mask, geometry: StackGeometry) -> WallPlace:
    """Measure the wall between ``cavity`` and ``filled`` (cavity and wall), both (z, row, col).

    A slice without either has the outlines of the nearest slice that has them. At least one has.
    """
    held = np.flatnonzero(filled.any(axis=(1, 2)))
    nearest = held[np.abs(np.subtract.outer(np.arange(len(filled)), held)).argmin(axis=1)]
    stack = ThickSlices(filled, geometry)
    centres, inner, outer = (
        np.stack(v) for v in zip(*(_outlines(stack, cavity, int(z)) for z in nearest), strict=True)
    )
    return WallPlace(geometry.slice_positions_mm, centres, inner, outer)


def _outlines(stack: ThickSlices, cavity: Mask, z: int) -> tuple[FloatArray, ...]:
    """Centre, inner and outer radii of slice ``z``."""
    centre = stack.centres(z)[stack.mask(z)].mean(axis=0)
    turn = np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS
    reach = float(np.hypot(*np.multiply(*stack.pixels)))
    radii = np.arange(0, reach, _STEP_MM)
    along = np.stack([np.sin(turn), np.cos(turn)], axis=-1)
    points = centre + radii[:, None, None] * along
    outlines = []
    for mask in (cavity[z], stack.mask(z)):
        distance = signed_distance_mm(mask, stack.geometry.pixel_spacing_mm)
        inside = stack.sample(distance, z, points) > 0
        last = radii.size - 1 - inside[::-1].argmax(axis=0)
        outlines.append(np.where(inside.any(axis=0), radii[last], 0.0))
    return centre, *(ndimage.gaussian_filter1d(o, 1.0, mode="wrap") for o in outlines)


def _by_direction(radii: FloatArray, turn: FloatArray) -> FloatArray:
    """Radii ``(directions,)`` at angles in radians."""
    rank = turn % (2 * np.pi) * _DIRECTIONS / (2 * np.pi)
    return np.asarray(np.interp(rank, np.arange(_DIRECTIONS + 1), np.append(radii, radii[0])))


def _moved(
    radius: FloatArray, here: tuple[FloatArray, FloatArray], there: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Radii ``there`` of radii ``here``: the same share within the wall, shifted beside it."""
    thick = np.maximum(here[1] - here[0], _THINNEST_MM)
    within = np.clip(radius - here[0], 0, thick)
    beside = np.minimum(radius - here[0], 0) + np.maximum(radius - here[0] - thick, 0)
    return np.asarray(there[0] + within / thick * (there[1] - there[0]) + beside)
