"""What is found in the output folders of earlier runs: a row a study, a failure or a fault.

Nothing in them is trusted: files are bounded, and read as what they have to be or not at all.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.publish import METADATA
from cmr.dotted import Place, measured_values
from cmr.records import Quantity, Status
from cmr.results import SCHEMA_VERSION, StudyResults
from dicomio.results_json import RESULTS

_LARGEST_BYTES = 32 * 1024 * 1024  # a study with cine, five maps and scar takes 0.2 MB
_LONGEST_REASON = 400
_STUDY = re.compile(r"study-[0-9]{1,6}")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


class State(StrEnum):
    """What became of a run, as far as its folder tells."""

    MEASURED = "measured"
    FAILED = "failed"
    BROKEN = "broken"
    EMPTY = "without results"


@dataclass(frozen=True)
class Row:
    """One study, or one folder without any.

    Parameters
    ----------
    folder
        Where it is.
    state
        What became of it.
    reason
        Why there are no numbers; empty where there are.
    uid
        Study Instance UID; empty where none is known.
    values
        Path, meaning and value of every measured number.
    review, withheld
        Names of the gates that did not pass.
    """

    folder: Path
    state: State
    reason: str = ""
    uid: str = ""
    status: Status | None = None
    values: dict[str, tuple[Place, Quantity, float]] = field(default_factory=dict)
    review: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


class _Fault(Exception):
    """A file that is not what it has to be."""


def rows_of(folder: Path) -> Iterator[Row]:
    """Every study of an output folder; one row that says so where there is none."""
    studies = [f for f in (folder, *_inner(folder)) if (f / RESULTS).exists()]
    for study in studies:
        yield _study(study)
    if not studies:
        yield _without_results(folder)


def _inner(folder: Path) -> list[Path]:
    found = [p for p in folder.iterdir() if _STUDY.fullmatch(p.name) and p.is_dir()]
    return sorted(found, key=lambda p: int(p.name.removeprefix("study-")))


def _study(folder: Path) -> Row:
    try:
        results = StudyResults.model_validate_json(_bounded(folder / RESULTS))
    except _Fault as fault:
        return Row(folder, State.BROKEN, str(fault))
    except ValidationError as error:
        return Row(folder, State.BROKEN, _against_schema(error))
    uid = results.study_instance_uid
    if len(uid) > 64 or not _UID.fullmatch(uid):
        return Row(folder, State.BROKEN, f"{RESULTS} names a study by no UID. Run it again.")
    gates = results.quality
    return Row(
        folder,
        State.MEASURED,
        uid=uid,
        status=results.quality_status,
        values={path: (place, q, value) for place, path, q, value in measured_values(results)},
        review=tuple(g.name for g in gates if g.status is Status.REVIEW),
        withheld=tuple(g.name for g in gates if g.status is Status.WITHHELD),
    )


def _against_schema(error: ValidationError) -> str:
    """What is wrong, without a word of the file, which may quote anything."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    if any(fault["loc"] == ("schema_version",) for fault in faults):
        return f"{RESULTS} is not of schema {SCHEMA_VERSION}. Run the study again."
    told = f"{len(faults)} faults, the first {faults[0]['type']}"
    return f"{RESULTS} does not follow the schema ({told}). Run the study again."


def _without_results(folder: Path) -> Row:
    if not (folder / METADATA).exists():
        return Row(folder, State.EMPTY, f"Neither {RESULTS} nor {METADATA} is there.")
    try:
        content: Any = json.loads(_bounded(folder / METADATA))
    except _Fault as fault:
        return Row(folder, State.BROKEN, str(fault))
    except (ValueError, RecursionError):
        return Row(folder, State.BROKEN, f"{METADATA} is not JSON. Run the study again.")
    if not isinstance(content, dict) or content.get("inference_status") is not False:
        return Row(folder, State.BROKEN, f"{METADATA} tells of {RESULTS}, which is not there.")
    told = (str(content.get(key, "")) for key in ("exception", "exception_message"))
    reason = ": ".join(text for text in told if text) or "No reason is given."
    return Row(folder, State.FAILED, reason[:_LONGEST_REASON])


def _bounded(path: Path) -> bytes:
    """Content of a plain file of a size that results can have."""
    try:
        # A pipe would be waited for: looked at before it is opened.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _Fault(f"{path.name} is no plain file.")
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise _Fault(f"{path.name} cannot be read ({error.strerror}).") from error
    if len(content) > _LARGEST_BYTES:
        raise _Fault(f"{path.name} is larger than {_LARGEST_BYTES // 2**20} MB.")
    return content
