"""Head of the report: whose study, which scanner, what was found, and the key numbers."""

from __future__ import annotations

from collections.abc import Iterator

from cmr.records import Measured
from dicomio.person import StudyIdentity
from report.context import Context
from report.drawings import gauge
from report.numbers import figure, unit_of
from report.page import Fact, Facts, Section, Tile
from report.tissue import map_title, median_of

_LONGEST_IN_HEAD = 30
_TILES = 8
_PARTS = {"cine": "Short-axis cine", "mapping": "Tissue mapping", "scar": "Late enhancement"}
_LATE_KINDS = {"magnitude": "magnitude", "psir": "PSIR"}
_OF_LV = ("ef_pct", "edv_index_ml_m2", "edv_ml", "mass_ed_index_g_m2", "mass_ed_g")
_OF_RV = ("ef_pct", "edv_index_ml_m2", "edv_ml")
# Where the indexed value is known, the plain one says nothing new.
_INDEXED = {"edv_ml": "edv_index_ml_m2", "mass_ed_g": "mass_ed_index_g_m2"}


def identity_facts(context: Context, identity: StudyIdentity | None) -> tuple[Fact, ...]:
    """Patient and study, what the header is silent on left out; nothing without identity."""
    if identity is None:
        return ()
    say = context.words
    sex = {"M": say("male"), "F": say("female"), "O": say("other")}.get(identity.sex, "")
    born = ", ".join(part for part in (identity.birth_date, identity.age, sex) if part)
    date = " ".join(part for part in (identity.study_date, identity.study_time) if part)
    told = (
        (say("Patient"), identity.patient_name),
        (say("Patient ID"), identity.patient_id),
        (say("Born, age, sex"), born),
        (say("Study date"), date),
        (say("Study"), identity.study_description),
        (say("Accession number"), identity.accession_number),
        (say("Institution"), identity.institution),
        (say("Referring physician"), identity.referring_physician),
    )
    return tuple(Fact(label, text) for label, text in told if text)


def running_head(identity: StudyIdentity | None) -> tuple[str, ...]:
    """Name, number and date of a study, for the top of each further page; never long."""
    if identity is None:
        return ()
    parts = (identity.patient_name, identity.patient_id, identity.study_date)
    return tuple(_cut(part) for part in parts if part)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_IN_HEAD else f"{text[: _LONGEST_IN_HEAD - 1]}…"


def found_section(context: Context, identity: StudyIdentity | None) -> Section:
    """Scanner, what was measured, and what was not and why."""
    say = context.words
    facts = (*_scanner(context, identity), *_found(context))
    return Section("found", say("What was found and used"), (Facts(facts, 1),))


def _scanner(context: Context, identity: StudyIdentity | None) -> Iterator[Fact]:
    """From the header, or from the stack where identity stays out."""
    results = context.results
    stack = results.cine.stack if results.cine is not None else None
    known = list(results.mapping.maps.values()) if results.mapping is not None else []
    maker = stack.manufacturer if stack else next((m.manufacturer for m in known), "")
    name = (identity.scanner if identity is not None else "") or maker
    fields = [
        identity.field_strength_t if identity is not None else None,
        stack.field_strength_t if stack else None,
        *(one.field_strength_t for one in known),
    ]
    if name:
        yield Fact(context.words("Scanner"), name)
    field = next((f"{f:g}\N{NO-BREAK SPACE}T" for f in fields if f), "")
    if field:
        yield Fact(context.words("Field strength"), field)


def _found(context: Context) -> Iterator[Fact]:
    results, say = context.results, context.words
    if results.cine is not None:
        stack, phases = results.cine.stack, results.cine.phases
        text = say(
            "{slices} slices, {phases} phases, pixel {row} x {column} mm",
            slices=stack.slices,
            phases=phases.count,
            row=f"{stack.pixel_spacing_mm[0]:.2f}",
            column=f"{stack.pixel_spacing_mm[1]:.2f}",
        )
        more = (f"{say('slice distance')} {stack.pitch_mm:g} mm",) if stack.pitch_mm else ()
        yield Fact(say(_PARTS["cine"]), ", ".join((text, *more)))
    if results.mapping is not None and results.mapping.maps:
        maps = (
            f"{map_title(context, key, one)} ({one.sequence})"
            for key, one in results.mapping.maps.items()
        )
        yield Fact(say(_PARTS["mapping"]), ", ".join(maps))
    if results.scar is not None:
        late = results.scar.stack
        text = say("{kind}, {slices} slices", kind=say(_LATE_KINDS[late.kind]), slices=late.slices)
        yield Fact(say(_PARTS["scar"]), text)
    for part, reason in results.refusals.items():
        text = f"{say('not measured')}: {context.say(reason)}"
        yield Fact(say(_PARTS.get(part, part)), text, "withheld")


def tiles(context: Context) -> tuple[Tile, ...]:
    """The numbers that are looked for first."""
    return tuple(_tiles(context))[:_TILES]


def _tiles(context: Context) -> Iterator[Tile]:
    results = context.results
    if results.cine is not None:
        for side, part, keys in (
            ("lv", results.cine.lv, _OF_LV),
            ("rv", results.cine.rv, _OF_RV),
        ):
            yield from _of_side(context, side, part, keys)
    if results.mapping is not None:
        for key, one in results.mapping.maps.items():
            if key in ("native_t1", "t2", "ecv"):
                quantity = median_of(one.global_)
                value = getattr(one.global_, quantity.key)
                if value is not None:
                    shown = figure(value, quantity)
                    yield Tile(map_title(context, key, one), shown, unit_of(quantity.unit))
    if results.scar is not None and results.scar.pct_lv_mass is not None:
        quantity = next(q for q in results.scar.quantities() if q.key == "pct_lv_mass")
        shown = figure(results.scar.pct_lv_mass, quantity)
        yield Tile(context.words(quantity.title), shown, unit_of(quantity.unit))


def _of_side(context: Context, side: str, part: Measured, keys: tuple[str, ...]) -> Iterator[Tile]:
    assert context.results.cine is not None
    reference = context.results.cine.reference
    known = {q.key: q for q in part.quantities()}
    for key in keys:
        value = getattr(part, key)
        if value is None or getattr(part, _INDEXED.get(key, ""), None) is not None:
            continue
        range_ = reference.get(f"{side}.{key}")
        note = ""
        if range_ is not None:
            note = context.words("within range" if range_.position == "within" else range_.position)
        yield Tile(
            f"{context.words(side.upper())} · {context.words(known[key].title)}",
            figure(value, known[key]),
            unit_of(known[key].unit),
            note,
            gauge(value, range_.low, range_.high) if range_ is not None else "",
        )
