"""The structured report of a study: Comprehensive SR after TID 1500, unverified and preliminary.

Numbers come from :class:`cmr.results.StudyResults` alone, rounded as its quantities say, so the
report and ``results.json`` agree in every digit. A value that is withheld is absent; a remark
gives the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from highdicom.sr import ComprehensiveSR, ContainerContentItem, MeasurementReport
from pydicom.dataset import Dataset

from cmr.labels import PHASES
from cmr.results import StudyResults
from dicomio import codes, equipment
from dicomio.highdicom_fixes import blank_header
from dicomio.origin import Origin, origin_of
from dicomio.quiet import quiet
from dicomio.seg import WriterSettings, WrittenSeg
from dicomio.source import CineSource, FrameRef
from dicomio.sr_content import image_library
from dicomio.sr_groups import Group, cine_groups, quality_group
from dicomio.uids import ResultIdentity, file_name


def write_report(  # noqa: PLR0913
    results: StudyResults,
    segs: Sequence[WrittenSeg],
    source: CineSource,
    identity: ResultIdentity,
    settings: WriterSettings,
    folder: Path,
) -> Path:
    """Write the report of one study to ``folder``.

    Parameters
    ----------
    results
        Everything known of the study.
    segs
        What :func:`dicomio.seg.write_phase_segs` wrote; the report refers to those of end-diastole
        and end-systole.

    Returns
    -------
    Path
        The file written.
    """
    origin = origin_of(source, identity)
    used = [seg for seg in segs if seg.phase in PHASES]
    with quiet():
        groups = cine_groups(results.cine, used, origin) if results.cine else []
        report = _document([*groups, quality_group(results, origin)], used, origin, settings)
        path = folder / file_name("sr", report.SOPInstanceUID)
        report.save_as(path, enforce_file_format=True)
    return path


def _document(
    groups: Sequence[Group], segs: Sequence[WrittenSeg], origin: Origin, settings: WriterSettings
) -> Dataset:
    # Without masks, the first phase stands for the cine.
    frames = [frame for seg in segs for frame in seg.frames] or list(origin.source.frames[0])
    report: Dataset = ComprehensiveSR(
        evidence=_evidence(frames, segs, origin.source.study_uid),
        content=_content(groups, frames, origin),
        series_instance_uid=origin.uid("sr/series"),
        series_number=settings.report_series_number,
        sop_instance_uid=origin.uid("sr"),
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description=f"Cardiac measurements ({equipment.SERIES_NOTE})",
        **equipment.sop_class_arguments(origin),
    )
    equipment.stamp(report, origin)
    codes.harmonise_meanings(report)
    schemes = codes.coding_schemes(report)
    if schemes:
        report.CodingSchemeIdentificationSequence = schemes
    return report


def _content(
    groups: Sequence[Group], frames: Sequence[FrameRef], origin: Origin
) -> ContainerContentItem:
    content = MeasurementReport(
        observation_context=equipment.observation_context(origin.identity),
        procedure_reported=codes.CARDIAC_MRI,
        imaging_measurements=groups,
        title=codes.MEASUREMENT_REPORT,
    )[0]
    library = image_library(frames, origin.source.geometry)
    # TID 1500: the image library comes before the measurements, which highdicom puts last.
    content.ContentSequence.insert(len(content.ContentSequence) - 1, library)
    return content


def _evidence(
    frames: Sequence[FrameRef], segs: Sequence[WrittenSeg], study_uid: str
) -> list[Dataset]:
    """Make a header of every instance that the report refers to, each once."""
    images = {f.sop_instance_uid: (f.sop_class_uid, f.series_uid) for f in frames}
    masks = {s.sop_instance_uid: (s.sop_class_uid, s.series_uid) for s in segs}
    headers = []
    for uid, (sop_class_uid, series_uid) in {**images, **masks}.items():
        header = blank_header(sop_class_uid, uid)
        header.SeriesInstanceUID, header.StudyInstanceUID = series_uid, study_uid
        headers.append(header)
    return headers
