"""Best time constant on a grid, for every pixel and every polarity: one matrix product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.body import Range
from cmr.relaxometry.arrays import Array, like, namespace
from cmr.relaxometry.curves import Curve
from cmr.volume import FloatArray

# Neighbouring time constants differ by 10 %. Half a step away a curve still explains all but about
# 0.1 % of its energy, so polarities within the slack of the best one are refined as well.
STEP = 0.1
_SLACK = 0.002
# Growth of the sum of squares, over the variance of the noise, that 99 % of the right polarities
# stay below (chi-square, one degree of freedom).
RIVAL_MISFIT = 6.6


@dataclass(frozen=True, eq=False)
class Grid:
    """Curves at all time constants of the range.

    Attributes
    ----------
    log_tau
        ``(k,)``, spaced by ``STEP`` or a little less.
    signs
        ``(m, n)``: polarities to try, ±1.
    directions
        ``(m * k, n)``: unit vector of ``f`` less what ``c`` explains, for each polarity.
    lengths, means
        ``(k,)``: what ``directions`` were divided by, and the mean of ``f``.
    """

    log_tau: FloatArray
    signs: FloatArray
    directions: FloatArray
    lengths: FloatArray
    means: FloatArray


def make_grid(curve: Curve, times_ms: FloatArray, signs: FloatArray, limits: Range) -> Grid:
    """Grid for images at ``times_ms`` ``(n,)`` and polarities ``signs`` ``(m, n)``."""
    n_steps = int(np.ceil(np.log(limits.high / limits.low) / STEP))
    log_tau = np.linspace(np.log(limits.low), np.log(limits.high), n_steps + 1)
    basis, _, _ = curve.basis(times_ms[:, None], log_tau)
    centred = curve.centred(basis)
    lengths = np.maximum(np.linalg.norm(centred, axis=0), np.finfo(float).tiny)
    directions = (signs[:, None, :] * (centred / lengths).T).reshape(-1, len(times_ms))
    return Grid(log_tau, signs, directions, lengths, basis.mean(0))


def candidates(grid: Grid, images: Array, n_free: int) -> tuple[Array, Array, Array]:
    """Polarities worth a closer look, with the grid's best time constant for each.

    Parameters
    ----------
    images
        ``(n, pixels)``.
    n_free
        Degrees of freedom of the residuals.

    Returns
    -------
    pixel, polarity, log_tau
        ``(candidates,)`` each, at least one for every pixel.
    """
    xp = namespace(images)
    single = xp.asarray(images.T, dtype=xp.float32)
    rows = xp.asarray(like(grid.directions.T, images), dtype=xp.float32)
    scores = (single @ rows).reshape(len(single), len(grid.signs), len(grid.log_tau))
    log_tau = like(grid.log_tau, images)
    if len(grid.signs) == 1:
        pixel = xp.arange(len(single), device=images.device)
        return pixel, 0 * pixel, log_tau[scores[:, 0].argmax(-1)]
    scores[:, 0] = _inverted(grid, single, scores[:, 0])
    position = scores.argmax(-1)
    pairs = xp.argwhere(_worth_refining(grid, images, xp.amax(scores, -1), position, n_free))
    pixel, polarity = pairs[:, 0], pairs[:, 1]
    return pixel, polarity, log_tau[position[pixel, polarity]]


def _inverted(grid: Grid, images: Array, scores: Array) -> Array:
    """Scores ``(pixels, k)`` of all-positive images, 0 where the curve would not start below zero.

    ``B > A`` holds by itself when an image is negative. Without it, images that are all positive
    and grow slowly would pass for an inversion recovery.
    """
    xp = namespace(scores)
    least = xp.asarray(like(grid.lengths / (1 + grid.means), scores), dtype=xp.float32)
    return xp.where(scores > images.mean(-1)[:, None] * least, scores, 0 * scores)


def _worth_refining(grid: Grid, images: Array, score: Array, position: Array, n_free: int) -> Array:
    """``(pixels, m)``: polarities that explain the images about as well as the best."""
    xp = namespace(images)
    slope = score / like(grid.lengths, images)[position]
    mean = images.T @ like(grid.signs.T, images) / len(images)
    plateau = mean - slope * like(grid.means, images)[position]
    explained = len(images) * mean**2 + score**2
    explained = xp.where((plateau > 0) & (slope > plateau), explained, 0 * explained)
    energy, most = (images**2).sum(0), xp.amax(explained, -1)
    variance = abs(energy - most) / n_free
    slack = _SLACK * energy + RIVAL_MISFIT * xp.clip(variance, xp.median(variance), None)
    return explained >= (most - slack)[:, None]
