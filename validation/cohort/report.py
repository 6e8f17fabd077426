"""``report.html``: one self-contained page for people, from the rows and the summary of a run.

The page loads nothing: pictures are inline SVG or PNG, and a content security policy keeps it so.
Everything that comes from the manifest or from a failure is escaped by Jinja.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment

from texts.pages import page_templates
from validation.cohort.case_pictures import (
    FOUND_COLOUR,
    REFERENCE_COLOUR,
    case_picture,
    worst_cases,
)
from validation.cohort.chart import Chart
from validation.cohort.criteria import Verdict
from validation.cohort.measures import UNDEFINED, Measure, number, of_kind
from validation.cohort.plots import agreement_chart, box_chart
from validation.cohort.plots_uncertainty import uncertainty_chart
from validation.cohort.records import CaseRow, RunRecord
from validation.cohort.report_tables import (
    describe,
    figures_of,
    overlap_table,
    rows_of,
    subgroups,
)
from validation.cohort.task import Task
from validation.cohort.tasks import TASKS

REPORT_NAME = "report.html"
_TEMPLATES = Path(__file__).parent / "templates"
_WORST_CASES = 6


@dataclass(frozen=True)
class WorstCase:
    """A case as the report shows it.

    Parameters
    ----------
    row
        The case.
    mean_dice
        Mean over what the reference holds.
    dice
        Short title and value of each Dice coefficient.
    picture
        ``data:`` URI; empty without images.
    """

    row: CaseRow
    mean_dice: float
    dice: list[tuple[str, float]]
    picture: str


def write_report(
    folder: Path,
    rows: Sequence[CaseRow],
    summary: Mapping[str, Any],
    verdicts: Sequence[Verdict],
    run: RunRecord,
) -> Path:
    """Write the report and return its path.

    Parameters
    ----------
    folder
        Output of the run. ``cases/<index of the row, four digits>/<picture>.npz`` holds what
        :attr:`Task.run` gave of a case. A case without them is shown by its numbers.
    rows
        Every case, measured or failed, in the order of the manifest.
    summary
        Content of ``summary.json``.
    verdicts
        Judged acceptance criteria.
    run
        How the run was made, and for which task.
    """
    task = TASKS[run.task]
    text = (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            look=task.look,
            described=[describe(verdict.criterion, task) for verdict in verdicts],
            verdicts=verdicts,
            headline=headline(verdicts),
            measured=[row for row in rows if not row.failure],
            failed=[row for row in rows if row.failure],
            overlap=overlap_table(summary, task),
            overlap_charts=[c for boxes in task.look.boxes if (c := box_chart(rows, boxes))],
            agreement=rows_of(summary, task, "agreement"),
            agreement_charts=_agreement_charts(rows, summary, task),
            classified=bool(of_kind(task.measures, "classification")),
            classification=rows_of(summary, task, "classification"),
            subgroups=subgroups(summary, task),
            worst=_worst(folder, rows, task),
            uncertainty=uncertainty_chart(rows),
            seconds=_median_seconds(rows),
        )
    )
    path = folder / REPORT_NAME
    path.write_text(text, encoding="utf-8")
    return path


def headline(verdicts: Sequence[Verdict]) -> tuple[str, str]:
    """State (``pass``, ``fail`` or ``none``) and the sentence at the top of the page."""
    judged = [v.passed for v in verdicts if v.passed is not None]
    failed = judged.count(False)
    if failed:
        criteria = "criterion does" if len(judged) == 1 else "criteria do"
        return "fail", f"{failed} of {len(judged)} acceptance {criteria} not hold"
    if not judged:
        return "none", "No acceptance criterion applies to these data"
    if len(judged) == 1:
        return "pass", "The one acceptance criterion that applies holds"
    every = "that apply " if len(judged) < len(verdicts) else ""
    return "pass", f"All {len(judged)} acceptance criteria {every}hold"


def _environment() -> Environment:
    environment = page_templates(_TEMPLATES)
    environment.filters["number"] = number
    environment.globals |= {
        "undefined": UNDEFINED,
        "found_colour": FOUND_COLOUR,
        "reference_colour": REFERENCE_COLOUR,
    }
    return environment


def _agreement_charts(
    rows: Sequence[CaseRow], summary: Mapping[str, Any], task: Task
) -> list[tuple[Measure, Chart]]:
    main = [m for m in of_kind(task.measures, "agreement") if m.main]
    charts = ((m, agreement_chart(rows, m, figures_of(summary, task, m))) for m in main)
    return [(measure, chart) for measure, chart in charts if chart]


def _worst(folder: Path, rows: Sequence[CaseRow], task: Task) -> list[WorstCase]:
    return [
        _worst_case(folder / "cases" / f"{index:04d}", rows[index], task)
        for index in worst_cases(rows, _WORST_CASES)
    ]


def _worst_case(folder: Path, row: CaseRow, task: Task) -> WorstCase:
    shown = (m for m in of_kind(task.measures, "overlap") if m.main and m.column == "dice")
    dice = [(m.short, row.overlap[m.key]) for m in shown if m.key in row.overlap]
    return WorstCase(row, row.mean_dice, dice, case_picture(folder, row, task.look.pictures))


def _median_seconds(rows: Sequence[CaseRow]) -> float:
    seconds = [row.seconds for row in rows if np.isfinite(row.seconds)]
    return float(np.median(seconds)) if seconds else float("nan")
