"""Find the short-axis cine of a study, and say of every series what it is taken for."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import field_validator

from cmr.results import SeriesDecision
from cmr.settings import Section
from dicomio.cine_source import build_source
from dicomio.classify import ClassifySettings, Verdict, classify, encodes_velocity
from dicomio.index import Series, Study
from dicomio.kinds import Component, SeriesKind
from dicomio.late import LateChoice, LateSettings, find_late
from dicomio.mapping import MappingSettings, find_mapping
from dicomio.mapping_source import MappingStudy
from dicomio.names import view_hint
from dicomio.parts import SeriesPart, split
from dicomio.series_use import SeriesUse
from dicomio.short_axis import Axis, Choice, ShortAxisSettings, angle_deg, body_plane, choose
from dicomio.slices import cine_slices
from dicomio.source import CineSource
from dicomio.stacks import Stack, StackSettings, group

# Between the planes of a three-plane localizer; long-axis views of one series lie 60 apart.
_CROSSED_DEG = 75.0


class SeriesRule(Section):
    """Matches a series when every given key does; an absent key is null."""

    series_uid: str | None
    series_number: int | None
    description: str | None

    @field_validator("description")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern

    def matches(self, series: Series) -> bool:
        """Tell whether all given keys match; the description is a regular expression."""
        first = series.images[0]
        return any(
            key is not None for key in (self.series_uid, self.series_number, self.description)
        ) and (
            self.series_uid in (None, series.uid)
            and self.series_number in (None, first.series_number)
            and (
                self.description is None
                or bool(re.search(self.description, first.description, re.IGNORECASE))
            )
        )


class SelectionSettings(Section):
    """Rules of series selection."""

    force: tuple[SeriesRule, ...]
    forbid: tuple[SeriesRule, ...]
    classify: ClassifySettings
    stack: StackSettings
    short_axis: ShortAxisSettings
    mapping: MappingSettings
    late: LateSettings


@dataclass(frozen=True, eq=False)
class Selection:
    """What each series is taken for, and the short-axis cine when there is one.

    ``cine_refusal`` says why ``cine`` is None. ``mapping`` holds the acquisitions of tissue
    mapping, none when there are none; ``late`` the stack of late enhancement, or why there is none.
    ``others`` holds the parts of all series by kind, the cine among them.
    """

    decisions: tuple[SeriesDecision, ...]
    cine: CineSource | None
    cine_refusal: str
    mapping: MappingStudy
    late: LateChoice
    others: Mapping[SeriesKind, tuple[SeriesPart, ...]]


@dataclass(frozen=True, eq=False)
class _Judged:
    part: SeriesPart
    verdict: Verdict


def select(study: Study, settings: SelectionSettings) -> Selection:
    """Classify every series of a study and choose its short-axis cine."""
    forced = {s.uid for s in study.series if any(r.matches(s) for r in settings.force)}
    forbidden = {s.uid for s in study.series if any(r.matches(s) for r in settings.forbid)}
    judged = [j for series in study.series for j in _judge(series, settings)]
    judged = [_without_flow(j, judged) for j in judged]
    candidates = [j.part for j in judged if _is_candidate(j, forced, forbidden)]
    stacks = group([s for part in candidates for s in cine_slices(part)], settings.stack)
    choice = choose(stacks, settings.short_axis, bool(forced))
    judged = [_with_view(j, choice, settings.short_axis) for j in judged]
    others: dict[SeriesKind, list[SeriesPart]] = defaultdict(list)
    for j in judged:
        others[j.verdict.kind].append(j.part)
    allowed = _allowed(others, forbidden)
    mapping = find_mapping(study, allowed, settings.mapping, settings.stack)
    axis = Axis(choice.stack, settings.short_axis)
    late = find_late(study, allowed, axis, settings.late, settings.stack)
    decisions = [_decision(s, judged, choice, s.uid in forbidden) for s in study.series]
    return Selection(
        decisions=tuple(_with_use(_with_use(d, mapping.uses), late.uses) for d in decisions),
        cine=build_source(study, choice.stack) if choice.stack else None,
        cine_refusal="" if choice.stack else choice.reason,
        mapping=mapping,
        late=late,
        others={kind: tuple(parts) for kind, parts in others.items()},
    )


def _judge(series: Series, settings: SelectionSettings) -> list[_Judged]:
    """Verdict on each part; planes at right angles in one series are a localizer."""
    parts = split(series.images)
    verdicts = [classify(part, settings.classify) for part in parts]
    crossed = any(angle_deg(parts[0].normal, part.normal) > _CROSSED_DEG for part in parts)
    if crossed and all(verdict.kind is SeriesKind.OTHER for verdict in verdicts):
        scout = Verdict(SeriesKind.SCOUT, "single images in planes at right angles")
        return [_Judged(part, scout) for part in parts]
    return [_Judged(part, verdict) for part, verdict in zip(parts, verdicts, strict=True)]


def _is_candidate(judged: _Judged, forced: set[str], forbidden: set[str]) -> bool:
    uid = judged.part.series_uid
    if uid in forbidden:
        return False
    if forced:
        return uid in forced and judged.part.first.component is not Component.PHASE
    return judged.verdict.kind is SeriesKind.CINE_OTHER


def _without_flow(judged: _Judged, all_judged: Sequence[_Judged]) -> _Judged:
    """Magnitude images of a flow measurement look like a cine; their phase images tell."""
    if judged.verdict.kind is not SeriesKind.CINE_OTHER:
        return judged
    partners = (
        j.part
        for j in all_judged
        if j.verdict.kind is SeriesKind.FLOW
        and (j.part.first.component is Component.PHASE or encodes_velocity(j.part))
    )
    if any(_is_flow_partner(judged.part, part) for part in partners):
        return _Judged(judged.part, Verdict(SeriesKind.FLOW, "magnitude images beside flow images"))
    return judged


def _is_flow_partner(part: SeriesPart, flow: SeriesPart) -> bool:
    if len(part.positions) > 1 and not encodes_velocity(flow):
        return False  # a bSSFP stack stored with its phase images is no flow measurement
    return (
        part.first.shape == flow.first.shape
        and part.images_per_position == flow.images_per_position
        and angle_deg(part.normal, flow.normal) < 1
        and all(
            any(math.dist(p[0].position_mm, q[0].position_mm) < 1 for q in flow.positions)
            for p in part.positions
        )
    )


def _with_view(judged: _Judged, choice: Choice, settings: ShortAxisSettings) -> _Judged:
    """Say which view a cine shows; other kinds stay as they are."""
    if judged.verdict.kind is not SeriesKind.CINE_OTHER:
        return judged
    axis, normal = Axis(choice.stack, settings), judged.part.normal
    kind, what = SeriesKind.CINE_OTHER, axis.elsewhere(normal)
    if angle_deg(normal, settings.long_axis_lps) <= settings.max_angle_deg:
        kind, what = SeriesKind.CINE_SHORT_AXIS, "in short-axis direction"
    elif axis.angle_deg(normal) >= settings.min_long_axis_deg and not body_plane(normal, settings):
        kind = SeriesKind.CINE_LONG_AXIS
    view = view_hint(judged.part.first.description)
    named = f", its name says {view}" if view else ""
    return _Judged(judged.part, Verdict(kind, f"{judged.verdict.reason}; {what}{named}"))


def _decision(
    series: Series, judged: Sequence[_Judged], choice: Choice, forbidden: bool
) -> SeriesDecision:
    mine = [j for j in judged if j.part.series_uid == series.uid]
    used = _used_images(series.uid, choice.stack)
    main = max(
        mine,
        key=lambda j: (
            j.verdict.kind is SeriesKind.CINE_SHORT_AXIS and used > 0,
            len(j.part.images),
        ),
    )
    kind = SeriesKind.CINE_SHORT_AXIS if used else main.verdict.kind
    reasons = [choice.reason if used else main.verdict.reason]
    reasons += ["forbidden by a rule"] if forbidden else []
    reasons += _left_out(series.uid, choice.stack)
    if not used and main.verdict.kind is SeriesKind.CINE_SHORT_AXIS and len(reasons) == 1:
        reasons.append(_not_chosen(choice))
    reasons += [
        f"also {len(j.part.images)} images of kind {j.verdict.kind}"
        for j in mine
        if j.verdict.kind is not kind
    ]
    return SeriesDecision(
        series_uid=series.uid,
        kind=kind.value,
        used=used > 0,
        images=len(series.images),
        images_used=used,
        reason="; ".join(reasons),
    )


def _allowed(
    parts: Mapping[SeriesKind, list[SeriesPart]], forbidden: set[str]
) -> dict[SeriesKind, list[SeriesPart]]:
    return {k: [p for p in found if p.series_uid not in forbidden] for k, found in parts.items()}


def _with_use(decision: SeriesDecision, uses: Mapping[str, SeriesUse]) -> SeriesDecision:
    """Say what a series is used for by a measurement, or why not."""
    use = uses.get(decision.series_uid)
    if use is None or decision.used:
        return decision
    return decision.model_copy(
        update={
            "used": use.images > 0,
            "images_used": use.images,
            "reason": f"{decision.reason}; {use.reason}",
        }
    )


def _used_images(series_uid: str, stack: Stack | None) -> int:
    slices = stack.slices if stack else ()
    return sum(image.series_uid == series_uid for s in slices for image in s.images)


def _left_out(series_uid: str, stack: Stack | None) -> list[str]:
    return [
        f"slice at {float(s.position_mm @ s.normal):.1f} mm left out: {reason}"
        for s, reason in (stack.left_out if stack else ())
        if s.first.series_uid == series_uid
    ]


def _not_chosen(choice: Choice) -> str:
    if choice.stack is None:
        return choice.reason
    return "not taken: another stack has more slices, or as many and was acquired later"
