"""SR writer: the measurements as a TID 1500 report that refers to segments and maps."""

from __future__ import annotations

from cmr.results import StudyResults
from dicomio.map_objects import WrittenMap
from dicomio.scar_seg import WrittenScar
from dicomio.seg import WrittenSeg
from dicomio.sr import WrittenObjects, write_report
from operators.dicom_writer import DicomWriter
from operators.messages import JudgedCine, Refusal, StudyJob, WrittenReport


class SrWriter(DicomWriter):
    """``study``, ``judged``, ``segs``, ``maps``, ``scar_objects``, ``results`` → ``report``.

    One report of all parts that were measured; refused where none was.
    """

    inputs = ("study", "judged", "segs", "maps", "scar_objects", "results")
    output = "report"
    optional = ("judged", "segs", "maps", "scar_objects")

    def run(  # noqa: PLR0913 - one argument a port
        self,
        job: StudyJob,
        judged: JudgedCine | Refusal,
        segs: tuple[WrittenSeg, ...] | Refusal,
        maps: tuple[WrittenMap, ...] | Refusal,
        scar: WrittenScar | Refusal,
        results: StudyResults,
    ) -> WrittenReport | Refusal:
        """Write the report."""
        if isinstance(judged, Refusal) and isinstance(maps, Refusal) and isinstance(scar, Refusal):
            return judged
        source = judged.measured.cine.images.source if isinstance(judged, JudgedCine) else None
        written = WrittenObjects(
            segs=() if isinstance(segs, Refusal) else segs,
            maps=() if isinstance(maps, Refusal) else maps,
            scar=None if isinstance(scar, Refusal) else scar,
        )
        path = write_report(results, written, source, self._identity, self._settings, job.folder)
        return WrittenReport(path, written, source)
