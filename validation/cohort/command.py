"""``python -m validation --task cine --manifest cases.csv --output DIR``.

Exit code 0: every acceptance criterion holds. 1: not. 2: nothing could be run.
"""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from rich.console import Console

from cmr.errors import CmrError, OutputError, UsageError
from cmr.model_store import ModelFolder
from validation import PROJECT_ROOT
from validation.cohort.criteria import judge_criteria, read_criteria, run_passes
from validation.cohort.jobs import Job, case_key, code_sha256, failed, kept_row, run_job
from validation.cohort.manifest import ManifestCase, read_manifest
from validation.cohort.outputs import write_cases, write_summary
from validation.cohort.records import CaseRow, RunRecord
from validation.cohort.report import write_report
from validation.cohort.run_record import record_run
from validation.cohort.runner import cluster, run_jobs
from validation.cohort.summary import summarise
from validation.cohort.task import Resources, Task
from validation.cohort.tasks import TASKS
from validation.cohort.terminal import progress, show

PASSED, NOT_PASSED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class ValidationRequest:
    """What to measure, and how.

    Parameters
    ----------
    command
        What was called, for the report.
    task
        One of :data:`validation.cohort.tasks.TASKS`.
    manifest, output, model, config, criteria
        The cases, the folder for the results, the model repository, ``app.yaml``, the acceptance
        criteria (those of the task where None). Absolute paths, as workers may start elsewhere.
    workers
        Processes on this machine.
    scheduler
        Address of a Dask cluster in their place.
    """

    command: str
    task: str
    manifest: Path
    output: Path
    model: Path = PROJECT_ROOT / "models"
    config: Path = PROJECT_ROOT / "app.yaml"
    criteria: Path | None = None
    workers: int = field(default_factory=_cores)
    scheduler: str | None = None


@dataclass(frozen=True)
class ValidationResult:
    """A row a case in the order of the manifest, and whether the acceptance criteria hold."""

    rows: list[CaseRow]
    passed: bool


def main(argv: Sequence[str]) -> int:
    """Run a validation and return the exit code."""
    options = vars(_parser().parse_args(argv))
    command = shlex.join(["python", "-m", "validation", *argv])
    console = Console(stderr=True)
    try:
        return PASSED if validate(ValidationRequest(command, **options)).passed else NOT_PASSED
    except CmrError as error:
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return UNUSABLE
    except KeyboardInterrupt:
        console.print("Interrupted; the same command goes on with the cases that are left.")
        return INTERRUPTED


def validate(request: ValidationRequest) -> ValidationResult:
    """Measure every case, write the files of the run and show it on the terminal.

    Raises
    ------
    CmrError
        Nothing can be run: manifest, criteria, settings, model, output folder or cluster.
    """
    task = TASKS[request.task]
    cases = read_manifest(request.manifest, task.form)
    criteria = read_criteria(request.criteria or task.criteria, task)
    models = _models(request, task, cases)
    run = record_run(request.task, request.command, request.config, request.manifest, models)
    rows = _rows(request, _jobs(request, cases, run))
    summary = summarise(rows, task)
    verdicts = judge_criteria(summary, criteria)
    passed = run_passes(verdicts)
    content = {
        "task": request.task,
        "run": run.model_dump(),
        **summary,
        "criteria": [verdict.record() for verdict in verdicts],
        "passed": passed,
    }
    files = [
        write_cases(request.output, rows),
        write_summary(request.output, content),
        write_report(request.output, rows, summary, verdicts, run),
    ]
    show(Console(), task, summary, verdicts, files)
    return ValidationResult(rows, passed)


def _models(
    request: ValidationRequest, task: Task, cases: Sequence[ManifestCase[Any]]
) -> list[ModelFolder]:
    """Check settings and networks before anything runs."""
    path = request.config
    try:
        return task.models(path, request.model, cases)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Settings {path}: cannot be read.") from error
    except (yaml.YAMLError, ValidationError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"Settings {path}: not those of the application ({reason}).") from error


def _jobs(
    request: ValidationRequest, cases: Sequence[ManifestCase[Any]], run: RunRecord
) -> list[Job]:
    """One job a case; the folder is named by the number, never by the case."""
    try:
        (request.output / "cases").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Output {request.output}: cannot be made ({error.strerror}).") from error
    resources = Resources(
        config=request.config,
        models=request.model if run.model else None,
        cache=request.output / "cache",
        threads=max(1, _cores() // request.workers),
    )
    versions = {
        "settings": run.settings_sha256,
        "model": str((run.model or {}).get("sha256")),
        "code": code_sha256(),
    }
    return [
        Job(
            number=number,
            task=request.task,
            case=case,
            folder=request.output / "cases" / f"{number:04d}",
            key=case_key(request.task, case, versions),
            resources=resources,
        )
        for number, case in enumerate(cases)
    ]


def _rows(request: ValidationRequest, jobs: Sequence[Job]) -> list[CaseRow]:
    """Rows in the order of the manifest: refused, kept from an earlier run, or run now."""
    console = Console(stderr=True)
    kept = {job.number: row for job in jobs if (row := kept_row(job)) and not job.case.problem}
    if kept:
        console.print(f"{len(kept)} of {len(jobs)} cases are kept from an earlier run")
    rows: dict[int, CaseRow] = {}
    with progress(console, len(jobs) - len(kept)) as report:
        for job in jobs:
            if job.case.problem:
                rows[job.number] = failed(job, job.case.problem)
                report(rows[job.number])
        waiting = [job for job in jobs if job.number not in rows | kept]
        if waiting:
            workers = min(request.workers, len(waiting))
            with cluster(request.scheduler, workers) as client:
                for job, row in run_jobs(run_job, waiting, client, failed):
                    rows[job.number] = row
                    report(row)
    return [(rows | kept)[job.number] for job in jobs]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m validation",
        argument_default=argparse.SUPPRESS,
        description="Measures a model, or finished results, against reference masks. Exit code 0: "
        "every acceptance criterion holds; 1: not; 2: nothing could be run.",
    )
    add = parser.add_argument
    add("--task", choices=sorted(TASKS), required=True)
    add("--manifest", type=absolute, required=True, help="CSV file; see docs/validation.md")
    add("--output", type=absolute, required=True, help="folder; the same one goes on with a run")
    add("--model", type=absolute, help="model repository")
    add("--config", type=absolute, help="settings")
    add("--criteria", type=absolute, help="acceptance criteria, YAML")
    add("--workers", type=_positive, help="processes; default: one a core")
    add(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler of a cluster, such as tcp://host:8786, in place of local processes. "
        "Its workers need this code, and every path (manifest, images, models, settings, output) "
        "under the same name.",
    )
    return parser


def absolute(text: str) -> Path:
    """Path of an option, from the root."""
    return Path(text).absolute()


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number
