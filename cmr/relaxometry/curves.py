"""The curves that are fitted.

With ``E = exp(-t / tau)`` every curve is ``c + b * f`` and ``b > 0``:

=====================  ==========  =====  =======================
form                   ``f``       ``c``  signal
=====================  ==========  =====  =======================
recovery, 3 parameters ``-E``      free   ``A - B * E``
recovery, 2 parameters ``1 - E``   0      ``A * (1 - E)``
decay, 3 parameters    ``E``       free   ``M0 * E + offset``
decay, 2 parameters    ``E``       0      ``M0 * E``
=====================  ==========  =====  =======================
"""

from __future__ import annotations

from dataclasses import dataclass

from cmr.relaxometry.arrays import Array, namespace


@dataclass(frozen=True)
class Curve:
    """Form of a relaxation curve: recovery (``rising``) or decay, with ``c`` free or 0."""

    rising: bool
    free_constant: bool

    @property
    def n_parameters(self) -> int:
        """Number of free parameters."""
        return 3 if self.free_constant else 2

    def basis(self, times: Array, log_tau: Array) -> tuple[Array, Array, Array]:
        """``f`` and its first and second derivative by ``log_tau``; the arguments broadcast."""
        xp = namespace(log_tau)
        ratio = times * xp.exp(-log_tau)
        decay = xp.exp(-ratio)
        if self.rising:
            decay = -decay
        slope = ratio * decay
        bend = (ratio - 1) * slope
        return (1 + decay if self.rising and not self.free_constant else decay), slope, bend

    def centred(self, values: Array) -> Array:
        """Values ``(n, ...)`` less their mean where ``c`` is free: what ``c`` cannot explain."""
        return values - values.sum(0) / len(values) if self.free_constant else values

    def linear_part(self, signal: Array, basis: Array) -> tuple[Array, Array]:
        """Least-squares ``c`` and ``b`` for given ``f``; arguments ``(n, pixels)``."""
        centred = self.centred(basis)
        length = (centred * centred).sum(0)
        slope = (centred * signal).sum(0) / (length + (length == 0))
        constant = (signal - slope * basis).mean(0) if self.free_constant else 0 * slope
        return constant, slope

    def fitted(self, times: Array, signal: Array, log_tau: Array) -> Array:
        """Least-squares curve ``(n, pixels)`` with these time constants."""
        basis, _, _ = self.basis(times, log_tau)
        constant, slope = self.linear_part(signal, basis)
        return constant + slope * basis

    def plateau(self, constant: Array, slope: Array) -> Array:
        """Signal at infinite time."""
        return slope if self.rising and not self.free_constant else constant
