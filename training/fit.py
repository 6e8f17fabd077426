"""The training loop: repeatable from its seed, resumable after any epoch."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from cmr.preprocess import ModelInput, PreprocessSettings, to_model
from training import appearance, geometry
from training.cases import Case, read_acdc
from training.config import TrainingConfig
from training.metrics import dice_of_structures
from training.network import build_loss, build_network, build_optimiser, rate_factor
from training.slices import SliceSet, load_slices
from training.splits import Splits

LAST, BEST, CURVE = "last.pt", "best.pt", "curve.json"
_VALIDATION_BATCH = 16


@dataclass(frozen=True)
class Folders:
    """Where a run reads and writes; none of it in git."""

    acdc: Path
    cache: Path
    run: Path


@dataclass
class State:
    """What a run is made of between two epochs."""

    network: nn.Module
    average: AveragedModel
    optimiser: torch.optim.Optimizer
    epoch: int = 0
    best: float = 0.0
    best_epoch: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write aside, then rename: an interruption leaves the previous file."""
        content = {name: getattr(self, name) for name in ("epoch", "best", "best_epoch", "curve")}
        for name in ("network", "average", "optimiser"):
            content[name] = getattr(self, name).state_dict()
        aside = path.with_suffix(".part")
        torch.save(content, aside)
        aside.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a saved state."""
        content = torch.load(path, weights_only=True)
        for name in ("network", "average", "optimiser"):
            getattr(self, name).load_state_dict(content.pop(name))
        for name, value in content.items():
            setattr(self, name, value)


def new_state(config: TrainingConfig) -> State:
    """Fresh weights from the seed."""
    torch.manual_seed(config.run.seed)
    network = build_network(config.network).to(memory_format=torch.channels_last)
    average = AveragedModel(
        network, multi_avg_fn=get_ema_multi_avg_fn(config.run.ema_decay), use_buffers=True
    )
    return State(network, average, build_optimiser(network, config.optimiser))


def fit(
    config: TrainingConfig,
    settings: PreprocessSettings,
    splits: Splits,
    folders: Folders,
    console: Console,
) -> State:
    """Train on all folds but one, select on that one, resume where ``last.pt`` exists."""
    torch.set_num_threads(config.run.threads)
    torch.use_deterministic_algorithms(True)
    folders.run.mkdir(parents=True, exist_ok=True)
    state = new_state(config)
    if (folders.run / LAST).exists():
        state.load(folders.run / LAST)
        console.print(f"resumed after epoch {state.epoch}")
    train = load_slices(folders.acdc, splits.training(config.run.fold), settings, folders.cache)
    held_out = [read_acdc(folders.acdc, p) for p in splits.folds[config.run.fold]]
    prepared = [(case, to_model(case.images, settings)) for case in held_out]
    while state.epoch < config.run.epochs:
        figures = _epoch(state, train, config, settings, console)
        state.epoch += 1
        if state.epoch % config.run.validate_every == 0 or state.epoch == config.run.epochs:
            figures |= _select(state, prepared, folders.run / BEST)
        _report(state, figures, folders.run / CURVE, console)
        state.save(folders.run / LAST)
        if state.epoch - state.best_epoch >= config.run.patience:
            console.print(f"no better for {config.run.patience} epochs: stopped")
            break
    return state


def _epoch(
    state: State,
    train: SliceSet,
    config: TrainingConfig,
    settings: PreprocessSettings,
    console: Console,
) -> dict[str, float]:
    """One pass over the slices. The epoch number seeds it, so that a resumed run is the same."""
    rng = torch.Generator().manual_seed(config.run.seed * 100_003 + state.epoch)
    loss_of = build_loss(config.loss)
    order = torch.randperm(len(train), generator=rng).split(config.run.batch_size)
    state.network.train()
    losses = []
    for step, chosen in enumerate(
        track(order, f"epoch {state.epoch + 1}", console=console, disable=not console.is_terminal)
    ):
        at = state.epoch + step / len(order)
        _set_rate(state.optimiser, config, at)
        images, labels = _batch(train, chosen, config, settings, rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=config.run.bfloat16):
            logits = state.network(images)
        loss = loss_of(logits.float(), labels)
        state.optimiser.zero_grad()
        loss.backward()
        state.optimiser.step()
        state.average.update_parameters(state.network)
        losses.append(float(loss.detach()))
    return {"loss": float(np.mean(losses))}


def _set_rate(optimiser: torch.optim.Optimizer, config: TrainingConfig, epoch: float) -> None:
    factor = rate_factor(epoch, config.run.epochs, config.schedule)
    for group in optimiser.param_groups:
        group["lr"] = config.optimiser.learning_rate * factor


def _batch(
    train: SliceSet,
    chosen: Tensor,
    config: TrainingConfig,
    settings: PreprocessSettings,
    rng: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Augmented images ``(n, 1, H, W)`` and labels ``(n, 1, H, W)``."""
    index = chosen.numpy()
    columns = (train.images, train.labels, train.centres, train.spacings_mm)
    images, labels, centres, spacings = (torch.from_numpy(column[index]) for column in columns)
    positions = geometry.random_positions(
        centres, spacings, settings.matrix, settings.spacing_mm, config.geometry, rng
    )
    taken, structures = geometry.sample(images, labels, positions)
    changed = appearance.change(taken, structures, config.appearance, rng)
    return changed.contiguous(memory_format=torch.channels_last), to_labels(structures)


def to_labels(structures: Tensor) -> Tensor:
    """``(n, 1, H, W)`` the class with the largest linear membership, as the way back takes it."""
    background = 1 - structures.sum(1, keepdim=True)
    return torch.cat([background, structures], 1).max(1, keepdim=True).indices


def _select(state: State, held_out: list[tuple[Case, ModelInput]], best: Path) -> dict[str, float]:
    figures = validate(state.average, held_out)
    if figures["dice"] > state.best:
        state.best, state.best_epoch = figures["dice"], state.epoch
        state.save(best)
    return figures


def validate(network: nn.Module, held_out: list[tuple[Case, ModelInput]]) -> dict[str, float]:
    """Mean 3-D Dice per patient and phase on the native grid, through the application's path."""
    scores: list[list[float]] = []
    network.eval()
    for case, prepared in held_out:
        labels = prepared.to_native(_scores(network, prepared)).data
        scores += [
            list(dice_of_structures(a, b).values())
            for a, b in zip(labels, case.labels.data, strict=True)
        ]
    mean = np.nanmean(scores, axis=0)
    names = ("rv", "myo", "lv")
    return {"dice": float(mean.mean())} | dict(zip(names, map(float, mean), strict=True))


def _scores(network: nn.Module, prepared: ModelInput) -> npt.NDArray[np.float32]:
    flat = torch.from_numpy(prepared.images).flatten(0, 1)[:, None]
    with torch.no_grad():
        scores = torch.cat([network(part) for part in _in_batches(flat)])
    return np.asarray(scores.unflatten(0, prepared.images.shape[:2]))


def _in_batches(images: Tensor) -> Iterator[Tensor]:
    for part in images.split(_VALIDATION_BATCH):
        yield part.contiguous(memory_format=torch.channels_last)


def _report(state: State, figures: dict[str, float], path: Path, console: Console) -> None:
    state.curve.append({"epoch": float(state.epoch)} | figures)
    path.write_text(json.dumps(state.curve, indent=1), "utf-8")
    numbers = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
    console.print(f"epoch {state.epoch:3d}  {numbers}", highlight=False)
