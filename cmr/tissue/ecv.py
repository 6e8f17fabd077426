"""Extracellular volume of the myocardium from T1 before and after contrast, and its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cmr.settings import Section
from cmr.tissue.haematocrit import Haematocrit
from cmr.tissue.statistics import RegionStatistics
from cmr.volume import FloatArray

UNKNOWN_T1 = "T1 unknown before or after contrast"
NOT_SHORTENED = "T1 not shorter after contrast"


class EcvSettings(Section):
    """When blood has taken up too little contrast.

    Attributes
    ----------
    min_blood_rate_change_per_s
        Of ``1 / T1``: less than this divides noise by noise.
    max_slice_distance_mm
        Between the planes of a native slice and of the post-contrast one taken for it.
    """

    min_blood_rate_change_per_s: float
    max_slice_distance_mm: float


@dataclass(frozen=True, eq=False)
class T1:
    """T1 of a pixel, a region or a map, with its standard deviation (same shape, or a number)."""

    value_ms: FloatArray | float
    sd_ms: FloatArray | float


@dataclass(frozen=True, eq=False)
class T1Pair:
    """T1 of one tissue before and after contrast."""

    native: T1
    post: T1

    @classmethod
    def of_regions(cls, native: RegionStatistics, post: RegionStatistics) -> T1Pair:
        """Medians of the same region on the two maps, with their standard errors."""
        return cls(T1(native.median, native.median_error), T1(post.median, post.median_error))


@dataclass(frozen=True, eq=False)
class Ecv:
    """Extracellular volume, 0 to 1, in the shape of the myocardial T1.

    Attributes
    ----------
    fraction, sd_fraction
        NaN where undefined.
    undefined
        Number of undefined values by reason.
    reason
        Why all are undefined, on account of blood or haematocrit; empty otherwise.
    """

    fraction: FloatArray
    sd_fraction: FloatArray
    undefined: Mapping[str, int]
    reason: str


def extracellular_volume(
    myocardium: T1Pair, blood: T1Pair, haematocrit: Haematocrit, settings: EcvSettings
) -> Ecv:
    """Extracellular volume fraction of the myocardium.

    ``ECV = (1 - Hct) (1/T1myo,post - 1/T1myo,pre) / (1/T1blood,post - 1/T1blood,pre)``
    (Kellman et al., J Cardiovasc Magn Reson 2012;14:63).
    The SD is first order in the SDs of the four T1 and of the haematocrit, taken as independent;
    where the haematocrit comes from native blood T1, its dependence on that is carried through.
    Over a map the errors of blood and haematocrit are common to all pixels: averaging does not
    reduce them.

    Parameters
    ----------
    myocardium
        Maps ``(z, row, col)`` on one grid, or single values.
    blood
        Single values.
    """
    pre, post = (np.asarray(t.value_ms, np.float64) for t in (myocardium.native, myocardium.post))
    known = (pre > 0) & (post > 0) & np.isfinite(pre) & np.isfinite(post)
    shortened = known & (post < pre)
    reason = haematocrit.reason or _blood_reason(blood, settings)
    defined = shortened & (not reason)
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction, sd = _first_order(myocardium, blood, haematocrit)
    undefined = {
        UNKNOWN_T1: int(np.count_nonzero(~known)),
        NOT_SHORTENED: int(np.count_nonzero(known & ~shortened)),
    }
    return Ecv(
        np.where(defined, fraction, np.nan), np.where(defined, sd, np.nan), undefined, reason
    )


def _blood_reason(blood: T1Pair, settings: EcvSettings) -> str:
    """Why blood gives no ECV; empty where it does."""
    pre, post = (float(np.asarray(t.value_ms)) for t in (blood.native, blood.post))
    if not (np.isfinite(pre) and np.isfinite(post) and pre > 0 and post > 0):
        return "Blood: T1 is unknown before or after contrast."
    change_per_s = 1000 * (1 / post - 1 / pre)
    least = settings.min_blood_rate_change_per_s
    if change_per_s >= least:
        return ""
    return (
        f"Blood: T1 {pre:.0f} ms before and {post:.0f} ms after contrast, a change of 1/T1 by "
        f"{change_per_s:.2g} per s; at least {least:g} are needed."
    )


def _first_order(
    myocardium: T1Pair, blood: T1Pair, haematocrit: Haematocrit
) -> tuple[FloatArray, FloatArray]:
    """Value and SD, without any check."""
    (myo_pre, myo_post), (blood_pre, blood_post) = (
        [np.asarray(t.value_ms, np.float64) for t in (pair.native, pair.post)]
        for pair in (myocardium, blood)
    )
    change = 1 / blood_post - 1 / blood_pre
    ratio = (1 / myo_post - 1 / myo_pre) / change
    plasma = 1 - haematocrit.fraction
    fraction = plasma * ratio
    terms = [
        plasma / change / myo_pre**2 * myocardium.native.sd_ms,
        plasma / change / myo_post**2 * myocardium.post.sd_ms,
        (fraction / change / blood_pre**2 + ratio * haematocrit.slope_per_ms) * blood.native.sd_ms,
        fraction / change / blood_post**2 * blood.post.sd_ms,
        ratio * haematocrit.sd_fraction,
    ]
    square = sum((np.square(term) for term in terms), start=np.zeros(()))
    return fraction, np.sqrt(square)
