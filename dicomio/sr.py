"""The structured report of a study: Comprehensive SR after TID 1500, unverified and preliminary.

Numbers come from :class:`cmr.results.StudyResults` alone, rounded as its quantities say, so the
report and ``results.json`` agree in every digit. A value that is withheld is absent; a remark
gives the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from highdicom.sr import ComprehensiveSR, ContainerContentItem, MeasurementReport
from pydicom.dataset import Dataset

from cmr.labels import PHASES
from cmr.results import StudyResults
from dicomio import codes, equipment
from dicomio.highdicom_fixes import blank_header
from dicomio.map_objects import WrittenMap
from dicomio.origin import Origin, origin_of
from dicomio.quiet import quiet
from dicomio.scar_seg import WrittenScar
from dicomio.seg import WriterSettings, WrittenSeg
from dicomio.source import CineSource, FrameRef, ImageSource
from dicomio.sr_content import Listing, image_library
from dicomio.sr_document import document_arguments, save_document
from dicomio.sr_groups import cine_groups, quality_group
from dicomio.sr_mapping import map_groups
from dicomio.sr_scar import scar_groups
from dicomio.sr_templates import Group, Instance
from dicomio.sr_text import write_text_report
from dicomio.uids import ResultIdentity


@dataclass(frozen=True, eq=False)
class WrittenObjects:
    """What was written of a study, for the report to refer to.

    ``segs`` come from :func:`dicomio.seg.write_phase_segs`, those of end-diastole and end-systole
    are referred to; ``maps`` from :func:`dicomio.map_objects.write_maps`; ``scar`` from
    :func:`dicomio.scar_seg.write_scar`.
    """

    segs: tuple[WrittenSeg, ...] = ()
    maps: tuple[WrittenMap, ...] = ()
    scar: WrittenScar | None = None

    @property
    def phases(self) -> list[WrittenSeg]:
        """SEGs of the phases that were measured."""
        return [seg for seg in self.segs if seg.phase in PHASES]

    @property
    def stacks(self) -> list[ImageSource]:
        """Images of maps and late enhancement."""
        late = [self.scar.late.images] if self.scar else []
        return [m.tissue.images for m in self.maps] + late

    def measured(self, cine: CineSource | None) -> list[ImageSource]:
        """Images of everything, those of the cine first."""
        return ([cine.images] if cine else []) + self.stacks

    @property
    def referenced(self) -> list[Instance]:
        """Every object that the report refers to, each once."""
        objects: list[Instance | None] = [*self.phases]
        for written in self.maps:
            objects += [written.segments, written.value, written.sd]
        objects += self.scar.objects if self.scar else ()
        return list({o.sop_instance_uid: o for o in objects if o is not None}.values())


def write_report(  # noqa: PLR0913
    results: StudyResults,
    written: WrittenObjects,
    cine: CineSource | None,
    identity: ResultIdentity,
    settings: WriterSettings,
    folder: Path,
) -> Path:
    """Write the report of one study to ``folder``.

    Parameters
    ----------
    results
        Everything known of the study; maps and late enhancement are taken from ``written``.
    cine
        The cine that was chosen, measured or not; None where there is none. The study has a cine,
        a map or late enhancement.

    Returns
    -------
    Path
        The file written. The report in words, where the settings ask for it, lies beside it.
    """
    origin = origin_of(written.measured(cine), identity)
    with quiet():
        groups = cine_groups(results.cine, written.phases, origin) if results.cine else []
        groups += [group for m in written.maps for group in map_groups(m)]
        groups += scar_groups(written.scar) if written.scar else []
        groups.append(quality_group(results, origin))
        listings = _listings(written, cine)
        evidence = _evidence(listings, written.referenced, origin.study_uid)
        number = settings.report_series_number
        report: Dataset = ComprehensiveSR(
            evidence=evidence,
            content=_content(groups, listings, origin),
            **document_arguments("sr", number, "Cardiac measurements", origin),
        )
        path = save_document(report, "sr", origin, folder)
        if settings.text_report:
            write_text_report(results, [report], settings.text_series_number, origin, folder)
    return path


def _listings(written: WrittenObjects, cine: CineSource | None) -> list[Listing]:
    """Used images by stack, each image once."""
    found: list[Listing] = []
    if cine is not None:
        # Without masks, the first phase stands for the cine.
        frames = [frame for seg in written.phases for frame in seg.frames]
        found.append((frames or cine.frames[0], cine.geometry))
    listed: set[FrameRef] = set()
    for images in written.stacks:
        new = [f for row in images.frames for f in dict.fromkeys(row) if f not in listed]
        listed.update(new)
        if new:
            found.append((new, images.geometry))
    return found


def _content(
    groups: Sequence[Group], listings: Sequence[Listing], origin: Origin
) -> ContainerContentItem:
    content = MeasurementReport(
        observation_context=equipment.observation_context(origin.identity),
        procedure_reported=codes.CARDIAC_MRI,
        imaging_measurements=groups,
        title=codes.MEASUREMENT_REPORT,
    )[0]
    library = image_library(listings)
    # TID 1500: the image library comes before the measurements, which highdicom puts last.
    content.ContentSequence.insert(len(content.ContentSequence) - 1, library)
    return content


def _evidence(
    listings: Sequence[Listing], objects: Sequence[Instance], study_uid: str
) -> list[Dataset]:
    """Make a header of every instance that the report refers to, each once."""
    frames: list[Instance] = [frame for listed, _ in listings for frame in listed]
    by_uid = {o.sop_instance_uid: o for o in [*frames, *objects]}
    headers = []
    for uid, found in by_uid.items():
        header = blank_header(found.sop_class_uid, uid)
        header.SeriesInstanceUID, header.StudyInstanceUID = found.series_uid, study_uid
        headers.append(header)
    return headers
