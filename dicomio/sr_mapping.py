"""Measurement groups of a map: wall, septum and blood as a whole, then one an AHA segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from highdicom.sr import AlgorithmIdentification, Measurement, TrackingIdentifier
from highdicom.sr import RelationshipTypeValues as Relation
from highdicom.sr.value_types import ContentItem
from pydicom.sr.coding import Code

from cmr.results_mapping import EcvMapResults, Region, TissueMap
from dicomio import codes, equipment
from dicomio.map_objects import WrittenMap
from dicomio.map_terms import method_of
from dicomio.region_seg import tracking_uid
from dicomio.segment_seg import STRUCTURES
from dicomio.sr_content import absent, missing, remark, text_item
from dicomio.sr_map_concepts import CONCEPTS
from dicomio.sr_map_numbers import haematocrit_number, region_numbers
from dicomio.sr_templates import Group, Instance, region_group, topic_group

_STRUCTURES = {structure.label: structure for structure in STRUCTURES}


@dataclass(frozen=True)
class _Whole:
    """A region that no segment stands for: its key in the results, name and codes."""

    key: str
    title: str
    finding: Code
    site: Code


_WALL = _Whole("global", "whole wall", codes.LV_MYOCARDIUM, codes.LV_MYOCARDIUM)
_SEPTUM = _Whole("septal", "septum", codes.SEPTUM, codes.SEPTUM)
_BLOOD = _Whole("blood", "blood pool", codes.BLOOD, codes.LEFT_VENTRICLE)


def map_groups(written: WrittenMap) -> list[Group]:
    """Group every number of a map by region, with a remark for each missing one.

    An AHA segment without number and mask has no group; the whole wall's tells why.
    """
    results = written.tissue.results
    drawn = written.segments.segments if written.segments else {}
    shown = {n: r for n, r in results.segments.items() if n in drawn or any(r.values())}
    gone = {n: r for n, r in results.segments.items() if n not in shown}
    about_map = [*_about(results), *absent(gone, CONCEPTS)]
    return [
        _whole_group(_WALL, results.global_, written, _haematocrit(results), about_map),
        _whole_group(_SEPTUM, results.septal, written),
        _whole_group(_BLOOD, results.blood, written),
        *(_aha_group(number, region, written) for number, region in shown.items()),
    ]


def _whole_group(
    whole: _Whole,
    region: Region,
    written: WrittenMap,
    covariates: list[Measurement] | None = None,
    about_map: list[str] | None = None,
) -> Group:
    tissue = written.tissue
    reference = next((r for r in tissue.results.reference if r.region == whole.key), None)
    uid = written.origin.uid(f"tracking/{tissue.key}/{whole.key}")
    sources: list[Instance] = [written.segments] if written.segments else []
    remarks = [*missing(region, CONCEPTS)]
    if reference is not None and reference.reason:
        remarks.append(reference.reason)
    return topic_group(
        TrackingIdentifier(uid, f"{tissue.title}, {whole.title}"),
        whole.finding,
        whole.site,
        method_of(tissue),
        _algorithm(written),
        region_numbers(region, written, reference) + (covariates or []),
        sources,
        [_sequence(written), *map(remark, remarks + (about_map or []))],
    )


def _aha_group(number: int, region: Region, written: WrittenMap) -> Group:
    tissue, structure = written.tissue, _STRUCTURES[number]
    tracking = TrackingIdentifier(
        tracking_uid(tissue.key, number, written.origin), f"{tissue.title}, {structure.title}"
    )
    return region_group(
        structure,
        written.segments,
        tracking,
        method_of(tissue),
        _algorithm(written),
        region_numbers(region, written),
        [_sequence(written), *map(remark, missing(region, CONCEPTS))],
    )


def _algorithm(written: WrittenMap) -> AlgorithmIdentification:
    return equipment.measurement_algorithm(equipment.MAPPING_ALGORITHM, written.origin.identity)


def _sequence(written: WrittenMap) -> ContentItem:
    return text_item(codes.PULSE_SEQUENCE_NAME, written.tissue.results.sequence, Relation.CONTAINS)


def _haematocrit(results: TissueMap[Any]) -> list[Measurement]:
    haematocrit = results.haematocrit if isinstance(results, EcvMapResults) else None
    return [haematocrit_number(haematocrit)] if haematocrit else []


def _about(results: TissueMap[Any]) -> Iterator[str]:
    """What a reader of the map has to know."""
    yield f"Source: {results.source} map. {results.source_reason}"
    yield f"Contrast: {results.contrast_reason}"
    yield f"Whole wall: {results.global_of}"
    if results.fit is not None:
        yield f"Fit: {results.fit.model}"
    if isinstance(results, EcvMapResults) and results.haematocrit:
        yield f"Haematocrit, {results.haematocrit.source}: {results.haematocrit.origin}"
    for z, one in enumerate(results.slices, 1):
        if one.reason:
            yield f"Slice {z} has no segments: {one.reason}"
    yield from (f"Left out: {text}" for text in results.left_out)
    yield from results.notes
    if results.qc.not_passed:
        failed = ", ".join(results.qc.not_passed)
        yield f"Quality control of this map: {results.qc.status.value} ({failed})"
