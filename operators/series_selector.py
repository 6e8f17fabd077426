"""Series selector: finds the short-axis cine, and says of every series what it is."""

from __future__ import annotations

from typing import Any

from dicomio.selection import SelectionSettings, select
from operators.messages import SelectedStudy, StudyJob
from operators.sdk import Fragment
from operators.step import Step


class SeriesSelector(Step):
    """``study`` → ``selected``."""

    inputs = ("study",)
    output = "selected"

    def __init__(self, fragment: Fragment, *, settings: SelectionSettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, **kwargs)

    def run(self, job: StudyJob) -> SelectedStudy:
        """Classify and choose."""
        selection = select(job.study, self._settings)
        self.watcher.series(selection.decisions)
        return SelectedStudy(job, selection)
