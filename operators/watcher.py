"""Who is told what a run is doing: nobody, unless the application names somebody."""

from __future__ import annotations

from collections.abc import Sequence

from cmr.results import SeriesDecision
from operators.messages import Refusal


class Watcher:
    """Told by the operators, in their order; this one does nothing with it."""

    def composed(self, steps: int) -> None:
        """So many operators work on each study, beside the one that reads the input."""

    def studies(self, count: int) -> None:
        """So many studies are in the input."""

    def series(self, decisions: Sequence[SeriesDecision]) -> None:
        """What the series of a study were taken for."""

    def started(self, stage: str) -> None:
        """An operator begins its work on a study."""

    def finished(self, stage: str, seconds: float, refusal: Refusal | None) -> None:
        """It has ended; ``refusal`` is what it gave on instead of a result."""
