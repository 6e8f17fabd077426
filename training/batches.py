"""Augmented batches, made anew for each step from the slices of the training patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cmr.intensity import normalise
from cmr.labels import STRUCTURES
from cmr.preprocess import PreprocessSettings, Seen, views
from cmr.scar.labels import ScarLabel
from training import appearance, geometry, tone
from training.config import GeometryConfig, NeighbourConfig, StageConfig, TrainingConfig
from training.config_contrast import LgeConfig
from training.infarcts import scar_structures, with_infarcts
from training.slices import SliceSet
from training.synthesis import Kind, synthesise

SCAR_STRUCTURES = tuple(ScarLabel)[1:]


@dataclass(frozen=True)
class Grid:
    """Size of the samples of a batch, in pixels and mm."""

    matrix: tuple[int, int]
    spacing_mm: float


def draw_grid(
    config: TrainingConfig, stage: StageConfig, settings: PreprocessSettings, rng: torch.Generator
) -> Grid:
    """The application's whole matrix, or the smaller one of training."""
    whole = float(torch.rand(1, generator=rng)) < stage.whole_share
    matrix = settings.matrix if whole else config.geometry.matrix
    spacing_mm = settings.spacing_mm if config.infarct is None else config.infarct.seen.spacing_mm
    return Grid(matrix, spacing_mm)


def draw(
    train: SliceSet,
    chosen: Tensor,
    config: TrainingConfig,
    grid: Grid,
    rng: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Images ``(n, C, H, W)`` and labels ``(n, 1, H, W)`` of the chosen slices.

    Parameters
    ----------
    train, chosen
        All slices, and the indices of this batch.
    config, grid
        Strengths of the augmentation; size of the samples.
    rng
        Makes it repeatable.
    """
    if config.synthesis is None:
        taken, structures = _take(train, chosen, config, config.geometry, grid, rng)
        changed = appearance.change(taken, structures, config.appearance, rng)
    else:
        # Neighbours have no masks here to be painted by: the slice itself stands in for them.
        alone = config.model_copy(update={"neighbours": NeighbourConfig(lost=1, swapped=0)})
        taken, structures = _take(train, chosen, alone, config.geometry, grid, rng)
        one, kinds = synthesise(taken[:, :1], structures, config.synthesis, rng)
        taken = one.expand(taken.shape)
        if config.infarct is not None:
            taken = windowed(taken, config.infarct.seen)
            structures = scar_structures(structures)
            taken, structures = with_infarcts(taken, structures, config.infarct, rng)
        changed = _seen_by_scanner(taken, structures, kinds == Kind.MAP, config, rng)
    return _shown(changed, config), to_labels(structures)


def draw_lge(  # noqa: PLR0913
    train: SliceSet,
    chosen: Tensor,
    config: TrainingConfig,
    lge: LgeConfig,
    grid: Grid,
    rng: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Draw as :func:`draw`, of real late enhancement images; some get a random tone curve."""
    where = config.geometry
    if lge.stretched == 1 or float(torch.rand(1, generator=rng)) < lge.stretched:
        where = where.model_copy(update={"stretch": lge.stretch})
    kinds = STRUCTURES if config.infarct is None else SCAR_STRUCTURES
    taken, structures = _take(train, chosen, config, where, grid, rng, len(kinds))
    if config.infarct is not None:
        taken = windowed(taken, config.infarct.seen)
        taken, structures = with_infarcts(taken, structures, config.infarct, rng)
    toned = torch.rand(len(taken), generator=rng) < lge.tone
    taken[toned] = tone.monotone(taken[toned], rng)
    changed = appearance.change(taken, structures, config.appearance, rng)
    return _shown(changed, config), to_labels(structures)


def _shown(images: Tensor, config: TrainingConfig) -> Tensor:
    """``(n, V * C, H, W)``: all views of the changed images, as the application shows them."""
    if config.infarct is not None:
        seen = views(images.numpy(), config.infarct.seen).swapaxes(1, 2)
        images = torch.from_numpy(seen).flatten(1, 2)
    return images.contiguous(memory_format=torch.channels_last)


def windowed(images: Tensor, seen: Seen) -> Tensor:
    """Grey values of crops ``(n, C, H, W)`` as :func:`cmr.preprocess.to_crop` makes them."""
    found = normalise(images.numpy(), seen.intensity, seen.central_fraction or 1)
    return torch.from_numpy(found)


def _seen_by_scanner(
    images: Tensor, structures: Tensor, maps: Tensor, config: TrainingConfig, rng: torch.Generator
) -> Tensor:
    """Change the appearance; a map of times has no coil shading."""
    even = config.appearance.bias_field.model_copy(update={"probability": 0.0})
    of_maps = config.appearance.model_copy(update={"bias_field": even})
    out = torch.empty_like(images)
    for part, settings in ((maps, of_maps), (~maps, config.appearance)):
        if part.any():
            out[part] = appearance.change(images[part], structures[part], settings, rng)
    return out


def _take(  # noqa: PLR0913
    train: SliceSet,
    chosen: Tensor,
    config: TrainingConfig,
    where: GeometryConfig,
    grid: Grid,
    rng: torch.Generator,
    kinds: int = len(STRUCTURES),
) -> tuple[Tensor, Tensor]:
    """Images ``(n, C, H, W)`` and memberships ``(n, kinds, H, W)`` at random positions."""
    index = chosen.numpy()
    columns = (train.labels, train.centres, train.spacings_mm)
    labels, centres, spacings = (torch.from_numpy(column[index]) for column in columns)
    positions = geometry.random_positions(
        centres, spacings, grid.matrix, grid.spacing_mm, where, rng
    )
    slices = [index]
    if config.network.slices > 1:
        below, above = _neighbours(train, index, config.neighbours, rng)
        slices = [below, index, above]
    images = torch.from_numpy(np.stack([train.images[i] for i in slices], 1))
    return geometry.sample(images, labels, positions, kinds)


def _neighbours(
    train: SliceSet, index: npt.NDArray[np.int64], config: NeighbourConfig, rng: torch.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices of the slices on either side."""

    def happens(probability: float) -> npt.NDArray[np.bool_]:
        return np.asarray(torch.rand(len(index), generator=rng) < probability)

    sides = [
        np.where(happens(config.lost), index, train.neighbours(index, step)) for step in (-1, 1)
    ]
    turned = happens(config.swapped)
    return np.where(turned, sides[1], sides[0]), np.where(turned, sides[0], sides[1])


def to_labels(structures: Tensor) -> Tensor:
    """``(n, 1, H, W)`` the class with the largest linear membership, as the way back takes it."""
    background = 1 - structures.sum(1, keepdim=True)
    return torch.cat([background, structures], 1).max(1, keepdim=True).indices
