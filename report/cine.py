"""Section of the report on the short-axis cine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cmr.records import Measured, Quantity
from cmr.results import Cine, LeftVentricle
from cmr.results_cine import CineRange, WallSegment
from report.context import Context, Footnotes
from report.drawings import gauge
from report.numbers import NOTHING, OUTSIDE, between, figure, unit_of, with_unit
from report.page import (
    Beside,
    Block,
    Cell,
    Column,
    Fact,
    Facts,
    Paragraph,
    Pictures,
    Row,
    Section,
    Table,
)
from report.segments import SegmentLine, segment_tables

_FIRST_OF_GROUPS = {"edv_index_ml_m2", "peak_ejection_rate_ml_s", "mass_ed_g", "edv_area_length_ml"}


def cine_section(context: Context, cine: Cine) -> Section:
    """Values beside their ranges, the volume curve, contours, and the wall by segment."""
    say = context.words
    curve = ("cine-curves.png", say("Volume over the cardiac cycle"))
    bullseyes = ("cine-bullseyes.png", say("Wall thickness and thickening"))
    alone = context.results.mapping is None and context.results.scar is None
    contours = _contours(context, alone)
    blocks: list[Block] = [_body(context, cine)]
    if cine.reference:  # the table takes the whole width
        blocks += [_values(context, cine), *context.pictures(46, curve, bullseyes)]
        blocks += contours
    else:
        blocks += _values_and_curve(context, cine, curve)
        wall = context.pictures(58 if alone else 46, bullseyes)
        blocks += [*wall, *contours] if alone else [*contours, *wall]
    loop = _loop(context)
    if loop is not None:
        blocks.append(loop)
    blocks += _wall(context, cine)
    return Section("cine", say("Ventricular function (short-axis cine)"), tuple(blocks))


def _values_and_curve(context: Context, cine: Cine, curve: tuple[str, str]) -> tuple[Block, ...]:
    """The curve beside the values, which leave room for it without ranges."""
    values, picture = _values(context, cine), context.picture(*curve)
    return (values,) if picture is None else (Beside((values,), picture, 64),)


def _contours(context: Context, alone: bool) -> tuple[Pictures, ...]:
    """Larger, and below each other, where the cine has the report to itself."""
    say = context.words
    ed = ("cine-contours-ed.png", say("Contours at end-diastole"))
    es = ("cine-contours-es.png", say("Contours at end-systole"))
    if alone:
        return (*context.pictures(95, ed), *context.pictures(95, es))
    return context.pictures(58, ed, es)


def _loop(context: Context) -> Pictures | None:
    title = context.words("Contours over the cardiac cycle")
    for name in ("cine-loop.webp", "cine-loop.gif"):
        found = context.picture(name, title, moving=True)
        if found is not None:
            return Pictures((found,), 0)
    return None


def _body(context: Context, cine: Cine) -> Facts:
    heart, say = cine.heart, context.words
    facts = []
    for quantity in heart.quantities():
        value = getattr(heart, quantity.key)
        text = f"{NOTHING} {_reason(context, heart, quantity)}".strip()
        if value is not None:
            text = with_unit(figure(value, quantity), quantity.unit)
            if quantity.key == "bsa_m2" and heart.bsa_formula:
                text += f" ({heart.bsa_formula})"
        facts.append(Fact(say(quantity.title), text))
    return Facts(tuple(facts), columns=4)


def _reason(context: Context, part: Measured, quantity: Quantity) -> str:
    reason = part.withheld.get(quantity.key, "")
    return f"({context.say(reason)})" if reason else ""


@dataclass(frozen=True)
class _Side:
    """One ventricle in the table; ``ranged`` where any of its values has a range."""

    key: str
    part: Measured
    ranged: bool


def _values(context: Context, cine: Cine) -> Table:
    """LV and RV side by side, with range and gauge where any value has one."""
    notes, say = Footnotes(), context.words
    ranged = {key.split(".")[0] for key in cine.reference}
    sides = [_Side(k, part, k in ranged) for k, part in (("lv", cine.lv), ("rv", cine.rv))]
    rows = []
    for quantity in _in_reading_order():
        cells = [Cell(say(quantity.title)), Cell(unit_of(quantity.unit))]
        for side in sides:
            cells += _cells(context, cine, side, quantity, notes)
        rows.append(Row(tuple(cells), strong=quantity.key in _FIRST_OF_GROUPS))
    columns = [Column(say("Quantity")), Column(say("Unit"))]
    for side in sides:
        name = say(side.key.upper())
        columns.append(Column(name, number=True))
        if side.ranged:
            label = f"{name}: {say('range')}"
            columns += [Column(say("range"), label=label), Column("", share=0.12)]
    footnotes = (*notes.facts, *_about_ranges(context, cine))
    return Table(tuple(columns), tuple(rows), kind="values", footnotes=footnotes)


def _in_reading_order() -> Iterator[Quantity]:
    """Volumes and function, mass, rates, and the area-length method last."""
    found = {q.key: q for q in LeftVentricle.quantities()}
    late = [k for k in found if k.startswith(("peak_", "time_"))]
    last = [k for k in found if "area_length" in k]
    first = [k for k in found if k not in {*late, *last}]
    return (found[key] for key in (*first, *late, *last))


def _cells(
    context: Context, cine: Cine, side: _Side, quantity: Quantity, notes: Footnotes
) -> list[Cell]:
    value = getattr(side.part, quantity.key, None)
    known = cine.reference.get(f"{side.key}.{quantity.key}")
    if value is None:
        reason = side.part.withheld.get(quantity.key, "")
        note = notes.letter(context.say(reason)) if reason else ""
        first = Cell(NOTHING if reason else "", note)
    else:
        first = Cell(figure(value, quantity))
    if not side.ranged:
        return [first]
    if known is None or value is None:
        return [first, Cell(), Cell()]
    return [
        first,
        Cell(between(known.low, known.high, _range_decimals(known))),
        Cell(OUTSIDE[known.position], drawing=gauge(value, known.low, known.high)),
    ]


def _range_decimals(known: CineRange) -> int:
    return 0 if known.low.is_integer() and known.high.is_integer() else 1


def _about_ranges(context: Context, cine: Cine) -> tuple[Fact, ...]:
    """Of whom the ranges are and who published them; why values have none."""
    say = context.words
    sources = dict.fromkeys(f"{context.say(r.people)}: {r.source}" for r in cine.reference.values())
    reasons = dict.fromkeys(context.say(reason) for reason in cine.no_range.values())
    given = [say("Reference ranges: {source}", source=s.rstrip(".") + ".") for s in sources]
    return tuple(Fact("", text) for text in (*given, *reasons))


def _wall(context: Context, cine: Cine) -> tuple[Block, ...]:
    wall, say = cine.wall, context.words
    if wall is None:
        return ()
    title = say("Wall by AHA segment")
    if not wall.segments:
        return (Paragraph(context.say(wall.not_measured), title=title, mark="review"),)
    lines = []
    for quantity in WallSegment.quantities():
        values = {k: getattr(s, quantity.key) for k, s in wall.segments.items()}
        whole = {say("Global"): getattr(wall.global_, quantity.key)}
        name = f"{say(quantity.title)} ({unit_of(quantity.unit)})"
        lines.append(SegmentLine(name, whole, values, quantity.decimals))
    return segment_tables(context, title, lines)
