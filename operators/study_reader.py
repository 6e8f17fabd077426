"""Study reader: every file of the input accounted for, one study after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dicomio.index import InputIndex, ReaderSettings, index_input
from operators.messages import StudyJob
from operators.sdk import (
    BooleanCondition,
    ExecutionContext,
    Fragment,
    InputContext,
    Operator,
    OperatorSpec,
    OutputContext,
)
from operators.step import stage
from operators.watcher import Watcher


class StudyReader(Operator):
    """Reads the headers of the input once, then emits a study at each tick.

    Emits on ``study`` a :class:`operators.messages.StudyJob`.
    """

    watcher: Watcher = Watcher()

    def __init__(
        self,
        fragment: Fragment,
        *,
        input_folder: Path,
        results_folder: Path,
        settings: ReaderSettings,
        **kwargs: Any,
    ) -> None:
        self._input_folder = input_folder
        self._results_folder = results_folder
        self._settings = settings
        self._jobs: Iterator[StudyJob] | None = None
        self._left = 0
        self._more = BooleanCondition(fragment, name="more_studies", enable_tick=True)
        super().__init__(fragment, self._more, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the port."""
        spec.output("study")

    def compute(
        self, op_input: InputContext, op_output: OutputContext, context: ExecutionContext
    ) -> None:
        """Emit the next study; stop after the last."""
        del op_input, context
        if self._jobs is None:
            with stage(self.name, self.watcher):
                index = index_input(self._input_folder, self._settings)
            self.watcher.studies(len(index.studies))
            self._jobs, self._left = self._each(index), len(index.studies)
        op_output.emit(next(self._jobs), "study")
        self._left -= 1
        if not self._left:
            self._more.disable_tick()

    def _each(self, index: InputIndex) -> Iterator[StudyJob]:
        alone = len(index.studies) == 1
        for number, study in enumerate(index.studies, start=1):
            folder = self._results_folder / ("" if alone else f"study-{number}")
            folder.mkdir(parents=True, exist_ok=True)
            yield StudyJob(study, index.count, folder)
