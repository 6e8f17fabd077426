"""Report writer: the report that people read, as PDF and as HTML."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from cmr.results import StudyResults
from dicomio.person import read_study_identity
from operators.messages import Refusal, StudyJob
from operators.sdk import Fragment
from operators.step import Step
from report.files import ReportFiles
from report.settings import ReportSettings


class ReportWriter(Step):
    """``study``, ``results`` and the painters' files → ``report_files``.

    Whatever the study lacks, it has a report: of refusals alone, if need be.
    """

    optional = ("cine_pictures", "pictures", "scar_pictures")
    inputs = ("study", "results", *optional)
    output = "report_files"

    def __init__(
        self,
        fragment: Fragment,
        *,
        settings: ReportSettings,
        now: datetime.datetime,
        **kwargs: Any,
    ) -> None:
        self._settings = settings
        self._now = now
        super().__init__(fragment, **kwargs)

    def run(
        self,
        job: StudyJob,
        results: StudyResults,
        *painted: tuple[Path, ...] | Refusal,
    ) -> ReportFiles:
        """Write both files beside the pictures, which are found by their names."""
        # Typst and the fonts take half a second to load; a run that fails early does not wait.
        from report.write import write_report

        del painted  # their arrival says that the pictures are complete
        identity = read_study_identity(job.study)
        return write_report(results, job.folder, identity, self._settings, self._now)
