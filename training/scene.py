"""What a cine image shows, so that it can be painted with other tissue values.

The labels give the structures; grey levels of the cine give everything around (lung is dark, fat
bright, muscle and blood as dark and bright as in the heart) and the papillary muscles. What comes
out looks like anatomy, whatever the contrast.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.config_contrast import Range, SynthesisConfig
from training.tissues import Tissue
from training.tone import apply_curve

# Grey levels of muscle and blood in a normalised cine, where a sample shows too little of them.
_USUAL_LEVELS, _LEAST_PIXELS, _LEAST_STEP = (0.3, 0.75), 30, 0.15
# Largest part that the cine's own bright pixels in the wall have in its value.
_BLOOD_IN_WALL = 0.7
_SCAR_POINTS, _SCAR_EDGE, _SCAR_LEVEL = 8, 8, 0.5


@dataclass(frozen=True)
class Scene:
    """What a sample shows, before it has a contrast.

    Parameters
    ----------
    images, structures
        ``(n, 1, H, W)`` cine in 0–1; ``(n, 3, H, W)`` membership of RV, myocardium and LV.
    levels
        ``(n, 6)`` ascending grey levels of the tissues around in this cine.
    scar
        ``(n, 1, H, W)`` share of scar where there is wall.
    """

    images: Tensor
    structures: Tensor
    levels: Tensor
    scar: Tensor

    def take(self, chosen: Tensor) -> Scene:
        """Some of the samples."""
        parts = (self.images, self.structures, self.levels, self.scar)
        return Scene(*(part[chosen] for part in parts))

    def paint(self, values: Tensor, around: Tensor, flat: float, rng: torch.Generator) -> Tensor:
        """``(n, 1, H, W)`` image of ``(n, 8)`` values of the tissues, ``(n, 6)`` of those around.

        A share ``flat`` of the images has one value in each structure. In the others the cine's
        own grey level mixes muscle and blood, as papillary muscles and blurred edges do.
        """
        count = len(values)
        columns = values[:, :, None, None, None]
        blood_share = apply_curve(
            self.images,
            self.levels[:, [Tissue.MUSCLE, Tissue.BLOOD]],
            torch.tensor([[0.0, 1.0]]).expand(count, -1),
        )
        real = torch.rand(count, 2, 1, 1, 1, generator=rng)
        real = torch.where(torch.rand(count, 1, 1, 1, 1, generator=rng) < flat, 0 * real, real)
        wall, right, left = (
            columns[:, tissue] for tissue in (Tissue.MUSCLE, Tissue.RV_BLOOD, Tissue.BLOOD)
        )
        wall = wall + self.scar * (columns[:, Tissue.SCAR] - wall)
        cavity = 1 - real[:, 0] * (1 - blood_share)
        bright = real[:, 1] * _BLOOD_IN_WALL * blood_share
        mixed = (
            wall + cavity * (right - wall),
            wall + bright * (left - wall),
            wall + cavity * (left - wall),
        )
        outside = 1 - self.structures.sum(1, keepdim=True)
        surroundings = apply_curve(self.images, self.levels, around)
        return outside * surroundings + (torch.cat(mixed, 1) * self.structures).sum(1, keepdim=True)

    def with_detail(self, image: Tensor, strength: Range, rng: torch.Generator) -> Tensor:
        """Put fine detail of the real image back, with either sign."""
        fine = self.images - functional.avg_pool2d(
            self.images, 5, stride=1, padding=2, count_include_pad=False
        )
        factor = uniform(len(image), strength, rng)
        sign = torch.where(torch.rand(factor.shape, generator=rng) < 0.5, -1.0, 1.0)
        span = image.amax((2, 3), keepdim=True) - image.amin((2, 3), keepdim=True)
        return image + sign * factor * span * fine


def make_scene(
    images: Tensor, structures: Tensor, config: SynthesisConfig, rng: torch.Generator
) -> Scene:
    """See what a batch shows; some walls get a random scar."""
    count = len(images)
    field = smooth_field(images, _SCAR_POINTS, rng)
    scar = torch.sigmoid(_SCAR_EDGE * (field - _SCAR_LEVEL))
    diseased = torch.rand(count, 1, 1, 1, generator=rng) < config.scar
    return Scene(images, structures, _levels(images, structures), scar * diseased)


def _levels(images: Tensor, structures: Tensor) -> Tensor:
    """``(n, 6)`` grey level of each tissue around, by the muscle and the blood of the heart."""
    inside = structures[:, [1, 2]]
    area = inside.sum((2, 3))
    mean = (inside * images).sum((2, 3)) / area.clamp(min=1)
    usual = torch.tensor(_USUAL_LEVELS).expand_as(mean)
    muscle, blood = torch.where(area < _LEAST_PIXELS, usual, mean).T
    muscle = muscle.clamp(0.12, 0.7)
    blood = torch.maximum(blood, muscle + _LEAST_STEP)
    levels = (
        torch.zeros_like(muscle),
        muscle * 0.4,
        muscle,
        muscle + 0.35 * (blood - muscle),
        blood,
        (blood + 0.15).clamp(min=0.95),
    )
    return torch.stack(levels, 1)


def smooth_field(images: Tensor, points: int, rng: torch.Generator) -> Tensor:
    """``(n, 1, H, W)`` random field, SD about 1, of ``points`` by ``points`` knots."""
    coarse = torch.randn(len(images), 1, points, points, generator=rng)
    return functional.interpolate(
        coarse, size=images.shape[-2:], mode="bicubic", align_corners=True
    )


def uniform(count: int, bounds: tuple[float, float], rng: torch.Generator) -> Tensor:
    """``(count, 1, 1, 1)`` random numbers between the bounds."""
    low, high = bounds
    return (torch.rand(count, generator=rng) * (high - low) + low)[:, None, None, None]
