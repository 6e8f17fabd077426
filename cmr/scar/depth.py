"""How much scar, where and how deep, of one scar mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cmr.scar.amounts import Amount, measure_amount, no_amount
from cmr.scar.layers import LayerShares, measure_layers
from cmr.scar.masks import ScarMask
from cmr.scar.segments import Count, SegmentScar, count_over_50, measure_segments
from cmr.scar.territories import Territories, measure_territories
from cmr.settings import Section
from cmr.wall.borders import BorderSettings, WallBorders, find_borders
from cmr.wall.chords import Chords, ChordSettings, draw_chords
from cmr.wall.left_ventricle import LeftVentricle


class DepthSettings(Section):
    """How depth is measured."""

    borders: BorderSettings
    chords: ChordSettings


@dataclass(frozen=True, eq=False)
class MeasuredWall:
    """What is the same for every scar mask of a stack."""

    lv: LeftVentricle
    borders: WallBorders
    chords: Chords


@dataclass(frozen=True, eq=False)
class ScarDepth:
    """One scar mask, measured."""

    amount: Amount
    segments: Mapping[int, SegmentScar]
    over_50: Count
    layers: LayerShares
    territories: Territories


def measure_wall(lv: LeftVentricle, settings: DepthSettings) -> MeasuredWall:
    """Borders and chords of a wall."""
    borders = find_borders(lv, settings.borders)
    return MeasuredWall(lv, borders, draw_chords(lv, borders, settings.chords))


def measure_depth(
    wall: MeasuredWall, scar: ScarMask, density_g_ml: float, without: str
) -> ScarDepth:
    """Everything about one scar mask.

    Parameters
    ----------
    without
        Why the stack has no AHA segments (``AhaSegments.reason``); empty where it has.
    """
    lv = wall.lv
    whole = measure_amount(scar.weight, lv, density_g_ml)
    segments = measure_segments(lv, wall.chords, scar, without)
    return ScarDepth(
        amount=no_amount(scar.reason) if scar.reason else whole,
        segments=segments,
        over_50=count_over_50(segments),
        layers=measure_layers(lv, wall.borders, scar),
        territories=measure_territories(lv, scar, segments, density_g_ml),
    )
