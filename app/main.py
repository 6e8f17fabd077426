"""One run from command line to exit code. Nothing heavy is imported before the call is checked."""

from __future__ import annotations

import contextlib
import errno
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from app import outcome
from app.alone import alone_in
from app.cli import RunRequest, output_of, parse
from app.ending import Ending
from app.exit_codes import ExitCode, exit_code_of, public_message
from app.process import quieten
from app.publish import discard_staging, publish, report_failure, staging_folder
from cmr.errors import (
    CmrError,
    NoApplicableSeries,
    NothingReadable,
    OutputBusy,
    OutputError,
    Terminated,
)
from cmr.results import StudyResults

# Of the file system of the output; where they arise in a library, the run has no other fault.
_OUTPUT_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


def main(argv: Sequence[str] | None = None, ending: Ending | None = None) -> int:
    """Run the application; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    ending = ending or Ending()
    with contextlib.ExitStack() as held:
        try:
            request = parse(arguments)
            held.enter_context(alone_in(request.output))
            return _run(request, ending)
        except (Exception, KeyboardInterrupt) as error:
            ending.claim()
            return _fail(error, output_of(arguments))


def stop(arguments: Sequence[str]) -> int:
    """End a run that a signal stopped, from outside its threads; returns the exit code."""
    output = output_of(arguments)
    if output is not None:
        discard_staging(output)
    return _fail(Terminated("Stopped by a signal before the end."), output)


def _run(request: RunRequest, ending: Ending) -> int:
    with staging_folder(request.output) as staging:
        workdir = request.workdir or staging / "work"
        _make(workdir)
        quieten(workdir)
        results = _measure(request, workdir, staging / "results", ending)
    _show(results)
    return ExitCode.DONE


def _measure(
    request: RunRequest, workdir: Path, folder: Path, ending: Ending
) -> list[StudyResults]:
    _log_to_stdout(request.log_level)
    # The SDK takes seconds to import, so bad calls are refused before this line.
    from app.graph import measure_input

    _make(folder)
    try:
        outcomes = measure_input(request, workdir, folder)
        results = [o.results for o in outcomes]
        if not any(r.cine or r.mapping or r.scar for r in results):
            raise _nothing_measured(results, [o.refusal.error for o in outcomes if o.refusal])
        outcome.write_result_json(results, folder)
    except OSError as error:
        if fault := _output_fault(error):
            raise OutputError(f"The results cannot be written ({fault.strerror}).") from error
        raise
    ending.claim()
    publish(folder, request.output, outcome.success(results))
    return results


def _output_fault(error: BaseException | None) -> OSError | None:
    """What the file system said; pydicom raises another error of the same type in its place."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _OUTPUT_FAULTS:
            return error
        error = error.__cause__ or error.__context__
    return None


def _nothing_measured(results: Sequence[StudyResults], errors: Sequence[CmrError]) -> CmrError:
    """One error for all studies and parts: unreadable pixels where that was so everywhere."""
    reasons = (text for r in results for text in r.refusals.values())
    message = " ".join(dict.fromkeys(reasons))
    if all(isinstance(error, NothingReadable) for error in errors):
        return NothingReadable(message)
    return NoApplicableSeries(message, tuple(d for r in results for d in r.series))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"A work folder cannot be made ({error.strerror}).") from error


def _fail(error: BaseException, output: Path | None) -> int:
    if output is not None and not isinstance(error, OutputBusy):
        # Where the output itself is at fault, or another run's, the line on stderr has to do.
        with contextlib.suppress(OSError, OutputBusy), alone_in(output):
            report_failure(output, outcome.failure(error))
    message = f"error: {type(error).__name__}: {public_message(error)}"
    print(message, file=sys.stderr, flush=True)
    return exit_code_of(error)


def _log_to_stdout(level: str) -> None:
    """Progress goes to standard output; standard error is for the one line of a failure."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("cmr")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


def _show(results: Sequence[StudyResults]) -> None:
    """Print the numbers; results that are published stay so when nobody can read this."""
    from rich.console import Console

    from app.terminal import show

    # A closed pipe (rich leaves then), a full disk, letters that the terminal does not know.
    with contextlib.suppress(Exception, SystemExit):
        console = Console()
        for study in results:
            show(study, console)
