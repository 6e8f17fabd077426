"""Exit codes of the command, one for each way a run can end. They are part of the interface."""

from enum import IntEnum

from cmr.errors import (
    CmrError,
    ModelError,
    NoApplicableSeries,
    NothingReadable,
    OutputError,
    SeveralPatients,
    Terminated,
    UsageError,
)


class ExitCode(IntEnum):
    """What the process returns."""

    DONE = 0
    INTERNAL_ERROR = 1
    BAD_USAGE = 2
    NOTHING_READABLE = 3
    SEVERAL_PATIENTS = 4
    NO_APPLICABLE_SERIES = 5
    MODEL_BROKEN = 6
    OUTPUT_NOT_WRITABLE = 7
    TERMINATED = 143


_CODES: dict[type[CmrError], ExitCode] = {
    UsageError: ExitCode.BAD_USAGE,
    NothingReadable: ExitCode.NOTHING_READABLE,
    SeveralPatients: ExitCode.SEVERAL_PATIENTS,
    NoApplicableSeries: ExitCode.NO_APPLICABLE_SERIES,
    ModelError: ExitCode.MODEL_BROKEN,
    OutputError: ExitCode.OUTPUT_NOT_WRITABLE,
    Terminated: ExitCode.TERMINATED,
}


_REPORT_IT = "Report this line with the version of the application."


def exit_code_of(error: BaseException) -> ExitCode:
    """The exit code of an error; anything that was not foreseen is an internal error."""
    for kind in type(error).__mro__:
        if kind in _CODES:
            return _CODES[kind]
    return ExitCode.INTERNAL_ERROR


def public_message(error: BaseException) -> str:
    """What may be shown of an error.

    The package's own messages hold no patient data. Those of libraries may quote a header, so
    an unforeseen error gives only its type and where it arose.
    """
    if isinstance(error, CmrError):
        return str(error)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "?")
        place = f" in {module}, line {trace.tb_lineno}"
    return f"Unforeseen {type(error).__name__}{place}. {_REPORT_IT}"
