"""The wall laid flat, so that what belongs together lies over itself from slice to slice.

The wall grows narrower towards the apex: a layer of it does not lie over itself in the next thick
slice. A place is told by its direction from the centre of the ventricle and by its share of the
way from endocardium to epicardium; both outlines change linearly between slices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.interpolate import make_interp_spline

from cmr.anatomy import Mask
from cmr.scar.shape_interpolation import FAR_MM, Spacing, shape_field, signed_distance_mm
from cmr.volume import FloatArray

_DIRECTIONS = 240
_DEPTHS = 24
# A scar is a sheet: were its depth counted as it is, it would hide how far the sheet reaches.
_DEPTH_STRETCH = 4.0
_RAY_STEP_MM = 0.5
_THINNEST_MM = 0.1
_TURN = 2 * np.pi


@dataclass(frozen=True, eq=False)
class UnrolledWall:
    """Outlines of the wall by slice; points are mm down and along from the first pixel.

    Attributes
    ----------
    slices_mm
        ``(z,)`` along the normal.
    spacing_mm
        Of pixels.
    centres_mm
        ``(z, 2)``.
    inner_mm, outer_mm
        ``(z, directions)`` radii of endocardium (0 without a cavity) and epicardium.
    """

    slices_mm: FloatArray
    spacing_mm: Spacing
    centres_mm: FloatArray
    inner_mm: FloatArray
    outer_mm: FloatArray

    def field(
        self, scar: Mask, wall: Mask, heights_mm: FloatArray, plane: FloatArray
    ) -> FloatArray:
        """Signed distances to ``scar`` (z, row, col) on planes, mm along the wall.

        Beside the wall they go on as at its edge.

        Parameters
        ----------
        heights_mm
            ``(planes,)``.
        plane
            ``(rows, columns, 2)`` points, the same of each plane.
        """
        flat = np.stack(
            [self._flat(z, s, w) for z, (s, w) in enumerate(zip(scar, wall, strict=True))]
        )
        # Half a turn more on both sides, so that no sheet ends at the seam.
        half = _DIRECTIONS // 2
        flat = np.pad(flat, ((0, 0), (half, half), (0, 0)), mode="wrap")
        spacings = [self._flat_spacing(z) for z in range(len(flat))]
        flat_field = shape_field(flat, spacings, self.slices_mm, heights_mm)
        return np.stack(
            [
                ndimage.map_coordinates(values, self._index(height, plane), order=1, mode="nearest")
                for height, values in zip(heights_mm, flat_field, strict=True)
            ]
        )

    def _flat(self, z: int, scar: Mask, wall: Mask) -> Mask:
        """``(directions, depths)`` of one slice; every place is what is nearest in the wall."""
        if not scar.any():
            return np.zeros((_DIRECTIONS, _DEPTHS), bool)
        share = (np.arange(_DEPTHS) + 0.5) / _DEPTHS
        inner, outer = self.inner_mm[z][:, None], self.outer_mm[z][:, None]
        points = (
            self.centres_mm[z] + (inner + share * (outer - inner))[..., None] * _rays()[:, None]
        )
        lead = self._distance(wall & ~scar) - self._distance(scar)
        return np.asarray(sampled(lead, points, self.spacing_mm) > 0)

    def _distance(self, mask: Mask) -> FloatArray:
        if not mask.any():
            return np.full(mask.shape, FAR_MM)
        return np.asarray(ndimage.distance_transform_edt(~mask, self.spacing_mm))

    def _flat_spacing(self, z: int) -> Spacing:
        inner, outer = float(self.inner_mm[z].mean()), float(self.outer_mm[z].mean())
        thick = max(outer - inner, _THINNEST_MM)
        return (inner + outer) / 2 * _TURN / _DIRECTIONS, thick / _DEPTHS * _DEPTH_STRETCH

    def _index(self, height_mm: float, plane: FloatArray) -> FloatArray:
        """``(2, rows, columns)`` where points of a plane lie in the padded flat wall."""
        held = np.clip(height_mm, self.slices_mm[0], self.slices_mm[-1])
        centre, inner, outer = (
            make_interp_spline(self.slices_mm, values, k=1)(held)
            for values in (self.centres_mm, self.inner_mm, self.outer_mm)
        )
        down, along = np.moveaxis(plane - centre, -1, 0)
        direction = np.arctan2(down, along) % _TURN * _DIRECTIONS / _TURN
        near, far = (
            np.interp(direction, np.arange(_DIRECTIONS), radii, period=_DIRECTIONS)
            for radii in (inner, outer)
        )
        share = (np.hypot(down, along) - near) / np.maximum(far - near, _THINNEST_MM)
        return np.stack([direction + _DIRECTIONS // 2, np.clip(share, 0, 1) * _DEPTHS - 0.5])


def unroll(cavity: Mask, filled: Mask, spacing_mm: Spacing, slices_mm: FloatArray) -> UnrolledWall:
    """Measure the wall between ``cavity`` and ``filled`` (cavity and wall), both (z, row, col).

    A slice without either has the outlines of the nearest slice that has them. At least one has.
    """
    held = np.flatnonzero(filled.any(axis=(1, 2)))
    nearest = held[np.abs(np.subtract.outer(slices_mm, slices_mm[held])).argmin(axis=1)]
    centres = [(np.argwhere(filled[z]) * spacing_mm).mean(axis=0) for z in nearest]
    inner, outer = (
        [_radii(mask[z], centre, spacing_mm) for z, centre in zip(nearest, centres, strict=True)]
        for mask in (cavity, filled)
    )
    return UnrolledWall(slices_mm, spacing_mm, *map(np.array, (centres, inner, outer)))


def sampled(values: FloatArray, points: FloatArray, spacing_mm: Spacing) -> FloatArray:
    """Values ``(row, col)`` of a slice at ``points`` (..., 2), linear between pixels."""
    index = np.moveaxis(points / spacing_mm, -1, 0)
    return np.asarray(ndimage.map_coordinates(values, index, order=1, mode="nearest"))


def _rays() -> FloatArray:
    """``(directions, 2)`` unit vectors, down and along."""
    turn = np.arange(_DIRECTIONS) * _TURN / _DIRECTIONS
    return np.stack([np.sin(turn), np.cos(turn)], axis=-1)


def _radii(mask: Mask, centre: FloatArray, spacing_mm: Spacing) -> FloatArray:
    """``(directions,)`` how far the mask reaches from a point; 0 where it does not."""
    radii = np.arange(0, np.hypot(*np.multiply(mask.shape, spacing_mm)), _RAY_STEP_MM)
    points = centre + radii[:, None, None] * _rays()
    inside = sampled(signed_distance_mm(mask, spacing_mm), points, spacing_mm) > 0
    last = radii.size - 1 - inside[::-1].argmax(axis=0)
    reach = np.where(inside.any(axis=0), radii[last], 0.0)
    return np.asarray(ndimage.gaussian_filter1d(reach, 1.0, mode="wrap"))
