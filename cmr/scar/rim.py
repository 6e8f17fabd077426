"""The inside of the wall, and the rim that shares its pixels with blood, fat or lung."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cmr.anatomy import Mask, in_plane
from cmr.wall.left_ventricle import LeftVentricle


def inside(left_ventricle: LeftVentricle, border_px: float) -> Mask:
    """``(z, row, col)`` wall farther than ``border_px`` from its borders.

    A wall too thin for that keeps its middle: the pixels that are as far from both borders as any
    of their neighbours.
    """
    wall = left_ventricle.wall
    out = np.zeros_like(wall)
    for z, ring in enumerate(wall):
        away = np.asarray(ndimage.distance_transform_edt(ring))
        crest = ring & (away >= ndimage.maximum_filter(away, 3))
        out[z] = ring & ((away > border_px + _HALF) | crest)
    return out


def grown(seeds: Mask, within: Mask, reach_px: int | None) -> Mask:
    """``seeds`` and what of ``within`` is connected with them in at most so many steps in plane.

    None for as many as it takes.
    """
    if reach_px == 0 or not seeds.any():
        return seeds.copy()
    steps = ndimage.binary_dilation(
        seeds, in_plane(2, seeds.ndim), iterations=reach_px or -1, mask=seeds | within
    )
    return np.asarray(steps)


# From the centre of a pixel to its border.
_HALF = 0.5
