"""No-reflow: dark myocardium that scar encloses, alone or together with the endocardium."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.morphology import disk

from cmr.anatomy import Mask, enclosed, in_plane
from cmr.scar.settings import NoReflowSettings
from cmr.wall.left_ventricle import LeftVentricle


def find_no_reflow(scar: Mask, left_ventricle: LeftVentricle, settings: NoReflowSettings) -> Mask:
    """``(z, row, col)`` holes in ``scar`` that are no-reflow; they lie outside ``scar``."""
    out = np.zeros_like(scar)
    for z in np.flatnonzero(scar.any((1, 2))):
        out[z] = _in_slice(
            scar[z],
            left_ventricle.cavity[z],
            left_ventricle.wall[z],
            settings,
            left_ventricle.geometry.pixel_area_mm2,
        )
    return out


def _in_slice(
    scar: Mask, cavity: Mask, wall: Mask, settings: NoReflowSettings, pixel_mm2: float
) -> Mask:
    margin = settings.closing_px + 1
    padded = ndimage.binary_closing(np.pad(scar, margin), disk(settings.closing_px))
    closed = padded[margin:-margin, margin:-margin]
    dark = (enclosed(scar | (closed & wall) | cavity) | closed) & wall & ~scar
    parts, count = ndimage.label(dark, np.ones((3, 3)))
    keep = np.zeros(count + 1, bool)
    for number in range(1, count + 1):
        part = parts == number
        around = ndimage.binary_dilation(part, in_plane(2, 2)) & ~part
        of_scar = float(scar[around].mean())
        large = part.sum() * pixel_mm2 >= settings.least_mm2
        keep[number] = large and of_scar >= settings.least_scar_outline
    return np.asarray(keep[parts])
