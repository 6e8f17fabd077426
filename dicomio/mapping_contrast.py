"""Native or post-contrast: by contrast tags and time, then by order, by names last."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from cmr.mapping.terms import Contrast, MapKind
from dicomio.headers import ImageHeader
from dicomio.index import Study
from dicomio.mapping_slices import MappingSlice
from dicomio.short_axis import angle_deg

_SAME_DIRECTION_DEG = 5.0
_SAME_PLACE_MM = 5.0
_NATIVE = re.compile(r"\b(native|pre|precon|pre ?contrast)\b")
_POST = re.compile(r"\b(post|postcon|post ?contrast|gad|gado|enhanced|\+ ?c|km)(\b|$)")


@dataclass(frozen=True, eq=False)
class Unjudged:
    """What is known of one acquisition before its contrast state."""

    kind: MapKind
    family: str
    slices: tuple[MappingSlice, ...]

    @cached_property
    def images(self) -> tuple[ImageHeader, ...]:
        """All images."""
        return tuple(image for s in self.slices for image in s.images)

    @cached_property
    def started_s(self) -> float:
        """Start of the earliest slice; NaN when unknown."""
        return min(_finite(s.started_s for s in self.slices), default=math.nan)

    def shares_a_position(self, other: Unjudged) -> bool:
        """Some slices show the same plane, whatever their matrix."""
        return any(
            angle_deg(s.normal, t.normal) < _SAME_DIRECTION_DEG
            and abs(float((s.position_mm - t.position_mm) @ s.normal)) < _SAME_PLACE_MM
            for s in self.slices
            for t in other.slices
        )


@dataclass(frozen=True)
class Verdict:
    """State, and how it was told."""

    contrast: Contrast
    reason: str


def contrast_states(
    acquisitions: Sequence[Unjudged],
    study: Study,
    *,
    contrast_series: bool,
    longest_pause_s: float,
) -> list[Verdict]:
    """Contrast state of each acquisition.

    Parameters
    ----------
    acquisitions
        All mapping acquisitions of the study.
    study
        All its images; their contrast tags count.
    contrast_series
        The study holds late enhancement or perfusion, which need contrast agent.
    longest_pause_s
        No contrast agent is given and taken up in less.
    """
    tags = _Tags([image for series in study.series for image in series.images])
    return [
        tags.verdict(one)
        or _by_order(one, acquisitions, longest_pause_s)
        or _by_name(one)
        or _without_evidence(tags, contrast_series)
        for one in acquisitions
    ]


class _Tags:
    """What the contrast tags of all images of a study tell."""

    def __init__(self, images: Sequence[ImageHeader]) -> None:
        given = [image for image in images if image.contrast_given]
        without = [image for image in images if not image.contrast_given]
        self.any = bool(given)
        self._both = bool(given and without)
        self._start_s = contrast_start_s(images)
        self._first_given_s = min(_finite(i.acquired_s for i in given), default=math.nan)
        self._first_without_s = min(_finite(i.acquired_s for i in without), default=math.nan)

    def verdict(self, one: Unjudged) -> Verdict | None:
        """State by tags, None where they do not tell."""
        at = one.started_s
        minutes = (at - self._start_s) / 60
        if math.isfinite(minutes):
            where = "after" if minutes >= 0 else "before"
            state = Contrast.POST if minutes >= 0 else Contrast.NATIVE
            return Verdict(
                state, f"acquired {abs(minutes):.1f} min {where} the contrast start time"
            )
        if not self._both:
            return None
        if any(image.contrast_given for image in one.images):
            if at < self._first_without_s:
                return None
            return Verdict(Contrast.POST, "its images name a contrast agent, others do not")
        if at > self._first_given_s:
            return None
        return Verdict(Contrast.NATIVE, "its images name no contrast agent, others of the study do")


def _by_order(
    one: Unjudged, acquisitions: Sequence[Unjudged], longest_pause_s: float
) -> Verdict | None:
    """The first of several T1 acquisitions at a position is native, the last is not."""
    if one.kind is not MapKind.T1:
        return None
    rivals = [
        other
        for other in acquisitions
        if other is not one
        and (other.kind, other.family) == (one.kind, one.family)
        and other.shares_a_position(one)
    ]
    since_s = [one.started_s - other.started_s for other in rivals]
    apart = [s / 60 for s in since_s if not abs(s) <= longest_pause_s]
    if not apart or not all(map(math.isfinite, apart)):
        return None
    if min(apart) < 0 < max(apart):
        return _by_name(one) or Verdict(
            Contrast.UNDECIDED, "between other T1 acquisitions at the same position, and no tag"
        )
    first = max(apart) < 0
    by_name = _by_name(one)
    state = Contrast.NATIVE if first else Contrast.POST
    if by_name is not None and by_name.contrast is not state:
        return Verdict(
            Contrast.UNDECIDED, "the order of T1 acquisitions at a position contradicts the name"
        )
    where, gap = "first" if first else "last", min(map(abs, apart))
    return Verdict(
        state,
        f"the {where} of {len(apart) + 1} T1 acquisitions at the same position, "
        f"{gap:.0f} min from the next",
    )


def _by_name(one: Unjudged) -> Verdict | None:
    names = {re.sub(r"[\s_\-]+", " ", i.description.lower()) for i in one.images}
    native = any(_NATIVE.search(name) for name in names)
    post = any(_POST.search(name) for name in names)
    if native is post:
        return None
    state = Contrast.NATIVE if native else Contrast.POST
    return Verdict(state, f"the name says {state}; no tag tells")


def _without_evidence(tags: _Tags, contrast_series: bool) -> Verdict:
    if tags.any:
        return Verdict(
            Contrast.UNDECIDED, "contrast tags do not tell images before from those after"
        )
    if contrast_series:
        return Verdict(
            Contrast.UNDECIDED,
            "no contrast tags, though the study holds late enhancement or perfusion",
        )
    return Verdict(Contrast.NATIVE, "nothing in the study speaks of contrast agent")


def contrast_start_s(images: Sequence[ImageHeader], longest_wait_s: float = 0.0) -> float:
    """Contrast start time of a study; NaN when unknown.

    One that lies longer than ``longest_wait_s`` before the first image is not believed.
    """
    first_s = min(_finite(image.acquired_s for image in images), default=math.nan)
    starts = (
        s for s in _finite(i.contrast_start_s for i in images) if not s < first_s - longest_wait_s
    )
    return min(starts, default=math.nan)


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
