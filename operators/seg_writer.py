"""SEG writer: end-diastole and end-systole as DICOM segmentations."""

from __future__ import annotations

from typing import Any

from dicomio.seg import WriterSettings, WrittenSeg, write_phase_segs
from dicomio.uids import ResultIdentity
from operators.messages import JudgedCine, StudyJob
from operators.sdk import Fragment
from operators.step import Step


class SegWriter(Step):
    """``study``, ``judged`` → ``segs``."""

    inputs = ("study", "judged")
    output = "segs"

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

    def run(self, job: StudyJob, judged: JudgedCine) -> tuple[WrittenSeg, ...]:
        """Write the masks of the phases that were measured."""
        cine = judged.measured.cine
        phases = {"ed": judged.results.phases.ed, "es": judged.results.phases.es}
        return write_phase_segs(
            cine.images.source, cine.labels, phases, self._identity, self._settings, job.folder
        )
