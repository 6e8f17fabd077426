"""Endocardium and epicardium of every slice, finer than pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.measure import find_contours

from cmr.anatomy import Mask, bounding_box, enclosed
from cmr.settings import Section
from cmr.tissue.levels import NO_CAVITY
from cmr.volume import FloatArray
from cmr.wall.left_ventricle import LeftVentricle

NO_WALL = "No LV wall on this slice."
TOO_SMALL = "The LV cavity of this slice is too small for a border."
NO_OUTSIDE = "The LV fills this image: it has no epicardium."

# Points of a border, between two that follow each other on pixel edges.
_FINE = 8
# Around the LV and beyond the image; more than smoothing and gradients reach.
_MARGIN_PX = 8


class BorderSettings(Section):
    """How borders are drawn.

    Attributes
    ----------
    smoothing_px
        SD of the Gaussian that takes the pixel steps off a border.
    """

    smoothing_px: float


@dataclass(frozen=True, eq=False)
class WallBorders:
    """Signed distances to both borders of the wall, in the slice plane.

    Attributes
    ----------
    endocardium_mm, epicardium_mm
        ``(z, row, col)`` distance to the border, negative inside it; NaN far from the LV and in
        slices without borders.
    reasons
        ``(z,)`` why a slice has none; empty where it has.
    """

    endocardium_mm: FloatArray
    epicardium_mm: FloatArray
    reasons: tuple[str, ...]

    @property
    def slices(self) -> list[int]:
        """Slices that have borders."""
        return [z for z, reason in enumerate(self.reasons) if not reason]


def find_borders(lv: LeftVentricle, settings: BorderSettings) -> WallBorders:
    """Borders of cavity and of cavity with wall, papillary muscles and holes filled in.

    The mask is smoothed and the border is where it is half. On discs with a radius of 6 to 20
    pixels a smoothing of 1 pixel puts it within 0.14 pixels (SD) of the truth, at most 0.5, the
    error of the mask itself; it is moved inward by 0.02 to 0.06 pixels (0.17 at a radius of 3).
    """
    inner = lv.cavity | enclosed(lv.cavity)
    disc = inner | lv.wall
    disc |= enclosed(disc)
    rows, cols = _around(disc)
    spacing = np.array(lv.geometry.pixel_spacing_mm)
    fields = np.full((2, *lv.wall.shape), np.nan)
    reasons = []
    for z in range(len(lv.wall)):
        reason = _missing(lv.cavity[z], lv.wall[z], disc[z])
        if not reason:
            both = (mask[z, rows, cols] for mask in (inner, disc))
            pair = [_signed_mm(mask, spacing, settings.smoothing_px) for mask in both]
            found = [signed for signed in pair if signed is not None]
            # Smoothing wipes out a cavity of a few pixels.
            reason = "" if len(found) == 2 else TOO_SMALL
            if not reason:
                fields[:, z, rows, cols] = found
        reasons.append(reason)
    return WallBorders(fields[0], fields[1], tuple(reasons))


def _around(disc: Mask) -> tuple[slice, ...]:
    """Rows and columns of the LV of all slices, and some more."""
    return tuple(
        slice(max(held.start - _MARGIN_PX, 0), held.stop + _MARGIN_PX)
        for held in bounding_box(np.any(disc, axis=0))
    )


def _missing(cavity: Mask, wall: Mask, disc: Mask) -> str:
    if not wall.any():
        return NO_WALL
    if not cavity.any():
        return NO_CAVITY
    return NO_OUTSIDE if disc.all() else ""


def _signed_mm(inside: Mask, spacing_mm: FloatArray, smoothing_px: float) -> FloatArray | None:
    """Distance of pixel centres to the smoothed border of ``inside``; None without one.

    To the border and not to the nearest pixel beyond it: those of a staircase are nearer by a
    quarter of a pixel on average, which would narrow the middle third of the wall.
    """
    # At the edge of the image a border goes straight on, so that none seems to end there.
    beyond = np.pad(inside.astype(np.float64), _MARGIN_PX, mode="edge")
    smooth = ndimage.gaussian_filter(beyond, smoothing_px, mode="nearest")
    lines = [(_dense(line) - _MARGIN_PX) * spacing_mm for line in find_contours(smooth, 0.5)]
    if not lines:
        return None
    pixels = np.moveaxis(np.indices(inside.shape), 0, -1) * spacing_mm
    away, _ = cKDTree(np.concatenate(lines)).query(pixels)
    within = smooth[_MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX] > 0.5
    return np.asarray(np.where(within, -away, away))


def _dense(line: FloatArray) -> FloatArray:
    """A line of less than a pixel between points, with steps so short that they do not matter."""
    count = len(line) - 1
    at = np.linspace(0, count, _FINE * count + 1)
    return np.stack([np.interp(at, np.arange(count + 1), axis) for axis in line.T], axis=1)
