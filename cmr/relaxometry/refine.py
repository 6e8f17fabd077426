"""From the best time constant of the grid to the exact one."""

from __future__ import annotations

from cmr.relaxometry.arrays import Array, namespace
from cmr.relaxometry.curves import Curve
from cmr.relaxometry.search import STEP

_TOLERANCE = 1e-7  # of log tau: 0.0001 ms at 1000 ms
_MAX_STEPS = 25  # halving alone gets from a step of the grid to the tolerance in 21


def refine(
    curve: Curve,
    times: Array,
    signal: Array,
    log_tau: Array,
    max_steps: int = _MAX_STEPS,
) -> tuple[Array, Array]:
    """Maximise the explained signal over ``log_tau`` by Newton steps kept in a bracket.

    With ``c`` and ``b`` projected out (variable projection; Golub and Pereyra, SIAM J Numer Anal
    1973;10:413) the misfit depends on the time constant alone, and the best one maximises
    ``(f . y) / |f|``. A step that leaves the bracket is replaced by halving it.

    Parameters
    ----------
    times
        ``(n, 1)``.
    signal
        ``(n, pixels)``.
    log_tau
        ``(pixels,)`` start; the bracket reaches one step of the grid to both sides.

    Returns
    -------
    log_tau, settled
        ``(pixels,)`` each; not settled where the best lies at an end of the bracket.
    """
    xp = namespace(signal)
    found = 1 * log_tau
    index = xp.arange(len(log_tau), device=log_tau.device)
    now, low, high, centred = log_tau, log_tau - STEP, log_tau + STEP, curve.centred(signal)
    for _ in range(max_steps):
        rise, bend = _slope(curve, times, centred, now)
        low, high = xp.where(rise > 0, now, low), xp.where(rise > 0, high, now)
        then = now - rise / bend
        inside = (bend < 0) & (then >= low) & (then <= high)
        then = xp.where(inside, then, (low + high) / 2)
        moving = abs(then - now) > _TOLERANCE
        now = then
        n_moving = int(moving.sum())
        if n_moving < len(moving) / 2:
            found[index] = now
            if not n_moving:
                break
            index, now, low, high = index[moving], now[moving], low[moving], high[moving]
            centred = centred[:, moving]
    found[index] = now
    return found, abs(found - log_tau) < STEP - 2 * _TOLERANCE


def _slope(curve: Curve, times: Array, centred: Array, log_tau: Array) -> tuple[Array, Array]:
    """Derivative of ``(f . y) / |f|``, times ``|f|``, and the derivative of that product."""
    basis, first, second = curve.basis(times, log_tau)
    inner, inner_1, inner_2 = ((part * centred).sum(0) for part in (basis, first, second))
    basis, first = curve.centred(basis), curve.centred(first)
    norm2 = (basis * basis).sum(0)
    ratio = (basis * first).sum(0) / norm2
    ratio_1 = (first * first + basis * second).sum(0) / norm2 - 2 * ratio**2
    return inner_1 - inner * ratio, inner_2 - inner_1 * ratio - inner * ratio_1
