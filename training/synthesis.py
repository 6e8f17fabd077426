"""Other contrasts from a cine image and its labels: random grey values, physics, or a map."""

from __future__ import annotations

from enum import IntEnum

import torch
from torch import Tensor

from training.config_contrast import SynthesisConfig
from training.scene import Scene, make_scene, smooth_field, uniform
from training.tissues import (
    AROUND,
    Tissue,
    Tissues,
    decay,
    draw_tissues,
    inversion_recovery,
    saturation_recovery,
)

_PERCENTILES = (0.01, 0.99)  # of the image, as in app.yaml: preprocessing.intensity
_SIGNALS = {inversion_recovery: 0.55, saturation_recovery: 0.15, decay: 0.3}
_SIGNED_SHARE = 0.25  # phase-sensitive images
_SHADING_POINTS = 4
_LEAST_CONTRAST, _RIGHT_SD = 0.08, 0.04  # of random grey values: wall to blood, RV to LV
# Maps: what they show, and the values at which scanners and viewers cut them off.
_MAP_SHARES = {"t1_ms": 0.65, "t2_ms": 0.35}
_UPPER_MS = {"t1_ms": (1800.0, 4000.0), "t2_ms": (100.0, 350.0)}
_NO_SIGNAL, _MASKED_SHARE = 0.12, 0.3


class Kind(IntEnum):
    """What becomes of a cine image; the order of the configuration's shares."""

    CINE = 0
    GREY = 1
    SIGNAL = 2
    MAP = 3


def synthesise(
    images: Tensor, structures: Tensor, config: SynthesisConfig, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Give most images another contrast.

    Parameters
    ----------
    images, structures
        ``(n, 1, H, W)`` cine in 0–1, and ``(n, 3, H, W)`` membership of RV, myocardium and LV.
    config, rng
        Shares and strengths; the generator makes it repeatable.

    Returns
    -------
    tuple of Tensor
        Images in 0–1, and the ``(n,)`` :class:`Kind` of each.
    """
    shares = config.shares
    weights = torch.tensor([shares.cine, shares.grey, shares.signal, shares.map])
    kinds = torch.multinomial(weights, len(images), replacement=True, generator=rng)
    scene = make_scene(images, structures, config, rng)
    out = images.clone()
    for kind, make in ((Kind.GREY, _grey), (Kind.SIGNAL, _signal), (Kind.MAP, _map)):
        chosen = torch.nonzero(kinds == kind)[:, 0]
        if len(chosen):
            out[chosen] = _windowed(make(scene.take(chosen), config, rng))
    return out, kinds


def _grey(scene: Scene, config: SynthesisConfig, rng: torch.Generator) -> Tensor:
    """Random grey values; those around keep some of the cine's order, or of its reverse."""
    count = len(scene.images)
    wall, step, up = torch.rand(3, count, generator=rng)
    step = _LEAST_CONTRAST + step * (1 - _LEAST_CONTRAST)
    blood = torch.where(up < 0.5, wall + step, wall - step)
    values = torch.rand(count, len(Tissue), generator=rng)
    values[:, Tissue.MUSCLE], values[:, Tissue.BLOOD] = wall, blood
    values[:, Tissue.RV_BLOOD] = blood + torch.randn(count, generator=rng) * _RIGHT_SD
    turned = torch.rand(count, 1, generator=rng) < 0.5
    ordered = torch.where(turned, 1 - scene.levels, scene.levels)
    share = torch.rand(count, 1, generator=rng)
    around = ordered + share * (torch.rand(count, AROUND, generator=rng) - ordered)
    image = scene.paint(values, around, config.flat, rng)
    image = scene.with_detail(image, config.texture, rng)
    return image + torch.randn(image.shape, generator=rng) * uniform(
        count, config.signal_noise, rng
    )


def _signal(scene: Scene, config: SynthesisConfig, rng: torch.Generator) -> Tensor:
    """Inversion recovery, saturation recovery or decay, with coil shading and Rician noise."""
    count = len(scene.images)
    tissues = draw_tissues(count, rng)
    choice = torch.multinomial(
        torch.tensor(list(_SIGNALS.values())), count, replacement=True, generator=rng
    )
    signals = torch.stack([make(tissues, rng) for make in _SIGNALS])[choice, torch.arange(count)]
    image = scene.paint(signals, signals[:, :AROUND], config.flat, rng)
    image = scene.with_detail(image, config.texture, rng)
    image = image * (smooth_field(image, _SHADING_POINTS, rng) * config.shading_sd).exp()
    sd = uniform(count, config.signal_noise, rng) * image.abs().amax((2, 3), keepdim=True)
    real, imaginary = torch.randn(2, *image.shape, generator=rng) * sd
    signed = torch.rand(count, 1, 1, 1, generator=rng) < _SIGNED_SHARE
    return torch.where(signed, image + real, torch.hypot(image + real, imaginary))


def _map(scene: Scene, config: SynthesisConfig, rng: torch.Generator) -> Tensor:
    """T1 or T2 of each pixel, noisier the less signal there is, cut off at a random value."""
    tissues = draw_tissues(len(scene.images), rng)
    density = scene.paint(tissues.density, tissues.density[:, :AROUND], config.flat, rng)
    choice = torch.multinomial(
        torch.tensor(list(_MAP_SHARES.values())), len(density), replacement=True, generator=rng
    )
    maps = torch.stack([_one_map(scene, tissues, density, name, config, rng) for name in _UPPER_MS])
    return maps[choice, torch.arange(len(density))]


def _one_map(  # noqa: PLR0913
    scene: Scene,
    tissues: Tissues,
    density: Tensor,
    name: str,
    config: SynthesisConfig,
    rng: torch.Generator,
) -> Tensor:
    count = len(density)
    times_ms: Tensor = getattr(tissues, name)
    upper_ms = uniform(count, _UPPER_MS[name], rng)
    image = scene.paint(times_ms, times_ms[:, :AROUND], config.flat, rng)
    image = scene.with_detail(image, config.texture, rng)
    sd = uniform(count, config.map_noise, rng) / density.clamp(min=0.02)
    image = image * (1 + sd * torch.randn(image.shape, generator=rng))
    # Where there is no signal the fit finds anything, or the scanner writes 0.
    anything = torch.rand(image.shape, generator=rng) * upper_ms
    masked = torch.rand(count, 1, 1, 1, generator=rng) < _MASKED_SHARE
    image = torch.where(density < _NO_SIGNAL, torch.where(masked, 0.0, anything), image)
    return torch.minimum(image.clamp(min=0), upper_ms)


def _windowed(images: Tensor) -> Tensor:
    """Normalise as the application does; every third pixel is enough for percentiles."""
    sampled = images.flatten(1)[:, ::3]
    low, high = torch.quantile(sampled, torch.tensor(_PERCENTILES), dim=1)[..., None, None, None]
    return ((images - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)
