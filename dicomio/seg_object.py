"""What every BINARY segmentation of this project has in common, whatever it was drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highdicom as hd
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from cmr.errors import GeometryError
from cmr.volume import StackGeometry
from dicomio import codes, equipment, highdicom_fixes
from dicomio.origin import Origin
from dicomio.source import FrameRef

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Structure:
    """A segment that may be written: its value in the mask, name, code and colour (sRGB)."""

    label: int
    title: str
    code: Code
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class WrittenSegment:
    """What a report needs to refer to one segment."""

    number: int
    structure: Structure
    tracking_id: str
    tracking_uid: str


@dataclass(frozen=True, eq=False)
class SegObject:
    """One SEG to be made, but for its pixels.

    Attributes
    ----------
    algorithm
        Name of what drew the masks.
    images
        By slice, the images that the masks were drawn on.
    modifier
        Of the property type of every segment.
    """

    sop_instance_uid: str
    series_uid: str
    series_number: int
    instance_number: int
    content_label: str
    content_description: str
    series_description: str
    algorithm: str
    segments: Sequence[WrittenSegment]
    geometry: StackGeometry
    images: Sequence[Sequence[FrameRef]]
    modifier: Code | None = None


def present(structures: Sequence[Structure], mask: Mask) -> list[Structure]:
    """Those of ``structures`` with a voxel in ``mask``."""
    return [s for s in structures if (mask == s.label).any()]


def build_seg(plan: SegObject, mask: Mask, origin: Origin) -> Dataset:
    """Make the SEG of ``mask`` ``(z, row, col)``."""
    geometry = plan.geometry
    frame_of_reference_uid = origin.frame_of_reference_uid(geometry)
    seg: Dataset = hd.seg.Segmentation(
        source_images=highdicom_fixes.stand_in_headers(
            geometry, _extent_mm(geometry), origin.study_uid, frame_of_reference_uid
        ),
        pixel_array=np.stack([mask == s.structure.label for s in plan.segments], axis=-1),
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
    if geometry.n_slices > 1 and not geometry.is_regular:
        _measure_each_frame(seg, geometry)
    codes.harmonise_meanings(seg)
    return seg


def _description(
    segment: WrittenSegment, plan: SegObject, origin: Origin
) -> hd.seg.SegmentDescription:
    structure = segment.structure
    description = hd.seg.SegmentDescription(
        segment_number=segment.number,
        segment_label=structure.title,
        segmented_property_category=codes.ANATOMICAL_STRUCTURE,
        segmented_property_type=structure.code,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=equipment.segmentation_algorithm(plan.algorithm, origin.identity),
        tracking_uid=segment.tracking_uid,
        tracking_id=segment.tracking_id,
        display_color=hd.color.CIELabColor.from_rgb(*structure.colour),
    )
    if plan.modifier is not None:
        kind = description.SegmentedPropertyTypeCodeSequence[0]
        modifier = hd.sr.CodedConcept.from_code(plan.modifier)
        kind.SegmentedPropertyTypeModifierCodeSequence = [modifier]
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
