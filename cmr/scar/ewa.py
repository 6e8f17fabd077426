"""EWA: expectation maximisation, weighted intensity, a-priori information (Engblom 2016).

A pixel on the border of scar holds a share of it; its grey value between remote and full scar says
how much (Heiberg 2008), so that volumes do not hang on where a threshold cuts the border.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cmr.anatomy import Mask, in_plane
from cmr.scar.thresholds import Wall
from cmr.volume import FloatArray


def weights(scar: Mask, no_reflow: Mask, wall: Wall) -> FloatArray:
    """``(z, row, col)`` share of scar in each pixel: 1 in no-reflow, 0 outside ``scar``.

    A pixel beside no-reflow is darker for being partly no-reflow, not for being partly healthy.
    """
    full = wall.contrast(wall.settings.scar_percentile)
    if not full > 0:
        return np.zeros(scar.shape)
    share = np.clip(wall.above_remote / full, 0, 1)
    whole = no_reflow | (scar & ndimage.binary_dilation(no_reflow, in_plane(2, 3)))
    return np.where(whole, 1.0, np.where(scar, share, 0.0))
