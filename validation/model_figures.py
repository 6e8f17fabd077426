"""Measure a shipped network and write its card.

    python -m validation.model_figures [--data DIR] [--models models] [--work work]

Each set goes the way of ``python -m validation --task cine``, so that the card's figures are those
a site would get. The networks of the cross-validation come from
``python -m training cross-validate``, the comparison from ``python -m training compare``; a part
whose networks are not there keeps the figures that the card has.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cmr.labels import PHASES
from training.card import FUNCTION
from training.export import write_metadata
from training.splits import read_splits
from validation import PROJECT_ROOT
from validation.cohort.cine_path import model_for, read_settings
from validation.cohort.cine_task import CINE
from validation.cohort.command import ValidationRequest, absolute
from validation.cohort.records import OVERLAPS, STRUCTURE_NAMES, CaseRow
from validation.cohort.summary import summarise
from validation.model_manifests import write_all
from validation.uncertainty import uncertainty
from validation.whole_run import run_whole

KEPT_OUT = "ACDC, kept out"
CROSS_VALIDATED = "ACDC, 5-fold cross-validation"
SUNNYBROOK = "Sunnybrook, never trained on"
_COMMAND = "python -m validation.model_figures"


def measure_set(manifests: Sequence[Path], models: Sequence[Path], work: Path) -> list[CaseRow]:
    """Rows of one or more runs, each manifest with its network; all paths absolute.

    Raises
    ------
    RunError
        A run was refused, or a case failed: the card has to hold all cases.
    """
    rows: list[CaseRow] = []
    for manifest, model in zip(manifests, models, strict=True):
        request = ValidationRequest(
            command=_COMMAND,
            task="cine",
            manifest=manifest,
            output=work / manifest.stem,
            model=model,
        )
        rows += run_whole(request)
    return rows


def figures(rows: Sequence[CaseRow]) -> dict[str, Any]:
    """What the card shows of a set: overlap, function, and both by group.

    ``dice`` and ``hd95_mm`` hold ``ed``, ``es`` and their ``mean`` for each structure; function
    holds bias, SD and mean absolute error.
    """
    whole = summarise(rows, CINE)
    content = _overlap_and_function(whole["cine"]) | {"cases": len(rows)}
    groups = whole["subgroups"].get("group", {})
    content["groups"] = {
        name: {"cases": part["n"]} | _overlap_and_function(part["cine"])
        for name, part in groups.items()
    }
    return content


def _overlap_and_function(cine: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {overlap: {} for overlap in OVERLAPS}
    for overlap in OVERLAPS:
        for name in STRUCTURE_NAMES.values():
            both = [cine[overlap][name][phase]["mean"] for phase in PHASES]
            if None not in both:
                values = dict(zip((*PHASES, "mean"), (*both, float(np.mean(both))), strict=True))
                found[overlap][name] = {key: round(value, 4) for key, value in values.items()}
    for key in FUNCTION:
        side, quantity = key.split(".")
        values = cine[side][quantity]
        if values["n"]:
            kept = ("bias", "sd", "mae")
            found[key] = {k: None if values[k] is None else round(values[k], 2) for k in kept}
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what can be measured here, then write metadata and card."""
    options = _parse(arguments)
    splits = read_splits()
    manifests = write_all(options.data, splits, options.work / "validation")
    model = model_for(options.models, read_settings(PROJECT_ROOT / "app.yaml"))
    metadata = model.metadata
    found = dict(metadata.figures)
    for title, name in ((KEPT_OUT, "acdc-test"), (SUNNYBROOK, "sunnybrook")):
        rows = measure_set([manifests[name]], [options.models], options.work / "validation")
        found[title] = figures(rows)
    networks = [
        options.work / "training" / f"{model.name}-fold-{n}" / "models"
        for n in range(len(splits.folds))
    ]
    if all((network / model.name).is_dir() for network in networks):
        names = [f"acdc-fold-{n}" for n in range(len(networks))]
        rows = measure_set([manifests[n] for n in names], networks, options.work / "validation")
        found[CROSS_VALIDATED] = figures(rows)
        found["uncertainty"] = uncertainty(rows)
    comparison = options.work / "training" / "comparison.json"
    training = dict(metadata.training)
    if comparison.exists():
        training["comparison"] = json.loads(comparison.read_text("utf-8"))
    content = metadata.model_copy(update={"figures": found, "training": training})
    write_metadata(options.models / model.name, content)
    print(json.dumps(found, indent=1))
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="validation.model_figures", description=__doc__)
    parser.add_argument("--data", type=absolute, default=PROJECT_ROOT.parent / "shared" / "data")
    parser.add_argument("--models", type=absolute, default=PROJECT_ROOT / "models")
    parser.add_argument("--work", type=absolute, default=PROJECT_ROOT / "work")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
