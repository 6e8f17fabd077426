"""Masks of thick slices as one smooth field: shape-based interpolation.

Each slice becomes a field of signed distances to the outline of its mask (mm, positive inside),
and fields of neighbouring slices are mixed in proportion to height (Raya and Udupa, IEEE Trans
Med Imaging 1990;9:32; Herman et al., IEEE Comput Graph Appl 1992;12:69). The zero of the field is
the surface. A part that has nothing to meet in the neighbouring slice, or that lies in an end
slice, is closed where its slice ends: half-way to the neighbour, half a pitch beyond the stack.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cmr.anatomy import Mask
from cmr.volume import FloatArray

# Farther than any heart is wide.
FAR_MM = 1e3

Spacing = tuple[float, float]


def shape_field(
    masks: Mask, spacings_mm: list[Spacing], slices_mm: FloatArray, heights_mm: FloatArray
) -> FloatArray:
    """Signed distances on planes between and beyond slices.

    Parameters
    ----------
    masks
        ``(z, a, b)``, two slices or more. The edge of the array is no outline.
    spacings_mm
        Of the pixels along ``a`` and ``b``, by slice.
    slices_mm, heights_mm
        ``(z,)`` and ``(planes,)`` positions along the normal, ascending.

    Returns
    -------
    FloatArray
        ``(planes, a, b)`` mm, positive inside; far below zero where there is nothing.
    """
    below = np.searchsorted(slices_mm, heights_mm, side="right") - 1
    halves = np.diff(slices_mm, prepend=np.nan, append=np.nan) / 2
    halves[[0, -1]] = halves[[1, -2]]
    empty = np.zeros((1, *masks.shape[1:]), bool)
    stack = np.concatenate([empty, masks, empty])
    spacings = [spacings_mm[0], *spacings_mm, spacings_mm[-1]]
    ends = np.concatenate(
        [slices_mm[:1] - 2 * halves[0], slices_mm, slices_mm[-1:] + 2 * halves[-1]]
    )
    field = np.full((heights_mm.size, *masks.shape[1:]), -FAR_MM)
    for n in np.unique(below):
        here, pair = below == n, slice(n + 1, n + 3)
        shares = (heights_mm[here] - ends[n + 1]) / (2 * halves[n + 1])
        field[here] = _between(stack[pair], spacings[pair], shares, float(halves[n + 1]))
    return field


def signed_distance_mm(mask: Mask, spacing_mm: Spacing) -> FloatArray:
    """``(a, b)`` distance to the outline, half a pixel from centres beside it; > 0 inside."""
    if mask.all() or not mask.any():
        return np.where(mask, FAR_MM, -FAR_MM)
    inside = ndimage.distance_transform_edt(mask, spacing_mm)
    outside = ndimage.distance_transform_edt(~mask, spacing_mm)
    half_pixel = np.mean(spacing_mm) / 2
    return np.asarray(np.where(mask, inside - half_pixel, half_pixel - outside))


def _between(
    masks: Mask, spacings_mm: list[Spacing], shares: FloatArray, half_mm: float
) -> FloatArray:
    """Planes at ``shares`` (0-1) of the way from the lower to the upper of two ``masks``."""
    parts = []
    met = [_meeting(mask, other) for mask, other in zip(masks, masks[::-1], strict=True)]
    if met[0].any():
        lower, upper = map(signed_distance_mm, met, spacings_mm)
        parts.append([(1 - share) * lower + share * upper for share in shares])
    ways = (shares, 1 - shares)
    for mask, joined, spacing, way in zip(masks, met, spacings_mm, ways, strict=True):
        if (lone := mask & ~joined).any():
            distance = signed_distance_mm(lone, spacing)
            to_end = half_mm * (1 - 2 * way)
            parts.append([_capped(distance, end, half_mm) for end in to_end])
    return np.max(parts, axis=0) if parts else np.full((shares.size, *masks.shape[1:]), -FAR_MM)


def _meeting(mask: Mask, other: Mask) -> Mask:
    """The parts of ``mask`` (8 neighbours) that ``other`` touches."""
    parts, _ = ndimage.label(mask, np.ones((3, 3)))
    return np.asarray(mask & np.isin(parts, parts[other & mask]))


def _capped(distance: FloatArray, to_end_mm: float, half_mm: float) -> FloatArray:
    """A straight column with a flat end whose rim is rounded."""
    rounding = min(half_mm, float(distance.max()) / 2)
    side = np.maximum(rounding - distance, 0)
    end = max(rounding - to_end_mm, 0.0)
    core = np.maximum(np.minimum(distance, to_end_mm) - rounding, 0)
    return np.asarray(rounding - np.hypot(side, end) + core)
