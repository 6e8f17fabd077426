"""One case as a job of a worker process: run it, keep its row, find a kept one again."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cmr.errors import CmrError
from cmr.model_store import sha256_of
from validation import PROJECT_ROOT
from validation.cohort.manifest import ManifestCase
from validation.cohort.records import CaseRow
from validation.cohort.task import Resources
from validation.cohort.tasks import TASKS

ROW = "row.json"
_CODE = ("cmr/**/*.py", "validation/cohort/**/*.py", "training/nifti.py")


@dataclass(frozen=True)
class Job:
    """One case, the folder for its files, and the key under which its result is good.

    ``number`` is its place in the manifest.
    """

    number: int
    task: str
    case: ManifestCase[Any]
    folder: Path
    key: str
    resources: Resources


def run_job(job: Job) -> CaseRow:
    """Run one case in a worker; whatever goes wrong becomes its row."""
    started = time.monotonic()
    try:
        shutil.rmtree(job.folder, ignore_errors=True)
        job.folder.mkdir(parents=True)
        row, pictures = TASKS[job.task].run(job.case, job.resources)
        for name, arrays in pictures.items():
            np.savez_compressed(job.folder / f"{name}.npz", **arrays)
        row = row.model_copy(update={"seconds": round(time.monotonic() - started, 3)})
        _keep(job, row)
    except CmrError as error:
        return failed(job, str(error))
    except Exception as error:  # one case must not stop the others, whatever it holds
        return failed(job, f"{type(error).__name__}: {error}")
    return row


def failed(job: Job, reason: str) -> CaseRow:
    """Row of a case that could not be measured; the reason is cut to one line."""
    line = next(iter(reason.splitlines()), "")
    return CaseRow(
        case=job.case.case, subgroups=job.case.subgroups, failure=line or "no reason given"
    )


def case_key(task: str, case: ManifestCase[Any], versions: Mapping[str, str]) -> str:
    """SHA-256 of all that a result depends on.

    Parameters
    ----------
    case
        Its rows, and sizes and times of their files (of all files of an output folder).
    versions
        SHA-256 of the model, of the settings and of the code.
    """
    rows = [[part.said, [_state(path) for path in part.paths]] for part in case.parts.values()]
    content = json.dumps([task, case.case, case.subgroups, rows, versions], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def code_sha256(root: Path = PROJECT_ROOT) -> str:
    """SHA-256 of the source files that a result comes from."""
    files = sorted(path for pattern in _CODE for path in root.glob(pattern))
    content = [[path.relative_to(root).as_posix(), sha256_of(path)] for path in files]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def kept_row(job: Job) -> CaseRow | None:
    """Row of an earlier run, if it still holds."""
    try:
        content = json.loads((job.folder / ROW).read_text("utf-8"))
        return CaseRow.model_validate(content["row"]) if content["key"] == job.key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(job: Job, row: CaseRow) -> None:
    """Write the row last and whole, so that what is found later is complete."""
    part = job.folder / f"{ROW}.part"
    part.write_text(json.dumps({"key": job.key, "row": row.model_dump(mode="python")}), "utf-8")
    part.replace(job.folder / ROW)


def _state(path: Path) -> list[list[str | int]]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    states = ((file, file.stat()) for file in files if file.is_file())
    return [[str(file), state.st_size, state.st_mtime_ns] for file, state in states]
