"""Random geometry: one grid per sample, one interpolation from native pixels to the matrix."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from training.config import GeometryConfig


def sample(
    images: Tensor,
    labels: Tensor,
    positions: Tensor,
    structures: int,
) -> tuple[Tensor, Tensor]:
    """Interpolate images and one-hot labels at fractional native pixel positions.

    Parameters
    ----------
    images, labels
        ``(n, C, S, S)`` float images, a slice alone or among its neighbours; ``(n, S, S)``
        integer labels of the slice.
    positions
        ``(n, H, W, 2)`` row and column in canvas pixels.
    structures
        Labels beside background, from 1 on.

    Returns
    -------
    tuple of Tensor
        Images ``(n, C, H, W)`` and memberships of the structures ``(n, structures, H, W)``, all
        linear, 0 outside the canvas.
    """
    size = images.shape[-1]
    grid = positions.flip(-1) * (2 / (size - 1)) - 1
    members = torch.stack([labels == value for value in range(1, structures + 1)], 1)
    stacked = torch.cat([images, members.to(images.dtype)], 1)
    out = functional.grid_sample(stacked, grid, align_corners=True)
    return out[:, :-structures], out[:, -structures:]


def plain_positions(
    centres: Tensor, spacings_mm: Tensor, shape: tuple[int, int], spacing_mm: float
) -> Tensor:
    """``(n, H, W, 2)`` canvas positions of the application's crop, without augmentation."""
    offsets = _offsets_mm(shape, spacing_mm).expand(len(centres), *shape, 2)
    return offsets / spacings_mm[:, None, None] + centres[:, None, None]


def random_positions(  # noqa: PLR0913
    centres: Tensor,
    spacings_mm: Tensor,
    shape: tuple[int, int],
    spacing_mm: float,
    config: GeometryConfig,
    rng: torch.Generator,
) -> Tensor:
    """``(n, H, W, 2)`` canvas positions of a randomly turned, scaled, shifted, bent crop."""
    count = len(centres)
    offsets = _offsets_mm(shape, spacing_mm).expand(count, *shape, 2)
    moved = torch.einsum("nij,nhwj->nhwi", _random_matrices(count, config, rng), offsets)
    shift = (torch.rand(count, 2, generator=rng) * 2 - 1) * config.shift_mm
    moved = moved + shift[:, None, None] + _random_bend(count, shape, config, rng)
    return moved / spacings_mm[:, None, None] + centres[:, None, None]


def _offsets_mm(shape: tuple[int, int], spacing_mm: float) -> Tensor:
    """``(H, W, 2)`` distance of each pixel from the middle of the matrix."""
    rows, cols = ((torch.arange(n) - (n - 1) / 2) * spacing_mm for n in shape)
    return torch.stack(torch.meshgrid(rows, cols, indexing="ij"), -1)


def _random_matrices(count: int, config: GeometryConfig, rng: torch.Generator) -> Tensor:
    angle = (torch.rand(count, generator=rng) * 2 - 1) * math.radians(config.rotation_deg)
    turn = _rotation(angle)
    # A factor of 2 in the sampling grid halves the heart: the inverse makes "scale" its size.
    scale = 1 / _log_uniform((count, 1), config.scale, rng)
    stretch = _log_uniform((count, 1), config.stretch, rng)
    factors = torch.cat([scale * stretch, scale / stretch], 1)
    mirrored = torch.rand(count, generator=rng) < config.mirror_probability
    factors[:, 1] = torch.where(mirrored, -factors[:, 1], factors[:, 1])
    # Rotate, stretch along random axes, rotate again: no direction is special.
    second = (torch.rand(count, generator=rng) * 2 - 1) * math.radians(config.rotation_deg)
    return turn @ torch.diag_embed(factors) @ _rotation(second)


def _rotation(angle: Tensor) -> Tensor:
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)


def _log_uniform(
    shape: tuple[int, int], bounds: tuple[float, float], rng: torch.Generator
) -> Tensor:
    low, high = math.log(bounds[0]), math.log(bounds[1])
    return torch.exp(torch.rand(shape, generator=rng) * (high - low) + low)


def _random_bend(
    count: int, shape: tuple[int, int], config: GeometryConfig, rng: torch.Generator
) -> Tensor:
    """``(n, H, W, 2)`` smooth displacement in mm; zero for the samples that are not bent."""
    points = config.elastic_points
    coarse = torch.randn(count, 2, points, points, generator=rng) * config.elastic_mm
    chosen = torch.rand(count, generator=rng) < config.elastic_probability
    coarse = coarse * chosen[:, None, None, None]
    fine = functional.interpolate(coarse, size=shape, mode="bicubic", align_corners=True)
    return fine.permute(0, 2, 3, 1)
