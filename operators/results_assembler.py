"""Results assembler: the parts of a study joined into the one results record."""

from __future__ import annotations

from typing import Any

from cmr.results import Application, StudyResults
from operators.messages import JudgedCine, Refusal, SelectedStudy
from operators.sdk import Fragment
from operators.step import Step


class ResultsAssembler(Step):
    """``selected``, ``judged`` → ``results``. A refused part is named with its reason."""

    inputs = ("selected", "judged")
    output = "results"

    def __init__(self, fragment: Fragment, *, application: Application, **kwargs: Any) -> None:
        self._application = application
        super().__init__(fragment, **kwargs)

    def run(self, selected: SelectedStudy, judged: JudgedCine) -> StudyResults:
        """Join what was measured."""
        return self._of(selected).model_copy(
            update={"cine": judged.results, "quality": list(judged.gates)}
        )

    def on_refusal(self, refusal: Refusal, received: list[Any]) -> StudyResults:
        """Say what could not be measured."""
        selected: SelectedStudy = received[0]
        refusals = {refusal.part: str(refusal.error)}
        return self._of(selected).model_copy(update={"refusals": refusals})

    def _of(self, selected: SelectedStudy) -> StudyResults:
        return StudyResults(
            application=self._application,
            study_instance_uid=selected.job.study.uid,
            input=selected.job.input_count,
            series=list(selected.selection.decisions),
        )
