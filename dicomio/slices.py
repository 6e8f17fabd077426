"""One position of a cine: its images in the order of the cardiac cycle."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cmr.volume import FloatArray, StackGeometry
from dicomio.headers import ImageHeader
from dicomio.parts import SeriesPart

_MOTION_CORRECTED = re.compile(r"\bmoco\b")


@dataclass(frozen=True, eq=False)
class SliceImages:
    """Images of one position."""

    images: tuple[ImageHeader, ...]

    @property
    def first(self) -> ImageHeader:
        """Any image, for what all have in common."""
        return self.images[0]

    @cached_property
    def position_mm(self) -> FloatArray:
        """``(3,)`` ImagePositionPatient."""
        return np.asarray(self.first.position_mm)

    @cached_property
    def orientation(self) -> FloatArray:
        """``(2, 3)`` row and column cosine."""
        return np.reshape(self.first.orientation, (2, 3))

    @cached_property
    def normal(self) -> FloatArray:
        """``(3,)`` unit normal."""
        normal: FloatArray = np.cross(self.orientation[0], self.orientation[1])
        return normal

    @property
    def height_mm(self) -> float:
        """Position along the normal."""
        return float(self.position_mm @ self.normal)

    @property
    def motion_corrected(self) -> bool:
        """Registered by the scanner, as image type or name say."""
        words = re.sub(r"[_\-]+", " ", self.first.description.lower())
        named = _MOTION_CORRECTED.search(words) is not None
        return named or any("MOCO" in token for token in self.first.image_type)

    @property
    def started_s(self) -> float:
        """Earliest acquisition time, else that of the series; NaN when unknown."""
        known = [i.acquired_s for i in self.images if math.isfinite(i.acquired_s)]
        return min(known, default=self.first.series_time_s)

    @cached_property
    def identity(self) -> tuple[object, ...]:
        """A sort key that does not depend on file or folder order."""
        return (*self.first.position_mm, self.first.series_uid, self.first.ref.sop_instance_uid)


class CineSlice(SliceImages):
    """Images of one position over one cycle, in time order."""

    @property
    def n_phases(self) -> int:
        """Number of images."""
        return len(self.images)

    @cached_property
    def times_ms(self) -> FloatArray:
        """``(t,)`` trigger times, NaN where they do not order the images."""
        times = np.array([image.trigger_time_ms for image in self.images])
        return times if np.all(np.diff(times) > 0) else np.full(len(times), np.nan)

    @cached_property
    def rr_ms(self) -> float:
        """Length of the cardiac cycle: from the header, else from evenly spread trigger times."""
        known = [image.rr_ms for image in self.images if image.rr_ms > 0]
        if known:
            return float(np.median(known))
        steps = np.diff(self.times_ms)
        if len(steps) < 2 or not np.all(np.isfinite(steps)):
            return math.nan
        even = np.ptp(steps) <= 0.2 * np.median(steps)
        return float(np.median(steps) * self.n_phases) if even else math.nan


def geometry_of(slices: Sequence[SliceImages]) -> StackGeometry:
    """Geometry of a stack; its directions are those of the middle slice."""
    middle = slices[len(slices) // 2]
    first = middle.first
    return StackGeometry(
        positions_mm=np.array([s.position_mm for s in slices]),
        row_cosine=middle.orientation[0],
        column_cosine=middle.orientation[1],
        pixel_spacing_mm=(first.pixel_spacing_mm[0], first.pixel_spacing_mm[1]),
        shape=first.shape,
        slice_thickness_mm=first.slice_thickness_mm,
        frame_of_reference_uid=first.frame_of_reference_uid,
    )


def cine_slices(part: SeriesPart) -> tuple[CineSlice, ...]:
    """Every position of a part, repeats within the series taken apart."""
    slices: list[CineSlice] = []
    for place in part.positions:
        acquisitions = _repeats(place, part.images_per_position)
        slices.extend(CineSlice(in_time_order(images)) for images in acquisitions)
    return tuple(slices)


def in_time_order(images: Sequence[ImageHeader]) -> tuple[ImageHeader, ...]:
    """Images by trigger time, or by the first stand-in that tells them all apart.

    Stand-ins: temporal position, instance number, acquisition time. They are tried in this
    order because instance numbers follow time within one position on every known scanner,
    while acquisition times of a retrospectively gated cine are often all equal.
    """
    for field in ("trigger_time_ms", "temporal_index", "instance_number", "acquired_s"):
        values = [getattr(image, field) for image in images]
        if all(map(math.isfinite, values)) and len(set(values)) == len(values):
            return tuple(sorted(images, key=lambda image: float(getattr(image, field))))
    return tuple(sorted(images, key=lambda i: (i.ref.sop_instance_uid, i.ref.frame_number)))


def _repeats(place: Sequence[ImageHeader], usual_count: int) -> list[list[ImageHeader]]:
    """Take apart acquisitions of one position that share a series: trigger times then repeat.

    The acquisition number says which image belongs to which. Where it does not, the last image
    of each trigger time makes the last acquisition, and so on backwards.
    """
    by_time = _by(place, "trigger_time_ms")
    copies = {len(images) for images in by_time.values()}
    rounded = len(copies) > 1 and len(place) == usual_count  # phases too close to tell apart
    if len(by_time) < 2 or copies == {1} or rounded:
        return [list(place)]
    by_acquisition = _by(place, "acquisition_number")
    if {len(images) for images in by_acquisition.values()} == {len(by_time)}:
        return list(by_acquisition.values())
    left = [sorted(images, key=_taken) for images in by_time.values()]
    found = []
    while any(left):
        found.append([images.pop() for images in left if images])
    return found


def _taken(image: ImageHeader) -> tuple[float, float, str]:
    """Sort key: acquisition time where known, then instance number."""
    time = image.acquired_s if math.isfinite(image.acquired_s) else 0.0
    number = image.instance_number if math.isfinite(image.instance_number) else 0.0
    return time, number, image.ref.sop_instance_uid


def _by(images: Sequence[ImageHeader], name: str) -> dict[float, list[ImageHeader]]:
    groups: dict[float, list[ImageHeader]] = defaultdict(list)
    for image in images:
        groups[getattr(image, name)].append(image)
    return groups
