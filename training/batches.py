"""Augmented batches, made anew for each step from the slices of the training patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cmr.preprocess import PreprocessSettings
from training import appearance, geometry
from training.config import NeighbourConfig, StageConfig, TrainingConfig
from training.slices import SliceSet


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
    return Grid(matrix, settings.spacing_mm)


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
    index = chosen.numpy()
    columns = (train.labels, train.centres, train.spacings_mm)
    labels, centres, spacings = (torch.from_numpy(column[index]) for column in columns)
    positions = geometry.random_positions(
        centres, spacings, grid.matrix, grid.spacing_mm, config.geometry, rng
    )
    slices = [index]
    if config.network.slices > 1:
        below, above = _neighbours(train, index, config.neighbours, rng)
        slices = [below, index, above]
    images = torch.from_numpy(np.stack([train.images[i] for i in slices], 1))
    taken, structures = geometry.sample(images, labels, positions)
    changed = appearance.change(taken, structures, config.appearance, rng)
    return changed.contiguous(memory_format=torch.channels_last), to_labels(structures)


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
