"""The quantity that a fitted curve stands for, with its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cmr.relaxometry.arrays import Array

# Value in ms from ``c``, ``b`` and tau (ms) of a curve, and its derivatives by ``c``, ``b`` and
# log tau.
ValueOf = Callable[[Array, Array, Array], tuple[Array, Sequence[Array]]]


def time_constant(constant: Array, slope: Array, tau: Array) -> tuple[Array, Sequence[Array]]:
    """The time constant itself."""
    return tau, (0 * constant, 0 * slope, tau)


def look_locker(plateau: Array, amplitude: Array, tau: Array) -> tuple[Array, Sequence[Array]]:
    """``T1 = T1* (B / A - 1)`` (Messroghli et al., Magn Reson Med 2004;52:141)."""
    ratio = amplitude / plateau
    value = tau * (ratio - 1)
    return value, (-tau * ratio / plateau, tau / plateau, value)
