"""Outlines of masks as smooth closed lines, in mm from the upper left corner of the image."""

from __future__ import annotations

import numpy as np
from contourpy import contour_generator

from cmr.anatomy import Mask
from cmr.volume import FloatArray
from pictures.borders import Spacing

# Taubin 1995: a step inwards and one a little longer outwards leaves the size as it is.
_STEPS = (0.5, -0.52)
_SMOOTHINGS = 12


def outlines(mask: Mask, spacing_mm: Spacing) -> list[FloatArray]:
    """Half-way between the pixel centres inside and those outside; closed at the image's edge.

    Returns
    -------
    list of FloatArray
        ``(n, 2)`` (x, y) each, the first point again at the end. Without the steps of the pixels:
        they move by less than half a pixel.
    """
    if not mask.any():
        return []
    padded = np.pad(mask, 1).astype(np.float64)
    y, x = ((np.arange(-1, n + 1) + 0.5) * s for n, s in zip(mask.shape, spacing_mm, strict=True))
    return [_smoothed(np.asarray(line)) for line in contour_generator(x, y, padded).lines(0.5)]


def _smoothed(line: FloatArray) -> FloatArray:
    """All steps at once: each is a product in the frequencies along a closed line."""
    points = line[:-1]
    turn = 2 * np.pi * np.arange(len(points) // 2 + 1) / len(points)
    kept = np.prod([1 - step * (1 - np.cos(turn)) for step in _STEPS], axis=0) ** _SMOOTHINGS
    points = np.fft.irfft(np.fft.rfft(points, axis=0) * kept[:, None], len(points), axis=0)
    return np.concatenate([points, points[:1]])
