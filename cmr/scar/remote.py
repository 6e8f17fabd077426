"""Remote myocardium without hands: the darkest sector of each slice that is even enough.

Thresholds rest on it, so a sector that is not believed is refused and the nearest believed one
stands in. At an end of the ventricle an uneven wall is wall mixed with what lies beyond base or
apex, bright without being scar: such a slice is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Mask
from cmr.scar.settings import RemoteSettings
from cmr.volume import FloatArray
from cmr.wall.left_ventricle import LeftVentricle

NO_REMOTE = "No slice has a sector of even, dark myocardium, so there is no remote to compare with."

_TOO_FEW = "fewer pixels than a standard deviation needs"
_NOT_JUDGED = "an end of the ventricle, not judged"
_BORROWED = "the nearest slice's is taken"


@dataclass(frozen=True, eq=False)
class RemoteMyocardium:
    """What healthy wall looks like.

    Parameters
    ----------
    mean, sd, peak
        ``(z,)`` grey values: mean, standard deviation and brightest (99th percentile) pixel of
        the slice's sector, or of the nearest slice's that has one; NaN where a slice is not judged.
    pixels
        In all believed sectors.
    mask
        ``(z, row, col)`` the believed sectors.
    refused
        Slice with wall to the reason why its sector is not believed, and what follows.
    reason
        Why there is none at all; empty where there is.
    """

    mean: FloatArray
    sd: FloatArray
    peak: FloatArray
    pixels: int
    mask: Mask
    refused: dict[int, str]
    reason: str = ""


def find_remote(
    values: FloatArray, left_ventricle: LeftVentricle, inner: Mask, settings: RemoteSettings
) -> RemoteMyocardium:
    """Find the sectors on ``values`` ``(z, row, col)``; ``inner`` is the wall without its rim."""
    sectors = [
        _darkest(values[z], inner[z], left_ventricle.cavity[z] | left_ventricle.wall[z], settings)
        for z in range(len(values))
    ]
    sds = np.array(
        [np.nan if s is None else values[z][s].std(ddof=1) for z, s in enumerate(sectors)]
    )
    held = np.flatnonzero(left_ventricle.wall.any((1, 2)))
    refused = {int(z): _TOO_FEW for z in held if sectors[z] is None}
    if np.isfinite(sds).any():
        limit = settings.largest_sd_ratio * float(np.nanmedian(sds))
        for z in np.flatnonzero(sds > limit):
            refused[int(z)] = f"its standard deviation {sds[z]:.3g} is above {limit:.3g}"
    ends = {int(held[0]), int(held[-1])} if held.size else set()
    refused = {z: f"{why}; {_NOT_JUDGED if z in ends else _BORROWED}" for z, why in refused.items()}
    return _gathered(values, sectors, refused, left_ventricle)


def _gathered(
    values: FloatArray,
    sectors: list[Mask | None],
    refused: dict[int, str],
    left_ventricle: LeftVentricle,
) -> RemoteMyocardium:
    count = len(values)
    mask = np.zeros(values.shape, bool)
    figures = np.full((3, count), np.nan)
    for z, sector in enumerate(sectors):
        if sector is not None and z not in refused:
            mask[z] = sector
            grey = values[z][sector]
            figures[:, z] = grey.mean(), grey.std(ddof=1), np.percentile(grey, 99)
    believed = np.flatnonzero(np.isfinite(figures[0]))
    if not believed.size:
        mean, sd, peak = figures
        return RemoteMyocardium(mean, sd, peak, 0, mask, refused, NO_REMOTE)
    at = left_ventricle.geometry.slice_positions_mm
    nearest = believed[np.abs(at[:, None] - at[believed]).argmin(1)]
    figures = figures[:, nearest]
    figures[:, [z for z, why in refused.items() if why.endswith(_NOT_JUDGED)]] = np.nan
    mean, sd, peak = figures
    return RemoteMyocardium(mean, sd, peak, int(mask.sum()), mask, refused)


def _darkest(values: FloatArray, inner: Mask, disc: Mask, settings: RemoteSettings) -> Mask | None:
    """``(row, col)`` contiguous sector with the lowest mean plus SD; None where all are small."""
    if not inner.any():
        return None
    row, col = np.nonzero(inner)
    middle = np.array(np.nonzero(disc)).mean(1)
    angle = np.rad2deg(np.arctan2(row - middle[0], col - middle[1]))
    grey = values[inner]
    best, found = np.inf, None
    for start in np.arange(0, 360, settings.step_deg):
        taken = np.mod(angle - start, 360) < settings.sector_deg
        if taken.sum() < settings.least_pixels:
            continue
        # A sector with some scar in it is as dark as others but less even.
        figure = float(grey[taken].mean() + grey[taken].std(ddof=1))
        if figure < best:
            best, found = figure, taken
    if found is None:
        return None
    sector = np.zeros_like(inner)
    sector[row[found], col[found]] = True
    return sector
