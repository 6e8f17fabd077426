"""How much of each chord across the wall is scar.

Transmurality of a chord is the scar on it over its length, wherever on it the scar lies: a
mid-wall band of a third of the wall has 33 %. So does Segment (Heiberg; ``calctransmuralityline``
of its source), and it averages over all profiles of a sector, those without scar included.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cmr.scar.masks import ScarMask
from cmr.volume import FloatArray
from cmr.wall.chords import Chords
from cmr.wall.left_ventricle import LeftVentricle


def transmurality(chords: Chords, lv: LeftVentricle, scar: ScarMask) -> FloatArray:
    """``(n,)`` share of each chord that is scar, 0 to 1.

    ``ScarMask.weight`` is interpolated linearly between pixels of wall, so that a pixel half full
    of scar counts half and blood or fat beside the wall takes nothing away.

    Measured on rings rendered at random positions, scar 25 to 75 % deep: a chord within 0.015 (SD;
    at most 0.05) in a wall of 8 pixels, 0.02 (0.07) in one of 6 and 0.05 (0.16) in one of 3, where
    the half pixel to which a mask knows its borders is a sixth of the wall. The mean over 60
    degrees of one slice is within 0.014, 0.02 and 0.053. A scar of whole pixels instead of weights:
    chords within 0.045 (SD) at 6 pixels and 0.1 at 3, means within 0.035 and 0.07. Around a cavity
    of 2 pixels radius a transmurality of 0.5 reads 0.52.
    """
    wall = lv.wall.astype(np.float64)
    held = ndimage.map_coordinates(wall, chords.samples, order=1)
    weight = ndimage.map_coordinates(scar.weight * wall, chords.samples, order=1)
    # Over holes in the wall there is nothing to interpolate; they are left out of the length.
    known = held > 1e-6
    share = np.where(known, weight / np.where(known, held, 1), 0)
    return np.asarray(share.sum(axis=1) / known.sum(axis=1))
