"""Fit of one curve to many pixels: grid, refinement, best polarity, noise of magnitudes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cmr.body import Range
from cmr.relaxometry.arrays import Array, like, namespace
from cmr.relaxometry.curves import Curve
from cmr.relaxometry.refine import refine
from cmr.relaxometry.rician import maximise_likelihood
from cmr.relaxometry.search import Grid, candidates, make_grid
from cmr.relaxometry.settings import FitSettings
from cmr.relaxometry.values import ValueOf
from cmr.volume import FloatArray


@dataclass(frozen=True, eq=False)
class Problem:
    """A curve, the times of the images and what may be found.

    Attributes
    ----------
    times_ms
        ``(n,)``, finite.
    signs
        ``(m, n)``: polarities to try, ±1. More than one means magnitudes of an inversion recovery.
    settings
        ``rician_noise``, and in ``max_sd_fraction`` how far two polarities' values may be apart.
    """

    curve: Curve
    value_of: ValueOf
    times_ms: FloatArray
    limits_ms: Range
    signs: FloatArray
    settings: FitSettings
    grid: Grid = field(init=False)

    def __post_init__(self) -> None:
        grid = make_grid(self.curve, self.times_ms, self.signs, self.limits_ms)
        object.__setattr__(self, "grid", grid)

    @property
    def n_free(self) -> int:
        """Degrees of freedom of the residuals."""
        return len(self.times_ms) - self.curve.n_parameters


@dataclass(frozen=True, eq=False)
class Fit:
    """Best curve of each pixel.

    Attributes
    ----------
    times
        ``(n, 1)``.
    signal
        ``(n, pixels)`` with its polarity restored.
    target
        ``(n, pixels)``: values whose least-squares curve this is; ``signal``, or for magnitudes
        what it would be without the noise's part that cannot be negative.
    log_tau
        ``(pixels,)``.
    settled
        ``(pixels,)``: a best time constant exists inside the limits.
    rival_gap
        ``(pixels,)``: by how much the sum of squares grows from this curve to the best one of
        another polarity with a different value; infinite where there is none.
    """

    times: Array
    signal: Array
    target: Array
    log_tau: Array
    settled: Array
    rival_gap: Array


def fit_pixels(problem: Problem, images: Array) -> Fit:
    """Fit every pixel of ``images`` ``(n, pixels)``, float64, finite and not all zero.

    The polarity is the one with the lowest sum of squares after refinement.
    """
    xp = namespace(images)
    curve, times = problem.curve, like(problem.times_ms[:, None], images)
    pixel, polarity, start = candidates(problem.grid, images, problem.n_free)
    signal = images[:, pixel] * like(problem.signs.T, images)[:, polarity]
    log_tau, settled = refine(curve, times, signal, start)
    target, gap = signal, xp.full_like(log_tau, xp.inf)
    if len(problem.signs) > 1:
        place = _table(polarity, pixel, images.shape[1], len(problem.signs))
        best, gap = _choose(problem, place, times, signal, log_tau)
        signal, log_tau, settled = signal[:, best], log_tau[best], settled[best]
        target = signal
        if problem.settings.rician_noise:
            target, log_tau = maximise_likelihood(curve, times, signal, log_tau)
    low, high = np.log(problem.limits_ms.low), np.log(problem.limits_ms.high)
    inside = (log_tau >= low) & (log_tau <= high)
    return Fit(times, signal, target, log_tau, settled & inside, gap)


def _table(polarity: Array, pixel: Array, n_pixels: int, n_polarities: int) -> Array:
    """``(polarities, pixels)``: index of the candidate, -1 where there is none."""
    xp = namespace(pixel)
    place = xp.full((n_polarities, n_pixels), -1, dtype=xp.int64, device=pixel.device)
    place[polarity, pixel] = xp.arange(len(pixel), device=pixel.device)
    return place


def _choose(
    problem: Problem, place: Array, times: Array, signal: Array, log_tau: Array
) -> tuple[Array, Array]:
    """Index of each pixel's candidate with the lowest misfit, and the gap to its rival."""
    xp, curve = namespace(signal), problem.curve
    basis, _, _ = curve.basis(times, log_tau)
    constant, slope = curve.linear_part(signal, basis)
    misfit = ((signal - constant - slope * basis) ** 2).sum(0)
    value, _ = problem.value_of(constant, slope, xp.exp(log_tau))
    misfits = xp.where(place < 0, xp.inf, misfit[place])
    best = place[misfits.argmin(0), xp.arange(place.shape[1], device=place.device)]
    alike = abs(value[place] - value[best]) <= problem.settings.max_sd_fraction * value[best]
    return best, xp.amin(xp.where(alike, xp.inf, misfits), 0) - misfit[best]
