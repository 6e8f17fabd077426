"""What shifted input does to Dice and EF, and whether the gates notice: ``docs/shifted_inputs.md``.

    python -m validation.shifted_inputs [--models models] [--output docs/shifted_inputs.md]

The application's path without DICOM, on the ACDC patients that nothing was trained or selected on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cmr.errors import CmrError
from cmr.inference import Provider, Segmenter
from cmr.labels import PHASES, STRUCTURES, Label
from cmr.overlap import dice
from cmr.segmentation import Network
from cmr.volume import Volume4D
from training.cases import Case, read_acdc
from training.shifts import SHIFTS
from training.splits import read_splits
from validation import PROJECT_ROOT
from validation.cohort.cine import gates_not_passed, volumes
from validation.cohort.cine_path import CineSettings, label_cine, model_for, read_settings
from validation.shifted_table import EF_KEYS, Outcome, page

APP_YAML = PROJECT_ROOT / "app.yaml"


def outcomes(case: Case, settings: CineSettings, network: Network) -> dict[str, Outcome]:
    """One patient under every shift.

    Parameters
    ----------
    case
        ED and ES with an expert's labels. The EF of these labels is the truth under every shift:
        whatever happens to the images, the heart stays what it is.
    """
    truth = _ejection_fractions(case.labels, settings)
    return {name: _outcome(shift(case), truth, settings, network) for name, shift in SHIFTS.items()}


def _outcome(
    case: Case, truth: Mapping[str, float], settings: CineSettings, network: Network
) -> Outcome:
    found = label_cine(case.images, settings, network)
    ef = _ejection_fractions(found.labels, settings)
    return Outcome(
        dice={label: _mean_dice(found.labels, case.labels, label) for label in STRUCTURES},
        ef_error={key: ef[key] - truth[key] for key in EF_KEYS},
        gates=gates_not_passed(found.labels, found.agreement, found.centre_fallback, settings),
    )


def _ejection_fractions(labels: Volume4D, settings: CineSettings) -> dict[str, float]:
    alone = {
        name: Volume4D(labels.data[t : t + 1], labels.geometry) for t, name in enumerate(PHASES)
    }
    return volumes(alone, dict.fromkeys(PHASES, STRUCTURES), settings.volumetry)


def _mean_dice(found: Volume4D, truth: Volume4D, label: Label) -> float:
    pairs = zip(found.data, truth.data, strict=True)
    return float(np.mean([dice(a, b, label) for a, b in pairs]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the patients kept out and write the page."""
    options = _parse(arguments)
    patients = read_splits().test
    settings = read_settings(APP_YAML)
    # On the CPU the page is the same on every machine.
    inference = settings.inference.model_copy(update={"providers": (Provider.CPU,)})
    found: list[dict[str, Outcome]] = []
    try:
        model = model_for(options.models, settings)
        with tempfile.TemporaryDirectory() as work:
            network = Segmenter(model, inference, Path(work))
            for done, patient in enumerate(patients, 1):
                found.append(outcomes(read_acdc(options.acdc, patient), settings, network))
                print(f"{done}/{len(patients)} {patient}", file=sys.stderr)
    except CmrError as error:
        print(error, file=sys.stderr)
        return 2
    text = page(found, model, settings.inference.variants)
    options.output.write_text(text, encoding="utf-8")
    print(text)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m validation.shifted_inputs",
        description="Writes docs/shifted_inputs.md: what shifts of the input do, and who notices.",
    )
    parser.add_argument("--acdc", type=Path, default=PROJECT_ROOT.parent / "shared/data/acdc")
    parser.add_argument("--models", type=Path, default=PROJECT_ROOT / "models")
    parser.add_argument("--output", type=Path, default=PROJECT_ROOT / "docs/shifted_inputs.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
