"""Results writer: ``results.json``, the last file of a study."""

from __future__ import annotations

from typing import Any

from cmr.results import StudyResults
from dicomio.results_json import write_results
from operators.messages import Outcome, Refusal, StudyJob, WrittenReport
from operators.sdk import Fragment
from operators.step import Step


class ResultsWriter(Step):
    """``study``, ``results``, ``report``, all other files → ``outbox`` for the application.

    Without DICOM files the record still says why.
    """

    optional = (
        *("report", "cine_pictures", "pictures", "scar_pictures"),
        *("report_files", "key_object"),
    )
    inputs = ("study", "results", *optional)

    def __init__(self, fragment: Fragment, *, outbox: list[Outcome], **kwargs: Any) -> None:
        self._outbox = outbox
        super().__init__(fragment, **kwargs)

    def run(
        self,
        job: StudyJob,
        results: StudyResults,
        report: WrittenReport | Refusal,
        *complete: object,
    ) -> None:
        """Write the record with the list of files beside it."""
        del complete  # their arrival says that the files are complete
        refusal = report if isinstance(report, Refusal) else None
        self._outbox.append(Outcome(write_results(results, job.folder), refusal))
