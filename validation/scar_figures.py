"""Cross-validate the scar network on EMIDEC and write the card of the shipped one.

    python -m validation.scar_figures [--data DIR] [--models models] [--work work]
        [--folds "work/training/scar_sax-fold-{fold}/models"] [--workers N]

Every case runs the way of ``python -m validation --task scar``, with the network of the fold that
keeps it out; the shipped network, trained on all cases, is measured on none. An interrupted run
goes on with the same command.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from cmr.errors import CmrError, ModelError
from cmr.inference import InferenceSettings
from cmr.model_store import open_model
from training.card_scar import CROSS_VALIDATION
from training.config import read_section
from training.emidec import SPLITS_FILE
from training.export import write_metadata
from training.splits import read_splits
from validation import PROJECT_ROOT
from validation.cohort.command import ValidationRequest, absolute
from validation.cohort.criteria import judge_criteria, read_criteria
from validation.cohort.records import CaseRow
from validation.cohort.scar_measures import STRUCTURES
from validation.cohort.scar_task import SCAR
from validation.cohort.summary import summarise
from validation.emidec_nifti import convert
from validation.whole_run import RunError, run_whole

_COMMAND = "python -m validation.scar_figures"
_DECIMALS = 4
_OVERLAP = ("mean", "ci_low", "ci_high", "min", "n")
_AGREEMENT = ("bias", "sd", "mae", "mae_ci_low", "mae_ci_high", "icc_2_1", "n")


def figures(rows: Sequence[CaseRow]) -> dict[str, Any]:
    """What the card shows: the network's figures, by fold and group too, and what was wanted.

    Parameters
    ----------
    rows
        Measured cases, with the subgroups ``fold`` and ``group``.
    """
    summary = summarise(rows, SCAR)
    whole, subgroups = summary["scar"], summary["subgroups"]
    verdicts = judge_criteria(summary, read_criteria(SCAR.criteria, SCAR))
    return {
        "cases": len(rows),
        "dice": {name: _kept(whole["dice"][name], _OVERLAP) for name in STRUCTURES},
        "infarct_pct": _kept(whole["infarct_pct"], _AGREEMENT),
        "classification": whole["classification"],
        "folds": {fold: _part(part) for fold, part in subgroups["fold"].items()},
        "groups": {group: _part(part) for group, part in subgroups["group"].items()},
        "wanted": [v.record() for v in verdicts if v.criterion.key != "failures"],
    }


def _kept(values: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: _rounded(values[name]) for name in names}


def _part(part: dict[str, Any]) -> dict[str, Any]:
    """Means of a fold or group; None where it has no such case."""
    scar = part["scar"]
    means = {name: _rounded(scar["dice"][name]["mean"]) for name in STRUCTURES}
    specificity = _rounded(scar["classification"]["specificity"])
    mae = _rounded(scar["infarct_pct"]["mae"])
    return {"cases": part["n"], **means, "mae": mae, "specificity": specificity}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)


def check_folds(pattern: str, name: str) -> None:
    """Refuse networks that have seen what they are to be measured on.

    Raises
    ------
    ModelError
        A network is missing or damaged, or was trained with another fold kept out.
    """
    for fold in range(len(read_splits(SPLITS_FILE).folds)):
        folder = absolute(pattern.format(fold=fold))
        kept_out = open_model(folder, name).metadata.training["config"]["lge"]["fold"]
        if kept_out != fold:
            raise ModelError(
                f"Model {folder / name}: trained with fold {kept_out} kept out, expected {fold}. "
                "Train it with: python -m training cross-validate --config training/scar_sax.yaml"
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert, measure, then write metadata and card."""
    options = _parse(arguments)
    inference = read_section(PROJECT_ROOT / "app.yaml", "inference", InferenceSettings)
    name = inference.scar_model
    try:
        metadata = open_model(options.models, name).metadata
        check_folds(options.folds, name)
        manifest = convert(options.data / "emidec", options.work / "nifti", models=options.folds)
        request = ValidationRequest(
            command=_COMMAND,
            task=SCAR.name,
            manifest=manifest,
            output=options.work / "result",
            model=options.models,
            workers=options.workers,
        )
        found = {CROSS_VALIDATION: figures(run_whole(request))}
    except (CmrError, RunError) as error:
        print(error, file=sys.stderr)
        return 2
    write_metadata(options.models / name, metadata.model_copy(update={"figures": found}))
    print(json.dumps(found, indent=1))
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="validation.scar_figures", description=__doc__)
    work = PROJECT_ROOT / "work"
    folds = work / "training" / "scar_sax-fold-{fold}" / "models"
    parser.add_argument("--data", type=absolute, default=PROJECT_ROOT.parent / "shared" / "data")
    parser.add_argument("--models", type=absolute, default=PROJECT_ROOT / "models")
    parser.add_argument("--work", type=absolute, default=work / "emidec", help="files of the run")
    parser.add_argument("--folds", default=str(folds), help="repositories, {fold} for the fold")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
