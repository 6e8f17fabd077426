"""Results as lines of text under headings, for the report in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from types import MappingProxyType

from cmr.records import Measured, Quantity, Status
from cmr.results import StudyResults
from cmr.results_cine import Wall
from cmr.results_mapping import AnyMap, Mapping, Region, map_title
from cmr.results_scar import METHOD_TITLES, Scar
from dicomio.sr_content import missing

_UNITS = MappingProxyType({"1": "", "{H.B.}/min": "beats/min"})
_OF_REGIONS = ("Median", "Standard deviation")
_WIDTH = 72  # letters that OHIF shows in a window of 1100 pixels


@dataclass(frozen=True)
class Block:
    """A heading with its lines."""

    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Heading first, as one text of several lines; viewers that keep columns wrap none."""
        wrapped = [wrap(line, _WIDTH, subsequent_indent="  ") for line in self.lines]
        return "\r\n".join((self.title, *(part for parts in wrapped for part in parts)))


def blocks(results: StudyResults) -> Iterator[Block]:
    """Every part of the study, numbers first, then quality control."""
    if cine := results.cine:
        yield _numbers("Left ventricle", cine.lv)
        yield _numbers("Right ventricle", cine.rv)
        yield _numbers("Heart and body size", cine.heart)
        if cine.wall:
            yield _wall(cine.wall)
    if results.mapping:
        yield from _maps(results.mapping)
    if results.scar:
        yield from _scar(results.scar)
    yield _quality(results)


def _numbers(title: str, record: Measured) -> Block:
    """One line a number, values below each other, then what is missing and why."""
    found = list(record.values())
    width = max((len(quantity.title) for quantity, _ in found), default=0)
    lines = [f"{quantity.title:<{width}}  {shown(quantity, value)}" for quantity, value in found]
    return Block(title, (*lines, *_missing(record)))


def _missing(record: Measured) -> Iterator[str]:
    return missing(record, [quantity.key for quantity in record.quantities()])


def shown(quantity: Quantity, value: float) -> str:
    """Value and unit, rounded as everywhere else."""
    unit = _UNITS.get(quantity.unit, quantity.unit)
    return f"{value:.{quantity.decimals}f} {unit}".rstrip()


def _maps(mapping: Mapping) -> Iterator[Block]:
    for key, one in mapping.maps.items():
        lines = [line for name, region in _regions(one) for line in _region(name, region)]
        yield Block(f"{map_title(key, one.quantity)}, {one.sequence}, {one.source} map", (*lines,))
    if mapping.not_measured:
        lines = [f"{part}: {reason}" for part, reason in mapping.not_measured.items()]
        yield Block("Maps that were not measured", (*lines,))


def _regions(one: AnyMap) -> Iterator[tuple[str, Region]]:
    yield from (("Whole wall", one.global_), ("Septum", one.septal), ("Blood pool", one.blood))
    for number, region in one.segments.items():
        yield f"AHA {number}", region


def _region(name: str, region: Region) -> Iterator[str]:
    numbers = [(q, v) for q, v in region.values() if q.title in _OF_REGIONS]
    if numbers:
        yield _row(name, numbers)
    keys = [q.key for q in region.quantities() if q.title in _OF_REGIONS]
    yield from (f"{name}: {text}" for text in missing(region, keys))


def _row(name: str, numbers: Collection[tuple[Quantity, float]]) -> str:
    return f"{name}: " + "; ".join(f"{q.title} {shown(q, v)}" for q, v in numbers)


def _wall(wall: Wall) -> Block:
    parts = [("Whole wall", wall.global_)]
    parts += [(f"AHA {number}", one) for number, one in wall.segments.items()]
    return Block("Wall motion", _parts(parts))


def _parts(parts: Sequence[tuple[str, Measured]]) -> tuple[str, ...]:
    """One line a part, then what is missing and why."""
    lines = [_row(name, list(one.values())) for name, one in parts if any(one.values())]
    lines += [f"{name}: {text}" for name, one in parts for text in _missing(one)]
    return tuple(lines)


def _scar(scar: Scar) -> Iterator[Block]:
    yield _numbers(f"Late enhancement, {METHOD_TITLES[scar.method]}", scar)
    parts: list[tuple[str, Measured]] = [("Wall", scar.layers)]
    parts += [(f"Territory of {name}", one) for name, one in scar.territories.items()]
    parts += [(f"AHA {number}", one) for number, one in scar.segments.items()]
    yield Block("Where the scar lies", _parts(parts))


def _quality(results: StudyResults) -> Block:
    """Verdict, gates that did not pass, parts without a result."""
    lines = [results.quality_status.value.capitalize()]
    lines += [
        f"{gate.name}: {gate.status.value}. {gate.message}"
        for gate in results.quality
        if gate.status is not Status.PASS
    ]
    lines += [f"{part} not measured: {reason}" for part, reason in results.refusals.items()]
    return Block("Quality control", (*lines,))
