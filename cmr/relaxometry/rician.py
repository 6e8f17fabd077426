"""Magnitude images: noise that cannot be negative."""

from __future__ import annotations

from cmr.relaxometry.arrays import Array, namespace, special
from cmr.relaxometry.curves import Curve
from cmr.relaxometry.refine import refine

_ROUNDS = 3
_STEPS = 2  # of Newton's method, from a start that is nearly right
_LEAST_NOISE = 1e-6  # of the largest signal; keeps the ratio below finite for perfect data


def maximise_likelihood(
    curve: Curve, times: Array, signal: Array, log_tau: Array
) -> tuple[Array, Array]:
    """Improve a least-squares fit of magnitudes whose noise is Rician.

    The magnitude of a signal ``s`` with complex noise is larger than ``|s|`` on average, most of
    all where ``s`` is near zero, and its sign is unknown there. Given the curve, the expected real
    part of a measured magnitude ``m`` is ``m I1(m s / v) / I0(m s / v)`` for noise of variance
    ``v``; fitting the curve to these and repeating (expectation maximisation; Dempster et al.,
    J R Stat Soc B 1977;39:1) goes to the most likely curve. The variance is that of the
    least-squares residuals.

    Parameters
    ----------
    times
        ``(n, 1)``.
    signal
        ``(n, pixels)`` magnitudes with the signs of the least-squares fit.
    log_tau
        ``(pixels,)`` of that fit.

    Returns
    -------
    expected, log_tau
        ``(n, pixels)`` real parts, and ``(pixels,)`` of the curve fitted to them.
    """
    xp = namespace(signal)
    fitted = curve.fitted(times, signal, log_tau)
    variance = ((signal - fitted) ** 2).sum(0) / (len(signal) - curve.n_parameters)
    variance = variance + (_LEAST_NOISE * xp.amax(abs(signal), 0)) ** 2
    for _ in range(_ROUNDS):
        expected = signal * _bessel_ratio(signal * fitted / variance)
        log_tau, _ = refine(curve, times, expected, log_tau, _STEPS)
        fitted = curve.fitted(times, expected, log_tau)
    return expected, log_tau


def _bessel_ratio(argument: Array) -> Array:
    """``I1 / I0``, an odd function between -1 and 1."""
    return special(argument).i1e(argument) / special(argument).i0e(argument)
