"""The measurement groups of TID 1500 that this project writes: of a segment, of a topic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

from highdicom.sr import (
    AlgorithmIdentification,
    FindingSite,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    ReferencedSegment,
    SourceImageForMeasurementGroup,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from highdicom.sr.value_types import ContentItem
from pydicom.sr.coding import Code

from dicomio.highdicom_fixes import fix_group_method
from dicomio.region_seg import WrittenRegions
from dicomio.seg_object import Structure, WrittenSegment
from dicomio.source import FrameRef
from dicomio.sr_content import source_images

Group: TypeAlias = (
    VolumetricROIMeasurementsAndQualitativeEvaluations | MeasurementsAndQualitativeEvaluations
)


class Instance(Protocol):
    """A written object, as far as others refer to it."""

    @property
    def sop_class_uid(self) -> str:
        """What kind of object."""

    @property
    def sop_instance_uid(self) -> str:
        """Which object."""

    @property
    def series_uid(self) -> str:
        """Its series."""


def segment_group(  # noqa: PLR0913
    segment: WrittenSegment,
    seg: Instance,
    frames: Sequence[FrameRef],
    tracking: TrackingIdentifier,
    method: Code | None,
    algorithm: AlgorithmIdentification,
    measurements: Sequence[Measurement],
    items: Iterable[ContentItem] = (),
) -> Group:
    """TID 1411: measured on a segment that was drawn on ``frames``; ``items`` come last."""
    structure = segment.structure
    group = VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking,
        referenced_segment=ReferencedSegment(
            seg.sop_class_uid,
            seg.sop_instance_uid,
            segment.number,
            source_images=source_images(frames),
        ),
        finding_category=structure.category,
        finding_type=structure.code,
        finding_sites=[FindingSite(structure.site)],
        method=method,
        algorithm_id=algorithm,
        measurements=measurements,
    )
    return _finished(group, items)


def topic_group(  # noqa: PLR0913
    tracking: TrackingIdentifier,
    finding: Code,
    site: Code,
    method: Code | None,
    algorithm: AlgorithmIdentification | None,
    measurements: Sequence[Measurement],
    sources: Sequence[Instance],
    items: Iterable[ContentItem],
) -> Group:
    """TID 1501: measured on ``sources``; ``items`` come last."""
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking,
        finding_type=finding,
        finding_sites=[FindingSite(site)],
        method=method,
        algorithm_id=algorithm,
        measurements=measurements,
        source_images=[
            SourceImageForMeasurementGroup(s.sop_class_uid, s.sop_instance_uid) for s in sources
        ],
    )
    return _finished(group, items)


def region_group(  # noqa: PLR0913
    structure: Structure,
    drawn: WrittenRegions | None,
    tracking: TrackingIdentifier,
    method: Code | None,
    algorithm: AlgorithmIdentification,
    measurements: Sequence[Measurement],
    items: Iterable[ContentItem],
) -> Group:
    """Measured on the segment of ``structure``; by its site alone where that was not drawn."""
    if drawn is None or structure.label not in drawn.segments:
        code, site = structure.code, structure.site
        return topic_group(tracking, code, site, method, algorithm, measurements, [], items)
    segment, images = drawn.segments[structure.label], drawn.images[structure.label]
    return segment_group(segment, drawn, images, tracking, method, algorithm, measurements, items)


def _finished(group: Group, items: Iterable[ContentItem]) -> Group:
    fix_group_method(group[0])
    for item in items:
        group[0].ContentSequence.append(item)
    return group
