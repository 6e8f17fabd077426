"""A map measured: AHA segments of the heart found on it, and the statistics of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Mask
from cmr.labels import Label
from cmr.mapping.heart import HeartOnMap
from cmr.tissue.aha import AhaSegments, find_segments, no_segments
from cmr.tissue.levels import LvExtent
from cmr.tissue.regions import MapStatistics, measure_regions
from cmr.tissue.settings import TissueSettings
from cmr.volume import FloatArray


@dataclass(frozen=True, eq=False)
class TissueValues:
    """A map in ms or %, NaN where undetermined.

    Parameters
    ----------
    values
        ``(z, row, col)``.
    sd, r2
        Laid out alike; None where the map came without.
    """

    values: FloatArray
    sd: FloatArray | None
    r2: FloatArray | None


@dataclass(frozen=True, eq=False)
class MeasuredTissue:
    """A map with its segments and their numbers."""

    tissue: TissueValues
    heart: HeartOnMap
    aha: AhaSegments
    statistics: MapStatistics

    @property
    def wall(self) -> Mask:
        """``(z, row, col)`` myocardium."""
        return np.asarray(self.heart.labels.data[0] == Label.MYOCARDIUM)


def measure_tissue(
    tissue: TissueValues,
    heart: HeartOnMap,
    extent: LvExtent | None,
    settings: TissueSettings,
    *,
    blood_differs: bool,
) -> MeasuredTissue:
    """Measure a map on the grid of its labels; without a heart every region says why it is empty.

    A ring about a disc of the same tissue is no heart: blood has another T1, T2 and T2* than
    muscle.

    Parameters
    ----------
    extent
        Ends of the LV, where a cine tells them.
    blood_differs
        The quantity is never alike in blood and muscle. After contrast T1 may be: in amyloidosis.

    Raises
    ------
    GeometryError
        Map and labels of different shapes.
    """
    if not heart.reason:
        aha = find_segments(heart.labels, settings.aha, extent)
        found = _measured(tissue, heart, aha, settings)
        alike = _alike(found.statistics, settings.min_blood_difference_fraction)
        if not (alike and blood_differs):
            return found
        heart = heart.dismissed(alike)
    return _measured(tissue, heart, no_segments(heart.labels.data[0], heart.reason), settings)


def _alike(statistics: MapStatistics, least_fraction: float) -> str:
    """Why blood and wall are no blood and wall; empty where they differ or cannot be compared."""
    wall, blood = statistics.whole.median, statistics.blood.median
    if not (np.isfinite(wall) and np.isfinite(blood)):
        return ""
    if abs(blood - wall) >= least_fraction * max(blood, wall):
        return ""
    return f"What looks like a heart is no heart: cavity {blood:.0f} and wall {wall:.0f} are alike."


def measure_with_segments(
    tissue: TissueValues, like: MeasuredTissue, settings: TissueSettings
) -> MeasuredTissue:
    """Measure a map on the grid, heart and segments of another one."""
    return _measured(tissue, like.heart, like.aha, settings)


def _measured(
    tissue: TissueValues, heart: HeartOnMap, aha: AhaSegments, settings: TissueSettings
) -> MeasuredTissue:
    statistics = measure_regions(tissue.values, tissue.r2, heart.labels, aha, settings.regions)
    return MeasuredTissue(tissue, heart, aha, statistics)
