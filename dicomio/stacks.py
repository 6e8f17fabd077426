"""Group cine slices of any series into stacks of parallel planes, by geometry alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cmr.settings import Section
from cmr.volume import FloatArray
from dicomio.slices import CineSlice, SliceImages

BoolArray = npt.NDArray[np.bool_]
AnySlice = TypeVar("AnySlice", bound=SliceImages)

_SAME_SPACING = 1e-3


class StackSettings(Section):
    """When slices belong together."""

    parallel_deg: float
    line_mm: float
    same_position_mm: float


@dataclass(frozen=True, eq=False)
class Stack:
    """Parallel slices, one at each position, ascending along the normal.

    ``left_out`` holds the slices of the same planes that were not taken, with the reason;
    ``lost`` says the same of positions at which no slice was fit to be taken.
    """

    slices: tuple[CineSlice, ...]
    left_out: tuple[tuple[CineSlice, str], ...] = field(default=())
    lost: tuple[str, ...] = field(default=())

    @property
    def n_phases(self) -> int:
        """Images at each position."""
        return self.slices[0].n_phases

    @property
    def normal(self) -> FloatArray:
        """``(3,)`` unit normal."""
        return self.slices[0].normal


def group(slices: Sequence[CineSlice], settings: StackSettings) -> tuple[Stack, ...]:
    """Stacks among ``slices``, the one with most positions first."""
    stacks = [_resolve(members, settings) for members in together(slices, settings)]
    return tuple(sorted(stacks, key=lambda s: (-len(s.slices), s.slices[0].identity)))


def together(slices: Sequence[AnySlice], settings: StackSettings) -> list[list[AnySlice]]:
    """Sort slices into families of one geometry.

    Slices belong together when they share frame of reference, matrix and pixel spacing, their
    directions agree within ``parallel_deg`` and, seen along the normal, their corners lie within
    ``line_mm``. Being together is transitive, so the order of the input does not matter.
    """
    ordered = sorted(slices, key=lambda s: s.identity)
    return [[ordered[i] for i in members] for members in _components(_linked(ordered, settings))]


def latest(slices: Sequence[AnySlice]) -> AnySlice:
    """Pick the slice acquired last: by acquisition time, series time, then numbers.

    A criterion counts when all slices have it; where it leaves several, the next one decides.
    """
    left = list(slices)
    for name in ("acquired_s", "series_time_s", "series_number", "instance_number"):
        values = [float(getattr(s.first, name)) for s in left]
        if all(map(math.isfinite, values)):
            left = [s for s, value in zip(left, values, strict=True) if value == max(values)]
        if len(left) == 1:
            break
    return max(left, key=lambda s: s.first.series_uid)


def _linked(slices: Sequence[SliceImages], settings: StackSettings) -> BoolArray:
    n = len(slices)
    planes = [(s.first.frame_of_reference_uid, s.first.shape) for s in slices]
    codes = {plane: i for i, plane in enumerate(dict.fromkeys(planes))}
    code = np.array([codes[plane] for plane in planes], dtype=int).reshape(n)
    spacing = np.array([s.first.pixel_spacing_mm for s in slices]).reshape(n, 2)
    directions = np.array([s.orientation for s in slices]).reshape(n, 2, 3)
    positions = np.array([s.position_mm for s in slices]).reshape(n, 3)
    cosines = np.einsum("iak,jak->ija", directions, directions)
    parallel = np.all(cosines > math.cos(math.radians(settings.parallel_deg)), axis=2)
    offset = positions[None] - positions[:, None]
    shift = np.linalg.norm(np.einsum("iak,ijk->ija", directions, offset), axis=2)
    same_spacing = np.all(
        np.abs(spacing[None] - spacing[:, None]) <= _SAME_SPACING * spacing[None], axis=2
    )
    linked: BoolArray = same_spacing & parallel & (shift <= settings.line_mm)
    linked &= code[None] == code[:, None]
    return linked


def _components(linked: BoolArray) -> list[list[int]]:
    """Flood the links: sets of connected indices."""
    left, found = set(range(len(linked))), []
    while left:
        members, pending = [], [min(left)]
        left -= set(pending)
        while pending:
            index = pending.pop()
            members.append(index)
            near = {int(j) for j in np.flatnonzero(linked[index])} & left
            left -= near
            pending.extend(near)
        found.append(sorted(members))
    return found


def _resolve(slices: list[CineSlice], settings: StackSettings) -> Stack:
    """One slice a position, all with one phase count; the rest left out with a reason."""
    normal = slices[0].normal
    by_place = places(slices, normal, settings.same_position_mm)
    n_phases = _common_phase_count(by_place)
    taken, left_out, lost = [], [], []
    for number, place in enumerate(by_place, start=1):
        fitting = [s for s in place if s.n_phases == n_phases]
        chosen = latest(_originals(fitting)) if fitting else None
        if chosen is not None:
            taken.append(chosen)
        else:
            reason = _why_not(place[0], None, n_phases)
            lost.append(f"Short-axis cine, position {number}: {reason}; the slice is left out.")
        left_out += [(s, _why_not(s, chosen, n_phases)) for s in place if s is not chosen]
    return Stack(tuple(taken), tuple(left_out), tuple(lost))


def _originals(slices: list[CineSlice]) -> list[CineSlice]:
    """Scanner images where there are any: a processed copy never replaces its original."""
    return [s for s in slices if not _is_processed(s)] or slices


def _is_processed(slice_: CineSlice) -> bool:
    return "DERIVED" in slice_.first.image_type


def places(
    slices: Sequence[AnySlice], normal: FloatArray, tolerance_mm: float
) -> list[list[AnySlice]]:
    """Slices by position along ``normal``, ascending; closer than the tolerance is one place."""
    heights = np.array([float(s.position_mm @ normal) for s in slices])
    found: list[list[AnySlice]] = []
    start = -math.inf
    for i in np.argsort(heights, kind="stable"):
        if heights[i] - start > tolerance_mm:
            found.append([])
            start = heights[i]
        found[-1].append(slices[i])
    return found


def _common_phase_count(by_place: list[list[CineSlice]]) -> int:
    """Phase count at most positions; on a tie the one acquired last, then the larger."""
    votes = Counter(n for place in by_place for n in {s.n_phases for s in place})
    top = max(votes.values())
    tied = [n for n, count in votes.items() if count == top]
    candidates = [s for place in by_place for s in place if s.n_phases in tied]
    return tied[0] if len(tied) == 1 else latest(candidates).n_phases


def _why_not(slice_: CineSlice, chosen: CineSlice | None, n_phases: int) -> str:
    if slice_.n_phases != n_phases:
        return f"{slice_.n_phases} phases where the stack has {n_phases}"
    if _is_processed(slice_) and chosen is not None and not _is_processed(chosen):
        return "a processed copy of images that are there"
    where = (
        "another series"
        if chosen is None or chosen.first.series_uid != (slice_.first.series_uid)
        else "the same series"
    )
    return f"repeated later in {where}"
