"""From single images of late enhancement to the stacks that they make."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from cmr.scar.terms import LateKind
from cmr.volume import FloatArray
from dicomio.late_slices import LateSlice
from dicomio.short_axis import angle_deg
from dicomio.stacks import StackSettings, latest, places, together

# Of the positions of a later, smaller stack that repeat those of an earlier one.
_FEW = 0.5
# Of the thickness: slices of one stack lie a thickness apart, nearer ones show the same wall.
_NEARLY = 0.75


@dataclass(frozen=True, eq=False)
class Candidate:
    """Parallel slices of one kind, one at each position, ascending along the normal.

    ``left_out`` holds the other images of these positions with the reason.
    """

    slices: tuple[LateSlice, ...]
    left_out: tuple[tuple[LateSlice, str], ...] = field(default=())

    @property
    def kind(self) -> LateKind:
        """Magnitude or PSIR."""
        return self.slices[0].kind

    @property
    def motion_corrected(self) -> bool:
        """Registered by the scanner."""
        return self.slices[0].motion_corrected

    @property
    def averaged(self) -> bool:
        """Mean of several acquisitions."""
        return self.slices[0].averaged

    @property
    def normal(self) -> FloatArray:
        """``(3,)`` unit normal."""
        return self.slices[0].normal

    @property
    def started_s(self) -> float:
        """Start of the first slice; NaN when unknown."""
        known = [s.started_s for s in self.slices if math.isfinite(s.started_s)]
        return min(known, default=math.nan)

    @property
    def what(self) -> str:
        """The stack in a few words."""
        count = len(self.slices)
        name = "PSIR" if self.kind is LateKind.PSIR else "magnitude"
        corrected = "motion-corrected " if self.motion_corrected else ""
        averaged = "averaged " if self.averaged else ""
        return f"{corrected}{averaged}{name} stack of {count} slice{'s' * (count != 1)}"


def candidates(
    slices: Sequence[LateSlice], settings: StackSettings, longest_pause_s: float
) -> list[Candidate]:
    """Stacks of one kind, version (motion-corrected, averaged), geometry and stretch of time."""
    versions: dict[object, list[LateSlice]] = defaultdict(list)
    for slice_ in slices:
        versions[slice_.kind, slice_.motion_corrected, slice_.averaged].append(slice_)
    return [
        _resolved(run, settings)
        for version in versions.values()
        for family in together(version, settings)
        for run in _runs(family, settings, longest_pause_s)
    ]


def rest_of(stack: Candidate, other: Candidate, settings: StackSettings) -> bool:
    """Tell whether ``other`` holds positions that ``stack`` lacks, in another matrix or place."""
    alike = (stack.kind, stack.motion_corrected, stack.averaged) == (
        other.kind,
        other.motion_corrected,
        other.averaged,
    )
    parallel = angle_deg(stack.normal, other.normal) <= settings.parallel_deg
    return alike and parallel and _repeated(other.slices, stack.slices, settings) < _FEW


def misfit(slice_: LateSlice, stack: Candidate) -> str:
    """Why a slice is not of a stack that lacks its position."""
    one, two = slice_.first, stack.slices[0].first
    if one.shape != two.shape:
        return f"{_times(one.shape)} pixels where the stack has {_times(two.shape)}"
    if one.pixel_spacing_mm != two.pixel_spacing_mm:
        found, wanted = _times(one.pixel_spacing_mm), _times(two.pixel_spacing_mm)
        return f"pixels of {found} mm where the stack has {wanted} mm"
    if one.frame_of_reference_uid != two.frame_of_reference_uid:
        return "another frame of reference than the stack has"
    return "beside the line of the stack, or turned in its plane"


def where(slice_: LateSlice) -> str:
    """Place of a slice, to begin a sentence with."""
    return f"Slice at {slice_.height_mm:.1f} mm"


def _runs(
    family: Sequence[LateSlice], settings: StackSettings, longest_pause_s: float
) -> list[list[LateSlice]]:
    """Slices taken one after the other; a few that were taken again later join the first."""
    if not all(math.isfinite(s.started_s) for s in family):
        return [list(family)]
    runs: list[list[LateSlice]] = []
    for slice_ in sorted(family, key=lambda s: (s.started_s, s.identity)):
        last = runs[-1][-1] if runs else None
        if last is None or (
            slice_.started_s - last.started_s > longest_pause_s
            and slice_.first.series_uid != last.first.series_uid
        ):
            runs.append([])
        runs[-1].append(slice_)
    joined: list[list[LateSlice]] = []
    for run in runs:
        if joined and _repeated(joined[-1], run, settings) < _FEW:
            joined[-1] += run
        else:
            joined.append(run)
    return joined


def _repeated(
    slices: Sequence[LateSlice], others: Sequence[LateSlice], settings: StackSettings
) -> float:
    """Share of the positions of ``slices`` at which ``others`` has a slice too, or nearly."""
    normal, thickness = slices[0].normal, slices[0].first.slice_thickness_mm
    near = max(settings.same_position_mm, _NEARLY * thickness if thickness > 0 else 0.0)
    heights = [float(other.position_mm @ normal) for other in others]
    own = places(slices, normal, settings.same_position_mm)
    shared = [
        any(abs(float(place[0].position_mm @ normal) - height) <= near for height in heights)
        for place in own
    ]
    return sum(shared) / len(own)


def _resolved(members: Sequence[LateSlice], settings: StackSettings) -> Candidate:
    """One slice a position: corrected real images, originals before copies, then the latest."""
    taken: list[LateSlice] = []
    left_out: list[tuple[LateSlice, str]] = []
    for place in places(members, members[0].normal, settings.same_position_mm):
        corrected = [s for s in place if s.corrected_real] or place
        originals = [s for s in corrected if not s.processed] or corrected
        chosen = latest(originals)
        taken.append(chosen)
        for slice_ in (s for s in place if s is not chosen):
            reason = "the image was taken again later"
            if slice_ not in corrected:
                reason = "its phase-corrected copy is used"
            elif slice_ not in originals:
                reason = "a processed copy of an image that is used"
            left_out.append((slice_, reason))
    return Candidate(tuple(taken), tuple(left_out))


def _times(pair: Sequence[float]) -> str:
    return " x ".join(f"{value:g}" for value in pair)
