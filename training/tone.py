"""Grey values through piecewise linear curves, one for each image of a batch."""

import torch
from torch import Tensor

_POINTS = 6
_LEAST_STEP = 0.15  # no part of the curve is flat: no contrast vanishes


def apply_curve(images: Tensor, positions: Tensor, values: Tensor) -> Tensor:
    """Read each image's curve at its grey values; constant beyond its ends.

    Parameters
    ----------
    images
        ``(n, 1, H, W)``.
    positions, values
        ``(n, K)`` ascending grey values, and what becomes of them.
    """
    at, to = (part.T[:, :, None, None, None] for part in (positions, values))
    out = to[0].expand(images.shape)
    for k in range(len(at) - 1):
        share = ((images - at[k]) / (at[k + 1] - at[k])).clamp(0, 1)
        out = out + share * (to[k + 1] - to[k])
    return out


def monotone(images: Tensor, rng: torch.Generator) -> Tensor:
    """Map 0–1 to 0–1 along a random ascending curve for each image."""
    count = len(images)
    steps = torch.rand(count, _POINTS - 1, generator=rng) + _LEAST_STEP
    values = torch.cat([torch.zeros(count, 1), steps.cumsum(1) / steps.sum(1, keepdim=True)], 1)
    return apply_curve(images, torch.linspace(0, 1, _POINTS).expand(count, -1), values)
