"""What a person at a terminal sees of a validation run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from validation.cohort.criteria import Verdict, run_passes
from validation.cohort.measures import STATISTICS, number, of_kind
from validation.cohort.records import CaseRow
from validation.cohort.report_tables import rows_of
from validation.cohort.task import Task


class Report(Protocol):
    """Takes each row as it is done."""

    def __call__(self, row: CaseRow) -> None:
        """Show it."""


@contextmanager
def progress(console: Console, total: int) -> Iterator[Report]:
    """Show a bar on a terminal and a line a case elsewhere; failures always have their line."""
    columns = (TextColumn("cases"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("cases", total=total)
        done = 0

        def report(row: CaseRow) -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            if row.failure:
                _print(console, f"{done}/{total} {row.case}: failed: {row.failure}")
            elif not console.is_terminal:
                _print(console, f"{done}/{total} {row.case}: {row.seconds:.1f} s")

        yield report


def show(
    console: Console,
    task: Task,
    summary: Mapping[str, Any],
    verdicts: Sequence[Verdict],
    files: Iterable[Path],
) -> None:
    """Print main figures, criteria, and where the files are."""
    failures = summary["failures"]["n"]
    console.print(f"{summary['cases']} cases, {failures} failed")
    console.print(_overlaps(summary, task))
    console.print(_agreements(summary, task))
    if of_kind(task.measures, "classification"):
        console.print(_classifications(summary, task))
    console.print(_criteria(verdicts))
    for file in files:
        _print(console, str(file))
    passed = run_passes(verdicts)
    console.print("passed" if passed else "not passed", style="green" if passed else "red")


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _overlaps(summary: Mapping[str, Any], task: Task) -> Table:
    table = _table("overlap", "n", "mean", "SD", "95 % interval", "min", "max")
    for measure, found in rows_of(summary, task, "overlap"):
        texts = {key: number(found[key], measure.digits) for key in STATISTICS["overlap"]}
        interval = f"{texts['ci_low']} to {texts['ci_high']}"
        table.add_row(
            measure.title,
            *(str(found["n"]), texts["mean"], texts["sd"], interval, texts["min"], texts["max"]),
        )
    return table


def _agreements(summary: Mapping[str, Any], task: Task) -> Table:
    table = _table("measured - reference", "n", "bias", "limits of agreement", "MAE", "r", "ICC")
    for measure, found in rows_of(summary, task, "agreement"):
        limits = " to ".join(number(found[key], 1) for key in ("loa_low", "loa_high"))
        table.add_row(
            f"{measure.title} ({measure.unit})",
            str(found["n"]),
            number(found["bias"], 1),
            limits,
            number(found["mae"], 1),
            number(found["pearson_r"], 3),
            number(found["icc_2_1"], 3),
        )
    return table


def _classifications(summary: Mapping[str, Any], task: Task) -> Table:
    table = _table("called positive", "n", "sensitivity", "specificity")
    for measure, found in rows_of(summary, task, "classification"):
        shares = [number(found[key], 3) for key in ("sensitivity", "specificity")]
        table.add_row(measure.title, str(found["n"]), *shares)
    return table


def _criteria(verdicts: Sequence[Verdict]) -> Table:
    table = _table("criterion", "value", "limit", "")
    for verdict in verdicts:
        asked = verdict.criterion
        sense = "≤" if asked.sense == "at_most" else "≥"
        word = {True: "[green]pass[/]", False: "[red]fail[/]", None: "not applicable"}
        table.add_row(
            f"{asked.key} {asked.statistic}",
            number(verdict.value, 3),
            f"{sense} {asked.limit:g}",
            word[verdict.passed],
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(*columns)
    for column in table.columns[1:]:
        column.justify = "right"
    return table
