"""From chosen slices to the records that pixels are read from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from cmr.mapping.terms import Method
from cmr.volume import FloatArray
from dicomio.headers import ImageHeader
from dicomio.mapping_sequence import acquired_order, beat_ms, inversions
from dicomio.mapping_slices import MappingSlice
from dicomio.mapping_source import Acquisition, MappingSource, MapSource
from dicomio.mapping_stack import ChosenStack, SourceStack
from dicomio.slices import geometry_of
from dicomio.source import FrameRef

_SAME_PLACE_MM = 0.5
_SAME_TIME_MS = 1.0
_SAME_MOMENT_S = 0.1


def build_source(
    acquisition: Acquisition, stack: SourceStack, phases: Sequence[MappingSlice]
) -> MappingSource:
    """Frames, times and phase images of a stack of source images."""
    slices = stack.slices
    n = len(slices[0].images)
    found = [_phase_of(s, phases) for s in slices]
    with_phase = any(p is not None for p in found)
    inverted = acquisition.method is Method.INVERSION
    unknown = np.zeros(n, dtype=int)
    return MappingSource(
        acquisition=acquisition,
        frames=tuple(tuple(s.images[i].ref for s in slices) for i in range(n)),
        phase=tuple(tuple(None if p is None else p[i] for p in found) for i in range(n))
        if with_phase
        else (),
        geometry=geometry_of(slices),
        times_ms=np.stack([np.array(s.times_ms) for s in slices], axis=1),
        order=np.stack([acquired_order(s.images) for s in slices], axis=1),
        inversion=np.stack([inversions(s) if inverted else unknown for s in slices], axis=1),
        acquired_s=np.stack([np.array([i.acquired_s for i in s.images]) for s in slices], axis=1),
        trigger_ms=_triggers(slices),
        rr_ms=np.array([_rr_ms(s, inverted) for s in slices]),
        motion_corrected=slices[0].motion_corrected,
        left_out=stack.left_out,
        notes=(*stack.notes, *(_phase_notes(slices, found) if with_phase else ())),
    )


def build_map(
    acquisition: Acquisition, stack: ChosenStack, sources: Sequence[MappingSlice]
) -> MapSource:
    """Frames of a scanner's map; its heart beat is that of the ``sources`` if it says none."""
    slices = stack.slices
    inverted = acquisition.method is Method.INVERSION
    return MapSource(
        acquisition=acquisition,
        frames=tuple(s.first.ref for s in slices),
        geometry=geometry_of(slices),
        trigger_ms=_triggers(slices),
        rr_ms=np.array(
            [_median(_rr_ms(n, inverted) for n in (s, *_at(s, sources))) for s in slices]
        ),
        motion_corrected=slices[0].motion_corrected,
        left_out=stack.left_out,
    )


def _phase_of(slice_: MappingSlice, phases: Sequence[MappingSlice]) -> tuple[FrameRef, ...] | None:
    """One phase image for each image of a slice, of the same version; None unless unambiguous."""
    near = [
        p
        for p in _at(slice_, phases)
        if p.first.shape == slice_.first.shape and p.motion_corrected is slice_.motion_corrected
    ]
    partners = [
        _partner(image, time, near)
        for image, time in zip(slice_.images, slice_.times_ms, strict=True)
    ]
    refs = tuple(p.ref for p in partners if p is not None)
    return refs if len(refs) == len(set(refs)) == len(partners) else None


def _at(slice_: MappingSlice, others: Sequence[MappingSlice]) -> list[MappingSlice]:
    """Those of ``others`` at the position of ``slice_``."""
    here = slice_.first.position_mm
    return [s for s in others if math.dist(s.first.position_mm, here) < _SAME_PLACE_MM]


def _partner(image: ImageHeader, time: float, near: Sequence[MappingSlice]) -> ImageHeader | None:
    fitting = [
        phase
        for p in near
        for phase, other in zip(p.images, p.times_ms, strict=True)
        if abs(other - time) < _SAME_TIME_MS
        and not abs(phase.acquired_s - image.acquired_s) > _SAME_MOMENT_S
    ]
    return fitting[0] if len(fitting) == 1 else None


def _phase_notes(
    slices: Sequence[MappingSlice], found: Sequence[tuple[FrameRef, ...] | None]
) -> Iterable[str]:
    for slice_, phase in zip(slices, found, strict=True):
        if phase is None:
            where = float(slice_.position_mm @ slice_.normal)
            yield f"Slice at {where:.1f} mm: no phase image for each magnitude image."


def _triggers(slices: Sequence[MappingSlice]) -> FloatArray:
    """Median trigger time of each slice."""
    return np.array([_median(i.trigger_time_ms for i in s.images) for s in slices])


def _rr_ms(slice_: MappingSlice, inverted: bool) -> float:
    known = _median(i.rr_ms for i in slice_.images if i.rr_ms > 0)
    return beat_ms(slice_) if inverted and math.isnan(known) else known


def _median(values: Iterable[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return float(np.median(known)) if known else math.nan
