"""Left ventricles and scars known by formula, cut by stacks that lie and run in any way.

Own coordinates of a shape, mm: two across the axis of the stack and ``h`` along it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from cmr.volume import StackGeometry
from cmr.wall.left_ventricle import LeftVentricle

CENTRE = np.array([-40.0, 25.0, 60.0])
OBLIQUE = Rotation.from_euler("xyz", [35, -50, 20], degrees=True).as_matrix()
# Columns: the two axes across and the one along. The last is turned over, the first mirrored.
FRAMES = {
    "plain": np.eye(3),
    "oblique": OBLIQUE,
    "mirrored": OBLIQUE * [-1, 1, -1],
    "from the other end": OBLIQUE * [1, -1, -1],
}
EVEN = np.arange(-44.0, 45, 8)
UNEVEN = np.array([-44.0, -36, -28, -18, -10, -2, 6, 22, 30, 38, 44])


@dataclass(frozen=True, eq=False)
class Cut:
    """A stack through a shape."""

    geometry: StackGeometry
    frame: np.ndarray

    def own(self, points):
        """Two coordinates across, one along; ``(..., 3)`` LPS in."""
        return np.moveaxis((points - CENTRE) @ self.frame, -1, 0)

    @property
    def pixels(self):
        z, row, col = np.indices((self.geometry.n_slices, *self.geometry.shape))
        g = self.geometry
        steps = row[..., None] * g.pixel_spacing_mm[0] * g.column_cosine
        return self.own(
            g.positions_mm[z] + steps + col[..., None] * g.pixel_spacing_mm[1] * g.row_cosine
        )


def cut(heights=EVEN, frame="plain", spacing=(1.3, 1.3), shift_mm=0.0):
    """Slices at ``heights``, each moved by ``shift_mm`` against the one before, in plane."""
    axes = FRAMES[frame]
    row, column = axes[:, 0], axes[:, 1]
    shape = tuple(int(np.ceil(110 / s)) for s in spacing)
    corner = CENTRE - (shape[1] / 2 - 0.3) * spacing[1] * row - shape[0] / 2 * spacing[0] * column
    rank = np.arange(len(heights)) - len(heights) // 2
    positions = corner + np.outer(heights, axes[:, 2]) + np.outer(rank * shift_mm, row)
    return Cut(StackGeometry(positions, row, column, spacing, shape), axes)


def ventricle(stack, cavity, wall, segments=None):
    """Masks from functions of own coordinates."""
    inside = cavity(*stack.pixels)
    around = wall(*stack.pixels) & ~inside
    numbers = np.zeros(inside.shape, np.uint8)
    if segments is not None:
        numbers = np.where(around, segments(*stack.pixels), 0).astype(np.uint8)
    return LeftVentricle(inside, around, numbers, stack.geometry)


def ball(radius):
    return lambda a, b, h: a**2 + b**2 + h**2 < radius**2


def tube(radius):
    return lambda a, b, h: np.hypot(a, b) < radius


def ellipsoid(radius, length, base=-40.0):
    """Half of one, its widest part at ``base``, its tip towards larger ``h``."""

    def inside(a, b, h):
        along = (h - base) / length
        return (along > 0) & (np.hypot(a, b) / radius < np.sqrt(np.clip(1 - along**2, 0, 1)))

    return inside


def degrees(a, b):
    """-180 to 180 about the axis."""
    return np.rad2deg(np.arctan2(b, a))


def mask_ml(mask, geometry):
    """Sum of areas times extents, by hand: half of each gap beside, an end gap counted twice."""
    heights = geometry.positions_mm @ np.cross(geometry.row_cosine, geometry.column_cosine)
    gaps = np.diff(heights)
    lengths = (np.r_[gaps[0], gaps] + np.r_[gaps, gaps[-1]]) / 2
    return float((mask.sum(axis=(1, 2)) * lengths).sum() * np.prod(geometry.pixel_spacing_mm)) / 1e3
