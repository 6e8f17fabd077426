"""The slices of mapping series: images of one position, one acquisition and one role."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise

from cmr.mapping.terms import MapKind
from dicomio.headers import ImageHeader
from dicomio.kinds import Component, SeriesKind
from dicomio.mapping_times import timings
from dicomio.names import kind_hint
from dicomio.parts import SeriesPart
from dicomio.slices import SliceImages

SOURCE_KINDS = {
    SeriesKind.T1_SOURCE: MapKind.T1,
    SeriesKind.T2_SOURCE: MapKind.T2,
    SeriesKind.T2_STAR_SOURCE: MapKind.T2_STAR,
}
MAP_KINDS = {
    SeriesKind.T1_MAP: MapKind.T1,
    SeriesKind.T2_MAP: MapKind.T2,
    SeriesKind.T2_STAR_MAP: MapKind.T2_STAR,
    SeriesKind.ECV_MAP: MapKind.ECV,
}
# Longest acquisition of one slice: a breath-hold.
_BREATH_HOLD_S = 30.0
_SAME_PLACE_MM = 0.5


class Role(Enum):
    """What the images of a slice are."""

    MAGNITUDE = auto()
    PHASE = auto()
    MAP = auto()
    PARAMETERS = auto()


@dataclass(frozen=True, eq=False)
class MappingSlice(SliceImages):
    """Images of one position with usable times, ascending; maps have NaN times.

    ``set_aside`` holds the other images of the position, with the reason.
    """

    kind: MapKind
    role: Role
    times_ms: tuple[float, ...]
    set_aside: tuple[tuple[ImageHeader, str], ...] = ()

    @property
    def contrast_given(self) -> bool:
        """Some image names an agent."""
        return any(image.contrast_given for image in self.images)

    @property
    def different_times(self) -> int:
        """Number of times that differ, in tenths of milliseconds."""
        return len({round(t, 1) for t in self.times_ms})


def mapping_slices(
    parts: Mapping[SeriesKind, Sequence[SeriesPart]], longest_ms: float
) -> tuple[list[MappingSlice], dict[str, list[str]]]:
    """Slices of all mapping series, and why images of a series make none, by series UID."""
    slices: list[MappingSlice] = []
    refused: dict[str, list[str]] = defaultdict(list)
    strays = _Strays(parts)
    for series_kind, kind in SOURCE_KINDS.items():
        for part in parts.get(series_kind, ()):
            found, faults = _source_slices(part, kind, longest_ms)
            slices += [strays.added_to(slice_) for slice_ in found]
            refused[part.series_uid] += faults
    for series_kind, kind in MAP_KINDS.items():
        for part in parts.get(series_kind, ()):
            slices += _untimed(part, kind, Role.MAP)
    for part in parts.get(SeriesKind.MAP_PARAMETERS, ()):
        slices += _untimed(part, _parameters_of(part), Role.PARAMETERS)
    return slices, refused


class _Strays:
    """Images of the same series and position with another matrix than the rest."""

    def __init__(self, parts: Mapping[SeriesKind, Sequence[SeriesPart]]) -> None:
        self._images: dict[tuple[str, Component], list[ImageHeader]] = defaultdict(list)
        for image in (i for found in parts.values() for part in found for i in part.images):
            self._images[image.series_uid, image.component].append(image)

    def added_to(self, slice_: MappingSlice) -> MappingSlice:
        """Set aside what is there; a whole second set of images is none of it."""
        first = slice_.first
        found = tuple(
            (image, f"another matrix ({image.shape[0]} x {image.shape[1]})")
            for image in self._images[first.series_uid, first.component]
            if image.shape != first.shape
            and math.dist(image.position_mm, first.position_mm) < _SAME_PLACE_MM
        )
        if len(found) >= len(slice_.images):
            return slice_
        return replace(slice_, set_aside=(*slice_.set_aside, *found))


def _untimed(part: SeriesPart, kind: MapKind, role: Role) -> list[MappingSlice]:
    return [MappingSlice(p, kind, role, (math.nan,) * len(p)) for p in part.positions]


def _parameters_of(part: SeriesPart) -> MapKind:
    """Which map fit parameters belong to: by the protocol; those known so far are of ShMOLLI."""
    hint = kind_hint(part.first.protocol)
    return (SOURCE_KINDS | MAP_KINDS).get(hint, MapKind.T1) if hint else MapKind.T1


def _source_slices(
    part: SeriesPart, kind: MapKind, longest_ms: float
) -> tuple[list[MappingSlice], list[str]]:
    roles = {
        Component.MAGNITUDE: Role.MAGNITUDE,
        Component.UNKNOWN: Role.MAGNITUDE,
        Component.PHASE: Role.PHASE,
    }
    role = roles.get(part.first.component)
    if role is None:
        return [], [f"{part.first.component} images are not used"]
    slices, faults = [], []
    for place in part.positions:
        for images in _acquisitions(place, kind, longest_ms):
            found = _slice(images, kind, role, longest_ms)
            if found is not None:
                slices.append(found)
            else:
                times = timings(images, kind, longest_ms)
                counted = Counter(t.fault for t in times)
                faults += [f"{n} images with {fault}" for fault, n in counted.items()]
    return slices, faults


def _slice(
    images: Sequence[ImageHeader], kind: MapKind, role: Role, longest_ms: float
) -> MappingSlice | None:
    timed = list(zip(timings(images, kind, longest_ms), images, strict=True))
    known = ((t.value_ms, image) for t, image in timed if not t.fault)
    usable = sorted(known, key=lambda pair: (pair[0], _place(pair[1])))
    if not usable:
        return None
    return MappingSlice(
        images=tuple(image for _, image in usable),
        kind=kind,
        role=role,
        times_ms=tuple(value for value, _ in usable),
        set_aside=tuple((image, t.fault) for t, image in timed if t.fault),
    )


def _place(image: ImageHeader) -> tuple[float, float, str, int]:
    """Sort key of images with one time."""
    acquired = image.acquired_s if math.isfinite(image.acquired_s) else math.inf
    number = image.instance_number if math.isfinite(image.instance_number) else math.inf
    return acquired, number, image.ref.sop_instance_uid, image.ref.frame_number


def _acquisitions(
    place: Sequence[ImageHeader], kind: MapKind, longest_ms: float
) -> list[list[ImageHeader]]:
    """Take apart what shares a series and a position: versions of the images, or repeats.

    Only where times repeat, and only by something that leaves equal sets without repeats.
    """
    copies = _copies(place, kind, longest_ms)
    if copies <= 1:
        return [list(place)]
    for key in (_image_type, _acquisition, _temporal, _session(place)):
        groups: dict[Hashable, list[ImageHeader]] = defaultdict(list)
        for image in place:
            groups[key(image)].append(image)
        found = list(groups.values())
        even = len(found) == copies and len({len(group) for group in found}) == 1
        if even and all(_copies(group, kind, longest_ms) == 1 for group in found):
            return found
    return [list(place)]


def _copies(images: Sequence[ImageHeader], kind: MapKind, longest_ms: float) -> int:
    """How often the most frequent time occurs."""
    found = (t.value_ms for t in timings(images, kind, longest_ms) if not t.fault)
    return max(Counter(round(t, 1) for t in found).values(), default=0)


def _image_type(image: ImageHeader) -> Hashable:
    return image.image_type


def _acquisition(image: ImageHeader) -> Hashable:
    return image.acquisition_number


def _temporal(image: ImageHeader) -> Hashable:
    return image.temporal_index


def _session(place: Sequence[ImageHeader]) -> Callable[[ImageHeader], Hashable]:
    """Breath-hold that an image belongs to, by the pauses between acquisition times."""
    times = sorted({i.acquired_s for i in place if math.isfinite(i.acquired_s)})
    starts = [b for a, b in pairwise(times) if b - a > _BREATH_HOLD_S]
    return lambda image: sum(image.acquired_s >= start for start in starts)
