"""Random phantom hearts through the measuring path of the application, against their truth.

``python -m validation.phantom_accuracy`` prints a row a heart and the mean over all. DICOM is left
out, so that twenty hearts take a minute or two; the whole command is tested apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from cmr.body import Subject
from cmr.inference import Segmenter
from cmr.volumetry import CineMeasurement, measure
from phantom.settings import PhantomSettings
from phantom.study import make_cine
from phantom.truth import HeartTruth
from validation import PROJECT_ROOT
from validation.cohort.cine_path import label_cine, model_for, read_settings

SEEDS = range(20)
PHASES = 15
APP_YAML = PROJECT_ROOT / "app.yaml"


@dataclass(frozen=True)
class HeartError:
    """Measured minus true, for one heart; volumes in % of the truth, EF in points."""

    seed: int
    lv_edv_pct: float
    lv_esv_pct: float
    lv_ef_points: float
    rv_edv_pct: float
    rv_esv_pct: float
    rv_ef_points: float


FIGURES = tuple(name for name in HeartError.__annotations__ if name != "seed")


def heart_errors(
    seeds: Sequence[int], models: Path, work: Path
) -> Iterator[tuple[HeartError, HeartError]]:
    """Errors of each heart against its discretised truth: by the network, and given its masks.

    Parameters
    ----------
    models, work
        The model repository and a folder for caches.
    """
    settings = read_settings(APP_YAML)
    segmenter = Segmenter(model_for(models, settings), settings.inference, work)
    for seed in seeds:
        images, labels, truth = make_cine(PhantomSettings(seed=seed, phases=PHASES))
        found = label_cine(images, settings, segmenter).labels
        by_network, given = (measure(x, Subject(), settings.volumetry) for x in (found, labels))
        yield (
            heart_error(seed, by_network, truth.discretised),
            heart_error(seed, given, truth.discretised),
        )


def heart_error(seed: int, measured: CineMeasurement, truth: HeartTruth) -> HeartError:
    """Compare one measurement with the truth."""
    return HeartError(
        seed,
        *(
            error
            for found, true in ((measured.lv, truth.lv), (measured.rv, truth.rv))
            for error in (
                100 * (found.edv_ml - true.edv_ml) / true.edv_ml,
                100 * (found.esv_ml - true.esv_ml) / true.esv_ml,
                found.ef_pct - true.ef_pct,
            )
        ),
    )


def mean_absolute(errors: Sequence[HeartError]) -> dict[str, float]:
    """Mean absolute error of each figure."""
    return {name: float(np.mean(np.abs(_column(errors, name)))) for name in FIGURES}


def _column(errors: Sequence[HeartError], name: str) -> list[float]:
    return [getattr(error, name) for error in errors]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m validation.phantom_accuracy")
    parser.add_argument("--hearts", type=int, default=len(SEEDS))
    parser.add_argument("--models", type=Path, default=PROJECT_ROOT / "models")
    args = parser.parse_args()
    table = Table("heart", *FIGURES, title="measured minus true, imaged heart")
    errors = []
    with tempfile.TemporaryDirectory() as work:
        for error, _ in heart_errors(range(args.hearts), args.models, Path(work)):
            errors.append(error)
            table.add_row(str(error.seed), *(f"{getattr(error, n):+.1f}" for n in FIGURES))
    table.add_section()
    for title, summary in (("mean", np.mean), ("worst", lambda x: max(x, key=abs))):
        table.add_row(title, *(f"{summary(_column(errors, n)):+.1f}" for n in FIGURES))
    table.add_row("mean |error|", *(f"{v:.1f}" for v in mean_absolute(errors).values()))
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
