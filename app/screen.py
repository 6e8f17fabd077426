"""What a run says, as loudly as it was asked: on a terminal, into a log, or not at all.

Standard output takes everything; standard error is for the one line of a failure.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, cast

from rich.console import Console
from rich.highlighter import NullHighlighter
from rich.logging import RichHandler

from app.cli import RunRequest
from app.outlet import Outlet
from app.progress import Bars, Lines
from app.terminal import Results
from cmr.results import StudyResults
from operators.watcher import Watcher


class Screen:
    """The output of one run.

    A terminal gets bars at the log level INFO, which is that of the stages; at any other level,
    and elsewhere, there are lines.
    """

    def __init__(self, request: RunRequest) -> None:
        self._request = request
        self._lines: Lines | None = None
        outlet = Outlet(sys.stdout)
        self._console = Console(file=cast(TextIO, outlet))
        bars = sys.stdout.isatty() and not self._console.is_dumb_terminal
        self._bars = bars and request.log_level == "INFO"
        if self._bars:
            _log_by(_above_the_bars(self._console), "WARN")
        else:
            _log_by(logging.StreamHandler(cast(TextIO, outlet)), request.log_level)

    def watcher(self) -> Watcher:
        """Whom the operators tell; nobody where the run is to be quiet."""
        if self._request.quiet:
            return Watcher()
        self._lines = Bars(self._console) if self._bars else Lines(self._console)
        return self._lines

    def close(self) -> None:
        """Leave the terminal as it was; also where the run was stopped in between."""
        if self._lines is not None:
            self._lines.close()

    def show(self, results: Sequence[StudyResults]) -> None:
        """Print the numbers of every study, and where its files are."""
        if self._request.quiet:
            return
        for number, study in enumerate(results, 1):
            shown = Results(study, self._console)
            shown.show()
            shown.files(self._place(number, len(results)))

    def _place(self, number: int, count: int) -> str:
        """The folder as the person at the terminal named it; a log may be read by others."""
        base = self._request.output if sys.stdout.isatty() else Path("the output folder")
        return str(base if count == 1 else base / f"study-{number}")


def _above_the_bars(console: Console) -> logging.Handler:
    plain = NullHighlighter()
    return RichHandler(
        console=console, show_time=False, show_level=False, show_path=False, highlighter=plain
    )


def _log_by(handler: logging.Handler, level: str) -> None:
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("cmr")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False
