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
) -> MeasuredTissue:
    """Measure a map on the grid of its labels; without a heart every region says why it is empty.

    Raises
    ------
    GeometryError
        Map and labels of different shapes.
    """
    if heart.reason:
        aha = no_segments(heart.labels.data[0], heart.reason)
    else:
        aha = find_segments(heart.labels, settings.aha, extent)
    statistics = measure_regions(tissue.values, tissue.r2, heart.labels, aha, settings.regions)
    return MeasuredTissue(tissue, heart, aha, statistics)
