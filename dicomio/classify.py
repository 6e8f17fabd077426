"""What a part of a series is: image type first, then counts and times, then sequence, then name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from cmr.settings import Section
from dicomio.kinds import Component, SeriesKind
from dicomio.mapping_times import t2_preparation_ms
from dicomio.names import kind_hint
from dicomio.parts import SeriesPart


class ClassifySettings(Section):
    """Limits that tell kinds of series apart."""

    min_phases: int
    max_phases: int
    min_inversion_times: int
    min_look_locker_images: int
    min_echo_times: int
    max_t2_star_echo_ms: float
    min_dynamic_images: int
    min_dynamic_interval_s: float
    lge_inversion_ms: tuple[float, float]


@dataclass(frozen=True)
class Verdict:
    """Kind of a part, and why in plain words."""

    kind: SeriesKind
    reason: str


_Test = Callable[[SeriesPart, ClassifySettings], str]

# Tokens of ImageType that name a map outright (Siemens, Philips, GE).
_MAP_TOKENS: tuple[tuple[SeriesKind, frozenset[str]], ...] = (
    (SeriesKind.ECV_MAP, frozenset({"ECV", "ECV MAP", "ECV_MAP"})),
    (
        SeriesKind.T2_STAR_MAP,
        frozenset(
            {
                "T2_STAR MAP",
                "T2_STAR_MAP",
                "T2* MAP",
                "T2STAR MAP",
                "R2_STAR MAP",
                "R2* MAP",
                "T2_STAR",
                "R2_STAR",
            }
        ),
    ),
    (SeriesKind.T1_MAP, frozenset({"T1 MAP", "T1_MAP", "T1MAP"})),
    (SeriesKind.T2_MAP, frozenset({"T2 MAP", "T2_MAP", "T2MAP"})),
)
_AI_TOKENS = frozenset({"AI", "AI_RESULT", "SEGMENTATION", "DEEP_LEARNING"})
_DERIVED_TOKENS = frozenset(
    {
        "SECONDARY",
        "MPR",
        "MIP",
        "MINIP",
        "PROJECTION IMAGE",
        "CSA RESAMPLED",
        "CSA MPR",
        "CSA MIP",
        "SUBTRACTION",
        "SCREEN SAVE",
        "REFORMATTED",
        "VOLREN",
    }
)
_FLOW_TOKENS = frozenset(
    {"VELOCITY", "VELOCITY MAP", "PCA", "M_PCA", "PHASE CONTRAST M", "FLOW_ENCODED", "VELOCITY_MAP"}
)
_FLOW_SEQUENCE = re.compile(r"_v\d+|\bpc\b|fastcard|qflow")
_TAG_SEQUENCE = re.compile(r"tag|grid|spamm")
_LOOK_ALIKES = frozenset(
    {
        SeriesKind.DERIVED,
        SeriesKind.AI_RESULT,
        SeriesKind.TAGGING,
        SeriesKind.TI_SCOUT,
        SeriesKind.FLOW,
        SeriesKind.PERFUSION,
        SeriesKind.SCOUT,
        SeriesKind.REAL_TIME,
    }
)
_STILL_HINTS = _LOOK_ALIKES | {
    SeriesKind.T1_MAP,
    SeriesKind.T1_SOURCE,
    SeriesKind.T2_MAP,
    SeriesKind.T2_SOURCE,
    SeriesKind.T2_STAR_MAP,
    SeriesKind.T2_STAR_SOURCE,
    SeriesKind.ECV_MAP,
    SeriesKind.MAP_PARAMETERS,
}


def classify(part: SeriesPart, settings: ClassifySettings) -> Verdict:
    """Kind of one part. ``CINE_OTHER`` stands for any cine; its view is told from the stacks."""
    for kind, test in _TESTS:
        reason = test(part, settings)
        if reason:
            return Verdict(kind, reason)
    if is_cine(part, settings):
        return _cine(part)
    return _still(part, settings)


def is_cine(part: SeriesPart, settings: ClassifySettings) -> bool:
    """Enough images at a position, spread over one cycle as far as times can tell."""
    if not settings.min_phases <= part.images_per_position <= settings.max_phases:
        return False
    if part.first.component not in (Component.MAGNITUDE, Component.UNKNOWN):
        return False
    if part.has_trigger_times:
        return part.spans_one_cycle
    return not part.seconds_per_image > settings.min_dynamic_interval_s


def _cine(part: SeriesPart) -> Verdict:
    hint = _hint(part)
    if hint in _LOOK_ALIKES:
        return Verdict(hint, f"laid out like a cine, but its name says {hint}")
    count = part.images_per_position
    how = "over one heart beat" if part.has_trigger_times else "at each position, no trigger times"
    return Verdict(SeriesKind.CINE_OTHER, f"cine: {count} images {how}")


def _still(part: SeriesPart, settings: ClassifySettings) -> Verdict:
    hint = _hint(part)
    if hint in _STILL_HINTS:
        return Verdict(hint, f"the name says {hint}; nothing in the header speaks against it")
    if part.images_per_position < settings.min_phases and _inverted(part, settings):
        psir = part.first.component in (Component.REAL, Component.PHASE) or "PSIR" in part.tokens
        kind = (
            SeriesKind.LGE_PSIR
            if psir or hint is SeriesKind.LGE_PSIR
            else (SeriesKind.LGE_MAGNITUDE)
        )
        return Verdict(kind, f"inversion recovery, {part.images_per_position} image a position")
    if hint is not None:
        return Verdict(hint, f"the name says {hint}; nothing in the header speaks against it")
    count = part.images_per_position
    few = count < settings.min_phases
    why = "too few for a cine" if few else "but their times do not fill one heart beat"
    return Verdict(SeriesKind.OTHER, f"{count} image{'s' * (count != 1)} a position, {why}")


def _hint(part: SeriesPart) -> SeriesKind | None:
    return kind_hint(part.first.description) or kind_hint(part.first.protocol)


def _inverted(part: SeriesPart, settings: ClassifySettings) -> bool:
    low, high = settings.lge_inversion_ms
    spin_echo = "SE" in part.first.scanning_sequence
    return not spin_echo and ("IR" in part.tokens or low <= part.first.inversion_time_ms <= high)


def _tokens(wanted: frozenset[str], what: str) -> _Test:
    def test(part: SeriesPart, settings: ClassifySettings) -> str:  # noqa: ARG001
        found = sorted(part.tokens & wanted)
        return f"{what} by its image type ({', '.join(found)})" if found else ""

    return test


def _burned_in(part: SeriesPart, settings: ClassifySettings) -> str:  # noqa: ARG001
    return "annotation is burned into the images" if part.first.burned_in else ""


def _tagged(part: SeriesPart, settings: ClassifySettings) -> str:  # noqa: ARG001
    tagged = part.first.tagged or _TAG_SEQUENCE.search(part.sequence_names)
    return "the sequence lays tags" if tagged else ""


def encodes_velocity(part: SeriesPart) -> bool:
    """Tell from tags alone whether flow is measured."""
    tokens = bool(part.tokens & _FLOW_TOKENS) or part.first.velocity_encoded
    return tokens or bool(_FLOW_SEQUENCE.search(part.sequence_names))


def _flow(part: SeriesPart, settings: ClassifySettings) -> str:
    if encodes_velocity(part):
        return "the sequence encodes velocity"
    moving = part.images_per_position >= settings.min_phases
    phase = part.first.component is Component.PHASE
    return "phase images over the cycle" if moving and phase and "IR" not in part.tokens else ""


def _look_locker(part: SeriesPart, settings: ClassifySettings) -> str:
    many = part.images_per_position >= settings.min_look_locker_images
    times = part.distinct("inversion_time_ms")
    if many and times >= settings.min_inversion_times:
        return f"{times} inversion times over the cycle at one position"
    moving = part.images_per_position >= settings.min_phases and part.spans_one_cycle
    inverted = "IR" in part.first.scanning_sequence or "IR" in part.first.scan_options
    return "inversion recovery over one heart beat" if moving and inverted else ""


def _t1_source(part: SeriesPart, settings: ClassifySettings) -> str:
    times = part.distinct("inversion_time_ms")
    return f"{times} inversion times a position" if times >= settings.min_inversion_times else ""


def _private_t1_source(part: SeriesPart, settings: ClassifySettings) -> str:
    """Philips' own tag has a meaning for inversion recovery alone, so a name has to speak of it."""
    times = part.distinct("private_inversion_ms")
    named = _hint(part) in (SeriesKind.T1_SOURCE, SeriesKind.T1_MAP)
    return (
        f"{times} inversion times a position, in Philips' own tag"
        if named and times >= settings.min_inversion_times
        else ""
    )


def _echoes(short: bool) -> _Test:
    def test(part: SeriesPart, settings: ClassifySettings) -> str:
        times = part.distinct("echo_time_ms")
        longest = max((i.echo_time_ms for i in part.images if i.echo_time_ms > 0), default=0.0)
        if times < settings.min_echo_times:
            return ""
        return (
            f"{times} echo times up to {longest:.0f} ms a position"
            if ((longest <= settings.max_t2_star_echo_ms) == short)
            else ""
        )

    return test


def _t2_prepared(part: SeriesPart, settings: ClassifySettings) -> str:
    times = {t for t in map(t2_preparation_ms, part.images) if math.isfinite(t)}
    return f"{len(times)} T2 preparation times" if len(times) >= settings.min_echo_times else ""


def _perfusion(part: SeriesPart, settings: ClassifySettings) -> str:
    many = part.images_per_position >= settings.min_dynamic_images
    if (
        many
        and not part.spans_one_cycle
        and (part.seconds_per_image > settings.min_dynamic_interval_s)
    ):
        return (
            f"{part.images_per_position} images a position, "
            f"one every {part.seconds_per_image:.1f} s: a dynamic series"
        )
    return ""


def _real_time(part: SeriesPart, settings: ClassifySettings) -> str:
    many = part.images_per_position >= settings.min_phases
    long = many and part.spans_several_cycles
    return "trigger times run over several heart beats" if long else ""


_TESTS: tuple[tuple[SeriesKind, _Test], ...] = (
    (SeriesKind.AI_RESULT, _tokens(_AI_TOKENS, "made by software")),
    *((kind, _tokens(tokens, "a map")) for kind, tokens in _MAP_TOKENS),
    (SeriesKind.DERIVED, _tokens(_DERIVED_TOKENS, "derived")),
    (SeriesKind.DERIVED, _burned_in),
    (SeriesKind.FLOW, _tokens(_FLOW_TOKENS, "flow")),
    (SeriesKind.TAGGING, _tagged),
    (SeriesKind.TI_SCOUT, _look_locker),
    (SeriesKind.T1_SOURCE, _t1_source),
    (SeriesKind.T1_SOURCE, _private_t1_source),
    (SeriesKind.T2_SOURCE, _t2_prepared),
    (SeriesKind.T2_STAR_SOURCE, _echoes(short=True)),
    (SeriesKind.T2_SOURCE, _echoes(short=False)),
    (SeriesKind.FLOW, _flow),
    (SeriesKind.PERFUSION, _perfusion),
    (SeriesKind.REAL_TIME, _real_time),
)
