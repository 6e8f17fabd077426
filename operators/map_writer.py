"""Map writer: parametric maps and segments of every map."""

from __future__ import annotations

from typing import ClassVar

from dicomio.map_objects import WrittenMap, write_maps
from operators.dicom_writer import DicomWriter
from operators.messages import JudgedMaps, StudyJob


class MapWriter(DicomWriter):
    """``study``, ``judged_maps`` → ``maps``."""

    part: ClassVar[str] = "mapping"
    inputs = ("study", "judged_maps")
    output = "maps"

    def run(self, job: StudyJob, judged: JudgedMaps) -> tuple[WrittenMap, ...]:
        """Write the maps that were measured."""
        return write_maps(judged.mapped, self._identity, self._settings, job.folder)
