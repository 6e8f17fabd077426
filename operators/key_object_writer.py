"""Key object writer: a list of all DICOM results of a study, the last of them."""

from __future__ import annotations

from dicomio.key_object import write_key_object
from dicomio.origin import origin_of
from dicomio.rendering import WrittenRendering
from operators.dicom_writer import DicomWriter
from operators.messages import StudyJob, WrittenReport


class KeyObjectWriter(DicomWriter):
    """``study``, ``report``, ``captures``, ``pdf_object`` → ``key_object``.

    What arrives says that the files are complete; they are listed as they lie in the folder.
    """

    inputs = ("study", "report", "captures", "pdf_object")
    output = "key_object"

    def run(self, job: StudyJob, report: WrittenReport, *complete: object) -> WrittenRendering:
        """List what was written."""
        del complete
        origin = origin_of(report.stacks, self._identity)
        results = sorted(job.folder.glob("*.dcm"))
        return write_key_object(results, origin, self._settings, job.folder)
