"""The network, its loss and its optimiser, from the configuration."""

import math

import torch
from monai.losses import DiceCELoss, DiceFocalLoss, DiceLoss
from monai.networks.nets import UNet
from torch import nn

from cmr.labels import Label
from training.config import LossConfig, NetworkConfig, OptimiserConfig, ScheduleConfig


def build_network(config: NetworkConfig) -> nn.Module:
    """MONAI's residual U-Net, batch norm: it folds into the convolutions for inference."""
    network: nn.Module = UNet(
        spatial_dims=2,
        in_channels=config.slices,
        out_channels=len(Label),
        channels=config.channels,
        strides=(2,) * (len(config.channels) - 1),
        num_res_units=config.residual_units,
        norm="BATCH",
        act=config.activation,
    )
    return network


def build_loss(config: LossConfig) -> nn.Module:
    """MONAI loss of logits ``(n, 4, H, W)`` and labels ``(n, 1, H, W)``."""
    common = {"softmax": True, "to_onehot_y": True, "batch": True, "include_background": True}
    weights = torch.tensor(config.class_weights)
    loss: nn.Module
    if config.name == "dice":
        loss = DiceLoss(**common)
    elif config.name == "dice_focal":
        loss = DiceFocalLoss(**common, gamma=config.focal_gamma, weight=weights)
    else:
        loss = DiceCELoss(**common, weight=weights)
    return loss


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
