"""Measurement groups of the wall on the cine: one of the whole wall, then one an AHA segment.

Each is told by its finding site (TID 1501), as no segment of the SEG stands for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from highdicom.sr import TrackingIdentifier
from pydicom.sr.coding import Code

from cmr.results_cine import Wall, WallSegment
from dicomio import codes, equipment
from dicomio.origin import Origin
from dicomio.region_seg import tracking_uid
from dicomio.seg import WrittenSeg
from dicomio.segment_seg import MYOCARDIUM, STRUCTURES
from dicomio.sr_content import absent, missing, number, remark
from dicomio.sr_templates import Group, topic_group

_STRUCTURES = {structure.label: structure for structure in STRUCTURES}
_KEY = "wall"


@dataclass(frozen=True)
class WallConcept:
    """How a number of the wall is coded."""

    name: Code
    modifiers: tuple[tuple[Code, Code], ...] = ()
    equation: str = ""
    method: Code | None = None


CONCEPTS: Mapping[str, WallConcept] = MappingProxyType(
    {
        "thickness_ed_mm": WallConcept(
            codes.WALL_THICKNESS,
            ((codes.CARDIAC_CYCLE_POINT, codes.END_DIASTOLE),),
            method=codes.CENTERLINE,
        ),
        "thickness_es_mm": WallConcept(
            codes.WALL_THICKNESS,
            ((codes.CARDIAC_CYCLE_POINT, codes.END_SYSTOLE),),
            method=codes.CENTERLINE,
        ),
        "thickening_pct": WallConcept(
            codes.WALL_THICKENING,
            equation="(ES thickness - ED thickness) / ED thickness",
            method=codes.CENTERLINE,
        ),
        "regional_ef_pct": WallConcept(
            codes.REGIONAL_EJECTION_FRACTION,
            equation="(ED area - ES area) / ED area, of the cavity in the sector of the segment",
        ),
    }
)
"""By key of :class:`cmr.results_cine.WallSegment`."""


def wall_groups(wall: Wall, segs: tuple[WrittenSeg, ...], origin: Origin) -> list[Group]:
    """Group every number of the wall; the group of the whole wall tells what is missing.

    Parameters
    ----------
    segs
        Those of end-diastole and end-systole, which the numbers were measured on.
    """
    shown = {n: one for n, one in wall.segments.items() if any(one.values())}
    gone = {n: one for n, one in wall.segments.items() if n not in shown}
    about = [f"Method: {wall.method}"]
    about += [f"Levels: {wall.levels}"] if wall.levels else []
    about += absent(gone, CONCEPTS)
    whole = _group(MYOCARDIUM, wall.global_, about, segs, origin)
    return [whole, *(_group(n, one, [], segs, origin) for n, one in shown.items())]


def _group(
    label: int, values: WallSegment, about: list[str], segs: tuple[WrittenSeg, ...], origin: Origin
) -> Group:
    structure = _STRUCTURES[label]
    numbers = [number(CONCEPTS[quantity.key], quantity, v) for quantity, v in values.values()]
    return topic_group(
        TrackingIdentifier(tracking_uid(_KEY, label, origin), f"Wall motion, {structure.title}"),
        structure.code,
        structure.site,
        None,
        equipment.measurement_algorithm(equipment.CINE_ALGORITHM, origin.identity),
        numbers,
        segs,
        map(remark, [*missing(values, CONCEPTS), *about]),
    )
