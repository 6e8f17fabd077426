"""Scar writer: segmentation of scar and AHA segments on late enhancement."""

from __future__ import annotations

from typing import Any, ClassVar

from dicomio.scar_seg import WrittenScar, write_scar
from dicomio.seg import WriterSettings
from dicomio.uids import ResultIdentity
from operators.messages import JudgedScar, StudyJob
from operators.sdk import Fragment
from operators.step import Step


class ScarWriter(Step):
    """``study``, ``judged_scar`` → ``scar_objects``."""

    part: ClassVar[str] = "scar"
    inputs = ("study", "judged_scar")
    output = "scar_objects"

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

    def run(self, job: StudyJob, judged: JudgedScar) -> WrittenScar:
        """Write what was found."""
        return write_scar(judged.scar, self._identity, self._settings, job.folder)
