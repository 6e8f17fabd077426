"""Capture writer: key pictures as DICOM."""

from __future__ import annotations

from dicomio.key_pictures import key_pictures
from dicomio.origin import origin_of
from dicomio.rendering import WrittenRendering
from dicomio.secondary_capture import write_captures
from operators.dicom_writer import DicomWriter
from operators.messages import StudyJob, WrittenReport


class CaptureWriter(DicomWriter):
    """``study``, ``report`` and the painters' files → ``captures``; none without a picture.

    The arrival of the files says that they are complete; they are found by their names.
    """

    optional = ("cine_pictures", "pictures", "scar_pictures")
    inputs = ("study", "report", *optional)
    output = "captures"

    def run(
        self,
        job: StudyJob,
        report: WrittenReport,
        *painted: object,
    ) -> tuple[WrittenRendering, ...]:
        """Write the pictures of what was measured."""
        del painted
        if not self._settings.captures:
            return ()
        shown = key_pictures(job.folder, report.objects)
        origin = origin_of(report.stacks, self._identity)
        return write_captures(shown, origin, self._settings, job.folder)
