"""What every BINARY segmentation of this project has in common, whatever it was drawn on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from cmr.anatomy import Labels, Mask
from cmr.errors import GeometryError
from cmr.volume import StackGeometry
from dicomio import codes, equipment, highdicom_fixes
from dicomio.origin import Origin
from dicomio.source import FrameRef

Masks: TypeAlias = Mapping[int, Mask]
"""Where each structure lies, ``(z, row, col)`` by its label; structures may overlap."""


@dataclass(frozen=True)
class Structure:
    """A segment that may be written: its label, name, code and colour (sRGB).

    ``lies_in`` is the anatomy that something abnormal was found in; None for anatomy itself.
    """

    label: int
    title: str
    code: Code
    colour: tuple[int, int, int]
    lies_in: Code | None = None

    @property
    def category(self) -> Code:
        """What kind of thing it is."""
        return codes.ABNORMAL_STRUCTURE if self.lies_in else codes.ANATOMICAL_STRUCTURE

    @property
    def site(self) -> Code:
        """Anatomy where it is found."""
        return self.lies_in or self.code


@dataclass(frozen=True)
class WrittenSegment:
    """What a report needs to refer to one segment, and what drew it."""

    number: int
    structure: Structure
    algorithm: equipment.Algorithm
    tracking_id: str
    tracking_uid: str


@dataclass(frozen=True, eq=False)
class SegObject:
    """One SEG to be made, but for its pixels.

    Attributes
    ----------
    images
        By slice, the images that the masks were drawn on.
    moved
        By slice, whether its images were shifted onto each other; empty where none was.
    modifier
        Of the property type of every segment.
    cycle_position
        Cardiac Cycle Position of every frame; empty where it is not stated.
    """

    sop_instance_uid: str
    series_uid: str
    series_number: int
    instance_number: int
    content_label: str
    content_description: str
    series_description: str
    segments: Sequence[WrittenSegment]
    geometry: StackGeometry
    images: Sequence[Sequence[FrameRef]]
    moved: Sequence[bool] = ()
    modifier: Code | None = None
    cycle_position: str = ""


def split(labels: Labels, structures: Sequence[Structure]) -> Masks:
    """Mask of each structure in an array of labels."""
    return {s.label: np.asarray(labels == s.label) for s in structures}


def present(structures: Sequence[Structure], masks: Masks) -> list[Structure]:
    """Those of ``structures`` with a voxel in their mask."""
    return [s for s in structures if s.label in masks and masks[s.label].any()]


def build_seg(plan: SegObject, masks: Masks, origin: Origin) -> Dataset:
    """Make the SEG of ``masks``, one for each of ``plan.segments``."""
    geometry = plan.geometry
    frame_of_reference_uid = origin.frame_of_reference_uid(geometry)
    seg: Dataset = hd.seg.Segmentation(
        source_images=highdicom_fixes.stand_in_headers(
            geometry, _extent_mm(geometry), origin.study_uid, frame_of_reference_uid
        ),
        pixel_array=np.stack([masks[s.structure.label] for s in plan.segments], axis=-1),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(s, plan, origin) for s in plan.segments],
        series_instance_uid=plan.series_uid,
        series_number=plan.series_number,
        sop_instance_uid=plan.sop_instance_uid,
        instance_number=plan.instance_number,
        content_label=plan.content_label,
        content_description=plan.content_description,
        series_description=plan.series_description,
        **equipment.sop_class_arguments(origin),
    )
    equipment.stamp(seg, origin)
    seg.BodyPartExamined = "HEART"
    highdicom_fixes.complete(seg, f"{origin.identity.application}^AI", origin.uid("dimensions"))
    highdicom_fixes.set_sources(seg, plan.images, geometry)
    if plan.moved:
        highdicom_fixes.mark_moved(seg, plan.moved, geometry)
    if geometry.n_slices > 1 and not geometry.is_regular:
        _measure_each_frame(seg, geometry)
    if plan.cycle_position:
        for group in seg.PerFrameFunctionalGroupsSequence:
            group.FrameContentSequence[0].CardiacCyclePosition = plan.cycle_position
    codes.complete(seg)
    return seg


def _description(
    segment: WrittenSegment, plan: SegObject, origin: Origin
) -> hd.seg.SegmentDescription:
    structure = segment.structure
    description = hd.seg.SegmentDescription(
        segment_number=segment.number,
        segment_label=structure.title,
        segmented_property_category=structure.category,
        segmented_property_type=structure.code,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=equipment.segmentation_algorithm(
            segment.algorithm, origin.identity
        ),
        tracking_uid=segment.tracking_uid,
        tracking_id=segment.tracking_id,
        anatomic_regions=[structure.lies_in] if structure.lies_in else None,
        display_color=hd.color.CIELabColor.from_rgb(*structure.colour),
    )
    if plan.modifier is not None:
        kind = description.SegmentedPropertyTypeCodeSequence[0]
        modifier = hd.sr.CodedConcept.from_code(plan.modifier)
        kind.SegmentedPropertyTypeModifierCodeSequence = [modifier]
    return description


def volume_unknown(geometry: StackGeometry) -> str:
    """Why no SEG can be written on a stack; empty where one can."""
    if geometry.n_slices > 1 or np.isfinite(geometry.slice_thickness_mm):
        return ""
    return "one slice of unknown thickness; its volume cannot be stated."


def _extent_mm(geometry: StackGeometry) -> float:
    """Return the length along the normal that a slice stands for.

    It is written as thickness and spacing of the frames, so a reader that multiplies area by
    thickness, or by the distance of the frames, gets the volume of ``results.json``. A single
    slice stands for its own thickness.
    """
    if geometry.n_slices > 1:
        return float(geometry.gaps_mm.mean())
    reason = volume_unknown(geometry)
    if reason:
        raise GeometryError(f"SEG: {reason}")
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
