"""What a run shows while it works: a bar a stage on a terminal, a line a stage elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from app.letters import shown
from app.series_table import series_table
from cmr.errors import NotInStudy
from cmr.results import SeriesDecision
from operators.messages import Refusal
from operators.watcher import Watcher

_WIDE = 60


class Lines(Watcher):
    """Shows the series of each study; the lines of the stages are the log's."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._studies = 1
        self._seen = 0

    def studies(self, count: int) -> None:
        """Note how many tables will come."""
        self._studies = count

    def series(self, decisions: Sequence[SeriesDecision]) -> None:
        """Print the table of a study."""
        self._seen += 1
        of = f" of study {self._seen} of {self._studies}" if self._studies > 1 else ""
        self.console.print(series_table(decisions, f"Series found{of}", self.console))

    def close(self) -> None:
        """Leave the terminal as it was; may be called twice, and by another thread."""


class Bars(Lines):
    """A bar for the stage that works and one for the run; what is done stays as a line.

    A stage that hands a refusal on has no line, but counts: the bar ends full.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._steps = self._done = self._total = 0
        self._running: dict[str, TaskID] = {}
        self._told: list[Refusal] = []
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=40 if console.width >= _WIDE else 8),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._whole = self._progress.add_task("run", total=None, count="")
        self._progress.start()

    def composed(self, steps: int) -> None:
        """The steps of one study, and the reader."""
        self._steps = steps
        self._count(steps + 1)

    def studies(self, count: int) -> None:
        """Every study goes through all steps."""
        super().studies(count)
        self._count(self._steps * count + 1)

    def started(self, stage: str) -> None:
        """A bar that moves, for its length is not known."""
        self._running[stage] = self._progress.add_task(_title(stage), total=None, count="")

    def finished(self, stage: str, seconds: float, refusal: Refusal | None) -> None:
        """The bar becomes a line."""
        self._progress.remove_task(self._running.pop(stage))
        self._done += 1
        self._count(self._total)
        if refusal is None:
            self._say(f"✓ {_title(stage):<22} {seconds:8.2f} s", "green")
        elif not any(refusal is told for told in self._told):
            self._told.append(refusal)
            absent = isinstance(refusal.error, NotInStudy)
            self._say(f"· {_title(stage):<22} {refusal.error}", "dim" if absent else "yellow")

    def close(self) -> None:
        """Take the bars away and give the cursor back."""
        self._progress.stop()

    def _count(self, total: int) -> None:
        self._total = total
        count = f"{self._done}/{total}"
        self._progress.update(self._whole, completed=self._done, total=total, count=count)

    def _say(self, text: str, style: str) -> None:
        plain = shown(text, self.console.encoding)
        self.console.print(plain, style=style, markup=False, highlight=False)


def _title(stage: str) -> str:
    return stage.replace("_", " ")
