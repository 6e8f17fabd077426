"""Slices as tiles: cut to the heart, in one size, in greys that fit."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import Normalize

from cmr.anatomy import Mask, bounding_box
from cmr.volume import FloatArray
from pictures.borders import Spacing

_HEART_MARGIN_MM = 25.0
_WINDOW_PERCENT = (1.0, 99.5)


def heart_box(held: Mask, spacing_mm: Spacing) -> tuple[slice, slice]:
    """Rows and columns with 25 mm around what any slice ``(z, row, col)`` holds; all for none."""
    flat = np.any(held, axis=0)
    if not flat.any():
        return slice(None), slice(None)
    margins = [round(_HEART_MARGIN_MM / spacing) for spacing in spacing_mm]
    rows, cols = (
        slice(max(box.start - margin, 0), box.stop + margin)
        for box, margin in zip(bounding_box(flat), margins, strict=True)
    )
    return rows, cols


def size_mm(shape: tuple[int, ...], spacing_mm: Spacing) -> tuple[float, float]:
    """Height and width of a slice of ``shape``, whose last two are rows and columns."""
    return shape[-2] * spacing_mm[0], shape[-1] * spacing_mm[1]


def tile_in(size: tuple[float, float], longest_in: float) -> tuple[float, float]:
    """Height and width of the picture of a slice whose longer side fills its column."""
    return longest_in * size[0] / max(size), longest_in * size[1] / max(size)


def grey_window(image: FloatArray) -> Normalize:
    """From nearly the darkest to nearly the brightest pixel."""
    finite = image[np.isfinite(image)]
    low, high = np.percentile(finite, _WINDOW_PERCENT) if finite.size else (0.0, 1.0)
    return Normalize(low, high, clip=True)
