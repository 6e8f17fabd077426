"""What a run trains on: cine slices with all labels and, where wanted, LGE slices without RV."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.batches import Grid, draw, draw_lge
from training.config import TrainingConfig
from training.slices import SliceSet


@dataclass(frozen=True)
class Sources:
    """Numbered through: the cine slices first, then those of LGE."""

    cine: SliceSet
    lge: SliceSet | None

    def __len__(self) -> int:
        return len(self.cine) + (0 if self.lge is None else len(self.lge))

    def order(self, config: TrainingConfig, rng: torch.Generator) -> Tensor:
        """Numbers of an epoch's samples, shuffled: all, or all LGE with some of the cine slices."""
        if config.infarct is None:
            return torch.randperm(len(self), generator=rng)
        cine = torch.randperm(len(self.cine), generator=rng)[: config.infarct.cine_slices]
        numbers = torch.cat([cine, torch.arange(len(self.cine), len(self))])
        return numbers[torch.randperm(len(numbers), generator=rng)]

    def draw(
        self, chosen: Tensor, config: TrainingConfig, grid: Grid, rng: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Images, labels as :func:`training.batches.draw`, and ``(n,)`` whether RV is labelled."""
        is_cine = chosen < len(self.cine)
        parts = []
        if is_cine.any():
            parts.append(draw(self.cine, chosen[is_cine], config, grid, rng))
        if self.lge is not None and config.lge is not None and not is_cine.all():
            others = chosen[~is_cine] - len(self.cine)
            parts.append(draw_lge(self.lge, others, config, config.lge, grid, rng))
        images, labels = (torch.cat(column) for column in zip(*parts, strict=True))
        with_rv = torch.arange(len(chosen)) < int(is_cine.sum())
        if config.infarct is not None:  # its labels have no RV to miss
            with_rv = torch.ones(len(chosen), dtype=torch.bool)
        return images.contiguous(memory_format=torch.channels_last), labels, with_rv
