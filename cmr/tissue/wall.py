"""Which pixels are measured: the middle of the wall, and the middle of the cavity."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cmr.anatomy import Labels, Mask
from cmr.labels import Label
from cmr.settings import Section
from cmr.volume import FloatArray


class WallSettings(Section):
    """What is left out at the borders, where blood and fat share the pixels.

    Attributes
    ----------
    endocardial_fraction, epicardial_fraction
        Of the local wall thickness.
    cavity_fraction
        Of the radius of the cavity; papillary muscles stand near its wall.
    """

    endocardial_fraction: float
    epicardial_fraction: float
    cavity_fraction: float


def wall_depth(labels: Labels, spacing_mm: tuple[float, float]) -> FloatArray:
    """Relative depth in the wall of labels ``(z, row, col)``: 0 at the cavity, 1 outside.

    ``d_in / (d_in + d_out)`` with the distances in the slice plane to the cavity and to whatever
    lies outside LV and wall, RV included. NaN off the wall and in slices without cavity.
    """
    depth = np.full(labels.shape, np.nan)
    for z, slice_labels in enumerate(labels):
        if not (slice_labels == Label.LV).any():
            continue
        inner = _distance_mm(slice_labels == Label.LV, spacing_mm, beyond=False)
        outer = _distance_mm(slice_labels < Label.MYOCARDIUM, spacing_mm, beyond=True)
        wall = slice_labels == Label.MYOCARDIUM
        depth[z][wall] = inner[wall] / (inner[wall] + outer[wall])
    return depth


def middle_of_wall(depth: FloatArray, settings: WallSettings) -> Mask:
    """Myocardium whose :func:`wall_depth` keeps clear of both borders."""
    low, high = settings.endocardial_fraction, 1 - settings.epicardial_fraction
    return np.asarray((depth >= low) & (depth <= high))


def blood_pool(labels: Labels, spacing_mm: tuple[float, float], settings: WallSettings) -> Mask:
    """LV cavity of labels ``(z, row, col)`` well away from its border.

    The radius of a cavity is the largest distance to its border in the slice.
    """
    pool = np.zeros(labels.shape, bool)
    for z, cavity in enumerate(labels == Label.LV):
        if cavity.any():
            depth = _distance_mm(~cavity, spacing_mm, beyond=True)
            pool[z] = cavity & (depth >= settings.cavity_fraction * depth.max())
    return pool


def _distance_mm(target: Mask, spacing_mm: tuple[float, float], *, beyond: bool) -> FloatArray:
    """From pixel centres to the border of ``target``, half a pixel short of its next centre.

    ``beyond`` says whether what lies outside the image belongs to the target.
    """
    away = np.pad(~target, 1, constant_values=not beyond)
    to_centre = ndimage.distance_transform_edt(away, sampling=spacing_mm)[1:-1, 1:-1]
    return np.asarray(np.maximum(to_centre - np.mean(spacing_mm) / 2, 0))
