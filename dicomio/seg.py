"""DICOM Segmentation of cine phases, one BINARY instance a phase.

End-diastole and end-systole form one series, all other phases (on request) a second one. One
object over several phases would be shorter, but readers then mix the phases up: dcmqi gave 180 ml
for a myocardium of 103 ml, and OHIF shows the first mask on every frame (OHIF #4789).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import highdicom as hd
import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveInt
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import SegmentationStorage

from cmr.errors import GeometryError
from cmr.labels import Label
from cmr.settings import Section
from cmr.volume import StackGeometry, Volume4D
from dicomio import codes, equipment, highdicom_fixes
from dicomio.origin import Origin, origin_of
from dicomio.quiet import quiet
from dicomio.source import CineSource, FrameRef
from dicomio.uids import ResultIdentity, file_name


class WriterSettings(Section):
    """Section ``writers`` of ``app.yaml``."""

    all_phases: bool
    phase_series_number: PositiveInt
    all_phases_series_number: PositiveInt
    report_series_number: PositiveInt
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


@dataclass(frozen=True)
class Structure:
    """A segment that may be written: its name, code and colour (sRGB)."""

    label: Label
    title: str
    code: Code
    colour: tuple[int, int, int]


STRUCTURES: tuple[Structure, ...] = (
    Structure(Label.LV, "Left ventricular cavity", codes.LEFT_VENTRICLE, (220, 50, 47)),
    Structure(Label.MYOCARDIUM, "Left ventricular myocardium", codes.LV_MYOCARDIUM, (80, 180, 80)),
    Structure(Label.RV, "Right ventricular cavity", codes.RIGHT_VENTRICLE, (60, 120, 220)),
)
"""In the order of segment numbers."""


@dataclass(frozen=True)
class WrittenSegment:
    """What a report needs to refer to one segment."""

    number: int
    structure: Structure
    tracking_id: str
    tracking_uid: str


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

    Raises
    ------
    GeometryError
        Masks that do not match the source.
    """
    expected = (len(source.frames), source.geometry.n_slices, *source.geometry.shape)
    if labels.data.shape != expected:
        raise GeometryError(f"SEG: masks {labels.data.shape}, source {expected}.")
    plans = [p for p in _plans(phases, len(source.frames), settings) if labels.data[p.index].any()]
    origin = origin_of(source, identity)
    with quiet():
        return tuple(_write(plan, labels.data[plan.index], origin, folder) for plan in plans)


def _plans(phases: Mapping[str, int], n_phases: int, settings: WriterSettings) -> list[_Plan]:
    plans = [
        _Plan(_NAMED[key], index, "phases", settings.phase_series_number, number)
        for number, (key, index) in enumerate(phases.items(), 1)
    ]
    others = set(range(n_phases)) - set(phases.values()) if settings.all_phases else set()
    for number, index in enumerate(sorted(others), 1):
        phase = Phase(f"p{index:02d}", f"phase {index + 1} of {n_phases}", "UNDETERMINED", None)
        series_number = settings.all_phases_series_number
        plans.append(_Plan(phase, index, "all-phases", series_number, number))
    return plans


def _write(plan: _Plan, mask: npt.NDArray[np.uint8], origin: Origin, folder: Path) -> WrittenSeg:
    present = [s for s in STRUCTURES if (mask == s.label).any()]
    segments = [
        _segment(number, structure, plan.phase, origin)
        for number, structure in enumerate(present, 1)
    ]
    uid = origin.uid(f"seg/{plan.phase.key}")
    written = WrittenSeg(
        path=folder / file_name(f"seg-{plan.phase.key}", uid),
        phase=plan.phase.key,
        phase_index=plan.index,
        series_uid=origin.uid(f"seg/series/{plan.series}"),
        sop_instance_uid=uid,
        segments=MappingProxyType({s.structure.label: s for s in segments}),
        absent=tuple(s.label for s in STRUCTURES if s not in present),
        frames=origin.source.frames[plan.index],
    )
    _build(plan, written, mask, origin).save_as(written.path, enforce_file_format=True)
    return written


def _segment(number: int, structure: Structure, phase: Phase, origin: Origin) -> WrittenSegment:
    return WrittenSegment(
        number=number,
        structure=structure,
        tracking_id=f"{structure.title}, {phase.title}",
        # One a structure and phase: readers tell regions apart by it.
        tracking_uid=origin.uid(f"tracking/{structure.label.name}/{phase.key}"),
    )


def _build(
    plan: _Plan, written: WrittenSeg, mask: npt.NDArray[np.uint8], origin: Origin
) -> Dataset:
    geometry = origin.source.geometry
    segments = list(written.segments.values())
    seg: Dataset = hd.seg.Segmentation(
        source_images=highdicom_fixes.stand_in_headers(
            geometry, _extent_mm(geometry), origin.source.study_uid, origin.frame_of_reference_uid
        ),
        pixel_array=np.stack([mask == s.structure.label for s in segments], axis=-1),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(s, plan.phase, origin.identity) for s in segments],
        series_instance_uid=written.series_uid,
        series_number=plan.series_number,
        sop_instance_uid=written.sop_instance_uid,
        instance_number=plan.instance_number,
        content_label=f"CINE_{plan.phase.key.upper()}",
        content_description=f"Short-axis cine, {plan.phase.title}",
        series_description=f"Short-axis masks ({equipment.SERIES_NOTE})",
        **equipment.sop_class_arguments(origin),
    )
    equipment.stamp(seg, origin)
    seg.BodyPartExamined = "HEART"
    highdicom_fixes.complete_seg(seg, f"{origin.identity.application}^AI", origin.uid("dimensions"))
    highdicom_fixes.set_sources(seg, written.frames, geometry)
    _mark_phase(seg, plan.phase)
    if geometry.n_slices > 1 and not geometry.is_regular:
        _measure_each_frame(seg, geometry)
    codes.harmonise_meanings(seg)
    return seg


def _description(
    segment: WrittenSegment, phase: Phase, identity: ResultIdentity
) -> hd.seg.SegmentDescription:
    structure = segment.structure
    description = hd.seg.SegmentDescription(
        segment_number=segment.number,
        segment_label=structure.title,
        segmented_property_category=codes.ANATOMICAL_STRUCTURE,
        segmented_property_type=structure.code,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=equipment.segmentation_algorithm(identity),
        tracking_uid=segment.tracking_uid,
        tracking_id=segment.tracking_id,
        display_color=hd.color.CIELabColor.from_rgb(*structure.colour),
    )
    if phase.code is not None:
        kind = description.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [hd.sr.CodedConcept.from_code(phase.code)]
    return description


def _extent_mm(geometry: StackGeometry) -> float:
    """Return the length along the normal that a slice stands for.

    It is written as thickness and spacing of the frames, so a reader that multiplies area by
    thickness, or by the distance of the frames, gets the volume of ``results.json``. A single
    slice stands for its own thickness.
    """
    if geometry.n_slices > 1:
        return float(geometry.gaps_mm.mean())
    if not np.isfinite(geometry.slice_thickness_mm):
        raise GeometryError("SEG: one slice of unknown thickness; its volume cannot be stated.")
    return geometry.slice_thickness_mm


def _measure_each_frame(seg: Dataset, geometry: StackGeometry) -> None:
    """Uneven gaps: every frame states its own extent, and no spacing is claimed for the stack."""
    shared = seg.SharedFunctionalGroupsSequence[0]
    spacing = shared.PixelMeasuresSequence[0].PixelSpacing
    del shared.PixelMeasuresSequence
    for group in seg.PerFrameFunctionalGroupsSequence:
        extent = geometry.slice_extents_mm[highdicom_fixes.slice_of(group, geometry)]
        item = Dataset()
        item.PixelSpacing = spacing
        (item.SliceThickness,) = highdicom_fixes.decimals([extent])
        group.PixelMeasuresSequence = [item]


def _mark_phase(seg: Dataset, phase: Phase) -> None:
    for group in seg.PerFrameFunctionalGroupsSequence:
        group.FrameContentSequence[0].CardiacCyclePosition = phase.position
