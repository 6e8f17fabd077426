"""Measurement groups of a map: one an AHA segment, and wall, septum and blood as a whole."""

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
from dicomio.origin import Origin, origin_of
from dicomio.segment_seg import STRUCTURES, tracking_uid
from dicomio.sr_content import remark, text_item
from dicomio.sr_map_concepts import CONCEPTS
from dicomio.sr_map_numbers import haematocrit_number, region_numbers
from dicomio.sr_templates import Group, Instance, segment_group, topic_group
from dicomio.uids import ResultIdentity

_STRUCTURES = {structure.label: structure for structure in STRUCTURES}


@dataclass(frozen=True, eq=False)
class _Whole:
    """A region that no segment stands for."""

    key: str
    title: str
    finding: Code
    site: Code
    region: Region
    measurements: list[Measurement]
    remarks: list[str]


@dataclass(frozen=True, eq=False)
class _Report:
    """A map in the report."""

    written: WrittenMap
    origin: Origin

    @property
    def results(self) -> TissueMap[Any]:
        return self.written.tissue.results

    @property
    def algorithm(self) -> AlgorithmIdentification:
        return equipment.measurement_algorithm(equipment.MAPPING_ALGORITHM, self.origin.identity)

    @property
    def sequence(self) -> ContentItem:
        return text_item(codes.PULSE_SEQUENCE_NAME, self.results.sequence, Relation.CONTAINS)


def map_groups(written: WrittenMap, identity: ResultIdentity) -> list[Group]:
    """Group every number of a map by region, with a remark for each missing one."""
    report = _Report(written, origin_of([written.tissue.images], identity))
    groups = [_whole_group(whole, report) for whole in _wholes(report)]
    return groups + [_segment_group(n, r, report) for n, r in report.results.segments.items()]


def _wholes(report: _Report) -> Iterator[_Whole]:
    results, written = report.results, report.written
    for key, title, finding, site, region in (
        ("global", "whole wall", codes.LV_MYOCARDIUM, codes.LV_MYOCARDIUM, results.global_),
        ("septal", "septum", codes.SEPTUM, codes.SEPTUM, results.septal),
        ("blood", "blood pool", codes.BLOOD, codes.LEFT_VENTRICLE, results.blood),
    ):
        reference = next((r for r in results.reference if r.region == key), None)
        numbers = region_numbers(region, written, reference)
        remarks = list(_missing(region))
        if reference is not None and reference.reason:
            remarks.append(reference.reason)
        if key == "global":
            numbers += _covariates(results)
            remarks += _remarks(results)
        yield _Whole(key, title, finding, site, region, numbers, remarks)


def _whole_group(whole: _Whole, report: _Report) -> Group:
    tissue = report.written.tissue
    uid = report.origin.uid(f"tracking/{tissue.key}/{whole.key}")
    sources: list[Instance] = [s for s in (report.written.segments,) if s is not None]
    return topic_group(
        TrackingIdentifier(uid, f"{tissue.title}, {whole.title}"),
        whole.finding,
        whole.site,
        method_of(tissue),
        report.algorithm,
        whole.measurements,
        sources,
        [report.sequence, *map(remark, whole.remarks)],
    )


def _segment_group(number: int, region: Region, report: _Report) -> Group:
    tissue, segments = report.written.tissue, report.written.segments
    structure = _STRUCTURES[number]
    tracking = TrackingIdentifier(
        tracking_uid(tissue, number, report.origin), f"{tissue.title}, {structure.title}"
    )
    numbers = region_numbers(region, report.written)
    items = [report.sequence, *map(remark, _missing(region))]
    if segments is None or number not in segments.segments:
        return topic_group(
            tracking,
            structure.code,
            structure.code,
            method_of(tissue),
            report.algorithm,
            numbers,
            [],
            items,
        )
    return segment_group(
        segments.segments[number],
        segments,
        segments.images[number],
        tracking,
        method_of(tissue),
        report.algorithm,
        numbers,
        items,
    )


def _missing(region: Region) -> Iterator[str]:
    """Titles of the missing numbers by reason."""
    titles: dict[str, list[str]] = {}
    for quantity in region.quantities():
        reason = region.withheld.get(quantity.key)
        if reason is not None and quantity.key in CONCEPTS:
            titles.setdefault(reason, []).append(quantity.title)
    for reason, missing in titles.items():
        yield f"{', '.join(missing)} not reported: {reason}"


def _covariates(results: TissueMap[Any]) -> list[Measurement]:
    haematocrit = results.haematocrit if isinstance(results, EcvMapResults) else None
    return [haematocrit_number(haematocrit)] if haematocrit else []


def _remarks(results: TissueMap[Any]) -> Iterator[str]:
    """What a reader of the map has to know."""
    yield f"Source: {results.source} map. {results.source_reason}"
    yield f"Contrast: {results.contrast_reason}"
    yield f"Whole wall: {results.global_of}"
    if isinstance(results, EcvMapResults) and results.haematocrit:
        yield f"Haematocrit, {results.haematocrit.source}: {results.haematocrit.origin}"
    yield from (f"Left out: {text}" for text in results.left_out)
    yield from results.notes
    if results.qc.not_passed:
        failed = ", ".join(results.qc.not_passed)
        yield f"Quality control of this map: {results.qc.status.value} ({failed})"
