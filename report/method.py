"""Section of the report on how the results came about: series, networks, conventions, limits."""

from __future__ import annotations

from collections.abc import Iterator

from cmr.records import Model
from cmr.results import Cine
from report.context import Context
from report.numbers import shortened
from report.page import Block, Cell, Column, Fact, Facts, Row, Section, Table

LICENCE = "The networks were trained on data for non-commercial use, and so may they be used."
LIMITS = (
    "The contours were drawn by a network and corrected by nobody. Look at them before you believe "
    "a number.",
    "Numbers that a quality gate withholds are left out, with the reason.",
    "Limits of the quality gates and accuracy are described in the documentation of the software.",
)


def method_section(context: Context) -> Section:
    """What a reader needs to judge, and to repeat, the measurement."""
    say = context.words
    blocks: list[Block] = [
        Facts(tuple(_conventions(context)), 1, say("Conventions")),
        Facts(tuple(_software(context)), 1, say("Software and networks")),
        *_series(context),
        Facts(tuple(Fact("", say(text)) for text in (*LIMITS, LICENCE)), 1, say("Limits")),
    ]
    shown = tuple(b for b in blocks if not isinstance(b, Facts) or b.facts)
    return Section("method", say("Method"), shown)


def _conventions(context: Context) -> Iterator[Fact]:
    results, say = context.results, context.words
    cine = results.cine
    if cine is not None:
        yield from _of_cine(context, cine)
    if results.mapping is not None:
        for one in results.mapping.maps.values():
            text = context.say(one.level_method)
            yield Fact(say("Levels on maps"), text)
            break
    if results.scar is not None:
        text = say("segments and territories of the American Heart Association")
        yield Fact(say("Late enhancement"), text)


def _of_cine(context: Context, cine: Cine) -> Iterator[Fact]:
    say = context.words
    yield Fact(say("Papillary muscles"), say("count as cavity, not as wall"))
    yield Fact(say("Volumes"), say("sum of segmented areas times slice distance"))
    ring = (
        "a slice counts as LV where myocardium surrounds enough of the cavity; "
        "the gates judge the ring"
    )
    yield Fact(say("Base"), say(ring))
    if cine.basal_slice is not None:
        yield Fact(say("Most basal slice"), context.say(cine.basal_slice.reason))
    if cine.heart.bsa_formula:
        yield Fact(say("Body surface area"), cine.heart.bsa_formula)
    if cine.wall is not None and cine.wall.method:
        yield Fact(say("Wall thickness"), context.say(cine.wall.method))


def _software(context: Context) -> Iterator[Fact]:
    results, say = context.results, context.words
    about = results.application
    image = f", {say('image')} {about.image_version}" if about.image_version else ""
    yield Fact(say("Software"), f"{about.name} {about.version}{image}")
    yield Fact(say("Settings, SHA-256"), about.settings_sha256)
    for model in _models(context):
        text = f"{model.name} {model.version} ({model.provider}, {model.precision}), SHA-256 "
        yield Fact(say("Network"), text + model.sha256)


def _models(context: Context) -> tuple[Model, ...]:
    """Every network that had a part, once."""
    results = context.results
    found = [results.cine.model] if results.cine is not None else []
    found += [results.mapping.model] if results.mapping is not None else []
    if results.scar is not None:
        found += [results.scar.model, results.scar.heart_model]
    return tuple({model.sha256: model for model in found}.values())


def _series(context: Context) -> tuple[Table, ...]:
    """Used series first. Their descriptions may name people and stay out."""
    say, results = context.words, context.results
    if not results.series:
        return ()
    rows = tuple(
        Row(
            (
                Cell(shortened(one.series_uid)),
                Cell(say(one.kind)),
                Cell(say("used") if one.used else say("not used")),
                Cell(f"{one.images_used} / {one.images}"),
                Cell(context.say(one.reason)),
            )
        )
        for one in sorted(results.series, key=lambda s: not s.used)
    )
    columns = (
        Column(say("Series UID, end")),
        Column(say("Kind")),
        Column(say("Use")),
        Column(say("Images used"), number=True),
        Column(say("Why"), share=0.45),
    )
    counted = say(
        "{files} files, {images} images, {duplicates} duplicates, {skipped} files skipped.",
        files=results.input.files,
        images=results.input.images,
        duplicates=results.input.duplicates,
        skipped=len(results.input.skipped),
    )
    return (Table(columns, rows, say("Series of the study"), "gates", (Fact("", counted),)),)
