"""Sort mapping slices into acquisitions: one geometry, one stretch of time, one sequence."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from dicomio.mapping_sequence import UNKNOWN, named, tell
from dicomio.mapping_slices import MappingSlice, Role
from dicomio.stacks import StackSettings, places, together

Session = list[MappingSlice]


def sessions(
    slices: Sequence[MappingSlice], stack: StackSettings, longest_pause_s: float
) -> list[Session]:
    """Slices that belong to one acquisition, whatever their role.

    Slices of one kind and geometry follow each other with pauses up to ``longest_pause_s``; a
    change in whether contrast agent is named ends an acquisition too. Without times the n-th
    slice at each position belongs to the n-th acquisition.
    """
    by_kind: dict[str, Session] = defaultdict(list)
    for slice_ in slices:
        by_kind[slice_.kind].append(slice_)
    return [
        by_sequence
        for kind in by_kind.values()
        for family in together(kind, stack)
        for in_time in _by_time(family, stack, longest_pause_s)
        for by_sequence in _by_sequence(in_time, stack)
    ]


def sequence_family(slice_: MappingSlice) -> str:
    """Sequence without its scheme; maps have a name only."""
    if slice_.role is Role.MAGNITUDE:
        return tell(slice_).name.split()[0]
    return named(slice_.first)


def _by_time(family: Session, stack: StackSettings, longest_pause_s: float) -> list[Session]:
    """Sessions of the magnitude images; what else there is joins the nearest in time."""
    if not all(math.isfinite(s.started_s) for s in family):
        return _by_occurrence(family, stack)
    ordered = sorted(family, key=lambda s: (s.started_s, s.identity))
    found = _runs([s for s in ordered if s.role is Role.MAGNITUDE], longest_pause_s)
    alone: Session = []
    cores = [list(session) for session in found]
    for slice_ in (s for s in ordered if s.role is not Role.MAGNITUDE):
        apart = [min(abs(s.started_s - slice_.started_s) for s in core) for core in cores]
        if apart and min(apart) <= longest_pause_s:
            found[apart.index(min(apart))].append(slice_)
        else:
            alone.append(slice_)
    return found + _runs(alone, longest_pause_s)


def _runs(ordered: Session, longest_pause_s: float) -> list[Session]:
    found: list[Session] = []
    for slice_ in ordered:
        last = found[-1][-1] if found else None
        if (
            last is None
            or slice_.started_s - last.started_s > longest_pause_s
            or slice_.contrast_given is not last.contrast_given
        ):
            found.append([])
        found[-1].append(slice_)
    return found


def _by_occurrence(family: Session, stack: StackSettings) -> list[Session]:
    """By series number; where positions were not all taken equally often, each series apart."""
    found: dict[object, Session] = defaultdict(list)
    even = True
    roles: dict[tuple[Role, bool], Session] = defaultdict(list)
    for slice_ in family:
        roles[slice_.role, slice_.motion_corrected].append(slice_)
    for members in roles.values():
        by_place = places(members, family[0].normal, stack.same_position_mm)
        even = even and len({len(place) for place in by_place}) == 1
        for place in by_place:
            for n, slice_ in enumerate(sorted(place, key=_number)):
                found[n].append(slice_)
    if even:
        return list(found.values())
    apart: dict[str, Session] = defaultdict(list)
    for slice_ in family:
        apart[slice_.first.series_uid].append(slice_)
    return list(apart.values())


def _number(slice_: MappingSlice) -> tuple[float, float, str]:
    first = slice_.first
    numbers = (first.series_number, first.acquisition_number)
    series, acquisition = (n if math.isfinite(n) else math.inf for n in numbers)
    return series, acquisition, first.series_uid


def _by_sequence(session: Session, stack: StackSettings) -> list[Session]:
    """Take apart sequences that were run one after the other at the same positions."""
    groups: dict[tuple[str, int], Session] = defaultdict(list)
    for slice_ in session:
        if slice_.role is Role.MAGNITUDE:
            groups[sequence_family(slice_), _scheme_of(slice_, session, stack)].append(slice_)
    if not groups:
        return [session]
    for slice_ in session:
        if slice_.role is not Role.MAGNITUDE:
            groups[_owner(slice_, groups)].append(slice_)
    return list(groups.values())


def _scheme_of(slice_: MappingSlice, session: Session, stack: StackSettings) -> int:
    """Number of images where every position was taken with several, such as 8 and 9; else 0."""
    alike = [
        s
        for s in session
        if s.role is Role.MAGNITUDE and sequence_family(s) == sequence_family(slice_)
    ]
    counts = [
        {len(s.images) for s in place}
        for place in places(alike, slice_.normal, stack.same_position_mm)
    ]
    several = len(counts) > 1 and len(counts[0]) > 1 and all(c == counts[0] for c in counts)
    return len(slice_.images) if several else 0


def _owner(slice_: MappingSlice, groups: dict[tuple[str, int], Session]) -> tuple[str, int]:
    """Acquisition of a phase image, map or parameter: by name, images, then time."""
    family, count = sequence_family(slice_), len(slice_.images)

    def misfit(key: tuple[str, int]) -> tuple[bool, bool, float]:
        sources = [s for s in groups[key] if s.role is Role.MAGNITUDE]
        apart = [abs(s.started_s - slice_.started_s) for s in sources]
        known = [a for a in apart if math.isfinite(a)]
        other_name = UNKNOWN not in (family, key[0]) and family != key[0]
        other_count = slice_.role is Role.PHASE and count not in {len(s.images) for s in sources}
        return other_name, other_count, min(known, default=math.inf)

    return min(groups, key=misfit)
