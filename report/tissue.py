"""Section of the report on tissue mapping."""

from __future__ import annotations

from collections.abc import Iterator

from cmr.records import Measured, Quantity
from cmr.results_mapping import TITLES, AnyMap, Mapping, ReferenceRange
from report.context import MARKS, Context, Footnotes
from report.drawings import gauge
from report.numbers import NOTHING, OUTSIDE, between, figure, unit_of
from report.page import Block, Cell, Column, Fact, Facts, Row, Section, Table
from report.segments import SegmentLine, segment_tables

_REGIONS = ("global", "septal")


def mapping_section(context: Context, mapping: Mapping) -> Section:
    """Every map: its values beside their range, by segment, and as a picture."""
    say = context.words
    blocks: list[Block] = []
    if mapping.maps:
        blocks.append(_values(context, mapping))
        blocks += _segments(context, mapping)
        blocks += context.pictures(42, ("map-bullseyes.png", say("Median by AHA segment")))
        files = [
            (f"map-{key.replace('_', '-')}.png", map_title(context, key, one))
            for key, one in mapping.maps.items()
        ]
        blocks += context.pictures(58, *files)
    if mapping.not_measured:
        facts = tuple(
            Fact(say(TITLES.get(part, part)), context.say(reason), "review")
            for part, reason in mapping.not_measured.items()
        )
        blocks.append(Facts(facts, title=say("Not measured")))
    return Section("mapping", say("Tissue mapping"), tuple(blocks))


def map_title(context: Context, key: str, one: AnyMap) -> str:
    """What people call the map, with its number where the study has several."""
    number = key.removeprefix(one.quantity).removeprefix("-")
    title = context.words(TITLES[one.quantity])
    return f"{title} ({number})" if number else title


def _values(context: Context, mapping: Mapping) -> Table:
    """Median of the myocardium, its septal part and blood."""
    notes, say = Footnotes(), context.words
    ranged = any(r.kind != "none" for one in mapping.maps.values() for r in one.reference)
    rows = tuple(
        Row(tuple(_line(context, key, one, notes, ranged))) for key, one in mapping.maps.items()
    )
    columns = [Column(say("Map")), Column(say("Unit"))]
    for region in _REGIONS:
        columns.append(Column(say(region.capitalize()), number=True))
        if ranged:
            label = f"{say(region.capitalize())}: {say('range')}"
            columns += [Column(say("range"), label=label), Column("", share=0.12)]
    columns += [Column(say("Blood"), number=True), Column(say("Sequence")), Column(say("Quality"))]
    about = (*notes.facts, *(Fact("", text) for text in _about(context, mapping)))
    return Table(tuple(columns), rows, say("Median"), "values", about)


def _line(
    context: Context, key: str, one: AnyMap, notes: Footnotes, ranged: bool
) -> Iterator[Cell]:
    ranges: dict[str, ReferenceRange] = {r.region: r for r in one.reference}
    yield Cell(map_title(context, key, one))
    yield Cell("%" if one.quantity == "ecv" else "ms")
    for region, part in (("global", one.global_), ("septal", one.septal)):
        yield from _region(context, part, ranges.get(region), notes, ranged)
    yield next(_region(context, one.blood, None, notes, False))
    origin = context.words("from the scanner" if one.source == "scanner" else "fitted")
    yield Cell(f"{one.sequence}, {origin}")
    yield Cell(context.words(one.qc.status.value), mark=MARKS[one.qc.status])


def _region(
    context: Context,
    part: Measured,
    known: ReferenceRange | None,
    notes: Footnotes,
    ranged: bool,
) -> Iterator[Cell]:
    quantity = median_of(part)
    value = getattr(part, quantity.key)
    if value is None:
        reason = part.withheld.get(quantity.key, "")
        yield Cell(NOTHING, notes.letter(context.say(reason)) if reason else "")
    else:
        yield Cell(figure(value, quantity))
    if not ranged:
        return
    if known is None or value is None or known.low is None or known.high is None:
        yield from (Cell(), Cell())
        return
    yield Cell(between(known.low, known.high, 0))
    place = "below" if value < known.low else "above" if value > known.high else "within"
    yield Cell(OUTSIDE[place], drawing=gauge(value, known.low, known.high))


def median_of(part: Measured) -> Quantity:
    """The quantity that stands for a region."""
    return next(q for q in part.quantities() if q.key.startswith("median_"))


def _about(context: Context, mapping: Mapping) -> Iterator[str]:
    say = context.words
    known = [r for one in mapping.maps.values() for r in one.reference]
    for source in dict.fromkeys(r.source for r in known if r.kind != "none"):
        yield say("Reference ranges: {source}", source=source.rstrip(".") + ".")
    bare = [
        f"{map_title(context, key, one)} ({one.sequence})"
        for key, one in mapping.maps.items()
        if one.reference and all(r.kind == "none" for r in one.reference)
    ]
    if bare:
        yield say("No reference range is known for {maps}.", maps=", ".join(bare))
    ecv = mapping.ecv
    if ecv is not None and ecv.haematocrit is not None:
        used = ecv.haematocrit
        yield say(
            "Haematocrit {fraction} ({source}): {origin}.",
            fraction=f"{used.fraction:.3f}",
            source=say(used.source),
            origin=context.say(used.origin),
        )


def _segments(context: Context, mapping: Mapping) -> tuple[Table, ...]:
    lines = []
    for key, one in mapping.maps.items():
        if not one.segments:
            continue
        first = median_of(next(iter(one.segments.values())))
        values = {k: getattr(part, first.key) for k, part in one.segments.items()}
        name = f"{map_title(context, key, one)} ({unit_of(first.unit)})"
        lines.append(SegmentLine(name, {}, values, first.decimals))
    return segment_tables(context, context.words("Median by AHA segment"), lines)
