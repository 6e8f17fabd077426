"""Capture writer: key pictures as DICOM."""

from __future__ import annotations

from typing import Any

from dicomio.key_pictures import key_pictures
from dicomio.origin import origin_of
from dicomio.rendering import WrittenRendering
from dicomio.secondary_capture import write_captures
from dicomio.seg import WriterSettings
from dicomio.uids import ResultIdentity
from operators.messages import StudyJob, WrittenReport
from operators.sdk import Fragment
from operators.step import Step


class CaptureWriter(Step):
    """``study``, ``report`` and the painters' files → ``captures``; none without a picture.

    The arrival of the files says that they are complete; they are found by their names.
    """

    optional = ("cine_pictures", "pictures", "scar_pictures")
    inputs = ("study", "report", *optional)
    output = "captures"

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
