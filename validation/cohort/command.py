"""``python -m validation --task cine --manifest cases.csv --output DIR``.

Exit code 0: every acceptance criterion holds. 1: not. 2: nothing could be run.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError
from rich.console import Console

from cmr.errors import CmrError, OutputError, UsageError
from cmr.model_store import ModelFolder, open_model
from validation import PROJECT_ROOT
from validation.cohort.cine_masks import CineSettings, read_settings
from validation.cohort.criteria import CINE_CRITERIA, judge_criteria, read_criteria, run_passes
from validation.cohort.jobs import (
    TASKS,
    Job,
    Resources,
    case_key,
    code_sha256,
    failed,
    kept_row,
    run_job,
)
from validation.cohort.manifest import ManifestCase, read_manifest
from validation.cohort.outputs import write_cases, write_summary
from validation.cohort.records import CaseRow, RunRecord
from validation.cohort.report import write_report
from validation.cohort.run_record import record_run
from validation.cohort.runner import cluster, run_jobs
from validation.cohort.summary import summarise
from validation.cohort.terminal import progress, show

PASSED, NOT_PASSED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str]) -> int:
    """Run a validation and return the exit code."""
    args = _parser().parse_args(argv)
    console = Console(stderr=True)
    try:
        return _validate(args, argv, console)
    except CmrError as error:
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return UNUSABLE
    except KeyboardInterrupt:
        console.print("Interrupted; the same command goes on with the cases that are left.")
        return INTERRUPTED


def _validate(args: argparse.Namespace, argv: Sequence[str], console: Console) -> int:
    cases = read_manifest(args.manifest)
    criteria = read_criteria(args.criteria)
    model = _model(args, cases)
    run = record_run(args.task, argv, args.config, args.manifest, model)
    rows = _rows(args, _jobs(args, cases, run), console)
    summary = summarise(rows)
    verdicts = judge_criteria(summary, criteria)
    passed = run_passes(verdicts)
    content = {
        "task": args.task,
        "run": run.model_dump(),
        **summary,
        "criteria": [verdict.record() for verdict in verdicts],
        "passed": passed,
    }
    files = [
        write_cases(args.output, rows),
        write_summary(args.output, content),
        write_report(args.output, rows, summary, verdicts, run),
    ]
    show(Console(), summary, verdicts, passed, files)
    return PASSED if passed else NOT_PASSED


def _model(args: argparse.Namespace, cases: Sequence[ManifestCase]) -> ModelFolder | None:
    """Check settings and network before anything runs; None where every case has results."""
    settings = _settings(args.config)
    if all(phase.image is None for case in cases for phase in case.phases.values()):
        return None
    model = open_model(args.model, settings.inference.model)
    model.check_preprocessing(settings.preprocessing)
    return model


def _settings(path: Path) -> CineSettings:
    try:
        return read_settings(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Settings {path}: cannot be read.") from error
    except (yaml.YAMLError, ValidationError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"Settings {path}: not those of the application ({reason}).") from error


def _jobs(args: argparse.Namespace, cases: Sequence[ManifestCase], run: RunRecord) -> list[Job]:
    """One job a case; the folder is named by the number, never by the case."""
    try:
        (args.output / "cases").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Output {args.output}: cannot be made ({error.strerror}).") from error
    resources = Resources(
        config=args.config,
        models=args.model if run.model else None,
        cache=args.output / "cache",
        threads=max(1, _cores() // args.workers),
    )
    versions = {
        "settings": run.settings_sha256,
        "model": str((run.model or {}).get("sha256")),
        "code": code_sha256(),
    }
    return [
        Job(
            number=number,
            task=args.task,
            case=case,
            folder=args.output / "cases" / f"{number:04d}",
            key=case_key(args.task, case, versions),
            resources=resources,
        )
        for number, case in enumerate(cases)
    ]


def _rows(args: argparse.Namespace, jobs: Sequence[Job], console: Console) -> list[CaseRow]:
    """Rows in the order of the manifest: refused, kept from an earlier run, or run now."""
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
            workers = min(args.workers, len(waiting))
            with cluster(args.scheduler, workers) as client:
                for job, row in run_jobs(run_job, waiting, client, failed):
                    rows[job.number] = row
                    report(row)
    return [(rows | kept)[job.number] for job in jobs]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m validation",
        description="Measures a model, or finished results, against reference masks. Exit code 0: "
        "every acceptance criterion holds; 1: not; 2: nothing could be run.",
    )
    add = parser.add_argument
    add("--task", choices=sorted(TASKS), required=True)
    add(
        "--manifest",
        type=_absolute,
        required=True,
        help="CSV: case,phase,image,reference,structures",
    )
    add("--output", type=_absolute, required=True, help="folder; the same one goes on with a run")
    add("--model", type=_absolute, default=PROJECT_ROOT / "models", help="model repository")
    add("--config", type=_absolute, default=PROJECT_ROOT / "app.yaml", help="settings")
    add("--criteria", type=_absolute, default=CINE_CRITERIA, help="acceptance criteria, YAML")
    add("--workers", type=_positive, default=_cores(), help="processes; default: one a core")
    add(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler of a cluster, such as tcp://host:8786, in place of local processes. "
        "Its workers need this code, and every path (manifest, images, models, settings, output) "
        "under the same name.",
    )
    return parser


def _absolute(text: str) -> Path:
    """Absolute, as workers may start elsewhere."""
    return Path(text).absolute()


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _cores() -> int:
    return len(os.sched_getaffinity(0))
