"""Table of values by AHA segment: a quantity a line, a segment a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from report.context import Context
from report.numbers import NOTHING
from report.page import Cell, Column, Row, Table

_SEGMENTS = range(1, 17)


@dataclass(frozen=True, eq=False)
class SegmentLine:
    """One line: values of whole regions by their name, then by segment."""

    name: str
    regions: Mapping[str, float | None]
    segments: Mapping[int, float | None]
    decimals: int

    @property
    def known(self) -> bool:
        """It has a value anywhere."""
        return any(v is not None for v in (*self.regions.values(), *self.segments.values()))


def segment_tables(context: Context, title: str, lines: Sequence[SegmentLine]) -> tuple[Table, ...]:
    """Lines that have a value, under the numbers of the segments; no table without any."""
    known = [line for line in lines if line.known]
    return (_table(context, title, known),) if known else ()


def _table(context: Context, title: str, lines: Sequence[SegmentLine]) -> Table:
    regions = list(dict.fromkeys(name for line in lines for name in line.regions))
    heads = [Column(name, number=True) for name in regions]
    heads += [Column(str(k), number=True) for k in _SEGMENTS]
    rows = [
        Row(
            (
                Cell(line.name),
                *(Cell(_shown(line.regions.get(name), line)) for name in regions),
                *(Cell(_shown(line.segments.get(k), line)) for k in _SEGMENTS),
            )
        )
        for line in lines
    ]
    first = Column(context.words("AHA segment"))
    return Table((first, *heads), tuple(rows), title, "segments")


def _shown(value: float | None, line: SegmentLine) -> str:
    return NOTHING if value is None else f"{value:.{line.decimals}f}"
