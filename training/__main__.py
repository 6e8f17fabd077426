"""``python -m training split | train | export | evaluate``."""

import argparse
import json
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from cmr.inference import InferenceSettings, Segmenter
from cmr.model_store import open_model
from cmr.preprocess import PreprocessSettings, to_model
from training.cases import read_acdc, read_groups
from training.config import read_config, read_section
from training.evaluate import acdc_rows, segment_with, summary, sunnybrook_rows
from training.export import compare, export, write_metadata
from training.fit import BEST, Folders, fit, new_state
from training.splits import SPLITS_FILE, draw_splits, read_splits

ROOT = Path(__file__).resolve().parents[1]
SPLIT_SEED, TEST_PATIENTS, FOLDS = 2026, 16, 5


def split(args: argparse.Namespace, console: Console) -> None:
    """Draw the splits file anew; the seed gives the committed one."""
    splits = draw_splits(read_groups(args.data / "acdc"), TEST_PATIENTS, FOLDS, SPLIT_SEED)
    SPLITS_FILE.write_text(splits.model_dump_json(indent=1) + "\n", "utf-8")
    console.print(f"{len(splits.test)} patients kept out, {len(splits.folds)} folds")


def train(args: argparse.Namespace, console: Console) -> None:
    """Train, or go on where an interrupted run stopped."""
    state = fit(
        read_config(args.config),
        _preprocessing(),
        read_splits(),
        _folders(args),
        console,
    )
    console.print(f"best epoch {state.best_epoch}, validation Dice {state.best:.4f}")


def export_model(args: argparse.Namespace, console: Console) -> None:
    """Write the model folder and compare ONNX Runtime with PyTorch on the validation fold."""
    config, settings, splits = read_config(args.config), _preprocessing(), read_splits()
    state = new_state(config)
    state.load(_folders(args).run / BEST)
    patients = splits.training(config.run.fold)
    trained_on = (
        f"ACDC (Bernard 2018): {len(patients)} patients at ED and ES, selected on "
        f"{len(splits.folds[config.run.fold])} others; see training/splits.json."
    )
    folder = export(state, config, settings, trained_on, args.models)
    inputs = (
        to_model(read_acdc(args.data / "acdc", patient).images, settings).images
        for patient in splits.folds[config.run.fold]
    )
    images = np.concatenate([x.reshape(-1, *settings.matrix) for x in inputs])
    found = compare(state, args.models, _inference(), args.work, images)
    console.print(f"{folder}: epoch {state.best_epoch}, against PyTorch {found}")


def evaluate(args: argparse.Namespace, console: Console) -> None:
    """Measure on the kept-out ACDC patients and on Sunnybrook; write figures and card."""
    name = read_config(args.config).model.name
    folder = open_model(args.models, name)
    segment = segment_with(Segmenter(folder, _inference(), args.work), _preprocessing())
    test = track(read_splits().test, "ACDC, kept out", console=console)
    rows = {
        "ACDC, kept out": list(acdc_rows(args.data / "acdc", test, segment)),
        "Sunnybrook, never trained on": list(sunnybrook_rows(args.data / "sunnybrook", segment)),
    }
    figures = {title: summary(part) for title, part in rows.items()}
    (args.work / f"{name}-cases.json").write_text(json.dumps(rows, indent=1), "utf-8")
    console.print_json(data=figures)
    write_metadata(args.models / name, folder.metadata.model_copy(update={"figures": figures}))


def _folders(args: argparse.Namespace) -> Folders:
    return Folders(args.data / "acdc", args.work / "cache", args.work / args.config.stem)


def _preprocessing() -> PreprocessSettings:
    """Take the application's own settings: training sees what the application makes."""
    return read_section(ROOT / "app.yaml", "preprocessing", PreprocessSettings)


def _inference() -> InferenceSettings:
    return read_section(ROOT / "app.yaml", "inference", InferenceSettings)


def main() -> None:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, default=ROOT / "work" / "training")
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("split", help=split.__doc__).set_defaults(run=split)
    for name, run in (("train", train), ("export", export_model), ("evaluate", evaluate)):
        command = commands.add_parser(name, help=run.__doc__)
        command.add_argument("--config", type=Path, default=ROOT / "training" / "cine_sax.yaml")
        command.set_defaults(run=run)
    args = parser.parse_args()
    args.run(args, Console())


if __name__ == "__main__":
    main()
