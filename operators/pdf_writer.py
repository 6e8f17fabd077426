"""PDF writer: the report as a DICOM document."""

from __future__ import annotations

from dicomio.encapsulated_pdf import write_pdf
from dicomio.origin import origin_of
from dicomio.rendering import WrittenRendering
from operators.dicom_writer import DicomWriter
from operators.messages import Refusal, StudyJob, WrittenReport
from report.files import ReportFiles


class PdfWriter(DicomWriter):
    """``study``, ``report``, ``report_files`` → ``pdf_object``; nothing without a PDF."""

    inputs = ("study", "report", "report_files")
    output = "pdf_object"
    optional = ("report_files",)

    def run(
        self, job: StudyJob, report: WrittenReport, files: ReportFiles | Refusal
    ) -> tuple[WrittenRendering, ...]:
        """Wrap the PDF of the report."""
        if isinstance(files, Refusal):
            return ()
        origin = origin_of(report.stacks, self._identity)
        return (write_pdf(files.document, origin, self._settings, job.folder),)
