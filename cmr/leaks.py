"""Mending of the myocardial ring: an LV cavity is enclosed by its wall."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cmr.anatomy import Labels, Mask, enclosed, outline
from cmr.labels import Label


def mend_ring(labels: Labels, bridge: Mask) -> Labels:
    """Close small gaps of the ring in one slice, and drop LV that lies outside it.

    Parameters
    ----------
    labels
        ``(row, col)`` of a slice whose LV is not wholly enclosed.
    bridge
        Disc; gaps that it closes are leaks, wider ones are left (an open ring at the base).

    Notes
    -----
    Where the cavity bulges out through a leak, the part outside the closed ring becomes
    background, as long as it is less than half of the cavity.
    """
    wall, cavity = labels == Label.MYOCARDIUM, labels == Label.LV
    ring = wall | ndimage.binary_closing(wall, bridge)
    out = labels.copy()
    outside = cavity & ~ring & ~enclosed(ring)
    if 2 * np.count_nonzero(outside) < np.count_nonzero(cavity):
        out[outside] = Label.BACKGROUND
        cavity = cavity & ~outside
    near = ndimage.binary_dilation(cavity, bridge)
    out[ring & near & ~cavity] = Label.MYOCARDIUM
    # Cavity that fills the gap itself becomes wall where it still meets what lies outside.
    open_edge = outline(cavity) & (out != Label.MYOCARDIUM)
    touches = ndimage.binary_dilation(open_edge, np.ones((3, 3), bool))
    out[cavity & ring & touches] = Label.MYOCARDIUM
    return out
