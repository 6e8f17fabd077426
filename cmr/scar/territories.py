"""Scar by coronary territory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cmr.results_scar import Territory
from cmr.scar.amounts import Amount, measure_amount, no_amount
from cmr.scar.masks import ScarMask
from cmr.scar.segments import SegmentScar
from cmr.wall.left_ventricle import LeftVentricle

SEGMENTS_OF: Mapping[Territory, tuple[int, ...]] = MappingProxyType(
    {
        "LAD": (1, 2, 7, 8, 13, 14),
        "RCA": (3, 4, 9, 10, 15),
        "LCX": (5, 6, 11, 12, 16),
    }
)
"""Cerqueira et al., Circulation 2002;105:539. Segment 17, of the LAD, is not made here.

What usually is, not what this patient has: of infarcts found by scar, those in segments 1, 2, 7,
8, 13 and 14 were 96 to 100 % specific for the LAD, the best segments of RCA and LCX (4 and 6) 93
and 64 % (Woie et al., Cardiol Res Pract 2015;120874)."""


@dataclass(frozen=True)
class TerritoryAmount:
    """One territory.

    Attributes
    ----------
    amount
        Scar in it, also as a share of the whole LV mass.
    segments
        Those of its segments that are on the slices.
    segments_with_scar
        Whose transmurality class is not "0"; None where no class could be told.
    """

    amount: Amount
    segments: tuple[int, ...]
    segments_with_scar: int | None


@dataclass(frozen=True)
class Territories:
    """All territories, and the scar in none: on slices without segments, such as the apical cap."""

    of: Mapping[Territory, TerritoryAmount]
    elsewhere: Amount


def measure_territories(
    lv: LeftVentricle, scar: ScarMask, segments: Mapping[int, SegmentScar], density_g_ml: float
) -> Territories:
    """Scar of each territory; with that elsewhere they add up to all of it.

    Parameters
    ----------
    segments
        From :func:`cmr.scar.segments.measure_segments`, of the same scar.
    density_g_ml
        As in :func:`cmr.scar.amounts.measure_amount`.
    """

    def within(numbers: tuple[int, ...]) -> Amount:
        share = scar.weight * np.isin(lv.segments, numbers)
        return no_amount(scar.reason) if scar.reason else measure_amount(share, lv, density_g_ml)

    def one(numbers: tuple[int, ...]) -> TerritoryAmount:
        present = tuple(k for k in numbers if (lv.segments == k).any())
        if not present:
            reason = segments[numbers[0]].reasons["scar_pct"]
            return TerritoryAmount(no_amount(reason), (), None)
        classes = [segments[k].transmurality_class for k in present]
        known = [name for name in classes if name is not None]
        scarred = sum(name != "0" for name in known) if known else None
        return TerritoryAmount(within(present), present, scarred)

    return Territories({name: one(numbers) for name, numbers in SEGMENTS_OF.items()}, within((0,)))
