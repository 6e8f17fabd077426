"""The cine task: volumes and contours of both ventricles at ED and ES."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from cmr.inference import Segmenter
from cmr.labels import PHASES, STRUCTURES, Label
from cmr.model_store import ModelFolder
from validation.cohort.cine import measure_case
from validation.cohort.cine_manifest import CINE_FORM, CineCase
from validation.cohort.cine_measures import CINE_MEASURES
from validation.cohort.cine_path import CineSettings, model_for, read_settings
from validation.cohort.measures import OVERLAP_COLUMNS, of_kind
from validation.cohort.records import OVERLAPS, STRUCTURE_NAMES, CaseRow
from validation.cohort.task import Arrays, Box, BoxChart, Look, Outline, Picture, Resources, Task

_EDGES = {Label.MYOCARDIUM: (Label.MYOCARDIUM, Label.LV)}


def _picture(phase: str) -> Picture:
    outlines = (
        Outline((s,), _EDGES.get(s, (s,)), f"dice.{STRUCTURE_NAMES[s]}.{phase}") for s in STRUCTURES
    )
    return Picture(phase, phase.upper(), tuple(outlines))


def _boxes(overlap: str) -> BoxChart:
    boxes = (
        Box(m.short.replace(" ", "\n"), m, filled=m.key.endswith(".es"))
        for m in of_kind(CINE_MEASURES, "overlap")
        if m.column == overlap
    )
    return BoxChart(overlap, OVERLAP_COLUMNS[overlap].chart_title, tuple(boxes))


def _models(config: Path, models: Path, cases: Sequence[CineCase]) -> list[ModelFolder]:
    settings = read_settings(config)
    return [model_for(models, settings)] if any(case.has_images for case in cases) else []


def _run(case: CineCase, resources: Resources) -> tuple[CaseRow, Mapping[str, Arrays]]:
    row, masks = measure_case(case, *_open(resources))
    return row, {name: part.arrays() for name, part in masks.items()}


@functools.cache
def _open(resources: Resources) -> tuple[CineSettings, Segmenter | None]:
    """Settings and network, opened once a process."""
    settings = read_settings(resources.config)
    if resources.models is None:
        return settings, None
    inference = settings.inference.model_copy(update={"threads": resources.threads})
    model = model_for(resources.models, settings)
    return settings, Segmenter(model, inference, resources.cache)


CINE = Task(
    name="cine",
    criteria=Path(__file__).with_name("criteria_cine.yaml"),
    form=CINE_FORM,
    measures=CINE_MEASURES,
    look=Look(
        part_title="Phase",
        overlap="Dice coefficient (1 is identical) and 95 % Hausdorff distance in 3-D on the grid "
        "of the reference.",
        agreement="Measured minus reference, both by the same volumetry.",
        quantities="volumes, function and mass",
        boxes=tuple(_boxes(overlap) for overlap in OVERLAPS),
        marks="Hollow circles are end-diastole (ED), filled triangles end-systole (ES).",
        variants=True,
        pictures=tuple(_picture(phase) for phase in PHASES),
    ),
    models=_models,
    run=_run,
)
