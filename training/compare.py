"""Which parts of the method pay: short runs that differ in one thing, patient by patient."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy import stats
from torch import nn

from cmr.preprocess import PreprocessSettings, to_model
from cmr.settings import Section
from training.cases import Case, read_acdc
from training.config import TrainingConfig, merged
from training.fit import BEST, Folders, case_dice, new_state
from training.runs import Run
from training.shifts import SHIFTS
from training.splits import Splits

REFERENCE = "as shipped"
FIGURES = "figures.json"
# Without labels moved; where the heart lies and how it is turned is the same for all.
HARDER = ("rotated by 90°", "50 % lower resolution", "noise, SD 5 % of the range", "gamma 0.5")


class Comparison(Section):
    """``training/comparison.yaml``."""

    folds: tuple[int, ...]
    run: dict[str, Any]
    changes: dict[str, dict[str, Any]]


def read_comparison(path: Path) -> Comparison:
    """Read the list of changes."""
    return Comparison.model_validate(yaml.safe_load(path.read_text("utf-8")))


def runs(
    comparison: Comparison,
    shipped: TrainingConfig,
    settings: PreprocessSettings,
    splits: Splits,
    folders: Folders,
) -> Iterator[tuple[str, Run]]:
    """Every change on every fold; ``folders.run`` is the folder of them all."""
    for number, (name, change) in enumerate(comparison.changes.items()):
        for fold in comparison.folds:
            content = merged(shipped.model_dump(mode="json"), {"run": comparison.run})
            content = merged(merged(content, change), {"run": {"fold": fold}})
            config = TrainingConfig.model_validate(content)
            key = f"{number:02d}-{''.join(c if c.isalnum() else '_' for c in name)}-{fold}"
            own = Folders(folders.acdc, folders.cache, folders.run / key)
            yield name, Run(config, settings, splits, own)


def train_and_measure(run: Run) -> None:
    """One after the other in one process, so that the measuring is spread over them as well."""
    run()
    measure(run)


def measure(run: Run) -> dict[str, dict[str, float]]:
    """Mean Dice of each held-out patient, as it is and under harder conditions; kept on disk."""
    kept = run.folders.run / FIGURES
    if not kept.exists():
        state = new_state(run.config)
        state.load(run.folders.run / BEST)
        found = {
            patient: _mean_dice(state.average, read_acdc(run.folders.acdc, patient), run.settings)
            for patient in run.splits.held_out(run.config.run.fold)
        }
        kept.write_text(json.dumps(found, indent=1), "utf-8")
    figures: dict[str, dict[str, float]] = json.loads(kept.read_text("utf-8"))
    return figures


def _mean_dice(network: nn.Module, case: Case, settings: PreprocessSettings) -> dict[str, float]:
    shifted = {name: SHIFTS[name](case) for name in ("as it is", *HARDER)}
    prepared = [(part, to_model(part.images, settings)) for part in shifted.values()]
    scores = case_dice(network, prepared)
    return {name: float(np.nanmean(dice)) for name, dice in zip(shifted, scores, strict=True)}


def table(
    figures: Mapping[str, Mapping[str, Mapping[str, float]]], epochs: int
) -> list[dict[str, Any]]:
    """One row a change: mean Dice and its paired difference to what is shipped, with 95 % CI.

    Parameters
    ----------
    figures
        Change, patient, condition to mean Dice.
    epochs
        Length of the runs.
    """
    rows = []
    for name, patients in figures.items():
        row: dict[str, Any] = {"change": name, "patients": len(patients), "epochs": epochs}
        for title, conditions in (("plain", ("as it is",)), ("harder", HARDER)):
            own, shipped = (
                np.array([np.mean([chosen[p][c] for c in conditions]) for p in patients])
                for chosen in (patients, figures[REFERENCE])
            )
            row[title] = round(float(own.mean()), 4)
            if name != REFERENCE:
                difference = own - shipped
                spread = stats.t.ppf(0.975, len(own) - 1) * stats.sem(difference)
                row[f"{title}_difference"] = round(float(difference.mean()), 4)
                row[f"{title}_ci"] = round(float(spread), 4)
        rows.append(row)
    return rows
