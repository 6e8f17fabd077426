"""A map measured region by region: segments, slices, septum, whole wall, blood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cmr.anatomy import Mask
from cmr.errors import GeometryError
from cmr.labels import Label
from cmr.settings import Section
from cmr.tissue.aha import SEGMENTS, SEPTAL_SEGMENTS, AhaSegments, absent
from cmr.tissue.statistics import RegionStatistics, StatisticsSettings, describe, no_value
from cmr.tissue.wall import WallSettings, blood_pool, middle_of_wall, wall_depth
from cmr.volume import FloatArray, Volume4D


class RegionSettings(Section):
    """Borders that are left out, and the pixels that count."""

    wall: WallSettings
    statistics: StatisticsSettings


@dataclass(frozen=True, eq=False)
class SliceStatistics:
    """One slice: its whole wall, its segments, its blood."""

    wall: RegionStatistics
    segments: Mapping[int, RegionStatistics]
    blood: RegionStatistics


@dataclass(frozen=True, eq=False)
class MapStatistics:
    """One map, in its own unit.

    Attributes
    ----------
    whole
        All segments; without segments, the wall of all slices: see ``whole_of``.
    septal
        Segments 2, 3, 8, 9 and 14.
    segments
        1 to 16, each over all slices of its level.
    slices
        One a slice of the stack, with the segments that lie on it.
    blood
        Blood pool of all slices.
    """

    whole: RegionStatistics
    whole_of: Literal["segments", "wall without segments"]
    septal: RegionStatistics
    segments: Mapping[int, RegionStatistics]
    slices: tuple[SliceStatistics, ...]
    blood: RegionStatistics


def measure_regions(
    values: FloatArray,
    r2: FloatArray | None,
    labels: Volume4D,
    aha: AhaSegments,
    settings: RegionSettings,
) -> MapStatistics:
    """Measure a map ``(z, row, col)`` on the grid of its labels ``(1, z, row, col)``.

    Raises
    ------
    GeometryError
        Map, goodness of fit and labels have different shapes.
    """
    _check_shapes(values, r2, labels, aha)
    data, spacing = labels.data[0], labels.geometry.pixel_spacing_mm
    middle = middle_of_wall(wall_depth(data, spacing), settings.wall)
    pool = blood_pool(data, spacing, settings.wall)
    painted = np.where(middle, aha.segments, 0)
    segmented = bool(aha.segments.any())
    without_heart = "" if (data == Label.MYOCARDIUM).any() else aha.reason

    def over(region: Mask) -> RegionStatistics:
        if without_heart:
            return no_value(without_heart)
        return describe(values, r2, region, settings.statistics)

    def on_slice(z: int) -> SliceStatistics:
        here = np.arange(len(values))[:, None, None] == z
        present = [int(k) for k in np.unique(aha.segments[z]) if k]
        own = {k: over(here & (painted == k)) for k in present}
        return SliceStatistics(over(here & middle), own, over(here & pool))

    def segment(k: int) -> RegionStatistics:
        return over(painted == k) if (aha.segments == k).any() else no_value(absent(k, aha.reason))

    septal = over(np.isin(painted, SEPTAL_SEGMENTS))
    return MapStatistics(
        whole=over(painted > 0 if segmented else middle),
        whole_of="segments" if segmented else "wall without segments",
        septal=septal if segmented else no_value(aha.reason),
        segments={k: segment(k) for k in SEGMENTS},
        slices=tuple(on_slice(z) for z in range(len(values))),
        blood=over(pool),
    )


def _check_shapes(
    values: FloatArray, r2: FloatArray | None, labels: Volume4D, aha: AhaSegments
) -> None:
    expected = labels.data.shape[1:]
    shapes = {values.shape, aha.segments.shape, expected if r2 is None else r2.shape}
    if shapes != {expected}:
        raise GeometryError(f"Map and segments of shapes {shapes}, expected {expected}.")
