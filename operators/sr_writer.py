"""SR writer: the measurements as a TID 1500 report that refers to the segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cmr.results import StudyResults
from dicomio.seg import WriterSettings, WrittenSeg
from dicomio.sr import WrittenObjects, write_report
from dicomio.uids import ResultIdentity
from operators.messages import JudgedCine, StudyJob
from operators.sdk import Fragment
from operators.step import Step


class SrWriter(Step):
    """``study``, ``judged``, ``segs``, ``results`` → ``report``."""

    inputs = ("study", "judged", "segs", "results")
    output = "report"

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
        judged: JudgedCine,
        segs: tuple[WrittenSeg, ...],
        results: StudyResults,
    ) -> Path:
        """Write the report."""
        source = judged.measured.cine.images.source
        written = WrittenObjects(segs=segs)
        return write_report(results, written, source, self._identity, self._settings, job.folder)
