"""Area of the cavity in the angular sector of each AHA segment."""

from __future__ import annotations

import numpy as np

from cmr.anatomy import Labels, enclosed
from cmr.labels import Label
from cmr.tissue.aha import SEGMENTS, AhaSlice, segments_about
from cmr.tissue.insertion import lv_centre
from cmr.volume import FloatArray

# Parts of a pixel along each side, so that one that a border of sectors cuts counts for both.
_PARTS = 8


def sector_areas_mm2(
    labels: Labels, spacing_mm: tuple[float, float], described: AhaSlice, apex_sign: int
) -> FloatArray:
    """``(17,)`` area of the cavity of one slice ``(row, col)`` by segment, 0 for all of it.

    Sectors are counted about the centroid of the cavity of these labels, so that a shift of the
    whole heart between two phases is no motion of its wall. Pixels are not smoothed: smoothing
    shrinks small cavities more than large ones.
    """
    areas = np.zeros(SEGMENTS.stop)
    cavity = labels == Label.LV
    cavity = cavity | enclosed(cavity[None])[0]
    if not cavity.any():
        return areas
    centre = np.array(lv_centre(labels))
    parts = (np.arange(_PARTS) + 0.5) / _PARTS - 0.5
    offsets = np.stack(np.meshgrid(parts, parts, indexing="ij"), axis=-1).reshape(1, -1, 2)
    points = (np.argwhere(cavity)[:, None, :] + offsets - centre) * spacing_mm
    segment = segments_about(points[..., 0], points[..., 1], described, apex_sign)
    part_mm2 = np.prod(spacing_mm) / _PARTS**2
    areas += np.bincount(segment.ravel(), minlength=SEGMENTS.stop) * part_mm2
    areas[0] = np.count_nonzero(cavity) * np.prod(spacing_mm)
    return areas
