"""Results writer: ``results.json``, the last file of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cmr.results import StudyResults
from dicomio.results_json import write_results
from operators.messages import Outcome, Refusal, StudyJob
from operators.sdk import Fragment
from operators.step import Step


class ResultsWriter(Step):
    """``study``, ``results``, ``report`` → ``outbox``, the list that the application reads."""

    inputs = ("study", "results", "report")

    def __init__(self, fragment: Fragment, *, outbox: list[Outcome], **kwargs: Any) -> None:
        self._outbox = outbox
        super().__init__(fragment, **kwargs)

    def run(self, job: StudyJob, results: StudyResults, report: Path) -> None:
        """Write the record with the list of DICOM files beside it."""
        del report  # its arrival says that the DICOM files are complete
        self._outbox.append(Outcome(write_results(results, job.folder)))

    def on_refusal(self, refusal: Refusal, received: list[Any]) -> None:
        """Without DICOM files the record still says why."""
        job, results, _ = received
        self._outbox.append(Outcome(write_results(results, job.folder), refusal))
