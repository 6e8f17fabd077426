"""Tell the sequence of mapping images: from tags and times, from names last."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cmr.mapping.terms import MapKind, Method
from cmr.relaxometry.times import inversion_numbers
from dicomio.headers import ImageHeader
from dicomio.mapping_slices import MappingSlice
from dicomio.mapping_source import IntArray
from dicomio.mapping_times import t2_preparation_ms

UNKNOWN = "unknown"
# 240 beats a minute; images after one inversion are at least a heart beat apart.
_SHORTEST_RR_MS = 250.0
# Recovery is watched within one heart beat after a saturation; after an inversion over several.
_ONE_BEAT = 1.3
_USUAL_RR_MS = 1000.0
_SHMOLLI = (5, 1, 1)  # Piechnik et al., J Cardiovasc Magn Reson 2010;12:69

_NAMES = (
    ("ShMOLLI", re.compile(r"shmolli")),
    ("SASHA", re.compile(r"sasha")),
    ("SMART1Map", re.compile(r"smart ?1 ?map|smart t1")),
    ("MOLLI", re.compile(r"molli")),
)
_SATURATION_NAMES = frozenset({"SASHA", "SMART1Map"})
_CLOCK_S = 0.25
_WHOLE_SECONDS_S = 1.05  # clocks without fractions
_UNPREPARED = (
    "Slice at {:.1f} mm: the first image has no saturation time and is taken for the one without "
    "saturation."
)


@dataclass(frozen=True)
class ToldSequence:
    """Method and name of a sequence."""

    method: Method
    name: str


def named(image: ImageHeader) -> str:
    """T1 sequence that name, protocol or comment speak of, else "unknown"."""
    for text in (image.description, image.comments, image.protocol, image.sequence_name):
        plain = re.sub(r"[\s_\-]+", " ", text.lower())
        for name, pattern in _NAMES:
            if pattern.search(plain):
                return name
    return UNKNOWN


def acquired_order(images: Sequence[ImageHeader]) -> IntArray:
    """``(n,)`` rank from 1, by acquisition time, else by instance number where that fits.

    Zero where unknown. Instance numbers that run by inversion time say nothing of the order.
    """
    times = np.array([image.acquired_s for image in images])
    if np.all(np.isfinite(times)) and len(np.unique(times)) == len(times):
        return _ranks(times)
    numbers = np.array([image.instance_number for image in images])
    if np.all(np.isfinite(numbers)) and len(np.unique(numbers)) == len(numbers):
        ranks = _ranks(numbers)
        if np.any(np.diff(ranks) < 0):  # images come by ascending time
            return ranks
    return np.zeros(len(images), dtype=int)


def inversions(slice_: MappingSlice) -> IntArray:
    """``(n,)`` number of the inversion, from 1; 0 where unknown."""
    order = acquired_order(slice_.images)
    found = np.zeros(len(order), dtype=int)
    if order.all():
        by_order = np.argsort(order)
        times = np.array(slice_.times_ms)[by_order]
        found[by_order] = inversion_numbers(times, _SHORTEST_RR_MS) + 1
    return found if _clock_agrees(slice_, found) else np.zeros_like(found)


def _clock_agrees(slice_: MappingSlice, numbers: IntArray) -> bool:
    """After one inversion, inversion times advance as the clock does; True where none is known.

    After a saturation of its own for each image they do not.
    """
    acquired = np.array([image.acquired_s for image in slice_.images])
    times_s = np.array(slice_.times_ms) / 1000
    fractions = np.abs(acquired - np.round(acquired)) > 1e-6
    tolerance = _CLOCK_S if fractions.any() else _WHOLE_SECONDS_S
    since = acquired - times_s  # the moment of the inversion
    return all(
        np.ptp(since[numbers == n]) <= tolerance
        for n in np.unique(numbers)
        if n > 0 and np.isfinite(since[numbers == n]).all()
    )


def tell(slice_: MappingSlice) -> ToldSequence:
    """Sequence of one slice."""
    if slice_.kind is MapKind.T1:
        return _recovery(slice_)
    if slice_.kind is MapKind.T2_STAR:
        return ToldSequence(Method.GRADIENT_ECHOES, "multi-echo GRE")
    return _t2(slice_)


def beat_ms(slice_: MappingSlice) -> float:
    """Median step between images of one inversion: the heart beat while they were taken."""
    numbers, times = inversions(slice_), np.array(slice_.times_ms)
    steps = [np.diff(times[numbers == n]) for n in np.unique(numbers) if n > 0]
    found = np.concatenate(steps) if steps else np.empty(0)
    return float(np.median(found)) if found.size else math.nan


def with_unprepared(slice_: MappingSlice) -> tuple[MappingSlice, str]:
    """Give the image without saturation an infinite time; say so.

    SASHA begins with an image without saturation (Chow et al., Magn Reson Med 2014;71:2082). A
    header has no time for it. Only one such image, taken before all others, is taken for it.
    """
    untimed = [i for i, fault in slice_.set_aside if not i.inversion_time_ms > 0]
    starts = [image.acquired_s for image in slice_.images]
    if len(untimed) != 1 or not untimed[0].acquired_s < min(starts):
        return slice_, ""
    complete = replace(
        slice_,
        images=(*slice_.images, untimed[0]),
        times_ms=(*slice_.times_ms, math.inf),
        set_aside=tuple(pair for pair in slice_.set_aside if pair[0] is not untimed[0]),
    )
    return complete, _UNPREPARED.format(float(slice_.position_mm @ slice_.normal))


def _ranks(values: np.ndarray) -> IntArray:
    ranks = np.empty(len(values), dtype=int)
    ranks[np.argsort(values)] = np.arange(1, len(values) + 1)
    return ranks


def _recovery(slice_: MappingSlice) -> ToldSequence:
    first, name = slice_.first, named(slice_.first)
    groups = _groups(slice_)
    long = _spans_beats(slice_)
    if first.saturated or name in _SATURATION_NAMES:
        if long and name != "SMART1Map":  # whose longest recoveries run over several beats
            return ToldSequence(Method.UNKNOWN, UNKNOWN)
        return ToldSequence(Method.SATURATION, name if name in _SATURATION_NAMES else "SASHA")
    tagged = "IR" in (*first.scanning_sequence, *first.scan_options)
    timed = max(groups, default=0) >= 3 and math.isfinite(slice_.first.acquired_s)
    contradicted = not groups and acquired_order(slice_.images).all()
    inverted = "MOLLI" in name or timed or (tagged and not contradicted)
    if not long or not inverted:
        return ToldSequence(Method.UNKNOWN, UNKNOWN)
    single = all(size == 1 for size in groups[1:])
    if groups == _SHMOLLI or (name == "ShMOLLI" and single):
        return ToldSequence(Method.INVERSION, "ShMOLLI")
    scheme = _scheme(slice_, groups)
    return ToldSequence(Method.INVERSION, f"MOLLI {scheme}" if scheme else "MOLLI")


def _groups(slice_: MappingSlice) -> tuple[int, ...]:
    numbers = inversions(slice_)
    return tuple(int(np.sum(numbers == n)) for n in np.unique(numbers) if n > 0)


def _spans_beats(slice_: MappingSlice) -> bool:
    """Recovery times of several images run past one heart beat."""
    rr_ms = next((i.rr_ms for i in slice_.images if i.rr_ms > 0), _USUAL_RR_MS)
    late = [t for t in slice_.times_ms if t > _ONE_BEAT * rr_ms and math.isfinite(t)]
    return len(late) > 1


def _scheme(slice_: MappingSlice, groups: tuple[int, ...]) -> str:
    """Such as 5(3)3: images after each inversion, and heart beats of pause between."""
    if not groups:
        return ""
    numbers, rr_s = inversions(slice_), beat_ms(slice_) / 1000
    times = np.array([image.acquired_s for image in slice_.images])
    text = str(groups[0])
    for n, size in enumerate(groups[1:], start=2):
        gap = (times[numbers == n].min() - times[numbers == n - 1].max()) / rr_s
        regular = math.isfinite(gap) and gap >= 1 and abs(gap - round(gap)) < 0.35
        text += f"({round(gap) - 1 if regular else '?'}){size}"
    return text


def _t2(slice_: MappingSlice) -> ToldSequence:
    first = slice_.first
    commented = any(math.isfinite(t2_preparation_ms(i)) for i in slice_.images)
    prepared = first.t2_prepared or commented or min(slice_.times_ms) == 0
    spin_echo = "SE" in first.scanning_sequence
    if spin_echo and not prepared:
        return ToldSequence(Method.SPIN_ECHOES, "multi-echo spin echo")
    # Steady state free precession: SequenceVariant SS, or Siemens' "tfi" (TrueFISP).
    balanced = "SS" in first.sequence_variant or "tfi" in first.sequence_name.lower()
    if prepared or balanced:
        return ToldSequence(Method.T2_PREPARED, "T2-prep bSSFP" if balanced else "T2-prep GRE")
    return ToldSequence(Method.UNKNOWN, UNKNOWN)
