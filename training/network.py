"""The network, its loss and its optimiser, from the configuration."""

from __future__ import annotations

import math

import torch
from monai.losses import DiceCELoss, DiceFocalLoss, DiceLoss
from monai.networks.nets import UNet
from torch import Tensor, nn

from cmr.labels import Label
from training.config import (
    LossConfig,
    NetworkConfig,
    OptimiserConfig,
    ScheduleConfig,
    TrainingConfig,
)

_KERNEL_NDIM = 4
_AROUND = 3  # a slice and its neighbours, in the first view


def build_network(config: NetworkConfig, classes: int, views: int = 1) -> nn.Module:
    """MONAI's residual U-Net, batch norm: it folds into the convolutions for inference.

    ``views`` of each slice are shown, one after the other (:func:`cmr.preprocess.views`).
    """
    network: nn.Module = UNet(
        spatial_dims=2,
        in_channels=config.slices * views,
        out_channels=classes,
        channels=config.channels,
        strides=(2,) * (len(config.channels) - 1),
        num_res_units=config.residual_units,
        norm="BATCH",
        act=config.activation,
    )
    return network


def build_loss(config: LossConfig) -> nn.Module:
    """MONAI loss of logits ``(n, classes, H, W)`` and labels ``(n, 1, H, W)``."""
    return _loss(config, config.class_weights)


def build_training_loss(config: TrainingConfig) -> PartialLoss:
    """What a run minimises; the scar network knows no RV, so that it never lacks its label."""
    return build_partial_loss(config.loss) if config.infarct is None else whole_loss(config.loss)


def whole_loss(config: LossConfig) -> PartialLoss:
    """Loss of a batch in which every sample has all labels."""
    loss = build_loss(config)
    return PartialLoss(loss, loss)


def build_partial_loss(config: LossConfig) -> PartialLoss:
    """Loss of a batch of which some samples have no RV label."""
    background, _, wall, cavity = config.class_weights
    return PartialLoss(build_loss(config), _loss(config, (background, wall, cavity)))


def _loss(config: LossConfig, class_weights: tuple[float, ...]) -> nn.Module:
    common = {"softmax": True, "to_onehot_y": True, "batch": True, "include_background": True}
    weights = torch.tensor(class_weights)
    loss: nn.Module
    if config.name == "dice":
        loss = DiceLoss(**common)
    elif config.name == "dice_focal":
        loss = DiceFocalLoss(**common, gamma=config.focal_gamma, weight=weights)
    else:
        loss = DiceCELoss(**common, weight=weights)
    return loss


class PartialLoss(nn.Module):
    """MONAI loss of a batch in which some samples have no RV label.

    There background and RV are one class, whose probability is the sum of both: RV is neither
    punished nor taught. Each part counts by its number of samples.

    Parameters
    ----------
    whole, merged
        Losses of four classes, and of three: background with RV, myocardium, LV.
    """

    def __init__(self, whole: nn.Module, merged: nn.Module) -> None:
        super().__init__()
        self._whole, self._merged = whole, merged

    def forward(self, logits: Tensor, labels: Tensor, with_rv: Tensor) -> Tensor:
        """Scalar of ``(n, 4, H, W)`` logits, ``(n, 1, H, W)`` labels, ``(n,)`` RV labelled."""
        parts = [
            (int(chosen.sum()), loss(*change(logits[chosen], labels[chosen])))
            for chosen, loss, change in (
                (with_rv, self._whole, lambda *pair: pair),
                (~with_rv, self._merged, without_rv),
            )
            if chosen.any()
        ]
        return sum(loss * (count / len(logits)) for count, loss in parts)


def without_rv(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Merge background and RV: ``(n, 3, H, W)`` logits and labels 0–2.

    The softmax of ``log(exp a + exp b)`` among the others is the sum of the two probabilities.
    """
    outside = logits[:, [Label.BACKGROUND, Label.RV]].logsumexp(1, keepdim=True)
    return torch.cat([outside, logits[:, Label.MYOCARDIUM :]], 1), (labels - 1).clamp(min=0)


def fitting_weights(given: dict[str, Tensor], own: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of one network in the place of another's, where they fit.

    A first convolution that saw a slice alone becomes that of the slice itself in one that sees
    its neighbours and other views of it, which begin at 0; what has another shape otherwise, as the
    head of other labels, stays.
    """
    return {name: _fitted(given[name], weight) for name, weight in own.items()}


def _fitted(given: Tensor, own: Tensor) -> Tensor:
    if given.shape == own.shape:
        return given
    kernels = given.ndim == own.ndim == _KERNEL_NDIM
    if kernels and given.shape[1] == 1 and given.shape[::2] == own.shape[::2]:
        out = torch.zeros_like(own)
        out[:, min(own.shape[1], _AROUND) // 2] = given[:, 0]
        return out
    return own


def build_optimiser(network: nn.Module, config: OptimiserConfig) -> torch.optim.Optimizer:
    """Adam or AdamW; only kernels decay, not norms, slopes and biases."""
    kernels = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": kernels, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if config.name == "adam":
        return torch.optim.Adam(groups)
    return torch.optim.AdamW(groups)


def rate_factor(epoch: float, epochs: int, config: ScheduleConfig) -> float:
    """Factor on the learning rate at a fractional epoch of a stage of so many."""
    if epoch < config.warm_up_epochs:
        return max(epoch / config.warm_up_epochs, 0.01)
    if config.name == "step":
        return float(config.step_factor ** int(epoch // config.step_epochs))
    done = (epoch - config.warm_up_epochs) / (epochs - config.warm_up_epochs)
    return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
