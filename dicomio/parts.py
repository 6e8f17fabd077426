"""Split a series into parts that hold one kind of image, and tell what can be counted on each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cmr.volume import FloatArray
from dicomio.headers import ImageHeader

# Direction cosines are written with 6 digits; scanners repeat them within 1e-4. Views that a
# person planned apart differ by degrees.
_SAME_DIRECTION = 0.005
_SAME_SPACING = 1e-3
_SAME_PLACE_MM = 0.5


@dataclass(frozen=True, eq=False)
class SeriesPart:
    """Images of one series with one matrix, orientation, component and image type family."""

    series_uid: str
    images: tuple[ImageHeader, ...]

    @property
    def first(self) -> ImageHeader:
        """Any image, for what all have in common."""
        return self.images[0]

    @cached_property
    def normal(self) -> FloatArray:
        """``(3,)`` unit normal of the planes."""
        row, column = np.reshape(self.first.orientation, (2, 3))
        normal: FloatArray = np.cross(row, column)
        return normal

    @cached_property
    def positions(self) -> tuple[tuple[ImageHeader, ...], ...]:
        """Images by slice position, in order along the normal."""
        corners = np.array([image.position_mm for image in self.images])
        heights = corners @ self.normal
        places: list[list[int]] = []
        for index in np.argsort(heights, kind="stable"):
            for place in reversed(places):
                if heights[index] - heights[place[0]] >= _SAME_PLACE_MM:
                    places.append([index])
                    break
                if math.dist(corners[index], corners[place[0]]) < _SAME_PLACE_MM:
                    place.append(index)
                    break
            else:
                places.append([index])
        return tuple(tuple(self.images[i] for i in sorted(place)) for place in places)

    @cached_property
    def images_per_position(self) -> int:
        """Median number of images at a position."""
        return int(np.median([len(place) for place in self.positions]))

    @cached_property
    def tokens(self) -> frozenset[str]:
        """Every code string of ImageType, sequence and options, upper case."""
        parts: set[str] = set()
        for image in self.images:
            parts.update(image.image_type)
        first = self.first
        return frozenset(parts).union(
            first.scanning_sequence, first.sequence_variant, first.scan_options
        )

    @property
    def sequence_names(self) -> str:
        """Sequence name, lower case."""
        return self.first.sequence_name.lower()

    def distinct(self, field: str) -> int:
        """Largest number of different positive values of a field at one position."""
        return max(_different(getattr(i, field) for i in place) for place in self.positions)

    @cached_property
    def spans_one_cycle(self) -> bool:
        """True when trigger times differ and fit one heart beat, at most positions at least."""
        return sum(map(_is_cycle, self.positions)) > len(self.positions) / 2

    @cached_property
    def spans_several_cycles(self) -> bool:
        """True when trigger times run past one heart beat at most positions."""
        return sum(map(_is_longer, self.positions)) > len(self.positions) / 2

    @cached_property
    def has_trigger_times(self) -> bool:
        """True when every image has a trigger time and they are not all the same."""
        times = [image.trigger_time_ms for image in self.images]
        return all(map(math.isfinite, times)) and max(times) > min(times)

    @cached_property
    def seconds_per_image(self) -> float:
        """Median acquisition interval of images at one position; NaN when unknown or none."""
        gaps: list[float] = []
        for place in self.positions:
            times = sorted(i.acquired_s for i in place if math.isfinite(i.acquired_s))
            if len(times) == len(place):
                gaps.extend(np.diff(times))
        return float(np.median(gaps)) if gaps else math.nan


def split(images: Iterable[ImageHeader]) -> tuple[SeriesPart, ...]:
    """Parts of one series, in the order of their first images."""
    parts: list[list[ImageHeader]] = []
    for image in images:
        for part in parts:
            if _alike(part[0], image):
                part.append(image)
                break
        else:
            parts.append([image])
    return tuple(SeriesPart(part[0].series_uid, tuple(part)) for part in parts)


def _alike(one: ImageHeader, two: ImageHeader) -> bool:
    return (
        one.shape == two.shape
        and one.frame_of_reference_uid == two.frame_of_reference_uid
        and _family(one) == _family(two)
        and _near(one.orientation, two.orientation, _SAME_DIRECTION)
        and _near(one.pixel_spacing_mm, two.pixel_spacing_mm, _SAME_SPACING)
    )


def _family(image: ImageHeader) -> tuple[object, ...]:
    maps = tuple(token for token in image.image_type if "MAP" in token)
    origin = image.image_type[:2]
    return origin, image.component, maps, image.burned_in


def _near(one: tuple[float, ...], two: tuple[float, ...], tolerance: float) -> bool:
    return all(abs(a - b) < tolerance for a, b in zip(one, two, strict=True))


def _different(values: Iterable[float]) -> int:
    return len({round(value, 1) for value in values if value > 0})


# 27 to 400 beats a minute; a prospectively triggered cine covers most of the cycle, while the
# trigger times of a dynamic series only scatter.
_LONGEST_CYCLE_MS = 2200.0
_SHORTEST_CYCLE_MS = 150.0
_SHARE_OF_CYCLE = (0.4, 1.3)


def _is_cycle(place: tuple[ImageHeader, ...]) -> bool:
    times = np.unique([image.trigger_time_ms for image in place])
    if not np.all(np.isfinite(times)) or len(times) <= len(place) / 4:
        return False
    low, high = _cycle_limits_ms(place)
    return bool(low <= np.ptp(times) <= high)


def _is_longer(place: tuple[ImageHeader, ...]) -> bool:
    times = [image.trigger_time_ms for image in place]
    return bool(np.ptp(times) > _cycle_limits_ms(place)[1])


def _cycle_limits_ms(place: tuple[ImageHeader, ...]) -> tuple[float, float]:
    """Least and greatest spread of the trigger times of one cycle."""
    known = [image.rr_ms for image in place if image.rr_ms > 0]
    if not known:
        return _SHORTEST_CYCLE_MS, _LONGEST_CYCLE_MS
    low, high = (share * float(np.median(known)) for share in _SHARE_OF_CYCLE)
    return low, min(high, _LONGEST_CYCLE_MS)
