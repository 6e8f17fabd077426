"""Scar writer: segmentation of scar and AHA segments on late enhancement."""

from __future__ import annotations

from typing import ClassVar

from dicomio.scar_seg import WrittenScar, write_scar
from operators.dicom_writer import DicomWriter
from operators.messages import JudgedScar, StudyJob


class ScarWriter(DicomWriter):
    """``study``, ``judged_scar`` → ``scar_objects``."""

    part: ClassVar[str] = "scar"
    inputs = ("study", "judged_scar")
    output = "scar_objects"

    def run(self, job: StudyJob, judged: JudgedScar) -> WrittenScar:
        """Write what was found."""
        return write_scar(judged.scar, self._identity, self._settings, job.folder)
