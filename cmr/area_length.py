"""Area-length estimate of the LV volume: a cross-check on the sum over slices."""

from __future__ import annotations

import numpy as np

from cmr.volume import FloatArray, StackGeometry

# A cylinder of half the length (A·L/2) closed by half an ellipsoid (2/3·A·L/2).
BULLET_FACTOR = 5 / 6


def bullet_volume_ml(areas_mm2: FloatArray, geometry: StackGeometry) -> float:
    """Volume of a bullet with the cavity's mid-ventricular area and its length.

    ``V = 5/6 · A · L`` (hemisphere-cylinder model; Schiller et al., J Am Soc Echocardiogr
    1989;2:358; Folland et al., Circulation 1979;60:760). ``L`` is the length of the slices
    that hold cavity, ``A`` the area half-way along it, both from the short-axis stack; so the
    estimate needs no long-axis view and shares the stack's error in length.

    Parameters
    ----------
    areas_mm2
        ``(z,)`` cavity area of one phase.
    geometry
        Geometry of the stack.

    Returns
    -------
    float
        ml; NaN without cavity or without slice pitch.
    """
    held = np.flatnonzero(areas_mm2 > 0)
    if not held.size:
        return float("nan")
    extents, positions = geometry.slice_extents_mm, geometry.slice_positions_mm
    low = positions[held[0]] - extents[held[0]] / 2
    high = positions[held[-1]] + extents[held[-1]] / 2
    area = np.interp((low + high) / 2, positions[held], areas_mm2[held])
    return float(BULLET_FACTOR * area * (high - low) / 1000)
