"""SEG writer: end-diastole and end-systole as DICOM segmentations."""

from __future__ import annotations

from dicomio.seg import WrittenSeg, write_phase_segs
from operators.dicom_writer import DicomWriter
from operators.messages import JudgedCine, StudyJob


class SegWriter(DicomWriter):
    """``study``, ``judged`` → ``segs``."""

    inputs = ("study", "judged")
    output = "segs"

    def run(self, job: StudyJob, judged: JudgedCine) -> tuple[WrittenSeg, ...]:
        """Write the masks of the phases that were measured."""
        cine = judged.measured.cine
        phases = {"ed": judged.results.phases.ed, "es": judged.results.phases.es}
        return write_phase_segs(
            cine.images.source, cine.labels, phases, self._identity, self._settings, job.folder
        )
