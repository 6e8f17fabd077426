"""Are the values of a map in the range that its unit promises? Flags, never changes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cmr.body import Range
from cmr.mapping.terms import Contrast, MapKind
from cmr.settings import Section

# Units in which maps were stored elsewhere: tenths of a millisecond, seconds, microseconds, ...
_FACTORS = (10.0, 100.0, 1000.0, 0.1, 0.01, 0.001)


class PlausibleSettings(Section):
    """Ranges of living tissue, wide on purpose.

    Attributes
    ----------
    t1_ms, t2_ms, t2_star_ms, ecv_pct
        Where most pixels of the middle of a map lie.
    least_share_pct
        Share of these pixels that has to lie there.
    unit_margin_pct
        A unit is doubted when this much more of them would lie there in another.
    blood_native_t1_ms, blood_post_t1_ms, blood_t2_ms
        Median of the blood pool.
    """

    t1_ms: Range
    t2_ms: Range
    t2_star_ms: Range
    ecv_pct: Range
    least_share_pct: float
    unit_margin_pct: float
    blood_native_t1_ms: Range
    blood_post_t1_ms: Range
    blood_t2_ms: Range


def range_flags(
    values: npt.ArrayLike, kind: MapKind, settings: PlausibleSettings
) -> tuple[str, ...]:
    """Why the values ``(z, row, col)`` of a map are doubted; NaN pixels do not count.

    Only the middle half of the field of view is looked at, away from air and arms.
    """
    everything = np.asarray(values, dtype=np.float64)
    rows, cols = everything.shape[-2:]
    middle = everything[..., rows // 4 : rows - rows // 4, cols // 4 : cols - cols // 4]
    known = middle[np.isfinite(middle)]
    if not known.size:
        return ("no pixel in the middle of the map has a value",)
    limits, unit = _limits(kind, settings), kind.unit
    as_read = _share_pct(known, limits)
    others = {factor: _share_pct(known / factor, limits) for factor in _FACTORS}
    # Of factors that fit alike, the one that brings the median nearest to the middle.
    typical = max(float(np.median(known)), math.ulp(0.0)) / math.sqrt(limits.low * limits.high)
    factor = max(others, key=lambda f: (others[f], -abs(math.log(typical) - math.log(f))))
    usual = f"between {limits.low:g} and {limits.high:g} {unit}"
    if others[factor] > as_read + settings.unit_margin_pct:
        return (
            f"{as_read:.0f} % of the pixels in the middle lie {usual}, but {others[factor]:.0f} % "
            f"would if divided by {factor:g}: the unit may be another; nothing was scaled",
        )
    if as_read < settings.least_share_pct:
        return (f"only {as_read:.0f} % of the pixels in the middle lie {usual}",)
    return ()


def blood_limits(kind: MapKind, contrast: Contrast, settings: PlausibleSettings) -> Range | None:
    """Where the median of the blood pool lies; None where it cannot be judged."""
    return {
        (MapKind.T1, Contrast.NATIVE): settings.blood_native_t1_ms,
        (MapKind.T1, Contrast.POST): settings.blood_post_t1_ms,
    }.get((kind, contrast), settings.blood_t2_ms if kind is MapKind.T2 else None)


def _limits(kind: MapKind, settings: PlausibleSettings) -> Range:
    return {
        MapKind.T1: settings.t1_ms,
        MapKind.T2: settings.t2_ms,
        MapKind.T2_STAR: settings.t2_star_ms,
        MapKind.ECV: settings.ecv_pct,
    }[kind]


def _share_pct(values: npt.NDArray[np.float64], limits: Range) -> float:
    return float(100 * np.mean((values >= limits.low) & (values <= limits.high)))
