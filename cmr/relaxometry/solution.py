"""Parameters, value and uncertainty of fitted curves, and whether they mean anything."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from cmr.relaxometry.arrays import Array, namespace, to_numpy
from cmr.relaxometry.engine import Problem, fit_pixels
from cmr.relaxometry.result import Reason
from cmr.relaxometry.search import RIVAL_MISFIT
from cmr.relaxometry.settings import FitSettings
from cmr.relaxometry.spread import sd_per_noise


@dataclass(frozen=True, eq=False)
class Solution:
    """What a fit gives for each pixel; ``(pixels,)`` each.

    Attributes
    ----------
    unit_sd_ms
        Standard deviation of ``value_ms`` for noise of 1.
    noise
        From the residuals; NaN without degrees of freedom.
    largest
        Largest magnitude over the images.
    rival_gap
        See :class:`cmr.relaxometry.engine.Fit`.
    reason
        Of curves that are impossible; the others are judged together in :func:`judge`.
    """

    value_ms: Array
    plateau: Array
    amplitude: Array
    time_constant_ms: Array
    unit_sd_ms: Array
    noise: Array
    r2: Array
    largest: Array
    rival_gap: Array
    reason: Array

    def in_host_memory(self) -> Solution:
        """The same as NumPy arrays."""
        return Solution(**{name: to_numpy(values) for name, values in vars(self).items()})

    def replaced(self, where: Array, by: Solution) -> Solution:
        """The solution with the pixels ``where`` (booleans) taken from ``by``, of all pixels."""
        new = {}
        for item in fields(self):
            new[item.name] = 1 * getattr(self, item.name)
            new[item.name][where] = getattr(by, item.name)[where]
        return Solution(**new)


def solve(problem: Problem, images: Array) -> Solution:
    """Fit every pixel of ``images`` ``(n, pixels)``, float64, finite and not all zero.

    The noise is estimated from the residuals with ``n - p`` degrees of freedom.
    """
    xp, curve = namespace(images), problem.curve
    fit = fit_pixels(problem, images)
    tau = xp.exp(fit.log_tau)
    basis, basis_slope, _ = curve.basis(fit.times, fit.log_tau)
    constant, slope = curve.linear_part(fit.target, basis)
    misfit = ((fit.signal - constant - slope * basis) ** 2).sum(0)
    value, gradient = problem.value_of(constant, slope, tau)
    jacobian = [xp.ones_like(basis), basis, slope * basis_slope]
    used = slice(-curve.n_parameters, None)
    known = 1.0 if problem.n_free else float("nan")
    plateau = curve.plateau(constant, slope)
    reason = xp.zeros_like(value, dtype=xp.uint8)
    reason[~(value > 0)] = Reason.NO_CORRECTION
    reason[~fit.settled] = Reason.NO_MINIMUM
    reason[~(slope > 0)] = Reason.WRONG_SHAPE
    if curve.rising:
        reason[~(plateau > 0)] = Reason.WRONG_SHAPE
    return Solution(
        value_ms=value,
        plateau=plateau,
        amplitude=slope,
        time_constant_ms=tau,
        unit_sd_ms=sd_per_noise(jacobian[used], gradient[used]),
        noise=known * (misfit / max(problem.n_free, 1)) ** 0.5,
        r2=known * (1 - misfit / ((fit.signal - fit.signal.mean(0)) ** 2).sum(0)),
        largest=xp.amax(abs(images), 0),
        rival_gap=fit.rival_gap,
        reason=reason,
    )


def judge(solution: Solution, settings: FitSettings) -> npt.NDArray[np.uint8]:
    """Reason of every pixel of a whole series; NumPy.

    Few images may fit a curve better than their noise allows. So a pixel's noise is taken to be
    no less than that of the median pixel, and than a small share of its own signal.
    """
    reason: npt.NDArray[np.uint8] = solution.reason.astype(np.uint8)
    possible = reason == Reason.DETERMINED
    noise = np.nan_to_num(solution.noise)
    typical = np.median(noise[possible]) if possible.any() else 0.0
    noise = np.maximum(np.maximum(noise, typical), settings.noise_floor_fraction * solution.largest)
    limit = settings.max_sd_fraction * solution.value_ms
    reason[possible & ~(solution.unit_sd_ms * noise <= limit)] = Reason.UNCERTAIN
    reason[possible & (solution.rival_gap < RIVAL_MISFIT * noise**2)] = Reason.AMBIGUOUS
    return reason
