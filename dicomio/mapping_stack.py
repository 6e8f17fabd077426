"""From the slices of one acquisition to a stack: one slice a position, all with as many images."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cmr.mapping.terms import Method
from dicomio.mapping_sequence import tell, with_unprepared
from dicomio.mapping_slices import MappingSlice
from dicomio.stacks import StackSettings, latest, places


@dataclass(frozen=True, eq=False)
class ChosenStack:
    """Slices that were taken, ascending along the normal; what was not, in sentences.

    ``not_taken`` gives the reasons by series UID.
    """

    slices: tuple[MappingSlice, ...]
    left_out: tuple[str, ...]
    not_taken: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class SourceStack(ChosenStack):
    """Slices of source images; ``notes`` says what images lack that were taken."""

    notes: tuple[str, ...]


def resolve(slices: Sequence[MappingSlice], stack: StackSettings, least_times: int) -> SourceStack:
    """One slice a position: most images, then the latest; slices unlike the others left out."""
    notes: list[str] = []
    by_place = []
    for place in places(slices, slices[0].normal, stack.same_position_mm):
        whole = _joined(place, least_times)
        completed = [_completed(s, notes) for s in whole]
        by_place.append(completed)
    wanted = _usual(by_place)
    taken: list[MappingSlice] = []
    left_out: list[str] = []
    not_taken: list[tuple[str, str]] = []
    for place in by_place:
        fitting = [s for s in place if _shape(s) == wanted and s.different_times >= least_times]
        chosen = latest(fitting) if fitting else None
        if chosen is not None:
            taken.append(chosen)
            notes += _notes(chosen)
        else:
            reason = _misfit(latest(place), wanted, least_times)
            left_out.append(f"{_where(place[0])}: {reason}; the slice is left out.")
        not_taken += [
            (s.first.series_uid, _misfit(s, wanted, least_times)) for s in place if s is not chosen
        ]
    return SourceStack(tuple(taken), tuple(left_out), tuple(not_taken), tuple(notes))


def _where(slice_: MappingSlice) -> str:
    return f"Slice at {slice_.height_mm:.1f} mm"


def _completed(slice_: MappingSlice, notes: list[str]) -> MappingSlice:
    if tell(slice_).method is not Method.SATURATION:
        return slice_
    complete, note = with_unprepared(slice_)
    notes += [note] if note else []
    return complete


def _joined(place: list[MappingSlice], least_times: int) -> list[MappingSlice]:
    """Make one slice of a position whose times were stored as a series each."""
    single = [s for s in place if s.different_times < least_times]
    times = [t for s in single for t in s.times_ms]
    if len(single) < 2 or len({round(t, 1) for t in times}) < len(times):
        return place
    pairs = sorted(
        ((t, i) for s in single for t, i in zip(s.times_ms, s.images, strict=True)),
        key=lambda pair: pair[0],
    )
    whole = replace(
        single[0],
        images=tuple(image for _, image in pairs),
        times_ms=tuple(time for time, _ in pairs),
        set_aside=tuple(pair for s in single for pair in s.set_aside),
    )
    return [whole, *(s for s in place if s not in single)]


def _shape(slice_: MappingSlice) -> tuple[int, int]:
    """Images, and different times among them."""
    return len(slice_.images), slice_.different_times


def _usual(by_place: list[list[MappingSlice]]) -> tuple[int, int]:
    """Image and time counts at most positions; on a tie the larger."""
    votes = Counter(shape for place in by_place for shape in {_shape(s) for s in place})
    return max(votes, key=lambda shape: (votes[shape], shape[1], shape[0]))


def _misfit(slice_: MappingSlice, wanted: tuple[int, int], least_times: int) -> str:
    count, different = _shape(slice_)
    if different < least_times:
        reason = f"{different} different times, at least {least_times} are needed"
    elif count != wanted[0]:
        reason = f"{count} usable images where the other slices have {wanted[0]}"
    elif different != wanted[1]:
        reason = f"{different} different times where the other slices have {wanted[1]}"
    else:
        return "repeated later at the same position"
    return f"{reason}{_because(slice_)}"


def _because(slice_: MappingSlice) -> str:
    counted = Counter(fault for _, fault in slice_.set_aside)
    repeated = [n for n in Counter(slice_.times_ms).values() if n > 1]
    causes = [f"{n} with {fault}" for fault, n in sorted(counted.items())]
    causes += [f"{sum(repeated)} images share {len(repeated)} times"] if repeated else []
    return f" ({', '.join(causes)})" if causes else ""


def _notes(slice_: MappingSlice) -> list[str]:
    found = [
        f"{_where(slice_)}: {n} images left out: {fault}."
        for fault, n in sorted(Counter(fault for _, fault in slice_.set_aside).items())
    ]
    for time, n in sorted(Counter(slice_.times_ms).items()):
        if n > 1 and math.isfinite(time):
            found.append(f"{_where(slice_)}: {n} images have the time {time:g} ms.")
    return found
