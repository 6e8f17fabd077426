"""Section of the report on late enhancement."""

from __future__ import annotations

from collections.abc import Iterator

from cmr.records import Measured
from cmr.results_scar import GRAY_TITLES, METHOD_TITLES, Scar, ScarSegment
from report.context import Context, Footnotes
from report.drawings import bar
from report.numbers import NOTHING, figure, unit_of, with_unit
from report.page import Beside, Block, Cell, Column, Fact, Facts, Pictures, Row, Section, Table
from report.segments import SegmentLine, segment_tables

_FULL_BAR_PCT = 50  # of LV mass; larger infarcts fill the bar


def scar_section(context: Context, scar: Scar) -> Section:
    """Amount of scar, where it lies, and what other methods say."""
    numbers: tuple[Table | Facts, ...] = (_methods(context, scar), *_where(context, scar))
    blocks: list[Block] = [
        _amount(context, scar),
        *_pictures(context),
        *_beside_slices(context, numbers),
        *_segments(context, scar),
    ]
    return Section("scar", context.words("Late gadolinium enhancement"), tuple(blocks))


def _amount(context: Context, scar: Scar) -> Facts:
    facts = [_fact(context, scar, quantity.key) for quantity in scar.quantities()]
    return Facts(tuple(facts), columns=4)


def _fact(context: Context, part: Measured, key: str) -> Fact:
    """A value, or why there is none."""
    quantity = next(q for q in part.quantities() if q.key == key)
    value = getattr(part, key)
    if value is not None:
        text = with_unit(figure(value, quantity), quantity.unit)
        return Fact(context.words(quantity.title), text)
    reason = part.withheld.get(key, "")
    text = f"{NOTHING} ({context.say(reason)})" if reason else NOTHING
    return Fact(context.words(quantity.title), text)


def _methods(context: Context, scar: Scar) -> Table:
    say, notes = context.words, Footnotes()
    rows = []
    for name, one in scar.methods.items():
        title = say(METHOD_TITLES[name])
        used = name == scar.method
        cells = [Cell(f"{title} – {say('reported')}" if used else title)]
        for quantity in one.quantities():
            value = getattr(one, quantity.key)
            reason = one.withheld.get(quantity.key, "")
            cells.append(
                Cell(NOTHING, notes.letter(context.say(reason)) if reason else "")
                if value is None
                else Cell(figure(value, quantity))
            )
        share = one.pct_lv_mass
        cells.append(Cell(drawing="" if share is None else bar(share / _FULL_BAR_PCT)))
        rows.append(Row(tuple(cells)))
    columns = (
        Column(say("Method")),
        Column(f"{say('Mass')} (g)", number=True),
        Column(f"{say('Of LV mass')} (%)", number=True),
        Column(f"0–{_FULL_BAR_PCT} %", share=0.2),
    )
    footnotes = (*notes.facts, Fact("", context.say(scar.method_reason)))
    return Table(columns, tuple(rows), say("Comparison of methods"), "values", footnotes)


def _beside_slices(context: Context, numbers: tuple[Table | Facts, ...]) -> tuple[Block, ...]:
    """The picture of all slices is tall, the numbers are narrow."""
    slices = context.picture("scar-slices.png", context.words("Scar with core and gray zone"))
    return (Beside(numbers, slices, 82),) if slices is not None else numbers


def _where(context: Context, scar: Scar) -> Iterator[Facts]:
    """Gray zone by each definition, layers of the wall, territories of the arteries."""
    say = context.words
    zones = [
        Fact(say(GRAY_TITLES[name]), _joined(zone, ("core_pct", "gray_pct", "gray_of_scar_pct")))
        for name, zone in scar.gray_zones.items()
    ]
    shown = [fact for fact in zones if fact.text]
    if shown:
        title = say("Core and gray zone, share of LV mass; gray zone of both")
        yield Facts(tuple(shown), 3, title)
    layers = [q for q in scar.layers.quantities() if getattr(scar.layers, q.key) is not None]
    if layers:
        yield Facts(tuple(_fact(context, scar.layers, q.key) for q in layers), 3)
    territories = [
        Fact(say(name), _joined(one, ("mass_g", "pct_lv_mass")))
        for name, one in scar.territories.items()
    ]
    if any(fact.text for fact in territories):
        title = say("Scar by coronary territory, mass and share of LV mass")
        yield Facts(tuple(fact for fact in territories if fact.text), 3, title)


def _joined(part: Measured, keys: tuple[str, ...]) -> str:
    known = {q.key: q for q in part.quantities()}
    values = ((known[key], getattr(part, key)) for key in keys)
    return " · ".join(with_unit(figure(v, q), q.unit) for q, v in values if v is not None)


def _pictures(context: Context) -> tuple[Pictures, ...]:
    say = context.words
    return context.pictures(
        46,
        ("scar-bullseyes.png", say("Scar and transmurality by AHA segment")),
        ("scar-surfaces.png", say("Scar in the left ventricle")),
    )


def _segments(context: Context, scar: Scar) -> tuple[Table, ...]:
    lines = [
        SegmentLine(
            f"{context.words(quantity.title)} ({unit_of(quantity.unit)})",
            {},
            {k: getattr(s, quantity.key) for k, s in scar.segments.items()},
            quantity.decimals,
        )
        for quantity in ScarSegment.quantities()
    ]
    return segment_tables(context, context.words("Scar by AHA segment"), lines)
