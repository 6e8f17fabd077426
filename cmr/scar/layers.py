"""In which third of the wall the scar lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from cmr.anatomy import Mask
from cmr.scar.amounts import size_of
from cmr.scar.masks import ScarMask
from cmr.volume import FloatArray
from cmr.wall.borders import WallBorders
from cmr.wall.left_ventricle import LeftVentricle

NO_SCAR = "There is no scar."

_NAMES = ("endocardial_pct", "midwall_pct", "epicardial_pct")
# Each pixel is cut into this many parts along rows and along columns.
_PARTS = 5
_DOWN, _RIGHT = ((np.indices((_PARTS, _PARTS)) + 0.5) / _PARTS - 0.5).reshape(2, -1, 1)
_TINY = 1e-6


@dataclass(frozen=True)
class LayerShares:
    """Share of the scar by third of the local wall thickness; they add up to 100.

    Names as in :class:`cmr.results_scar.Layers`. ``reasons`` says by name why a value is NaN.
    """

    endocardial_pct: float
    midwall_pct: float
    epicardial_pct: float
    reasons: Mapping[str, str] = field(default_factory=dict)


def measure_layers(lv: LeftVentricle, borders: WallBorders, scar: ScarMask) -> LayerShares:
    """Share of the volume of the scar in each third of the wall.

    Depth is the distance to the endocardium over the sum of the distances to both borders, told
    for parts of pixels. Volume counts, so that a transmural scar of a ring has more of its scar in
    the epicardial third, which is longer. Scar in slices without borders is left out.

    A pixel that is partly scar is filled from the side where the scar lies. Measured on rings: a
    band that keeps a pixel away from the borders of the thirds, and a transmural scar, are right
    to 0.6 points in walls of 6 pixels and more (1.3 at 3 pixels). A scar that is exactly the
    middle third is called middle to 95 % at 6 pixels, 96 % at 8, 98 % at 12, but 89 % at 3, and
    one that crosses a border of a third is divided to 5 points at 6, 3 at 8 and 12.
    """
    if scar.reason:
        return _none(scar.reason)
    found = np.zeros((3, *lv.wall.shape))
    for z in borders.slices:
        row, col = np.nonzero(scar.weight[z])
        parts = np.stack([row + _DOWN, col + _RIGHT])
        filled = _fill(lv.wall[z], scar.weight[z], parts)
        found[:, z, row, col] = (_thirds(borders, z, parts) * filled).mean(axis=1)
    sizes = np.array([size_of(third, lv.geometry) for third in found])
    if not sizes.any():
        anywhere = scar.weight.any()
        return _none("No slice with scar has both borders of the wall." if anywhere else NO_SCAR)
    inner, middle, outer = (float(pct) for pct in 100 * sizes / sizes.sum())
    return LayerShares(inner, middle, outer)


def _none(reason: str) -> LayerShares:
    nan = float("nan")
    return LayerShares(nan, nan, nan, dict.fromkeys(_NAMES, reason))


def _fill(wall: Mask, weight: FloatArray, parts: FloatArray) -> FloatArray:
    """``(parts, n)`` how full of scar each part of a pixel is; their mean is its weight.

    The parts nearest to the scar around are filled first, so that the edge of a scar runs through
    a pixel instead of thinning out in it.
    """
    held, near = (
        ndimage.map_coordinates(values, parts, order=1, mode="nearest")
        for values in (wall.astype(np.float64), weight * wall)
    )
    order = np.argsort(-near / np.maximum(held, _TINY), axis=0, kind="stable")
    rank = np.argsort(order, axis=0)
    row, col = np.rint(parts).astype(int)
    return np.asarray(np.clip(weight[row, col] * len(rank) - rank, 0, 1))


def _thirds(borders: WallBorders, z: int, parts: FloatArray) -> FloatArray:
    """``(3, parts, n)`` whether each part of a pixel lies in each third."""
    inner, outer = (
        ndimage.map_coordinates(field[z], parts, order=1, mode="nearest")
        for field in (borders.endocardium_mm, -borders.epicardium_mm)
    )
    # Depth is inner / (inner + outer); what is beyond a border belongs to the third at it.
    first = outer > 2 * inner
    last = ~first & (inner >= 2 * outer)
    return np.stack([first, ~first & ~last, last])
