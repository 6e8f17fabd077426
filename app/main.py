"""One run from command line to exit code. Nothing heavy is imported before the call is checked."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from app import outcome
from app.cli import RunRequest, output_of, parse
from app.exit_codes import ExitCode, exit_code_of, public_message
from app.process import quieten, raise_stack_limit
from app.publish import publish, staging_folder, withdraw, write_metadata
from cmr.errors import NoApplicableSeries, OutputError
from cmr.results import StudyResults


def main(argv: Sequence[str] | None = None) -> int:
    """Run the application; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        request = parse(arguments)
        raise_stack_limit(arguments)
        return _run(request)
    except (Exception, KeyboardInterrupt) as error:
        return _fail(error, output_of(arguments))


def _run(request: RunRequest) -> int:
    with staging_folder(request.output) as staging:
        workdir = request.workdir or staging / "work"
        _make(workdir)
        quieten(workdir)
        results = _measure(request, workdir, staging / "results")
    _show(results)
    return ExitCode.DONE


def _measure(request: RunRequest, workdir: Path, folder: Path) -> list[StudyResults]:
    _log_to_stdout(request.log_level)
    # The SDK takes seconds to import, so bad calls are refused before this line.
    from app.graph import measure_input  # noqa: PLC0415

    _make(folder)
    results = measure_input(request, workdir, folder)
    if not any(r.cine for r in results):
        decisions = tuple(d for r in results for d in r.series)
        raise NoApplicableSeries(" ".join(_reasons(results)), decisions)
    outcome.write_result_json(results, folder)
    publish(folder, request.output, outcome.success(results))
    return results


def _reasons(results: Sequence[StudyResults]) -> list[str]:
    return list(dict.fromkeys(reason for r in results for reason in r.refusals.values()))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"A work folder cannot be made ({error.strerror}).") from error


def _fail(error: BaseException, output: Path | None) -> int:
    if output is not None:
        # Where the output itself is at fault, the line on stderr has to do.
        with contextlib.suppress(OSError):
            output.mkdir(parents=True, exist_ok=True)
            withdraw(output)
            write_metadata(output, outcome.failure(error))
    print(f"error: {type(error).__name__}: {public_message(error)}", file=sys.stderr)
    return exit_code_of(error)


def _log_to_stdout(level: str) -> None:
    """Progress goes to standard output; standard error is for the one line of a failure."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("cmr")
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False


def _show(results: Sequence[StudyResults]) -> None:
    from rich.console import Console  # noqa: PLC0415

    from app.terminal import show  # noqa: PLC0415

    console = Console()
    for study in results:
        show(study, console)
