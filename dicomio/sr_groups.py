"""Measurement groups of the structured report: one a segment (TID 1411), one a topic (TID 1501)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from highdicom.sr import AlgorithmIdentification, Measurement, TrackingIdentifier
from pydicom.sr.coding import Code

from cmr.labels import PHASES, Label
from cmr.records import Measured, Quantity
from cmr.results import Cine, StudyResults
from dicomio import codes, equipment
from dicomio.highdicom_fixes import add_to_measurement
from dicomio.origin import Origin
from dicomio.seg import WrittenSeg
from dicomio.sr_concepts import BSA_METHODS, CONCEPTS, Concept, Part, Region
from dicomio.sr_content import number, remark
from dicomio.sr_ranges import cine_range_items
from dicomio.sr_templates import Group, segment_group, topic_group
from dicomio.sr_wall import wall_groups


@dataclass(frozen=True)
class Topic:
    """What a TID 1501 group is about."""

    title: str
    site: Code
    method: Code | None = None
    from_masks: bool = False


_TOPICS = MappingProxyType(
    {
        Part.LV_FUNCTION: Topic(Part.LV_FUNCTION.value, codes.LEFT_VENTRICLE, None, True),
        Part.RV_FUNCTION: Topic(Part.RV_FUNCTION.value, codes.RIGHT_VENTRICLE, None, True),
        Part.LV_AREA_LENGTH: Topic(
            Part.LV_AREA_LENGTH.value, codes.LEFT_VENTRICLE, codes.BULLET, True
        ),
        Part.HEART: Topic(Part.HEART.value, codes.HEART),
    }
)
_QUALITY = Topic("Quality control", codes.HEART)

# Regions that have a group wherever their segment exists.
_REGIONS = tuple(
    Region(label, phase) for label in (Label.LV, Label.MYOCARDIUM, Label.RV) for phase in PHASES
)


def cine_groups(cine: Cine, segs: Sequence[WrittenSeg], origin: Origin) -> list[Group]:
    """Group every number of ``cine`` by segment and by topic, with a remark for each missing one.

    ``segs`` are those of end-diastole and end-systole. A number whose segment was not written goes
    to the group of its topic.
    """
    written = {Region(label, s.phase): s for s in segs for label in s.segments}
    numbers = list(_numbers(cine))
    groups: list[Group] = []
    for region in filter(written.__contains__, _REGIONS):
        mine = [m for concept, m in numbers if concept.region == region]
        groups.append(_region_group(region, written[region], mine, origin))
    for part, topic in _TOPICS.items():
        mine = [m for c, m in numbers if c.part is part and c.region not in written]
        remarks = list(_missing(cine, part))
        if mine or remarks:
            groups.append(_topic_group(topic, mine, remarks, segs, origin))
    if cine.wall is not None:
        groups += wall_groups(cine.wall, tuple(segs), origin)
    return groups


def quality_group(results: StudyResults, origin: Origin) -> Group:
    """State the notice, the overall status and every quality gate, as remarks."""
    lines = [results.application.notice, f"Quality control: {results.quality_status.value}"]
    lines += [f"{gate.name}: {gate.status.value}. {gate.message}" for gate in results.quality]
    unmeasured = results.refusals | (results.mapping.not_measured if results.mapping else {})
    lines += [f"{part} not measured: {reason}" for part, reason in unmeasured.items()]
    return _topic_group(_QUALITY, [], lines, [], origin)


def _numbers(cine: Cine) -> Iterator[tuple[Concept, Measurement]]:
    for prefix, values in _measured(cine):
        for quantity, value in values.values():
            concept = CONCEPTS.get(f"{prefix}.{quantity.key}")
            if concept is not None:
                item = number(_completed(concept, cine), quantity, value)
                known = cine.reference.get(f"{prefix}.{quantity.key}")
                if known is not None:
                    add_to_measurement(item, cine_range_items(known, quantity))
                yield concept, item


def _completed(concept: Concept, cine: Cine) -> Concept:
    """Add what only the results know: the formula of the body surface area, and from what."""
    formula = cine.heart.bsa_formula
    if concept.name is not codes.BODY_SURFACE_AREA or formula is None:
        return concept
    given = {quantity.key: _shown(quantity, value) for quantity, value in cine.heart.values()}
    sizes = [given[key] for key in ("height_cm", "weight_kg") if key in given]
    equation = f"{formula}, from {' and '.join(sizes)}" if sizes else formula
    return replace(concept, method=BSA_METHODS[formula], equation=equation)


def _shown(quantity: Quantity, value: float) -> str:
    return f"{quantity.title.lower()} {value:.{quantity.decimals}f} {quantity.unit}"


def _missing(cine: Cine, part: Part) -> Iterator[str]:
    for prefix, values in _measured(cine):
        for quantity in values.quantities():
            concept = CONCEPTS.get(f"{prefix}.{quantity.key}")
            reason = values.withheld.get(quantity.key)
            if concept is not None and concept.part is part and reason is not None:
                yield f"{quantity.title} not reported: {reason}"


def _measured(cine: Cine) -> tuple[tuple[str, Measured], ...]:
    return (("lv", cine.lv), ("rv", cine.rv), ("heart", cine.heart))


def _region_group(
    region: Region, seg: WrittenSeg, measurements: list[Measurement], origin: Origin
) -> Group:
    segment = seg.segments[region.label]
    tracking = TrackingIdentifier(segment.tracking_uid, segment.tracking_id)
    algorithm = _algorithm(origin)
    return segment_group(
        segment, seg, seg.frames, tracking, codes.VOXEL_SUM, algorithm, measurements
    )


def _topic_group(
    topic: Topic,
    measurements: list[Measurement],
    remarks: Iterable[str],
    segs: Sequence[WrittenSeg],
    origin: Origin,
) -> Group:
    return topic_group(
        TrackingIdentifier(origin.uid(f"tracking/{topic.title}"), topic.title),
        topic.site,
        topic.site,
        topic.method,
        _algorithm(origin) if topic.from_masks else None,
        measurements,
        segs if topic.from_masks else (),
        map(remark, remarks),
    )


def _algorithm(origin: Origin) -> AlgorithmIdentification:
    return equipment.measurement_algorithm(equipment.CINE_ALGORITHM, origin.identity)
