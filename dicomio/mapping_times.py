"""The time that an image of a mapping series stands for: inversion, preparation or echo time."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cmr.mapping.terms import MapKind
from dicomio.headers import ImageHeader

# Siemens writes both into the image comments (VE11: seen in ../shared/data/relaxometry and read
# so by MRKonrad/tomato), XA into the frame comments.
_INVERSION_COMMENT = re.compile(r"\bTIeff (\d+(?:\.\d+)?) ms")
_T2_COMMENT = re.compile(r"\bT2 prep\. duration = (\d+(?:\.\d+)?) ms")
# Comments are rounded to whole milliseconds.
_SAME_TIME_MS = 2.0


@dataclass(frozen=True)
class Timing:
    """Time of one image; ``fault`` says why it has none."""

    value_ms: float
    fault: str = ""


def t2_preparation_ms(image: ImageHeader) -> float:
    """Duration of the T2 preparation by the comment; 0 is none at all, NaN unknown."""
    return _in_comment(_T2_COMMENT, image)


def timings(images: Sequence[ImageHeader], kind: MapKind, longest_ms: float) -> tuple[Timing, ...]:
    """Times of the images of one slice."""
    if kind is MapKind.T1:
        return tuple(_recovery(image, longest_ms) for image in images)
    prepared = [t2_preparation_ms(image) for image in images]
    if kind is MapKind.T2 and any(map(math.isfinite, prepared)):
        return tuple(_checked(t, "T2 preparation time", 0.0, longest_ms) for t in prepared)
    # No readout has an echo at 0; without spin echoes it is a preparation time of 0.
    stands_for_preparation = kind is MapKind.T2 and "SE" not in images[0].scanning_sequence
    least = 0.0 if stands_for_preparation else math.ulp(0.0)
    return tuple(_checked(i.echo_time_ms, "echo time", least, longest_ms) for i in images)


def _recovery(image: ImageHeader, longest_ms: float) -> Timing:
    tagged, comment = image.inversion_time_ms, _in_comment(_INVERSION_COMMENT, image)
    if tagged > 0 and comment > 0 and abs(tagged - comment) > _SAME_TIME_MS:
        return Timing(math.nan, f"inversion time {tagged:g} ms, but {comment:g} ms by its comment")
    known = [t for t in (tagged, comment, image.private_inversion_ms) if t > 0]
    return _checked(known[0] if known else tagged, "inversion time", math.ulp(0.0), longest_ms)


def _checked(value_ms: float, what: str, least_ms: float, longest_ms: float) -> Timing:
    if math.isnan(value_ms):
        return Timing(math.nan, f"no {what}")
    if not least_ms <= value_ms <= longest_ms:
        return Timing(math.nan, f"{what} of {value_ms:.4g} ms")
    return Timing(value_ms)


def _in_comment(pattern: re.Pattern[str], image: ImageHeader) -> float:
    found = pattern.search(image.comments)
    return float(found[1]) if found else math.nan
