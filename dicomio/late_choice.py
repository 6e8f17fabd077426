"""Which of several late-enhancement stacks is measured, and why not the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cmr.scar.terms import LateKind
from cmr.settings import Section
from cmr.volume import StackGeometry
from dicomio.late_slices import LateSlice
from dicomio.late_stack import Candidate
from dicomio.names import names_early
from dicomio.short_axis import Axis, named_fittingly
from dicomio.slices import geometry_of
from dicomio.stacks import latest


class LateSettings(Section):
    """How late-enhancement stacks are told apart and compared.

    Attributes
    ----------
    longest_pause_s
        Between neighbouring slices of one stack.
    early_min
        Images taken sooner after contrast show early enhancement.
    longest_extent_mm
        That a slice stands for when the coverage of stacks is compared.
    same_coverage_mm
        Coverages that differ by less are the same.
    """

    longest_pause_s: float
    early_min: float
    longest_extent_mm: float
    same_coverage_mm: float


@dataclass(frozen=True, eq=False)
class Pick:
    """The chosen stack with the reason, and the others each with why not."""

    stack: Candidate
    reason: str
    others: tuple[tuple[Candidate, str], ...]


@dataclass(frozen=True)
class _Rule:
    """The larger score wins; scores within the tolerance are the same, NaN is unknown."""

    score: Callable[[Candidate], float]
    tolerance: float
    why: str
    why_not: str


def pick(
    stacks: Sequence[Candidate], axis: Axis, contrast_s: float, settings: LateSettings
) -> Pick:
    """Choose among short-axis stacks, one rule after the other until one stack is left.

    1. Stacks of which every name speaks of another view give way.
    2. The left ventricle as a whole: the stack that covers most of it, where there is a cine as far
       as the cine goes. A scar that was not imaged is missed by any method.
    3. Late: images taken within ``early_min`` of contrast, or named so, show early enhancement.
    4. PSIR before magnitude: it does not depend on the exact inversion time, which drifts while a
       stack is taken, and its signs tell nulled muscle from bright.
    5. Corrected for motion, then averaged, before single breath-holds: more signal, slices fit.
    6. The one taken last.

    Parameters
    ----------
    stacks
        At least one.
    contrast_s
        Contrast start on the clock of the headers; NaN when unknown.
    """
    left, told = list(stacks), ""
    others: list[tuple[Candidate, str]] = []
    for rule in _rules(axis, contrast_s, settings):
        scores = [rule.score(stack) for stack in left]
        if len(left) == 1 or not all(map(math.isfinite, scores)):
            continue
        best = max(scores)
        beaten = [s for s, v in zip(left, scores, strict=True) if v < best - rule.tolerance]
        if beaten:
            others += [(stack, rule.why_not) for stack in beaten]
            left = [stack for stack in left if stack not in beaten]
            told = f"{told}; {rule.why}"
    last = latest([stack.slices[0] for stack in left])
    stack = next(s for s in left if s.slices[0] is last)
    if len(left) > 1:
        others += [(other, "another was acquired later") for other in left if other is not stack]
        told = f"{told}; acquired last of {len(left)} alike"
    minutes = minutes_after(contrast_s, stack.slices)
    angle = axis.angle_deg(stack.normal)
    reason = f"{stack.what}, {angle:.0f}° off the {axis.named}{_when(minutes, settings)}{told}"
    return Pick(stack, reason, tuple(others))


def minutes_after(contrast_s: float, slices: Sequence[LateSlice]) -> float:
    """Minutes from contrast to the first slice; NaN when unknown."""
    started = min((s.started_s for s in slices if math.isfinite(s.started_s)), default=math.nan)
    return (started - contrast_s) / 60


def _rules(axis: Axis, contrast_s: float, settings: LateSettings) -> tuple[_Rule, ...]:
    def covered(stack: Candidate) -> float:
        return covered_mm(stack, axis, settings.longest_extent_mm)

    def late(stack: Candidate) -> bool:
        early = minutes_after(contrast_s, stack.slices) < settings.early_min
        return not (early or all(names_early(s.first.description) for s in stack.slices))

    return (
        _Rule(lambda s: named_fittingly(s.slices), 0, "the names of others speak of other views",
              "its name speaks of another view"),
        _Rule(covered, settings.same_coverage_mm, "it covers most of the left ventricle",
              "another covers more of the left ventricle"),
        _Rule(late, 0, "others show early enhancement", "it shows early enhancement"),
        _Rule(lambda s: s.kind is LateKind.PSIR, 0,
              "PSIR does not depend on the exact inversion time",
              "PSIR images of the same coverage do not depend on the exact inversion time"),
        _Rule(lambda s: s.motion_corrected, 0, "corrected for motion",
              "images that the scanner corrected for motion cover as much"),
        _Rule(lambda s: s.averaged, 0, "averaged", "averaged images cover as much"),
        _Rule(lambda s: s.started_s, 0, "acquired last", "another was acquired later"),
    )  # fmt: skip


def covered_mm(stack: Candidate, axis: Axis, longest_mm: float) -> float:
    """Length along the normal that the slices stand for, within the cine where there is one."""
    geometry = geometry_of(stack.slices)
    half = _extents(geometry, longest_mm) / 2
    cine = geometry_of(axis.cine.slices) if axis.cine else None
    if cine is None or cine.frame_of_reference_uid != geometry.frame_of_reference_uid:
        return float(2 * half.sum())
    middles, span = _middles(geometry, cine), _middles(cine, cine)
    reach = _extents(cine, longest_mm)[[0, -1]] / 2
    low = np.maximum(middles - half, span[0] - reach[0])
    high = np.minimum(middles + half, span[-1] + reach[1])
    return float(np.clip(high - low, 0, None).sum())


def _extents(geometry: StackGeometry, longest_mm: float) -> np.ndarray:
    """``(z,)`` mm that each slice stands for: a lone one its thickness, if that is known."""
    thickness = np.nan_to_num(geometry.slice_thickness_mm)
    extents = np.nan_to_num(geometry.slice_extents_mm, nan=float(thickness))
    return np.asarray(np.minimum(extents, longest_mm))


def _middles(geometry: StackGeometry, along: StackGeometry) -> np.ndarray:
    """``(z,)`` middle of each image along the normal of another stack."""
    rows, columns = geometry.shape
    middle = geometry.to_patient_mm(np.arange(geometry.n_slices), (rows - 1) / 2, (columns - 1) / 2)
    return np.asarray(middle @ along.normal)


def _when(minutes: float, settings: LateSettings) -> str:
    if math.isnan(minutes):
        return ""
    early = f", sooner than {settings.early_min:g} min" if minutes < settings.early_min else ""
    return f", {minutes:.0f} min after contrast{early}"
