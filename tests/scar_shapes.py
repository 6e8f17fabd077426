"""Walls and scars from formulas, rendered with the area that they take of each pixel."""

from dataclasses import dataclass

import numpy as np

from cmr.scar.masks import ScarMask
from cmr.volume import StackGeometry
from cmr.wall.borders import BorderSettings
from cmr.wall.chords import ChordSettings
from cmr.wall.left_ventricle import LeftVentricle

BORDERS = BorderSettings(smoothing_px=1.0)
CHORDS = ChordSettings(per_slice=120, max_tilt_deg=30.0)
_FINE = 8


@dataclass(frozen=True)
class Shape:
    """Lengths in mm about the centre: ``x`` along columns, ``y`` along rows, axes of ellipses."""

    inner: tuple[float, float] = (20.0, 20.0)
    outer: tuple[float, float] = (30.0, 30.0)
    off: tuple[float, float] = (0.0, 0.0)
    centre: tuple[float, float] = (0.13, -0.27)
    gap_deg: float = 0.0

    def at(self, y, x):
        return y - self.centre[0], x - self.centre[1]

    def inside(self, y, x):
        """In the cavity, in the wall."""
        y, x = self.at(y, x)
        cavity = np.hypot((y - self.off[0]) / self.inner[0], (x - self.off[1]) / self.inner[1]) < 1
        disc = np.hypot(y / self.outer[0], x / self.outer[1]) < 1
        open_ = np.abs(np.rad2deg(np.arctan2(y, x))) < self.gap_deg / 2
        return cavity, disc & ~cavity & ~open_

    def angle_deg(self, y, x):
        """About the centre, 0 to 360, from the columns towards the rows."""
        y, x = self.at(y, x)
        return np.mod(np.rad2deg(np.arctan2(y, x)), 360)

    def depth(self, y, x):
        """Of a ring about one centre: share of the way out, on a ray."""
        y, x = self.at(y, x)
        return (np.hypot(y, x) - self.inner[0]) / (self.outer[0] - self.inner[0])


def geometry(spacing=(1.0, 1.0), side_mm=76.0, slices=1, pitch_mm=10.0, thickness_mm=8.0):
    shape = tuple(round(side_mm / s) for s in spacing)
    positions = np.zeros((slices, 3))
    positions[:, 2] = np.arange(slices) * pitch_mm
    return StackGeometry(positions, [1, 0, 0], [0, 1, 0], spacing, shape, thickness_mm)


def centres(grid, fine=1):
    """``y``, ``x`` in mm about the middle of the image; ``(row, fine, col, fine)`` where fine."""
    axes = []
    for n, s in zip(grid.shape, grid.pixel_spacing_mm, strict=True):
        step = (np.arange(n * fine) + 0.5) / fine - n / 2
        axes.append(step * s)
    return np.meshgrid(*axes, indexing="ij")


def _shares(values, grid):
    rows, cols = grid.shape
    return values.reshape(rows, _FINE, cols, _FINE).mean(axis=(1, 3))


def render(shape, lesion, grid, sectors=((0, (7, 8, 9, 10, 11, 12)),)):
    """Wall of most of each pixel, and the share of its wall that ``lesion(y, x)`` takes.

    Every slice of the grid is the same. ``sectors`` is the first border and the segments.
    """
    y, x = centres(grid, _FINE)
    cavity, wall = shape.inside(y, x)
    share = [_shares(m, grid) for m in (cavity, wall, wall & lesion(y, x))]
    is_cavity, is_wall = share[0] > 0.5, (share[0] <= 0.5) & (share[1] >= 0.5)
    # A pixel on the border with no more wall than cavity or background is neither.
    weight = np.where(is_wall, share[2] / np.where(is_wall, share[1], 1), 0.0)
    (first, numbers), *_ = sectors
    turn = np.mod(shape.angle_deg(*centres(grid)) - first, 360) / 360
    segments = np.array(numbers, np.uint8)[(turn * len(numbers)).astype(int)] * is_wall
    n = grid.n_slices
    lv = LeftVentricle(*(np.stack([m] * n) for m in (is_cavity, is_wall, segments)), grid)
    return lv, scar_of(np.stack([weight] * n))


def scar_of(weight, reason=""):
    none = np.zeros(weight.shape, bool)
    return ScarMask(weight > 0, none, weight, np.full(len(weight), np.nan), reason)


def band(shape, low, high, arc=(0.0, 360.0)):
    """Lesion between two depths over an arc in degrees."""

    def inside(y, x):
        depth, angle = shape.depth(y, x), shape.angle_deg(y, x)
        return (depth >= low) & (depth < high) & (angle >= arc[0]) & (angle < arc[1])

    return inside
