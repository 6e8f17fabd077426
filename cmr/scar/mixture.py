"""Two classes of grey values, remote and scar, by expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from cmr.volume import FloatArray

_ITERATIONS, _TOLERANCE = 200, 1e-6


@dataclass(frozen=True)
class TwoNormals:
    """Mean, standard deviation and share of the darker and of the brighter class."""

    mean: tuple[float, float]
    sd: tuple[float, float]
    share: tuple[float, float]

    @property
    def threshold(self) -> float:
        """Grey value between the means from which the brighter class is the likelier one."""
        grid = np.linspace(*self.mean, 2001)
        dark, bright = (
            share * norm.pdf(grid, mean, sd)
            for mean, sd, share in zip(self.mean, self.sd, self.share, strict=True)
        )
        likelier = np.flatnonzero(bright >= dark)
        return float(grid[likelier[0]]) if likelier.size else self.mean[1]


def fit_two_normals(values: FloatArray, dark: tuple[float, float]) -> TwoNormals | None:
    """Fit ``(n,)`` grey values; the darker class begins at mean and SD ``dark``.

    Returns
    -------
    TwoNormals or None
        None where everything ends in one class.
    """
    mean, sd = dark
    least_sd = 0.1 * sd
    bright = values[values > mean + 5 * sd]
    if bright.size < 2 or not sd > 0:
        return None
    means = np.array([mean, bright.mean()])
    sds = np.array([sd, max(bright.std(), sd)])
    shares = np.array([1 - bright.size / values.size, bright.size / values.size])
    likelihood = -np.inf
    for _ in range(_ITERATIONS):
        density = shares * norm.pdf(values[:, None], means, sds) + np.finfo(float).tiny
        total = density.sum(1, keepdims=True)
        belongs = density / total
        counts = belongs.sum(0)
        if counts.min() < 2:
            return None
        means = (belongs * values[:, None]).sum(0) / counts
        sds = np.sqrt((belongs * (values[:, None] - means) ** 2).sum(0) / counts).clip(least_sd)
        shares = counts / values.size
        previous, likelihood = likelihood, float(np.log(total).mean())
        if likelihood - previous < _TOLERANCE:
            break
    if means[1] <= means[0]:
        return None
    mean_, sd_, share_ = ((float(dark), float(bright)) for dark, bright in (means, sds, shares))
    return TwoNormals(mean_, sd_, share_)
