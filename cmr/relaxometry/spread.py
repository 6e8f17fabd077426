"""Standard deviation of a quantity that follows from fitted parameters."""

from __future__ import annotations

from collections.abc import Sequence

from cmr.relaxometry.arrays import Array


def sd_per_noise(jacobian: Sequence[Array], gradient: Sequence[Array]) -> Array:
    """``sqrt(g' (J'J)^-1 g)``: standard deviation of the quantity for noise of 1.

    First-order propagation: the covariance of the parameters is ``sigma^2 (J'J)^-1``.
    With ``J = QR`` it is the length of ``z`` in ``R' z = g``; the columns are made orthogonal one
    after the other (modified Gram-Schmidt), which needs no inverse of a matrix that is nearly
    singular. Infinite or NaN where the columns depend on each other.

    Parameters
    ----------
    jacobian
        One array ``(n, pixels)`` for each parameter: derivative of the curve.
    gradient
        One array ``(pixels,)`` for each parameter: derivative of the quantity.
    """
    directions: list[Array] = []
    parts: list[Array] = []
    for column, wanted in zip(jacobian, gradient, strict=True):
        rest, left = column, wanted
        for direction, part in zip(directions, parts, strict=True):
            along = (direction * rest).sum(0)
            rest = rest - along * direction
            left = left - along * part
        length = (rest * rest).sum(0) ** 0.5
        directions.append(rest / length)
        parts.append(left / length)
    return sum(part * part for part in parts) ** 0.5
