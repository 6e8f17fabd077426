"""Find the late-enhancement stack of a study."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cmr.errors import NoApplicableSeries, NotInStudy
from dicomio.index import Study
from dicomio.kinds import SeriesKind
from dicomio.late_choice import LateSettings, Pick, minutes_after, pick
from dicomio.late_slices import LateSlice, late_slices
from dicomio.late_source import LateSource
from dicomio.late_stack import candidates, misfit, rest_of, where
from dicomio.mapping_contrast import contrast_start_s
from dicomio.names import view_hint
from dicomio.parts import SeriesPart
from dicomio.series_use import SeriesUse, uses_of
from dicomio.short_axis import Axis
from dicomio.slices import geometry_of
from dicomio.stacks import StackSettings

__all__ = ["LateChoice", "LateSettings", "find_late"]

# Contrast may have been given before the first image that was sent here, but not much earlier.
_LONGEST_WAIT_S = 3600.0
_NONE = "The study holds no late-enhancement images."


@dataclass(frozen=True, eq=False)
class LateChoice:
    """The late-enhancement stack, or why there is none.

    ``uses`` has an entry for every series with late enhancement.
    """

    source: LateSource | None
    refusal: str
    uses: Mapping[str, SeriesUse]

    def required(self) -> LateSource:
        """Return the stack.

        Raises
        ------
        NotInStudy
            The study holds no late enhancement.
        NoApplicableSeries
            It does, but no stack that can be measured.
        """
        if self.source is not None:
            return self.source
        raise NoApplicableSeries(self.refusal) if self.uses else NotInStudy(self.refusal)


def find_late(
    study: Study,
    parts: Mapping[SeriesKind, Sequence[SeriesPart]],
    axis: Axis,
    settings: LateSettings,
    stack: StackSettings,
) -> LateChoice:
    """Late-enhancement stack among the ``parts`` of a study's series by kind.

    Series that must not be used are not among ``parts``. :func:`dicomio.late_choice.pick` says
    which of several stacks is taken; all that is not taken is named with the reason.
    """
    slices, found = late_slices(parts)
    refusals = defaultdict(list, found)
    if not refusals:
        return LateChoice(None, _NONE, {})
    not_taken = [f"Late enhancement, {text}." for texts in found.values() for text in texts]
    short = [s for s in slices if axis.holds(s.normal)]
    not_taken += _elsewhere([s for s in slices if not axis.holds(s.normal)], axis, refusals)
    if not short:
        refusal = " ".join(["No short-axis stack of late enhancement.", *not_taken])
        return LateChoice(None, refusal, _uses(None, refusals))
    stacks = candidates(short, stack, settings.longest_pause_s)
    images = [image for series in study.series for image in series.images]
    contrast_s = contrast_start_s(images, _LONGEST_WAIT_S)
    chosen = pick(stacks, axis, contrast_s, settings)
    left_out = _left_out(chosen, stack, refusals)
    not_taken += _others(chosen, stack, refusals)
    source = _source(study.uid, chosen, contrast_s, left_out, not_taken)
    return LateChoice(source, "", _uses(source, refusals))


def _elsewhere(
    slices: Sequence[LateSlice], axis: Axis, refusals: dict[str, list[str]]
) -> list[str]:
    """Say of images in other directions where they lie, in a line a series and direction."""
    counted: Counter[tuple[str, str]] = Counter()
    for slice_ in slices:
        view = view_hint(slice_.first.description)
        named = f", its name says {view}" if view else ""
        counted[slice_.first.series_uid, f"{axis.elsewhere(slice_.normal)}{named}"] += 1
    for (uid, place), n in counted.items():
        refusals[uid].append(f"{n} x not short axis: {place}")
    return [f"Late enhancement, {n} x not short axis: {p}." for (_, p), n in counted.items()]


def _left_out(chosen: Pick, stack: StackSettings, refusals: dict[str, list[str]]) -> list[str]:
    """Images of the chosen stack that are not in it: repeats, and slices unlike the others."""
    faults = list(chosen.stack.left_out)
    for other, _ in chosen.others:
        if rest_of(chosen.stack, other, stack):
            faults += [(s, misfit(s, chosen.stack)) for s in other.slices]
            faults += other.left_out
    _count(faults, refusals)
    ordered = sorted(faults, key=lambda fault: fault[0].height_mm)
    return [f"{where(s)}: {reason}; the image is left out." for s, reason in ordered]


def _others(chosen: Pick, stack: StackSettings, refusals: dict[str, list[str]]) -> list[str]:
    """Name the stacks that were not taken, each with the reason."""
    lines = []
    for other, why_not in chosen.others:
        if rest_of(chosen.stack, other, stack):
            continue
        _count([(s, f"{other.what}: {why_not}") for s in other.slices], refusals)
        _count(other.left_out, refusals)
        repeats = f" ({len(other.left_out)} images taken again)" if other.left_out else ""
        lines.append(f"Late enhancement, {other.what}{repeats}: {why_not}.")
    return lines


def _count(faults: Sequence[tuple[LateSlice, str]], refusals: dict[str, list[str]]) -> None:
    counted = Counter((s.first.series_uid, reason) for s, reason in faults)
    for (uid, reason), n in counted.items():
        refusals[uid].append(f"{n} x {reason}")


def _uses(source: LateSource | None, refusals: Mapping[str, list[str]]) -> dict[str, SeriesUse]:
    frames = source.frames if source else ()
    reason = f"late enhancement: {source.reason}" if source else ""
    used = [(frame.series_uid, reason) for frame in frames]
    return uses_of(used, refusals, refusals, "holds no late enhancement that can be measured")


def _source(
    study_uid: str,
    chosen: Pick,
    contrast_s: float,
    left_out: Sequence[str],
    not_taken: Sequence[str],
) -> LateSource:
    slices = chosen.stack.slices
    first = slices[0].first
    rr_ms = np.array([s.first.rr_ms for s in slices])
    return LateSource(
        study_uid=study_uid,
        kind=chosen.stack.kind,
        frames=tuple(s.first.ref for s in slices),
        geometry=geometry_of(slices),
        inversion_ms=np.array([s.inversion_ms for s in slices]),
        trigger_ms=np.array([s.first.trigger_time_ms for s in slices]),
        rr_ms=np.where(rr_ms > 0, rr_ms, np.nan),
        minutes=minutes_after(contrast_s, slices),
        manufacturer=first.manufacturer,
        field_strength_t=first.field_strength_t,
        motion_corrected=chosen.stack.motion_corrected,
        reason=chosen.reason,
        left_out=tuple(left_out),
        not_taken=tuple(not_taken),
    )
