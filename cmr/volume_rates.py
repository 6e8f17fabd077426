"""How fast a ventricle empties and fills, from a periodic fit to its volume curve.

Differences of neighbouring phases multiply the noise of the volumes, and the steepest of them is
taken; a periodic curve of few harmonics has neither fault. The number of harmonics is the one
that would predict further volumes best (AICc, Hurvich and Tsai, Biometrika 1989;76:297).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from cmr.settings import Section
from cmr.volume import FloatArray

# Where the steepest point is looked for: 1 ms in most hearts.
_STEPS = 1000
_FEWEST_HARMONICS = 2
# Fewer than three, which is what a gap of a sixth of the cycle leaves, read rates 5 to 15 % wrong.
_HARMONICS_TO_CHOOSE_FROM = 3
# Of the range of the curve: rounding of a curve without noise.
_NOISE_FLOOR = 1e-6


class RateSettings(Section):
    """When rates are told, and how closely the fit may follow the volumes.

    Attributes
    ----------
    min_phases
        With a volume; fewer give no rates.
    max_frame_spacing_ms
        Between neighbouring phases; more gives none.
    most_harmonics
        Of the periodic curve.
    """

    min_phases: int
    max_frame_spacing_ms: float
    most_harmonics: int


@dataclass(frozen=True, eq=False)
class Rates:
    """Peak rates of one ventricle. Names are those of :class:`cmr.results.Ventricle`.

    Attributes
    ----------
    fitted_ml
        ``(t,)`` fitted volume of each phase; NaN without a fit.
    harmonics
        Of the fit; 0 without.
    scatter_ml
        SD of the volumes about the fit; NaN without.
    reason
        Why there are no rates; empty where there are.
    """

    peak_ejection_rate_ml_s: float
    time_to_peak_ejection_ms: float
    peak_filling_rate_ml_s: float
    time_to_peak_filling_ms: float
    fitted_ml: FloatArray
    harmonics: int
    scatter_ml: float
    reason: str


def no_rates(n_phases: int, reason: str) -> Rates:
    """Nothing, and why."""
    return Rates(nan, nan, nan, nan, np.full(n_phases, nan), 0, nan, reason)


@dataclass(frozen=True, eq=False)
class Cycle:
    """When the phases of a cine were taken.

    Parameters
    ----------
    times_ms
        ``(t,)`` rising; NaN where unknown.
    rr_ms
        Length of the cycle; NaN where unknown.
    ed, es
        Phases.
    """

    times_ms: FloatArray
    rr_ms: float
    ed: int
    es: int

    @property
    def period_ms(self) -> float:
        """The RR interval, or what the times span and one step more.

        That too where the phases do not fit into the RR interval, which is a mean over beats.
        """
        known = self.times_ms[np.isfinite(self.times_ms)]
        closed = float(np.ptp(known) + np.median(np.diff(known)))
        span = float(np.ptp(known))
        return self.rr_ms if isfinite(self.rr_ms) and self.rr_ms > span else closed


@dataclass(frozen=True, eq=False)
class PeriodicCurve:
    """Sum of harmonics of a cycle: ``(1 + 2 harmonics,)`` coefficients in ml."""

    coefficients: FloatArray
    period_ms: float

    def at(self, times_ms: FloatArray) -> FloatArray:
        """``(n,)`` volumes in ml."""
        return np.asarray(_harmonics(times_ms, self.period_ms, self.count) @ self.coefficients)

    def slope_ml_s(self, times_ms: FloatArray) -> FloatArray:
        """``(n,)`` rates of change."""
        order = np.arange(1, self.count + 1) * 2000 * np.pi / self.period_ms
        cosine, sine = self.coefficients[1::2], self.coefficients[2::2]
        turned = np.empty_like(self.coefficients)
        turned[0], turned[1::2], turned[2::2] = 0, order * sine, -order * cosine
        return np.asarray(_harmonics(times_ms, self.period_ms, self.count) @ turned)

    @property
    def count(self) -> int:
        """Number of harmonics."""
        return len(self.coefficients) // 2


def measure_rates(volumes_ml: FloatArray, cycle: Cycle, settings: RateSettings) -> Rates:
    """Steepest fall between ED and ES and steepest rise between ES and ED.

    Parameters
    ----------
    volumes_ml
        ``(t,)``; NaN for phases that are left out.

    Returns
    -------
    Rates
        ml/s, both positive; ms from ED and from ES.
    """
    n = len(volumes_ml)
    known = np.isfinite(volumes_ml) & np.isfinite(cycle.times_ms)
    reason = _unfit(known, cycle, settings)
    if reason:
        return no_rates(n, reason)
    curve = fit_curve(cycle.times_ms[known], volumes_ml[known], cycle.period_ms, settings)
    if curve is None:
        return no_rates(n, "Too much of the cardiac cycle has no images for a periodic fit.")
    ed, es = (float(cycle.times_ms[phase]) for phase in (cycle.ed, cycle.es))
    ejection = _steepest(curve, ed, es, -1)
    filling = _steepest(curve, es, ed, 1)
    fall_ml = float(np.diff(curve.at(np.array([es, ed])))[0])
    if not (fall_ml > _NOISE_FLOOR * abs(curve.coefficients[0]) and filling[0] > 0):
        return no_rates(n, "The volume curve does not fall to ES and rise again.")
    fitted = np.full(n, nan)
    timed = np.isfinite(cycle.times_ms)
    fitted[timed] = curve.at(cycle.times_ms[timed])
    free = int(known.sum()) - len(curve.coefficients)
    scatter = float(np.sqrt(np.sum((volumes_ml - fitted)[known] ** 2) / free))
    return Rates(*ejection, *filling, fitted, curve.count, scatter, "")


def _unfit(known: np.ndarray, cycle: Cycle, settings: RateSettings) -> str:
    """Why these phases give no rates; empty where they may."""
    timed = cycle.times_ms[np.isfinite(cycle.times_ms)]
    ends = cycle.times_ms[[cycle.ed, cycle.es]]
    if timed.size < _FEWEST_HARMONICS or not np.isfinite(ends).all():
        return "The trigger times of the phases are not in the study."
    steps = np.diff(timed)
    if not (steps > 0).all():
        return "The trigger times of the phases do not rise."
    if known.sum() < settings.min_phases:
        return f"{known.sum()} phases have a volume; a rate needs {settings.min_phases}."
    spacing = float(np.median(steps))
    if spacing > settings.max_frame_spacing_ms:
        limit = settings.max_frame_spacing_ms
        return f"The phases are {spacing:.0f} ms apart; a rate needs {limit:g} ms or less."
    return ""


def fit_curve(
    times_ms: FloatArray, volumes_ml: FloatArray, period_ms: float, settings: RateSettings
) -> PeriodicCurve | None:
    """Least-squares curve through volumes ``(n,)`` at ``times_ms``, all finite.

    No harmonic is taken whose half period is shorter than the widest gap between phases: it
    could swing there unseen. None where that leaves fewer than three to choose from.
    """
    turns = np.sort(np.mod(times_ms, period_ms))
    gap_ms = float(np.diff(turns, append=turns[0] + period_ms).max())
    most = min(settings.most_harmonics, int(period_ms / (2 * gap_ms)), (len(turns) - 4) // 2)
    if most < _HARMONICS_TO_CHOOSE_FROM:
        return None
    fits = [_fit(times_ms, volumes_ml, period_ms, k) for k in range(_FEWEST_HARMONICS, most + 1)]
    return min(fits, key=lambda fit: fit[0])[1]


def _fit(
    times_ms: FloatArray, volumes_ml: FloatArray, period_ms: float, count: int
) -> tuple[float, PeriodicCurve]:
    """AICc and curve of one number of harmonics."""
    basis = _harmonics(times_ms, period_ms, count)
    coefficients = np.linalg.lstsq(basis, volumes_ml, rcond=None)[0]
    n, free = len(volumes_ml), 2 * count + 2
    floor = (_NOISE_FLOOR * np.ptp(volumes_ml)) ** 2
    variance = float(np.mean((volumes_ml - basis @ coefficients) ** 2) + floor)
    penalty = 2 * free + 2 * free * (free + 1) / (n - free - 1)
    score = n * float(np.log(max(variance, np.finfo(float).tiny))) + penalty
    return score, PeriodicCurve(np.asarray(coefficients), period_ms)


def _harmonics(times_ms: FloatArray, period_ms: float, count: int) -> FloatArray:
    """``(n, 1 + 2 count)``: 1, then cosine and sine of each harmonic."""
    angle = 2 * np.pi * np.multiply.outer(times_ms / period_ms, np.arange(1, count + 1))
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.column_stack([np.ones(len(times_ms)), waves.reshape(len(times_ms), -1)])


def _steepest(
    curve: PeriodicCurve, start_ms: float, end_ms: float, sign: int
) -> tuple[float, float]:
    """Largest slope of one sign between two times, and how long after the first."""
    length = (end_ms - start_ms) % curve.period_ms
    since = np.linspace(0, length, _STEPS)
    slopes = sign * curve.slope_ml_s(start_ms + since)
    steepest = int(np.argmax(slopes))
    return float(slopes[steepest]), float(since[steepest])
