"""Random grey values: each function changes a random part of a batch in place of the scanner."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from training.config import (
    AppearanceConfig,
    BiasFieldConfig,
    BlurConfig,
    ContrastConfig,
    GammaConfig,
    GhostConfig,
    LowResolutionConfig,
    NoiseConfig,
    TissueConfig,
)

Effect = Callable[[Tensor, Tensor], Tensor]


def change(
    images: Tensor, structures: Tensor, config: AppearanceConfig, rng: torch.Generator
) -> Tensor:
    """Tissue, coil, resolution, motion, noise, then the display window, in a scanner's order.

    Parameters
    ----------
    images
        ``(n, C, H, W)`` in 0–1: a slice alone or in the middle of its neighbours, which one
        scanner images and one effect therefore changes alike.
    structures
        ``(n, 3, H, W)`` soft membership of RV, myocardium and LV.
    config, rng
        Probabilities and strengths; the generator makes it repeatable.
    """
    effects: tuple[tuple[float, Effect], ...] = (
        (config.tissue.probability, lambda x, s: _tissue(x, s, config.tissue, rng)),
        (config.bias_field.probability, lambda x, _: _bias(x, config.bias_field, rng)),
        (config.blur.probability, lambda x, _: _blur(x, config.blur, rng)),
        (config.low_resolution.probability, lambda x, _: _coarse(x, config.low_resolution, rng)),
        (config.ghost.probability, lambda x, _: _ghost(x, config.ghost, rng)),
        (config.noise.probability, lambda x, _: _noise(x, config.noise, rng)),
        (config.contrast.probability, lambda x, _: _contrast(x, config.contrast, rng)),
        (config.gamma.probability, lambda x, _: _gamma(x, config.gamma, rng)),
    )
    out = images.clone()
    for probability, effect in effects:
        chosen = torch.nonzero(torch.rand(len(out), generator=rng) < probability)[:, 0]
        if len(chosen):
            out[chosen] = effect(out[chosen], structures[chosen])
    return out.clamp_(0, 1)


def _uniform(count: int, bounds: tuple[float, float], rng: torch.Generator) -> Tensor:
    low, high = bounds
    return (torch.rand(count, generator=rng) * (high - low) + low)[:, None, None, None]


def _tissue(
    images: Tensor, structures: Tensor, config: TissueConfig, rng: torch.Generator
) -> Tensor:
    """Both cavities hold blood: they share most of their shift.

    Neighbours, which have no masks here, keep theirs, as slices do differ in contrast.
    """
    count = len(images)
    blood, wall = torch.randn(2, count, generator=rng) * config.sd
    right = blood + torch.randn(count, generator=rng) * config.sd / 4
    shifts = torch.stack([right, wall, blood], 1)[:, :, None, None]
    out = images.clone()
    out[:, images.shape[1] // 2] += (structures * shifts).sum(1)
    return out


def _bias(images: Tensor, config: BiasFieldConfig, rng: torch.Generator) -> Tensor:
    coarse = torch.randn(len(images), 1, config.points, config.points, generator=rng)
    fine = functional.interpolate(
        coarse * config.strength, size=images.shape[-2:], mode="bicubic", align_corners=True
    )
    return images * fine.exp()


def _blur(images: Tensor, config: BlurConfig, rng: torch.Generator) -> Tensor:
    """Separable; all images stand as channels, so that each sample has a kernel of its own."""
    count, channels = images.shape[:2]
    sigma = _uniform(count, config.sigma_px, rng).view(count, 1).repeat_interleave(channels, 0)
    radius = math.ceil(3 * config.sigma_px[1])
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    taps = taps / taps.sum(1, keepdim=True)
    groups = count * channels
    padded = functional.pad(images, (radius,) * 4, mode="replicate").flatten(0, 1)[None]
    down = functional.conv2d(padded, taps.view(groups, 1, -1, 1), groups=groups)
    across = functional.conv2d(down, taps.view(groups, 1, 1, -1), groups=groups)
    return across.view(images.shape)


def _coarse(images: Tensor, config: LowResolutionConfig, rng: torch.Generator) -> Tensor:
    shape = images.shape[-2:]
    out = []
    for image, factor in zip(
        images, _uniform(len(images), config.factor, rng).flatten(), strict=True
    ):
        small = [max(int(n / float(factor)), 1) for n in shape]
        down = functional.interpolate(image[None], size=small, mode="bilinear", antialias=True)
        out.append(functional.interpolate(down, size=shape, mode="bilinear")[0])
    return torch.stack(out)


def _ghost(images: Tensor, config: GhostConfig, rng: torch.Generator) -> Tensor:
    axis = 2 + int(torch.randint(2, (1,), generator=rng))
    strength = _uniform(len(images), config.strength, rng)
    step = images.shape[axis] // (config.copies + 1)
    ghosts = [images.roll(step * k, axis) for k in range(1, config.copies + 1)]
    return images + strength * (sum(ghosts) / config.copies - images.mean((2, 3), keepdim=True))


def _noise(images: Tensor, config: NoiseConfig, rng: torch.Generator) -> Tensor:
    sd = _uniform(len(images), config.sd, rng)
    return images + torch.randn(images.shape, generator=rng) * sd


def _contrast(images: Tensor, config: ContrastConfig, rng: torch.Generator) -> Tensor:
    gain = _uniform(len(images), config.gain, rng)
    return images * gain + _uniform(len(images), config.offset, rng)


def _gamma(images: Tensor, config: GammaConfig, rng: torch.Generator) -> Tensor:
    return images.clamp(0, 1) ** _uniform(len(images), config.exponent, rng)
