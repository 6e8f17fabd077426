"""How much: grams, and the share of the left ventricle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cmr.anatomy import Mask
from cmr.volume import FloatArray, StackGeometry
from cmr.wall.left_ventricle import LeftVentricle

NO_PITCH = "One slice has no slice pitch, so there is no volume; its thickness does not give one."
NO_LV_WALL = "There is no LV wall on these images."


@dataclass(frozen=True)
class Amount:
    """Some part of the LV wall; names as in :class:`cmr.results_scar.ScarAmount`.

    Attributes
    ----------
    mass_g
        NaN without slice pitch.
    pct_lv_mass
        Of the mass of the whole wall; also of one slice.
    reasons
        Why a value is NaN, by its name.
    """

    mass_g: float
    pct_lv_mass: float
    reasons: Mapping[str, str] = field(default_factory=dict)


def no_amount(reason: str) -> Amount:
    """Nothing could be told."""
    nan = float("nan")
    return Amount(nan, nan, {"mass_g": reason, "pct_lv_mass": reason})


def measure_amount(share: FloatArray | Mask, lv: LeftVentricle, density_g_ml: float) -> Amount:
    """Mass of what takes ``share`` of each pixel, and its part of the mass of the wall.

    Sum of share × pixel area × length along the normal that the slice stands for
    (``StackGeometry.slice_extents_mm``) × density.

    Parameters
    ----------
    share
        ``(z, row, col)`` 0 to 1, such as ``ScarMask.weight``, or a mask.
    density_g_ml
        ``VolumetrySettings.myocardial_density_g_ml``.
    """
    wall = size_of(lv.wall, lv.geometry)
    if not wall:
        return no_amount(NO_LV_WALL)
    size = size_of(share, lv.geometry)
    pct = 100 * size / wall
    if not has_pitch(lv.geometry):
        return Amount(float("nan"), pct, {"mass_g": NO_PITCH})
    return Amount(size / 1000 * density_g_ml, pct)


def size_of(share: FloatArray | Mask, geometry: StackGeometry) -> float:
    """Volume in mm3 of ``share`` ``(z, row, col)``; without slice pitch, its area in mm2.

    For ratios, which need no more.
    """
    extents = geometry.slice_extents_mm if has_pitch(geometry) else np.ones(geometry.n_slices)
    return float(share.sum(axis=(1, 2), dtype=np.float64) @ extents * geometry.pixel_area_mm2)


def has_pitch(geometry: StackGeometry) -> bool:
    """Every slice stands for a known length."""
    return bool(np.isfinite(geometry.slice_extents_mm).all())
