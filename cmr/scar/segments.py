"""Scar by AHA segment: its share, how deep it goes, and the class of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cmr.results_scar import TransmuralityClass
from cmr.scar.amounts import size_of
from cmr.scar.masks import ScarMask
from cmr.scar.transmurality import transmurality
from cmr.tissue.aha import SEGMENTS, absent
from cmr.volume import FloatArray
from cmr.wall.chords import Chords
from cmr.wall.left_ventricle import LeftVentricle

NO_CHORDS = "No chord across the wall lies in this segment."

_CLASSES: tuple[tuple[float, TransmuralityClass], ...] = (
    (0.5, "0"),
    (25.5, "1-25"),
    (50.5, "26-50"),
    (75.5, "51-75"),
)


@dataclass(frozen=True)
class SegmentScar:
    """One segment; names as in :class:`cmr.results_scar.ScarSegment`.

    Attributes
    ----------
    scar_pct
        Volume of scar over volume of wall.
    transmurality_pct
        Mean over all chords of the segment, those without scar included.
    chords
        In this segment.
    reasons
        Why a value is missing, by its name.
    """

    scar_pct: float
    transmurality_pct: float
    transmurality_class: TransmuralityClass | None
    chords: int
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Count:
    """Number of segments; NaN with a reason where none could be told."""

    value: float
    reason: str = ""


def transmurality_class(pct: float) -> TransmuralityClass:
    """Class of a transmurality, after Kim et al., N Engl J Med 2000;343:1445.

    Of whole percents, as the classes are named: 25.4 is "1-25", 25.6 "26-50", 0.4 none.

    >>> [transmurality_class(p) for p in (0.4, 0.5, 25.4, 25.6, 50.4, 75.4, 75.6)]
    ['0', '1-25', '1-25', '26-50', '26-50', '51-75', '76-100']
    """
    return next((name for upper, name in _CLASSES if pct < upper), "76-100")


def measure_segments(
    lv: LeftVentricle, chords: Chords, scar: ScarMask, without: str
) -> Mapping[int, SegmentScar]:
    """Every AHA segment, 1 to 16.

    Chords of all slices of a segment count alike. They are equally many on each slice, so that a
    narrow slice counts as much as a wide one.

    Parameters
    ----------
    without
        Why the stack has no segments (``AhaSegments.reason``); empty where it has.
    """
    deep = np.empty(0) if scar.reason else 100 * transmurality(chords, lv, scar)

    def one(k: int) -> SegmentScar:
        wall = lv.wall & (lv.segments == k)
        count = int(np.count_nonzero(chords.segments == k))
        if scar.reason or not wall.any():
            return _none(scar.reason or absent(k, without), count)
        pct = 100 * size_of(scar.weight * wall, lv.geometry) / size_of(wall, lv.geometry)
        return _segment(pct, deep[chords.segments == k])

    return {k: one(k) for k in SEGMENTS}


def count_over_50(segments: Mapping[int, SegmentScar]) -> Count:
    """Segments whose mean transmurality is over 50 %: unlikely to recover (Kim 2000)."""
    known = [s.transmurality_pct for s in segments.values() if np.isfinite(s.transmurality_pct)]
    if not known:
        why = {s.reasons["transmurality_pct"] for s in segments.values()}
        return Count(float("nan"), why.pop() if len(why) == 1 else "No segment has chords.")
    return Count(float(sum(pct > 50 for pct in known)))


def _none(reason: str, chords: int) -> SegmentScar:
    names = ("scar_pct", "transmurality_pct", "transmurality_class")
    nan = float("nan")
    return SegmentScar(nan, nan, None, chords, dict.fromkeys(names, reason))


def _segment(pct: float, deep: FloatArray) -> SegmentScar:
    if not deep.size:
        names = ("transmurality_pct", "transmurality_class")
        return SegmentScar(pct, float("nan"), None, 0, dict.fromkeys(names, NO_CHORDS))
    mean = float(deep.mean())
    return SegmentScar(pct, mean, transmurality_class(mean), deep.size)
