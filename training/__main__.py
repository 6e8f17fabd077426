"""``python -m training split | split-emidec | train | cross-validate | compare | export``."""

import argparse
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from cmr.inference import InferenceSettings
from cmr.preprocess import PreprocessSettings, to_model, views
from cmr.segmentation import with_neighbours
from training import compare
from training.cases import read_acdc, read_groups
from training.compare import read_comparison
from training.config import TrainingConfig, read_config, read_section
from training.emidec import SPLITS_FILE as EMIDEC_SPLITS
from training.emidec import crop_emidec, draw_emidec_splits
from training.export import compare_runtimes, export
from training.fit import BEST, LAST, Folders, fit, new_state
from training.runs import Run, run_all
from training.splits import SPLITS_FILE, draw_splits, read_splits

ROOT = Path(__file__).resolve().parents[1]
COMPARISON = ROOT / "training" / "comparison.yaml"
SPLIT_SEED, TEST_PATIENTS, FOLDS = 2026, 16, 5


def split(args: argparse.Namespace, console: Console) -> None:
    """Draw the splits file anew; the seed gives the committed one."""
    splits = draw_splits(read_groups(args.data / "acdc"), TEST_PATIENTS, FOLDS, SPLIT_SEED)
    SPLITS_FILE.write_text(splits.model_dump_json(indent=1) + "\n", "utf-8")
    console.print(f"{len(splits.test)} patients kept out, {len(splits.folds)} folds")


def split_emidec(args: argparse.Namespace, console: Console) -> None:
    """Draw the folds of EMIDEC anew; the seed gives the committed ones."""
    splits = draw_emidec_splits(args.data / "emidec")
    EMIDEC_SPLITS.write_text(splits.model_dump_json(indent=1) + "\n", "utf-8")
    console.print(f"{[len(fold) for fold in splits.folds]} cases")


def train(args: argparse.Namespace, console: Console) -> None:
    """Train, or go on where an interrupted run stopped."""
    config = read_config(args.config)
    state = fit(config, _preprocessing(), read_splits(), _folders(args, args.config.stem), console)
    console.print(f"best epoch {state.best_epoch}, validation Dice {state.best:.4f}")


def cross_validate(args: argparse.Namespace, console: Console) -> None:
    """Train the configuration once a fold and export each; no epoch is selected on its fold."""
    config, settings, splits = read_config(args.config), _preprocessing(), read_splits()
    runs = []
    for fold in range(len(splits.folds) if config.infarct is None else FOLDS):
        folders = _folders(args, f"{args.config.stem}-fold-{fold}")
        runs.append(Run(_of_fold(config, fold), settings, splits, folders))
    run_all(runs, args.jobs)
    for run in runs:
        folder = _export(run, LAST, run.folders.run / "models", args)
        console.print(f"{folder}")


def _of_fold(config: TrainingConfig, fold: int) -> TrainingConfig:
    """A fold of ACDC is kept out; of the scar network, one of EMIDEC."""
    alone = config.run.model_copy(update={"threads": 1})
    if config.infarct is not None and config.lge is not None:
        of_emidec = config.lge.model_copy(update={"fold": fold})
        return config.model_copy(update={"run": alone, "lge": of_emidec})
    return config.model_copy(update={"run": alone.model_copy(update={"fold": fold})})


def compare_changes(args: argparse.Namespace, console: Console) -> None:
    """Train each change of the comparison on its folds and print the table."""
    config, settings, splits = read_config(args.config), _preprocessing(), read_splits()
    comparison = read_comparison(COMPARISON)
    named = list(compare.runs(comparison, config, settings, splits, _folders(args, "comparison")))
    run_all([partial(compare.train_and_measure, run) for _, run in named], args.jobs)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for name, run in named:
        figures.setdefault(name, {}).update(compare.measure(run))
    rows = compare.table(figures, named[0][1].config.run.epochs)
    (args.work / "comparison.json").write_text(json.dumps(rows, indent=1), "utf-8")
    console.print_json(data=rows)


def export_model(args: argparse.Namespace, console: Console) -> None:
    """Write the model folder and compare ONNX Runtime with PyTorch on held-out patients."""
    folders = _folders(args, args.config.stem)
    run = Run(read_config(args.config), _preprocessing(), read_splits(), folders)
    console.print(f"{_export(run, BEST, args.models, args)}")


def _export(run: Run, checkpoint: str, models: Path, args: argparse.Namespace) -> str:
    """Export and check on real images; returns what to print."""
    state = new_state(run.config)
    state.load(run.folders.run / checkpoint)
    fold = run.config.run.fold
    trained_on = f"ACDC (Bernard 2018): {len(run.splits.training(fold))} patients at ED and ES"
    if fold is not None:
        trained_on += f", {len(run.splits.folds[fold])} others held out"
    where = "training/splits.json"
    if run.config.lge is not None:
        cases = read_splits(EMIDEC_SPLITS).training(run.config.lge.fold)
        trained_on = f"EMIDEC (Lalande 2020): {len(cases)} cases; {trained_on}"
        where += " and training/emidec_splits.json"
    sentence = f"{trained_on}; see {where}."
    folder = export(state, run.config, run.settings, sentence, models)
    channels = run.config.network.slices * run.config.views
    images = [with_neighbours(stack, channels) for stack in _stacks(run, args)]
    inference = _inference().model_copy(update={"model": run.config.model.name})
    found = compare_runtimes(state, models, inference, args.work, np.concatenate(images))
    return f"{folder}: epoch {state.epoch}, against PyTorch {found}"


def _stacks(run: Run, args: argparse.Namespace) -> Iterator[npt.NDArray[np.float32]]:
    """``(z, H, W)`` or ``(z, V, H, W)`` real images to compare two runtimes on, held out if any."""
    config = run.config
    if config.infarct is not None and config.lge is not None:
        splits = read_splits(EMIDEC_SPLITS)
        for case in splits.held_out(config.lge.fold) or splits.folds[0]:
            seen = config.infarct.seen
            yield views(crop_emidec(args.data / "emidec", case, seen).images[0], seen)
        return
    for patient in run.splits.held_out(config.run.fold) or run.splits.test:
        images = read_acdc(args.data / "acdc", patient).images
        yield from to_model(images, run.settings).images


def _folders(args: argparse.Namespace, run: str) -> Folders:
    return Folders(args.data / "acdc", args.work / "cache", args.work / run)


def _preprocessing() -> PreprocessSettings:
    """Take the application's own settings: training sees what the application makes."""
    return read_section(ROOT / "app.yaml", "preprocessing", PreprocessSettings)


def _inference() -> InferenceSettings:
    return read_section(ROOT / "app.yaml", "inference", InferenceSettings)


_OPTIONS: dict[str, dict[str, Any]] = {
    "data": {"type": Path, "default": ROOT.parent / "shared" / "data"},
    "work": {"type": Path, "default": ROOT / "work" / "training"},
    "config": {"type": Path, "default": ROOT / "training" / "cine_sax.yaml"},
    "models": {"type": Path, "default": ROOT / "models"},
    "jobs": {"type": int, "default": os.cpu_count(), "help": "runs side by side"},
}
_COMMANDS = {
    "split": (split, ("data",)),
    "split-emidec": (split_emidec, ("data",)),
    "train": (train, ("data", "work", "config")),
    "cross-validate": (cross_validate, ("data", "work", "config", "jobs")),
    "compare": (compare_changes, ("data", "work", "config", "jobs")),
    "export": (export_model, ("data", "work", "config", "models")),
}


def main() -> None:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (run, options) in _COMMANDS.items():
        command = commands.add_parser(name, help=run.__doc__)
        command.set_defaults(run=run)
        for option in options:
            command.add_argument(f"--{option}", **_OPTIONS[option])
    args = parser.parse_args()
    args.run(args, Console())


if __name__ == "__main__":
    main()
