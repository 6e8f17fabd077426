"""One run of the application in a process of its own, ended with everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from app.exit_codes import ExitCode

_GRACE_SECONDS = 10
_LOOK_SECONDS = 0.1

# The study is at fault, not the run: another try gives the same answer.
NOTHING_TO_MEASURE = frozenset(
    {ExitCode.NOTHING_READABLE, ExitCode.SEVERAL_PATIENTS, ExitCode.NO_APPLICABLE_SERIES}
)


def run(command: Sequence[str], log: Path, limit_seconds: float) -> int | None:
    """Exit code of the command, None where it did not end in time.

    What it prints goes to ``log``: the bridge cannot know that a foreign program names no patient.

    Raises
    ------
    OSError
        The command cannot be started.
    """
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def meaning(code: int | None) -> str:
    """Return what may be shown of an exit code."""
    if code is None:
        return "the application did not end in time"
    if code < 0:
        return f"the application was ended by signal {-code}"
    name = ExitCode(code).name.lower().replace("_", " ") if code in set(ExitCode) else "not ours"
    return f"the application ended with exit code {code} ({name})"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, then end it: a container's client passes on only the first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        # What runs as another user cannot be told.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        _wait_for_group(process)


def _wait_for_group(process: subprocess.Popen[bytes]) -> None:
    """Wait for all that the command started; a shell ends before what runs in it."""
    for _ in range(round(_GRACE_SECONDS / _LOOK_SECONDS)):
        process.poll()
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            pass
        time.sleep(_LOOK_SECONDS)
