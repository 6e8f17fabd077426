"""The command line. The SDK's flags and the HOLOSCAN_* variables mean here what they mean there.

Variables of other platforms that name the folders stand in ``app/environment.py``.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from app.environment import INPUT, OUTPUT, FolderVariables, folder_from
from cmr.errors import UsageError

PROJECT_ROOT = Path(__file__).resolve().parents[1]
LOG_LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "CRITICAL")
_SUMMARY = "--summary"
_OF_A_RUN = ("input", "model", "workdir", "config", "log_level", "triton_server_netloc", "verbose")
_ABOUT = """\
Measures a cardiac MR study: DICOM in; DICOM SEG, parametric maps, structured
report, a report for people (PDF, HTML), pictures and JSON out. Research use
only; not a medical device."""
_EPILOG = """\
A run prints the series that it found, a bar a stage on a terminal (a line a
stage elsewhere, and at any level but INFO), the numbers with their gates, and
where the files are. A number that a quality gate wants reviewed has a mark
beside it, one that is withheld a cross in its place. --quiet goes with the
levels ERROR and CRITICAL, --verbose with DEBUG; other levels contradict them.
HOLOSCAN_LOG_LEVEL sets what Holoscan says with --verbose (default: INFO).

exit codes: 0 done, 1 internal error, 2 bad usage or settings, 3 nothing
readable, 4 more than one patient, 5 no applicable series, 6 model or its
server, 7 output not writable, 143 stopped"""


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for. ``None`` stands for a work folder or server that was not named."""

    input: Path
    output: Path
    model: Path
    config: Path
    workdir: Path | None
    log_level: str
    triton_server_netloc: str | None
    quiet: bool = False
    verbose: bool = False


@dataclass(frozen=True)
class SummaryRequest:
    """One table over the output folders of earlier runs."""

    folders: tuple[Path, ...]
    output: Path
    quiet: bool = False


class _Parser(argparse.ArgumentParser):
    """Raises instead of exiting, so that a bad call leaves a metadata.json as well."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}. Try --help.")


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m app",
        description=_ABOUT,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # output_of would not know them
    )
    add = parser.add_argument
    add("-i", "--input", help="folder with the DICOM study (HOLOSCAN_INPUT_PATH)")
    add("-o", "--output", help="folder for the results (HOLOSCAN_OUTPUT_PATH)")
    add("-m", "--model", help="folder with the models (HOLOSCAN_MODEL_PATH; default: models)")
    add("-w", "--workdir", help="folder for caches (HOLOSCAN_WORKDIR; default: inside the output)")
    add("-c", "--config", help="settings (HOLOSCAN_CONFIG_PATH; default: app.yaml)")
    add(
        "-l",
        "--log-level",
        type=str.upper,
        choices=LOG_LEVELS,
        help="lowest level of the lines that are printed (default: INFO, a line a stage); the "
        "tables are printed at any level",
    )
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="print nothing but an error")
    loudness.add_argument(
        "-v", "--verbose", action="store_true", help="level DEBUG, and what Holoscan says"
    )
    add(
        "-t",
        "--triton-server-netloc",
        help="HOST:PORT of a Triton server that runs the networks, over HTTP without encryption "
        "(TRITON_SERVER_NETLOC; default: none, they run here)",
    )
    add(
        _SUMMARY,
        nargs="+",
        metavar="DIR",
        help="measure nothing: write summary.csv and summary.html over the output folders of "
        "earlier runs into --output; folders stand in them by the names that they have here",
    )
    return parser


def parse(argv: Sequence[str], env: Mapping[str, str] = os.environ) -> RunRequest | SummaryRequest:
    """Read the command line (without the program's name) and the environment.

    Raises
    ------
    UsageError
        An unknown flag, a missing folder, or an output that lies in the input.
    """
    args = _parser().parse_args(list(argv))
    if args.summary:
        return _summary(args, env)
    request = RunRequest(
        input=_required(args.input or folder_from(INPUT, env), "input", INPUT),
        output=_required(args.output or folder_from(OUTPUT, env), "output", OUTPUT),
        model=Path(args.model or env.get("HOLOSCAN_MODEL_PATH") or PROJECT_ROOT / "models"),
        config=Path(args.config or env.get("HOLOSCAN_CONFIG_PATH") or PROJECT_ROOT / "app.yaml"),
        workdir=_optional(args.workdir or env.get("HOLOSCAN_WORKDIR")),
        log_level=_log_level(args),
        triton_server_netloc=_netloc(args.triton_server_netloc or env.get("TRITON_SERVER_NETLOC")),
        quiet=args.quiet,
        verbose=args.verbose,
    )
    _check(request)
    return request


def output_of(argv: Sequence[str], env: Mapping[str, str] = os.environ) -> Path | None:
    """The output folder of a command line that may be wrong elsewhere.

    ``None`` where there is none, where it lies in the input, which is never written, or where a
    summary is asked for, which is no run and takes nothing back.
    """
    if any(word.partition("=")[0] == _SUMMARY for word in argv):
        return None
    finder = _Parser(add_help=False, allow_abbrev=False)
    finder.add_argument("-i", "--input")
    finder.add_argument("-o", "--output")
    try:
        args, _ = finder.parse_known_args(list(argv))
        source = _optional(args.input or folder_from(INPUT, env))
        output = _optional(args.output or folder_from(OUTPUT, env))
    except UsageError:
        return None
    return None if source and output and _lies_in(output, source) else output


def _summary(args: argparse.Namespace, env: Mapping[str, str]) -> SummaryRequest:
    given = [name for name in _OF_A_RUN if getattr(args, name)]
    if given:
        flag = given[0].replace("_", "-")
        raise UsageError(
            f"--{flag} belongs to a run, and {_SUMMARY} measures nothing; leave it out."
        )
    folders = tuple(Path(folder) for folder in args.summary)
    for number, folder in enumerate(folders, 1):
        if not folder.is_dir():
            raise UsageError(
                f"{_SUMMARY}: folder {number} of {len(folders)} does not exist or is not a "
                "folder. Name output folders of earlier runs."
            )
    return SummaryRequest(
        folders, _required(args.output or folder_from(OUTPUT, env), "output", OUTPUT), args.quiet
    )


def _log_level(args: argparse.Namespace) -> str:
    """The level that was named, or that of -q or -v; refuse what contradicts these."""
    level: str | None = args.log_level
    if args.quiet and level not in (None, "ERROR", "CRITICAL"):
        raise UsageError(f"--quiet and --log-level {level} contradict each other; give one.")
    if args.verbose and level not in (None, "DEBUG"):
        raise UsageError(f"--verbose and --log-level {level} contradict each other; give one.")
    return level or ("ERROR" if args.quiet else "DEBUG" if args.verbose else "INFO")


def _required(value: str | None, name: str, variables: FolderVariables) -> Path:
    if not value:
        raise UsageError(f"No {name} folder: give --{name} DIR or {variables.packaged}.")
    return Path(value)


def _optional(value: str | None) -> Path | None:
    return Path(value) if value else None


def _netloc(value: str | None) -> str | None:
    """``HOST:PORT`` and nothing else; a wrong one is not repeated, it may hold a password."""
    if not value:
        return None
    try:
        parts = urlsplit(f"//{value}")
        plain = parts.netloc == value and parts.username is None
        whole = plain and bool(parts.hostname and parts.port)
    except ValueError:  # a port that is no number, a bracket left open
        whole = False
    if not whole:
        raise UsageError("The Triton server is not named as HOST:PORT, such as triton:8000.")
    return value


def _check(request: RunRequest) -> None:
    if not request.input.is_dir():
        raise UsageError(
            "The input folder does not exist or is not a folder; name the folder of the study "
            "with --input."
        )
    if _lies_in(request.output, request.input):
        raise UsageError("The output folder lies in the input folder; name another one.")


def _lies_in(target: Path, source: Path) -> bool:
    inner, outer = target.resolve(), source.resolve()
    return inner == outer or outer in inner.parents
