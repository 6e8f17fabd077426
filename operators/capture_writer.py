"""Capture writer: key pictures as DICOM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dicomio.key_pictures import map_pictures, scar_pictures
from dicomio.origin import origin_of
from dicomio.rendering import WrittenRendering
from dicomio.secondary_capture import write_captures
from dicomio.seg import WriterSettings
from dicomio.uids import ResultIdentity
from operators.messages import Refusal, StudyJob, WrittenReport
from operators.sdk import Fragment
from operators.step import Step


class CaptureWriter(Step):
    """``study``, ``report`` and the painters' files → ``captures``; none without a picture."""

    inputs = ("study", "report", "pictures", "scar_pictures")
    output = "captures"
    optional = ("pictures", "scar_pictures")

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
        maps: tuple[Path, ...] | Refusal,
        scar: tuple[Path, ...] | Refusal,
    ) -> tuple[WrittenRendering, ...]:
        """Write the pictures in the order of the report: maps, then late enhancement."""
        if not self._settings.captures:
            return ()
        objects = report.objects
        shown = map_pictures(_files(maps), [written.tissue for written in objects.maps])
        if objects.scar is not None:
            shown += scar_pictures(_files(scar), objects.scar.late)
        return write_captures(
            shown, origin_of(report.stacks, self._identity), self._settings, job.folder
        )


def _files(painted: tuple[Path, ...] | Refusal) -> tuple[Path, ...]:
    return () if isinstance(painted, Refusal) else painted
