"""The training loop: repeatable from its seed, resumable after any epoch."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from cmr.anatomy import lv_disc
from cmr.intensity import IntensitySettings
from cmr.overlap import dice_of_structures
from cmr.preprocess import ModelInput, PreprocessSettings, to_model
from cmr.scar.labels import ScarLabel
from cmr.segmentation import segment
from training.batches import draw_grid
from training.cases import Case, read_acdc
from training.config import TrainingConfig
from training.emidec import SPLITS_FILE as EMIDEC_SPLITS
from training.emidec import load_emidec, read_emidec, read_scar
from training.network import (
    build_network,
    build_optimiser,
    build_training_loss,
    fitting_weights,
    rate_factor,
)
from training.slices import about_the_ventricle, load_slices
from training.sources import Sources
from training.splits import Splits, read_splits

LAST, BEST, CURVE = "last.pt", "best.pt", "curve.json"
_BATCH = 16
_SCAR_CANVAS = 208  # native pixels; holds the turned crop, and costs half of the usual one


@dataclass(frozen=True)
class Folders:
    """Where a run reads and writes; none of it in git."""

    acdc: Path
    cache: Path
    run: Path

    @property
    def emidec(self) -> Path:
        """Beside ACDC, as in the public data."""
        return self.acdc.parent / "emidec"


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
        content = torch.load(path, weights_only=True, map_location=_device())
        for name in ("network", "average", "optimiser"):
            getattr(self, name).load_state_dict(content.pop(name))
        for name, value in content.items():
            setattr(self, name, value)

    def take_weights(self, path: Path) -> None:
        """Start from the averaged weights of another run; everything else stays fresh.

        Where the other run has another head, or sees a slice alone, :func:`fitting_weights` says
        what is taken.
        """
        average = torch.load(path, weights_only=True, map_location=_device())["average"]
        self.average.load_state_dict(fitting_weights(average, self.average.state_dict()))
        self.average.n_averaged.zero_()
        self.network.load_state_dict(self.average.module.state_dict())


def new_state(config: TrainingConfig) -> State:
    """Fresh weights from the seed."""
    torch.manual_seed(config.run.seed)
    network = build_network(config.network, len(config.labels), config.views).to(
        _device(), memory_format=torch.channels_last
    )
    average = AveragedModel(
        network, multi_avg_fn=_moving_average(config.run.ema_decay), use_buffers=True
    )
    return State(network, average, build_optimiser(network, config.optimiser))


def _moving_average(decay: float) -> Callable[[list[Tensor], list[Tensor], Tensor], None]:
    """Exponential, with a shorter memory in the first steps, so that the first weights fade."""

    def update(average: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        """Tensors of one type at a time, as :class:`AveragedModel` groups them."""
        steps = int(count)
        share = 1 - min(decay, (1 + steps) / (10 + steps))
        with torch.no_grad():
            for mean, new in zip(average, current, strict=True):
                if mean.is_floating_point():
                    mean.lerp_(new, share)
                else:  # batch norm's counters
                    mean.copy_(new)

    return update


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


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
    elif config.run.start is not None:
        state.take_weights(folders.run.parent / config.run.start / LAST)
    train = _sources(config, settings, splits, folders)
    held_out = read_held_out(splits.held_out(config.run.fold), settings, folders)
    while state.epoch < config.run.epochs:
        figures = _epoch(state, train, config, settings, console)
        state.epoch += 1
        if state.epoch % config.run.validate_every == 0 or state.epoch == config.run.epochs:
            figures |= _select(state, held_out, folders.run / BEST)
        _report(state, figures, folders.run / CURVE, console)
        state.save(folders.run / LAST)
        if state.epoch - state.best_epoch >= config.run.patience:
            console.print(f"no better for {config.run.patience} epochs: stopped")
            break
    return state


def _sources(
    config: TrainingConfig, settings: PreprocessSettings, splits: Splits, folders: Folders
) -> Sources:
    patients = splits.training(config.run.fold)
    cine = load_slices(folders.acdc, patients, settings, folders.cache)
    if config.lge is None:
        return Sources(cine, None)
    cases = read_splits(EMIDEC_SPLITS).training(config.lge.fold)
    if config.infarct is None:
        return Sources(cine, load_emidec(folders.emidec, cases, settings.intensity, read_emidec))
    # Unclipped: the grey values of a crop come from its own percentiles.
    whole = IntensitySettings(low_percentile=0, high_percentile=100)
    late = load_emidec(folders.emidec, cases, whole, read_scar, _SCAR_CANVAS)
    return Sources(
        about_the_ventricle(cine, lv_disc(cine.labels)),
        about_the_ventricle(late, late.labels != ScarLabel.BACKGROUND),
    )


def _epoch(
    state: State,
    train: Sources,
    config: TrainingConfig,
    settings: PreprocessSettings,
    console: Console,
) -> dict[str, float]:
    """One pass over the slices. The epoch number seeds it, so that a resumed run is the same."""
    rng = torch.Generator().manual_seed(config.run.seed * 100_003 + state.epoch)
    device = next(state.network.parameters()).device
    loss_of = build_training_loss(config).to(device)
    order = train.order(config, rng).split(config.run.batch_size)
    state.network.train()
    stage, _ = config.run.stage_at(state.epoch)
    losses = []
    for step, chosen in enumerate(
        track(order, f"epoch {state.epoch + 1}", console=console, disable=not console.is_terminal)
    ):
        at = state.epoch + step / len(order)
        _set_rate(state.optimiser, config, at)
        grid = draw_grid(config, stage, settings, rng)
        images, labels, with_rv = train.draw(chosen, config, grid, rng)
        with torch.autocast(device.type, torch.bfloat16, enabled=config.run.bfloat16):
            logits = state.network(images.to(device))
        loss = loss_of(logits.float(), labels.to(device), with_rv.to(device))
        state.optimiser.zero_grad()
        loss.backward()
        state.optimiser.step()
        state.average.update_parameters(state.network)
        losses.append(float(loss.detach()))
    return {"loss": float(np.mean(losses))}


def _set_rate(optimiser: torch.optim.Optimizer, config: TrainingConfig, epoch: float) -> None:
    stage, at = config.run.stage_at(epoch)
    rate = stage.learning_rate * rate_factor(at, stage.epochs, config.schedule)
    for group in optimiser.param_groups:
        group["lr"] = rate


def read_held_out(
    patients: Iterable[str], settings: PreprocessSettings, folders: Folders
) -> list[tuple[Case, ModelInput]]:
    """The patients to select on, as the application prepares them."""
    cases = [read_acdc(folders.acdc, patient) for patient in patients]
    return [(case, to_model(case.images, settings)) for case in cases]


def _select(state: State, held_out: list[tuple[Case, ModelInput]], best: Path) -> dict[str, float]:
    if not held_out:  # trained on all: nothing selects, the newest is it
        state.best_epoch = state.epoch
        state.save(best)
        return {}
    figures = validate(state.average, held_out)
    if figures["dice"] > state.best:
        state.best, state.best_epoch = figures["dice"], state.epoch
        state.save(best)
    return figures


def validate(network: nn.Module, held_out: list[tuple[Case, ModelInput]]) -> dict[str, float]:
    """Mean 3-D Dice per patient and phase on the native grid, through the application's path."""
    scores = np.concatenate(list(case_dice(network, held_out)))
    mean = np.nanmean(scores, axis=0)
    names = ("rv", "myo", "lv")
    return {"dice": float(mean.mean())} | dict(zip(names, map(float, mean), strict=True))


def case_dice(
    network: nn.Module, held_out: list[tuple[Case, ModelInput]]
) -> Iterator[npt.NDArray[np.float64]]:
    """``(phases, 3)`` Dice of RV, myocardium and LV of each case, without test-time variants."""
    for case, prepared in held_out:
        found = segment(prepared, TorchNetwork(network), variants=1).labels
        pairs = zip(found.data, case.labels.data, strict=True)
        yield np.array([list(dice_of_structures(a, b).values()) for a, b in pairs])


class TorchNetwork:
    """A PyTorch network where the application has ONNX Runtime."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval()
        self._first = next(network.parameters())

    @property
    def input_channels(self) -> int:
        """Slices that the network sees at once, in all views."""
        return int(self._first.shape[1])

    def run(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """``(n, C, H, W)`` images to logits."""
        flat = torch.from_numpy(images).to(self._first.device)
        with torch.inference_mode():
            scores = [self._network(_channels_last(part)) for part in flat.split(_BATCH)]
        return np.asarray(torch.cat(scores).cpu())


def _channels_last(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last)


def _report(state: State, figures: dict[str, float], path: Path, console: Console) -> None:
    state.curve.append({"epoch": float(state.epoch)} | figures)
    path.write_text(json.dumps(state.curve, indent=1), "utf-8")
    numbers = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
    console.print(f"epoch {state.epoch:3d}  {numbers}", highlight=False)
