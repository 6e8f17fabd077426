"""What is large enough to be scar: islands of bright wall, over the slices they touch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from cmr.anatomy import Mask
from cmr.scar.rim import grown
from cmr.scar.settings import IslandSettings
from cmr.volume import FloatArray
from cmr.wall.left_ventricle import LeftVentricle

# In plane all 8 neighbours; to the next slice the pixel itself.
_CONNECTED = np.zeros((3, 3, 3), bool)
_CONNECTED[1] = True
_CONNECTED[:, 1, 1] = True

_LEAST_SLICES = 4


def pixel_volumes_mm3(left_ventricle: LeftVentricle) -> FloatArray:
    """``(z, 1, 1)`` volume that a pixel stands for.

    A single slice stands for its thickness, or for 1 mm where that is unknown: shares of the wall
    are the same whatever it is.
    """
    geometry = left_ventricle.geometry
    extents_mm = geometry.slice_extents_mm
    if geometry.n_slices == 1:
        extents_mm = np.array([np.nan_to_num(geometry.slice_thickness_mm, nan=1.0)])
    return np.asarray(extents_mm[:, None, None] * geometry.pixel_area_mm2)


def without_islands(
    bright: Mask,
    inner: Mask,
    left_ventricle: LeftVentricle,
    settings: IslandSettings,
    bright_half: Mask | None = None,
) -> Mask:
    """Bright wall that belongs to an island large enough within ``inner``.

    The rim is full of half blood and half wall, bright without being scar: islands are counted
    without it, and those that stay go on into it: a few pixels, but as far as they are connected
    along ``bright_half``, wall that is brighter than half of the scar, as no mixture that is
    mostly healthy wall can be. What only an end slice of the ventricle shows is left out too.
    """
    seeds = bright & inner
    parts, count = ndimage.label(seeds, _CONNECTED)
    if not count:
        return np.zeros_like(bright)
    volumes = np.broadcast_to(pixel_volumes_mm3(left_ventricle), bright.shape)
    sizes = np.bincount(parts.ravel(), volumes.ravel(), count + 1)
    keep = (sizes >= settings.least_mm3) & ~_in_ends_alone(parts, count, left_ventricle.wall)
    keep[0] = False
    kept = keep[parts]
    if bright_half is not None:
        kept = grown(kept, bright_half & bright, None)
    return grown(kept, bright, settings.reach_px)


def _in_ends_alone(parts: npt.NDArray[np.int_], count: int, wall: Mask) -> Mask:
    """``(count + 1,)`` islands that no slice but an end of the ventricle shows.

    There wall is mixed with what lies beyond base or apex, as bright as scar. In fewer than four
    slices nobody can tell.
    """
    held = np.flatnonzero(wall.any((1, 2)))
    inside = np.zeros(count + 1, bool)
    if held.size < _LEAST_SLICES:
        return inside
    inside[np.unique(parts[held[1:-1]])] = True
    return np.asarray(~inside)
