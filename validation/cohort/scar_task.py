"""The scar task: wall, infarct and no-reflow on late enhancement, by every method."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from cmr.errors import ModelError
from cmr.model_store import ModelFolder
from cmr.results_scar import METHOD_TITLES
from cmr.scar.labels import ENHANCED, WALL, ScarLabel
from cmr.volumetry import VolumetrySettings
from training.config import read_section
from validation.cohort.measures import of_kind
from validation.cohort.records import CaseRow
from validation.cohort.scar import measure_case
from validation.cohort.scar_manifest import SCAR_FORM, ScarCase
from validation.cohort.scar_measures import CLASSICAL, NETWORK, SCAR_MEASURES, prefix_of
from validation.cohort.scar_path import ScarFinder, open_finder, scar_model, tissue_model
from validation.cohort.task import Arrays, Box, BoxChart, Look, Outline, Picture, Resources, Task

_PICTURE = Picture(
    name="late",
    caption="",
    outlines=(
        Outline((ScarLabel.LV,), (ScarLabel.LV,)),
        Outline(WALL, (ScarLabel.LV, *WALL)),
        Outline(ENHANCED, ENHANCED),
        Outline((ScarLabel.NO_REFLOW,), (ScarLabel.NO_REFLOW,)),
    ),
)
_OVERLAPS = {measure.key: measure for measure in of_kind(SCAR_MEASURES, "overlap")}


def _boxes() -> tuple[BoxChart, ...]:
    network = (Box(m.short, m) for m in _OVERLAPS.values() if m.main)
    infarct = (
        Box(method, _OVERLAPS[f"{prefix_of(method)}dice.infarct"], filled=method == NETWORK)
        for method in (NETWORK, *CLASSICAL)
    )
    return (
        BoxChart("structures", f"Dice coefficient, {METHOD_TITLES[NETWORK]}", tuple(network)),
        BoxChart("methods", "Dice coefficient of the infarct, by method", tuple(infarct)),
    )


def _models(config: Path, models: Path, cases: Sequence[ScarCase]) -> list[ModelFolder]:
    """Models of the run, which have to be sound, and those that cases bring.

    A case whose own model is not sound fails by itself, later.
    """
    read_section(config, "volumetry", VolumetrySettings)
    parts = [part for case in cases for part in case.parts.values() if part.image]
    if not parts:
        return []
    found = [tissue_model(config, models)]
    for folder in dict.fromkeys(part.models for part in parts):
        try:
            found.append(scar_model(config, folder or models))
        except ModelError:
            if folder is None:
                raise
    return found


def _run(case: ScarCase, resources: Resources) -> tuple[CaseRow, Mapping[str, Arrays]]:
    (part,) = case.parts.values()
    settings = read_section(resources.config, "volumetry", VolumetrySettings)
    finder = _open(resources, part.models) if part.image else None
    row, masks = measure_case(case, finder, settings)
    return row, {_PICTURE.name: masks.arrays()}


@functools.cache
def _open(resources: Resources, own: Path | None) -> ScarFinder:
    """The path, opened once a process and model repository."""
    return open_finder(resources, own)


SCAR = Task(
    name="scar",
    criteria=Path(__file__).with_name("criteria_scar.yaml"),
    form=SCAR_FORM,
    measures=SCAR_MEASURES,
    look=Look(
        part_title="Method",
        overlap="Dice coefficient (1 is identical) of the wall (infarct and no-reflow with it), of "
        "the infarct (no-reflow with it) over the cases whose reference has one, and of no-reflow "
        "likewise. Every method works within the wall that the network found.",
        agreement="Measured minus reference. The share is that of the infarct, no-reflow with it, "
        "in the wall.",
        quantities="the amount of infarct",
        boxes=_boxes(),
        marks="Filled triangles in the second chart: the network.",
        variants=False,
        pictures=(_PICTURE,),
    ),
    models=_models,
    run=_run,
)
