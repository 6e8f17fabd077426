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
    """``study``, ``results``, ``report`` and pictures → ``outbox``, which the application reads.

    Without DICOM files the record still says why.
    """

    inputs = ("study", "results", "report", "cine_pictures", "pictures", "scar_pictures")
    optional = ("report", "cine_pictures", "pictures", "scar_pictures")

    def __init__(self, fragment: Fragment, *, outbox: list[Outcome], **kwargs: Any) -> None:
        self._outbox = outbox
        super().__init__(fragment, **kwargs)

    def run(
        self,
        job: StudyJob,
        results: StudyResults,
        report: Path | Refusal,
        *pictures: tuple[Path, ...] | Refusal,
    ) -> None:
        """Write the record with the list of files beside it."""
        del pictures  # their arrival says that the files are complete
        refusal = report if isinstance(report, Refusal) else None
        self._outbox.append(Outcome(write_results(results, job.folder), refusal))
