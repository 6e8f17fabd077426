"""PDF writer: the report as a DICOM document."""

from __future__ import annotations

from typing import Any

from dicomio.encapsulated_pdf import write_pdf
from dicomio.origin import origin_of
from dicomio.rendering import WrittenRendering
from dicomio.seg import WriterSettings
from dicomio.uids import ResultIdentity
from operators.messages import Refusal, StudyJob, WrittenReport
from operators.sdk import Fragment
from operators.step import Step
from report.files import ReportFiles


class PdfWriter(Step):
    """``study``, ``report``, ``report_files`` → ``pdf_object``; nothing without a PDF."""

    inputs = ("study", "report", "report_files")
    output = "pdf_object"
    optional = ("report_files",)

    def __init__(
        self,
        fragment: Fragment,
        *,
        settings: WriterSettings,
        identity: ResultIdentity,
        **kwargs: Any,
    ) -> None:
        self._settings = settings
        self._identity = identity
        super().__init__(fragment, **kwargs)

    def run(
        self, job: StudyJob, report: WrittenReport, files: ReportFiles | Refusal
    ) -> tuple[WrittenRendering, ...]:
        """Wrap the PDF of the report."""
        if isinstance(files, Refusal):
            return ()
        origin = origin_of(report.stacks, self._identity)
        return (write_pdf(files.document, origin, self._settings, job.folder),)
