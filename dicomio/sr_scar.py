"""Measurement groups of late enhancement: the wall and what lies in it, then each AHA segment."""

from __future__ import annotations

from highdicom.sr import TrackingIdentifier

from cmr.results_scar import (
    GRAY_TITLES,
    METHOD_TITLES,
    GrayDefinition,
    GrayZone,
    ScarMethod,
    ScarSegment,
    Territory,
)
from dicomio import codes, equipment, scar_seg
from dicomio.equipment import LATE_ALGORITHM
from dicomio.region_seg import tracking_uid
from dicomio.scar_seg import AHA_KEY, WrittenScar, gray_algorithm, method_algorithm
from dicomio.segment_seg import AHA_STRUCTURES
from dicomio.sr_content import absent
from dicomio.sr_scar_about import about_images, about_method, about_result
from dicomio.sr_scar_groups import Means, Told, count, other_group, part_group, told
from dicomio.sr_templates import Group, region_group

_AHA = {structure.label: structure for structure in AHA_STRUCTURES}
_AMOUNT = ("mass_g", "pct_lv_mass")
_LAYERS = ("endocardial_pct", "midwall_pct", "epicardial_pct")
_SEGMENT = ("scar_pct", "transmurality_pct")


def scar_groups(written: WrittenScar) -> list[Group]:
    """Group every number of late enhancement, with a remark for each missing one.

    An AHA segment without number and mask has no group; the myocardium's tells why.
    """
    scar = written.late.results
    drawn = written.segments.segments if written.segments else {}
    shown = {n: s for n, s in scar.segments.items() if n in drawn or any(s.values())}
    gone = {n: s for n, s in scar.segments.items() if n not in shown}
    return [
        _myocardium(written, list(absent(gone, _SEGMENT))),
        _scar(written),
        *(_method(m, written) for m in scar.methods if m != scar.method),
        *_own_zone(written),
        *(g for d in scar.gray_zones if d != scar.gray_definition for g in _zone(d, written)),
        _no_reflow(written),
        _remote(written),
        *(_territory(name, written) for name in scar.territories),
        *(_segment(n, segment, written) for n, segment in shown.items()),
    ]


def _myocardium(written: WrittenScar, gone: list[str]) -> Group:
    scar = written.late.results
    unwritten = [f"No segmentation: {written.reason}"] if written.reason else []
    said = told("", scar, ["lv_mass_g"])
    said += Told(remarks=[*about_images(scar), *gone, *unwritten])
    return part_group(scar_seg.MYOCARDIUM, Means(LATE_ALGORITHM), said, written)


def _scar(written: WrittenScar) -> Group:
    scar = written.late.results
    said = told("", scar, (*_AMOUNT, "segments_over_50")) + told("layers.", scar.layers, _LAYERS)
    said += Told(remarks=list(about_method(scar)))
    return part_group(scar_seg.SCAR, _by(scar.method), said, written)


def _method(method: ScarMethod, written: WrittenScar) -> Group:
    result = written.late.results.methods[method]
    said = told("methods.", result, _AMOUNT) + Told(remarks=list(about_result(result)))
    title = f"scar by another method ({METHOD_TITLES[method]})"
    return other_group(f"method/{method}", title, codes.SCAR, _by(method), said, written)


def _own_zone(written: WrittenScar) -> list[Group]:
    """Core and gray zone that have segments; their shares are those of the scar itself."""
    scar = written.late.results
    zone, means = scar.gray_zones.get(scar.gray_definition), _zone_by(scar.gray_definition)
    core, gray = told("", scar, ["core_pct"]), told("", scar, ["gray_pct"])
    if zone is not None:
        core += told("gray_zones.", zone, ["core_g"])
        gray += told("gray_zones.", zone, ["gray_g", "gray_of_scar_pct"])
    return [
        part_group(scar_seg.CORE, means, core, written),
        part_group(scar_seg.GRAY_ZONE, means, gray, written),
    ]


def _zone(definition: GrayDefinition, written: WrittenScar) -> list[Group]:
    zone: GrayZone = written.late.results.gray_zones[definition]
    title, means = GRAY_TITLES[definition], _zone_by(definition)
    core = told("gray_zones.", zone, ["core_g", "core_pct"])
    gray = told("gray_zones.", zone, ["gray_g", "gray_pct", "gray_of_scar_pct"])
    named = f"by another definition ({title})"
    return [
        other_group(f"core/{definition}", f"core {named}", codes.SCAR_CORE, means, core, written),
        other_group(
            f"gray/{definition}", f"gray zone {named}", codes.GRAY_ZONE, means, gray, written
        ),
    ]


def _no_reflow(written: WrittenScar) -> Group:
    scar = written.late.results
    said = told("", scar, ["mvo_g", "mvo_pct"])
    return part_group(scar_seg.NO_REFLOW, _by(scar.method), said, written)


def _remote(written: WrittenScar) -> Group:
    remote = written.late.results.remote
    refused = [f"Slice {z + 1}: {reason}" for z, reason in remote.slices_refused.items()]
    said = count(codes.PIXELS_USED, remote.pixels, "{pixels}")
    said += told("remote.", remote, ["mean", "sd"]) + Told(remarks=refused)
    finding, means = codes.REMOTE_MYOCARDIUM, Means(LATE_ALGORITHM)
    return other_group("remote", "remote myocardium", finding, means, said, written)


def _territory(name: Territory, written: WrittenScar) -> Group:
    scar = written.late.results
    territory = scar.territories[name]
    said = told("territories.", territory, _AMOUNT)
    if territory.segments_with_scar is not None:
        said = count(codes.SEGMENTS_WITH_SCAR, territory.segments_with_scar) + said
    said += Told(
        evaluations=[(codes.CORONARY_TERRITORY, codes.CORONARY_ARTERIES[name])],
        remarks=[f"AHA segments counted: {', '.join(map(str, territory.segments)) or 'none'}"],
    )
    means = _by(scar.method)
    return other_group(f"territory/{name}", f"{name} territory", codes.SCAR, means, said, written)


def _segment(n: int, segment: ScarSegment, written: WrittenScar) -> Group:
    means, structure = _by(written.late.results.method), _AHA[n]
    said = count(codes.CHORDS, segment.chords) + told("segments.", segment, _SEGMENT)
    if segment.transmurality_class is not None:
        found = codes.TRANSMURALITY_CLASSES[segment.transmurality_class]
        said += Told(evaluations=[(codes.TRANSMURALITY_CLASS, found)])
    tracking = TrackingIdentifier(
        tracking_uid(AHA_KEY, n, written.origin), f"{written.late.title}, {structure.title}"
    )
    return region_group(
        structure,
        written.segments,
        tracking,
        means.method,
        equipment.measurement_algorithm(means.algorithm, written.origin.identity),
        said.numbers,
        said.items,
    )


def _by(method: ScarMethod) -> Means:
    return Means(method_algorithm(method), codes.SCAR_METHODS[method])


def _zone_by(definition: GrayDefinition) -> Means:
    return Means(gray_algorithm(definition), codes.GRAY_DEFINITIONS[definition])
