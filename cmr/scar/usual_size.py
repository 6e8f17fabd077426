"""Every left ventricle round and of one size before the network, whatever its pixels measure.

Hearts differ in size, and image files without a known pixel size may have lost the ratio of their
axes too. A first look tells both.
"""

from __future__ import annotations

import math

import numpy as np

from cmr.anatomy import Mask
from cmr.resample import Pair

# SD of the distance from the middle of cavity and wall together, along either axis, in the slice
# where they are largest: median of the 26 ACDC training patients at ED without dilated, thick or
# right hearts (NOR, MINF).
USUAL_SD_MM = 18.65
# Of the area of the largest slice; smaller slices are apex, whose shape says little.
_LEAST_AREA = 0.5
_LEAST_PIXELS = 50
# No heart and no file is further off; beyond that, the first look was wrong.
_LARGEST_FACTOR = 2.6


def usual_spacing_mm(disc: Mask, given_mm: Pair) -> Pair:
    """Pixel size under which this LV is round and of the usual size.

    Parameters
    ----------
    disc
        ``(z, row, col)`` cavity and wall of the LV, filled.
    given_mm
        Distance of rows, and of columns, as the file has it.

    Returns
    -------
    tuple of float
        Distance of rows, and of columns; what was given where the disc tells too little or
        something impossible.
    """
    areas = disc.sum((1, 2))
    if areas.max() < _LEAST_PIXELS:
        return given_mm
    large = [_spread_px(part) for part in disc[areas >= _LEAST_AREA * areas.max()]]
    ratio = float(np.exp(np.median([math.log(cols / rows) for rows, cols in large])))
    rows, cols = _spread_px(disc[areas.argmax()])
    size_mm = USUAL_SD_MM / math.sqrt(rows * cols)
    found = size_mm * math.sqrt(ratio), size_mm / math.sqrt(ratio)
    factors = (max(a / b, b / a) for a, b in zip(found, given_mm, strict=True))
    return found if max(factors) <= _LARGEST_FACTOR else given_mm


def _spread_px(disc: Mask) -> Pair:
    rows, cols = (float(index.std()) for index in np.nonzero(disc))
    # A line of pixels has the width of a pixel.
    return max(rows, math.sqrt(1 / 12)), max(cols, math.sqrt(1 / 12))
