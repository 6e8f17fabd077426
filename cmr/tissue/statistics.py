"""Statistics of a map over a region, with every pixel accounted for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Mask
from cmr.settings import Section
from cmr.volume import FloatArray

# Of the median of normally distributed values, over that of their mean: sqrt(pi / 2).
_MEDIAN_ERROR = np.sqrt(np.pi / 2)


class StatisticsSettings(Section):
    """Which pixels count, and how many make a value.

    Attributes
    ----------
    min_r2
        Pixels that the model fits worse are left out.
    min_pixels
        Regions with fewer have no value.
    """

    min_r2: float
    min_pixels: int


@dataclass(frozen=True)
class RegionStatistics:
    """One region of a map, in the unit of the map.

    Attributes
    ----------
    median, mean, sd
        Over the pixels used; NaN with a ``reason`` where they are too few.
    pixels
        Used.
    undetermined_pixels
        In the region, but not a number in the map.
    poor_fit_pixels
        In the region, with a value, but a worse fit than asked for.
    r2
        Mean over all pixels of the region that have one, left out or not; NaN without.
    """

    median: float
    mean: float
    sd: float
    pixels: int
    undetermined_pixels: int
    poor_fit_pixels: int
    r2: float
    reason: str = ""

    @property
    def left_out_fraction(self) -> float:
        """Share of the region's pixels that were not used; NaN for an empty region."""
        lost = self.undetermined_pixels + self.poor_fit_pixels
        total = self.pixels + lost
        return lost / total if total else float("nan")

    @property
    def median_error(self) -> float:
        """Standard error of the median of independent, normally distributed pixels."""
        return float(_MEDIAN_ERROR * self.sd / np.sqrt(self.pixels)) if self.pixels else np.nan


def no_value(reason: str) -> RegionStatistics:
    """A region that does not exist."""
    nan = float("nan")
    return RegionStatistics(nan, nan, nan, 0, 0, 0, nan, reason)


def describe(
    values: FloatArray, r2: FloatArray | None, region: Mask, settings: StatisticsSettings
) -> RegionStatistics:
    """Statistics of ``values`` (any shape) over ``region``.

    ``r2`` is the goodness of fit of each pixel, None where a map came without; a pixel without
    one counts as poorly fitted.
    """
    held = values[region]
    finite = np.isfinite(held)
    good = finite.copy()
    mean_r2 = float("nan")
    if r2 is not None:
        fit = r2[region]
        good &= fit >= settings.min_r2
        known = fit[np.isfinite(fit)]
        mean_r2 = float(known.mean()) if known.size else mean_r2
    used = held[good].astype(np.float64)
    middle, reason = _middle(used, held.size, settings)
    return RegionStatistics(
        *middle,
        pixels=used.size,
        undetermined_pixels=int(np.count_nonzero(~finite)),
        poor_fit_pixels=int(np.count_nonzero(finite & ~good)),
        r2=mean_r2,
        reason=reason,
    )


def _middle(
    used: FloatArray, total: int, settings: StatisticsSettings
) -> tuple[tuple[float, float, float], str]:
    """Median, mean and SD, or the reason why not."""
    if used.size < max(settings.min_pixels, 2):
        nan = float("nan")
        reason = f"{used.size} of {total} pixels can be used; {settings.min_pixels} are needed."
        return (nan, nan, nan), reason
    return (float(np.median(used)), float(used.mean()), float(used.std(ddof=1))), ""
