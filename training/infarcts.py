"""Infarcts painted into healthy walls: from the endocardium outward, with or without no-reflow.

The shape follows the wall: an arc of the ring, as deep as it is broad at the root, thin at its
ends, with an irregular border. A share lies in the middle or outer wall instead, as fibrosis does.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from cmr.scar.labels import ScarLabel
from training.config_contrast import InfarctConfig
from training.scene import smooth_field, uniform

# Place of the structures in a sample of ACDC (training.geometry) and of the scar network.
_WALL, _CAVITY = 1, 2
_HEALTHY = (_CAVITY, _WALL)
_BORDER_POINTS, _GREY_POINTS = 24, 16
_EDGE = 9.0  # steepness of the border, per fraction of the wall
_LEAST_WALL = 60  # pixels; fewer hold no ring to speak of
_LEAST_CONTRAST = 0.12


def with_infarcts(
    images: Tensor, structures: Tensor, config: InfarctConfig, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Paint an infarct into a share of the walls.

    Parameters
    ----------
    images
        ``(n, C, H, W)`` in 0-1; all channels of a sample are changed alike, as an infarct goes on
        in the slices beside it.
    structures
        ``(n, 4, H, W)`` membership of the labels of :class:`cmr.scar.labels.ScarLabel` from
        ``LV`` on.
    config, rng
        Shares and strengths; the generator makes it repeatable.

    Returns
    -------
    tuple of Tensor
        Images and structures, of the same shapes.
    """
    images, structures = images.clone(), structures.clone()
    lv, wall, infarct, blocked = (label - 1 for label in list(ScarLabel)[1:])
    healthy = structures[:, [infarct, blocked]].sum((1, 2, 3)) == 0
    wanted = torch.rand(len(images), generator=rng) < config.painted
    chosen = torch.nonzero(wanted & healthy & (structures[:, wall].sum((1, 2)) > _LEAST_WALL))[:, 0]
    if not len(chosen):
        return images, structures
    part = structures[chosen]
    inside, core = _shares(part[:, lv], part[:, wall], config, rng)
    ring = part[:, wall, None]
    images[chosen] = _painted(images[chosen], part, ring * inside, ring * core, rng)
    structures[chosen, infarct] = (ring * (inside - core))[:, 0]
    structures[chosen, blocked] = (ring * core)[:, 0]
    structures[chosen, wall] = (ring * (1 - inside))[:, 0]
    return images, structures


def scar_structures(cine: Tensor) -> Tensor:
    """``(n, 3, H, W)`` of ACDC's labels to ``(n, 4, H, W)`` of the scar network's; RV is left."""
    none = torch.zeros_like(cine[:, :1])
    return torch.cat([cine[:, list(_HEALTHY)], none, none], 1)


def _shares(
    cavity: Tensor, wall: Tensor, config: InfarctConfig, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """``(n, 1, H, W)`` share of infarct with its no-reflow, and of no-reflow, of any pixel."""
    count = len(wall)
    depth, angle = _wall_coordinates(cavity, wall)
    half_width = uniform(count, config.half_width_deg, rng) * (math.pi / 180)
    turned = (angle - uniform(count, (-math.pi, math.pi), rng) + math.pi) % (2 * math.pi) - math.pi
    across = (turned.abs() / half_width).clamp(max=1.5)
    extent = uniform(count, config.extent, rng) * (1.0 - across**4).clamp(min=-0.5)
    rough = smooth_field(wall[:, None], _BORDER_POINTS, rng) * uniform(count, (0.02, 0.15), rng)
    outer = torch.rand(count, 1, 1, 1, generator=rng) < config.not_ischaemic
    middle = uniform(count, (0.35, 1.0), rng)
    # Of fibrosis: a band around a depth; of an infarct: everything up to one.
    reach = torch.where(outer, extent / 3 - (depth - middle).abs(), extent - depth)
    inside = torch.sigmoid(_EDGE * (reach + rough))
    inside = inside * (extent > 0)
    with_core = (torch.rand(count, 1, 1, 1, generator=rng) < config.no_reflow) & ~outer
    margin = uniform(count, (0.1, 0.4), rng)
    core = torch.sigmoid(_EDGE * (extent * (1 - across) - margin - depth + rough))
    rim = torch.sigmoid(2 * _EDGE * (depth - uniform(count, (-0.3, 0.2), rng)))
    return inside, inside * core * rim * with_core


def _wall_coordinates(cavity: Tensor, wall: Tensor) -> tuple[Tensor, Tensor]:
    """``(n, 1, H, W)`` depth, 0 at the endocardium and 1 at the epicardium, and angle in rad."""
    depths, angles = [], []
    for inner, ring in zip(cavity.numpy() > 0.5, wall.numpy() > 0.5, strict=True):
        whole = inner | ring
        to_outside = ndimage.distance_transform_edt(whole)
        hollow = inner if inner.any() else to_outside >= to_outside.max()
        to_inside = ndimage.distance_transform_edt(~hollow)
        depths.append(to_inside / np.maximum(to_inside + to_outside, 1))
        row, col = ndimage.center_of_mass(whole)
        rows, cols = np.indices(ring.shape)
        angles.append(np.arctan2(rows - row, cols - col))
    return tuple(torch.from_numpy(np.stack(part)).float()[:, None] for part in (depths, angles))


def _painted(
    images: Tensor, structures: Tensor, infarct: Tensor, core: Tensor, rng: torch.Generator
) -> Tensor:
    """Bright scar, dark no-reflow, with coarse and fine texture."""
    count = len(images)
    middle = images.shape[1] // 2
    own = images[:, middle : middle + 1]
    blood, remote = (_mean(own, structures[:, label - 1, None]) for label in (1, 2))
    lift = (blood - remote).clamp(min=0.2) * uniform(count, (0.5, 1.6), rng)
    bright = (remote + lift.clamp(min=_LEAST_CONTRAST)).clamp(max=1)
    dark = remote * uniform(count, (0.4, 1.2), rng)
    grain = smooth_field(own, _GREY_POINTS, rng) * uniform(count, (0.0, 0.08), rng)
    detail = (images - remote) * uniform(count, (0.2, 1.0), rng)
    scar = bright + grain + detail
    filled = dark + 0.5 * grain + 0.5 * detail
    out = images + (infarct - core).clamp(min=0) * (scar - images) + core * (filled - images)
    return out.clamp(0, 1)


def _mean(images: Tensor, share: Tensor) -> Tensor:
    return (images * share).sum((1, 2, 3), True) / share.sum((1, 2, 3), True).clamp(min=1)
