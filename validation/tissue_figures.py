"""Measure the network for any contrast and write its card.

    python -m validation.tissue_figures [--data DIR] [--models models] [--model NAME] [--jobs 2]

On the ACDC patients kept out, with the contrasts of :mod:`validation.contrasts`, and on the fold of
EMIDEC that the model's metadata name.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from cmr.inference import InferenceSettings, Provider, Segmenter
from cmr.model_store import open_for, open_model
from cmr.preprocess import PreprocessSettings
from cmr.segmentation import Network
from training.config import read_section
from training.emidec import SPLITS_FILE
from training.export import write_metadata
from training.splits import read_splits
from validation import PROJECT_ROOT
from validation.cohort.command import absolute
from validation.contrasts import FIELDS_T
from validation.tissue_scores import CINE, MEAN, Score, score_acdc, score_emidec

_RV, _WALL, _LV = 0, 1, 2
Measure = Callable[[Path, str, Network, PreprocessSettings], list[Score]]


@dataclass(frozen=True)
class Worker:
    """Scores one case in a process of its own, on one thread of the CPU."""

    models: Path
    inference: InferenceSettings
    settings: PreprocessSettings

    def __call__(self, measure: Measure, folder: Path, case: str) -> list[Score]:
        """Open the network and score the case."""
        model = open_for(self.models, self.inference.model, self.settings)
        with tempfile.TemporaryDirectory() as work:
            network = Segmenter(model, self.inference, Path(work))
            return measure(folder, case, network, self.settings)


def synthesised_figures(scores: Sequence[Score]) -> dict[str, Any]:
    """Dice on the synthesised contrasts of ACDC: each, pooled, averaged over a series, and cine.

    ``pooled`` holds every single contrast of both fields and phases; its interval and its ``worst``
    are over the means of patients.
    """
    single = [s for s in scores if s.contrast not in (CINE, MEAN)]
    patients = sorted({s.case for s in single})
    means = [_mean((s for s in single if s.case == p), _WALL) for p in patients]
    named = dict.fromkeys((s.state, s.contrast) for s in scores if s.state)
    averaged = [s for s in scores if s.contrast == MEAN]
    cine = [s for s in scores if s.contrast == CINE]
    return {
        "patients": len(patients),
        "contrasts": [_row(scores, state, contrast) for state, contrast in named],
        "pooled": _structures(single) | _spread(means),
        "averaged": {
            state: _mean((s for s in averaged if s.state == state), _WALL)
            for state in ("native", "post")
        },
        "cine": _structures(cine),
    }


def lge_figures(scores: Sequence[Score]) -> dict[str, Any]:
    """Dice on EMIDEC: mean with its 95 % interval, and the worst case."""
    wall = [s.dice[_WALL] for s in scores]
    return {
        "cases": len(scores),
        "myo": _mean(scores, _WALL),
        "lv": _mean(scores, _LV),
        "by_case": {s.case: round(s.dice[_WALL], 4) for s in scores},
    } | _spread(wall)


def _row(scores: Sequence[Score], state: str, contrast: str) -> dict[str, Any]:
    row: dict[str, Any] = {"state": state, "contrast": contrast}
    for field_t in FIELDS_T:
        chosen = [s for s in scores if (s.state, s.contrast) == (state, contrast)]
        wall = [s.dice[_WALL] for s in chosen if s.field_t == field_t]
        row[f"{field_t:g} T"] = {
            "mean": round(float(np.mean(wall)), 4),
            "worst": round(min(wall), 4),
        }
    return row


def _structures(scores: Sequence[Score]) -> dict[str, float]:
    return {name: _mean(scores, at) for name, at in (("rv", _RV), ("myo", _WALL), ("lv", _LV))}


def _mean(scores: Iterable[Score], structure: int) -> float:
    return round(float(np.nanmean([s.dice[structure] for s in scores])), 4)


def _spread(values: Sequence[float]) -> dict[str, float]:
    """95 % interval of the mean (Student), and the lowest value."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    mean = float(np.mean(values))
    ends = {"low": mean - half, "high": mean + half, "worst": min(values)}
    return {key: round(float(value), 4) for key, value in ends.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, then write metadata and card."""
    options = _parse(arguments)
    app_yaml = PROJECT_ROOT / "app.yaml"
    settings = read_section(app_yaml, "preprocessing", PreprocessSettings)
    inference = read_section(app_yaml, "inference", InferenceSettings).model_copy(
        update={"model": options.model, "providers": (Provider.CPU,), "threads": 1}
    )
    metadata = open_model(options.models, options.model).metadata
    fold = metadata.training["config"]["lge"]["fold"]
    worker = Worker(options.models, inference, settings)
    of_lge = partial(worker, score_emidec, options.data / "emidec")
    of_cine = partial(worker, score_acdc, options.data / "acdc")
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        lge = _all(pool.map(of_lge, read_splits(SPLITS_FILE).folds[fold]))
        made = _all(pool.map(of_cine, read_splits().test))
    found = {"synthesised": synthesised_figures(made), "lge": lge_figures(lge)}
    write_metadata(options.models / options.model, metadata.model_copy(update={"figures": found}))
    print(json.dumps(found, indent=1))
    return 0


def _all(parts: Iterable[list[Score]]) -> list[Score]:
    """Every score, with a line of progress for each case."""
    scores: list[Score] = []
    for part in parts:
        scores += part
        print(f"{part[0].case}: myocardium {_mean(part, _WALL):.3f}", file=sys.stderr, flush=True)
    return scores


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="validation.tissue_figures", description=__doc__)
    parser.add_argument("--data", type=absolute, default=PROJECT_ROOT.parent / "shared" / "data")
    parser.add_argument("--models", type=absolute, default=PROJECT_ROOT / "models")
    parser.add_argument("--model", default="tissue_sax")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
