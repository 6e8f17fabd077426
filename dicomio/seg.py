"""DICOM Segmentation of cine phases, one BINARY instance a phase.

End-diastole and end-systole are series of their own: OHIF shows the last instance of a series of
masks and no other. All other phases (on request) share one. One object over several phases would
be shorter, but readers then mix the phases up: dcmqi gave 180 ml for a myocardium of 103 ml, and
OHIF shows the first mask on every frame (OHIF #4789).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, PositiveInt
from pydicom.sr.coding import Code
from pydicom.uid import SegmentationStorage

from cmr.errors import GeometryError
from cmr.labels import Label
from cmr.settings import Section
from cmr.volume import Volume4D
from dicomio import codes, equipment
from dicomio.origin import Origin, origin_of
from dicomio.quiet import quiet
from dicomio.seg_object import (
    Masks,
    SegObject,
    Structure,
    WrittenSegment,
    build_seg,
    present,
    split,
)
from dicomio.seg_split import Whole, write_parts
from dicomio.source import CineSource, FrameRef
from dicomio.uids import ResultIdentity, file_name


class WriterSettings(Section):
    """Section ``writers`` of ``app.yaml``."""

    all_phases: bool
    phase_series_number: PositiveInt
    all_phases_series_number: PositiveInt
    split_by_series: bool
    split_series_number: PositiveInt
    split_map_series_number: PositiveInt
    split_scar_series_number: PositiveInt
    report_series_number: PositiveInt
    text_report: bool
    text_series_number: PositiveInt
    map_series_number: PositiveInt
    segment_series_number: PositiveInt
    scar_series_number: PositiveInt
    pdf_series_number: PositiveInt
    captures: bool
    capture_series_number: PositiveInt
    key_object_series_number: PositiveInt
    device_uid: Annotated[str, Field(pattern=r"^[12](\.(0|[1-9]\d*))+$", max_length=64)]
    device_serial: Annotated[str, Field(min_length=1, max_length=64)]
    site_salt: str


@dataclass(frozen=True)
class Phase:
    """A phase with a name: how its object is called and coded."""

    key: str
    title: str
    position: str
    code: Code | None


ED = Phase("ed", "end-diastole", "END_DIASTOLE", codes.END_DIASTOLE)
ES = Phase("es", "end-systole", "END_SYSTOLE", codes.END_SYSTOLE)
_NAMED = MappingProxyType({phase.key: phase for phase in (ED, ES)})


STRUCTURES: tuple[Structure, ...] = (
    Structure(Label.LV, "Left ventricular cavity", codes.LEFT_VENTRICLE, (220, 50, 47)),
    Structure(Label.MYOCARDIUM, "Left ventricular myocardium", codes.LV_MYOCARDIUM, (80, 180, 80)),
    Structure(Label.RV, "Right ventricular cavity", codes.RIGHT_VENTRICLE, (60, 120, 220)),
)
"""In the order of segment numbers."""


@dataclass(frozen=True)
class WrittenSeg:
    """One SEG on disk.

    ``frames`` holds the source image of each slice, ``absent`` the structures without a single
    voxel in this phase: they have no segment.
    """

    path: Path
    phase: str
    phase_index: int
    series_uid: str
    sop_instance_uid: str
    segments: Mapping[Label, WrittenSegment]
    absent: tuple[Label, ...]
    frames: tuple[FrameRef, ...]

    sop_class_uid: str = str(SegmentationStorage)


@dataclass(frozen=True, eq=False)
class _Plan:
    """One SEG to be made."""

    phase: Phase
    index: int
    series: str
    series_number: int
    instance_number: int


def write_phase_segs(  # noqa: PLR0913
    source: CineSource,
    labels: Volume4D,
    phases: Mapping[str, int],
    identity: ResultIdentity,
    settings: WriterSettings,
    folder: Path,
) -> tuple[WrittenSeg, ...]:
    """Write one SEG for each phase, and for every other phase if the settings ask for it.

    Parameters
    ----------
    labels
        ``(t, z, row, col)`` masks (:class:`cmr.labels.Label`) on the pixels of ``source``.
    phases
        Index of the phases ``"ed"`` and ``"es"``.
    folder
        Existing folder for the files.

    Returns
    -------
    tuple of WrittenSeg
        In the order of ``phases``, then of the cycle. A phase without any voxel has no object.
        Parts by source series, where the settings ask for them, lie beside them.

    Raises
    ------
    GeometryError
        Masks that do not match the source.
    """
    expected = (len(source.frames), source.geometry.n_slices, *source.geometry.shape)
    if labels.data.shape != expected:
        raise GeometryError(f"SEG: masks {labels.data.shape}, source {expected}.")
    plans = [p for p in _plans(phases, len(source.frames), settings) if labels.data[p.index].any()]
    origin = origin_of([source.images], identity)
    written, wholes = [], []
    with quiet():
        for plan in plans:
            masks = split(labels.data[plan.index], STRUCTURES)
            seg = _written(plan, masks, source, origin, folder)
            whole = Whole(plan.phase.key, _title(plan), _object(plan, seg, source), masks)
            build_seg(whole.seg, masks, origin).save_as(seg.path, enforce_file_format=True)
            written.append(seg)
            wholes.append(whole)
        if settings.split_by_series:
            named = [whole for whole in wholes if whole.key in _NAMED]
            write_parts(named, settings.split_series_number, origin, folder)
    return tuple(written)


def _plans(phases: Mapping[str, int], n_phases: int, settings: WriterSettings) -> list[_Plan]:
    plans = [
        _Plan(_NAMED[key], index, key, number, 1)
        for number, (key, index) in enumerate(phases.items(), settings.phase_series_number)
    ]
    others = set(range(n_phases)) - set(phases.values()) if settings.all_phases else set()
    for number, index in enumerate(sorted(others), 1):
        phase = Phase(f"p{index:02d}", f"phase {index + 1} of {n_phases}", "UNDETERMINED", None)
        series_number = settings.all_phases_series_number
        plans.append(_Plan(phase, index, "all-phases", series_number, number))
    return plans


def _written(
    plan: _Plan, masks: Masks, source: CineSource, origin: Origin, folder: Path
) -> WrittenSeg:
    found = present(STRUCTURES, masks)
    segments = [_segment(n, structure, plan.phase, origin) for n, structure in enumerate(found, 1)]
    uid = origin.uid(f"seg/{plan.phase.key}")
    return WrittenSeg(
        path=folder / file_name(f"seg-{plan.phase.key}", uid),
        phase=plan.phase.key,
        phase_index=plan.index,
        series_uid=origin.uid(f"seg/series/{plan.series}"),
        sop_instance_uid=uid,
        segments=MappingProxyType({Label(s.structure.label): s for s in segments}),
        absent=tuple(Label(s.label) for s in STRUCTURES if s not in found),
        frames=source.frames[plan.index],
    )


def _title(plan: _Plan) -> str:
    """Phase first: a viewer's list shows the first 24 letters or so of a series."""
    return plan.phase.key.upper() if plan.phase.key in _NAMED else "Other phases"


def _segment(number: int, structure: Structure, phase: Phase, origin: Origin) -> WrittenSegment:
    return WrittenSegment(
        number=number,
        structure=structure,
        algorithm=equipment.CINE_ALGORITHM,
        tracking_id=f"{structure.title}, {phase.title}",
        # One a structure and phase: readers tell regions apart by it.
        tracking_uid=origin.uid(f"tracking/{Label(structure.label).name}/{phase.key}"),
    )


def _object(plan: _Plan, written: WrittenSeg, source: CineSource) -> SegObject:
    return SegObject(
        sop_instance_uid=written.sop_instance_uid,
        series_uid=written.series_uid,
        series_number=plan.series_number,
        instance_number=plan.instance_number,
        content_label=f"CINE_{plan.phase.key.upper()}",
        content_description=f"Short-axis cine, {plan.phase.title}",
        series_description=f"{_title(plan)}, short-axis masks ({equipment.SERIES_NOTE})",
        segments=list(written.segments.values()),
        geometry=source.geometry,
        images=[[frame] for frame in written.frames],
        modifier=plan.phase.code,
        cycle_position=plan.phase.position,
    )
