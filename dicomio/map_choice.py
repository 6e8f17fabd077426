"""Which of a scanner's images at one position is the map, and which are copies or parameters."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from dicomio.headers import ImageHeader
from dicomio.mapping_slices import MappingSlice
from dicomio.mapping_source import FitParameter
from dicomio.mapping_stack import ChosenStack
from dicomio.pixels import FrameUnreadable, read_stored
from dicomio.stacks import StackSettings, latest, places

# Seen in ../shared/data/relaxometry ("ShMOLLI color ..."); public code looks for it too.
_COLOUR = re.compile(r"\bcolou?r\b", re.IGNORECASE)
_MAP = re.compile(r"\b(t1|t2\*?|ecv) ?map\b", re.IGNORECASE)
_OTHER_PLANE = re.compile(
    r"r-?square|\br2\b|\bgof\b|\bchi\b|\berr(or)?\b|\bs\.?d\.?\b|\bstd\b|\bstd ?dev", re.IGNORECASE
)
_RATE = re.compile(r"^s?r2\b|\br2 ?(\*|star|map)", re.IGNORECASE)
_PARAMETERS = {
    FitParameter.A: re.compile(r"\[_*A_?Map_*\]"),
    FitParameter.B: re.compile(r"\[_*B_?Map_*\]"),
    FitParameter.T1_STAR: re.compile(r"\[_*T1star_?Map_*\]"),
    FitParameter.R_SQUARED: re.compile(r"^R-?square(?:d)?(?:\*(?P<scale>\d+))? Map", re.IGNORECASE),
}


def choose_maps(slices: Sequence[MappingSlice], stack: StackSettings) -> ChosenStack:
    """One map image a position; of several series the one acquired last."""
    refused: list[tuple[str, str]] = []
    taken: list[MappingSlice] = []
    left_out: list[str] = []
    for place in places(slices, slices[0].normal, stack.same_position_mm):
        candidates = []
        for slice_ in place:
            image, reasons = _the_map(slice_.images)
            refused += [(slice_.first.series_uid, reason) for reason in reasons]
            if image is not None:
                candidates.append(replace(slice_, images=(image,), times_ms=slice_.times_ms[:1]))
        if not candidates:
            where = float(place[0].position_mm @ place[0].normal)
            reason = refused[-1][1]
            left_out.append(f"Slice at {where:.1f} mm: {reason}; the slice is left out.")
            continue
        chosen = latest(candidates)
        taken.append(chosen)
        again = "repeated later at the same position"
        refused += [(s.first.series_uid, again) for s in candidates if s is not chosen]
    return ChosenStack(tuple(taken), tuple(left_out), tuple(refused))


def parameter_planes(
    slices: Sequence[MappingSlice],
) -> dict[FitParameter, tuple[tuple[ImageHeader, ...], float]]:
    """Images of each parameter, one a slice, and what divides their values.

    A parameter that some slice lacks, or has twice, is left out.
    """
    found: dict[FitParameter, list[tuple[ImageHeader, float]]] = defaultdict(list)
    for image in (image for slice_ in slices for image in slice_.images):
        for parameter, pattern in _PARAMETERS.items():
            match = pattern.search(image.comments)
            if match:
                scale = match.groupdict().get("scale")
                found[parameter].append((image, float(scale) if scale else 1.0))
    complete = {}
    for parameter, pairs in found.items():
        places_found = {image.position_mm for image, _ in pairs}
        scales = {scale for _, scale in pairs}
        if len(pairs) == len(places_found) == len(slices) and len(scales) == 1 and 0 not in scales:
            complete[parameter] = (tuple(image for image, _ in pairs), scales.pop())
    return complete


def _the_map(images: Sequence[ImageHeader]) -> tuple[ImageHeader | None, list[str]]:
    """The one map among the images of a series at one position."""
    reasons, left = [], []
    for image in images:
        reason = _refusal(image)
        if reason:
            reasons.append(reason)
        else:
            left.append(image)
    named = [image for image in left if _MAP.search(image.comments)]
    if len(named) == 1:
        reasons += ["another image of the series says that it is the map"] * (len(left) - 1)
        return named[0], reasons
    if len(left) > 1 and _identical(left):
        reasons += ["an identical copy of the map"] * (len(left) - 1)
        return left[0], reasons
    if len(left) > 1:
        reasons.append(f"{len(left)} images at one position, and nothing tells which is the map")
        return None, reasons
    return (left[0] if left else None), reasons


def _refusal(image: ImageHeader) -> str:
    if _COLOUR.search(image.comments) or _COLOUR.search(image.description.replace("_", " ")):
        return "a copy of the map for display in colour, by its comment or name"
    if _OTHER_PLANE.search(image.comments) and not _MAP.search(image.comments):
        return "a parameter or error of the fit, by its comment"
    if any(token.startswith("R2") for token in image.image_type) or _RATE.search(
        re.sub(r"[_\-:]+", " ", image.description)
    ):
        return "a map of a relaxation rate, not of a time"
    return ""


def _identical(images: Sequence[ImageHeader]) -> bool:
    try:
        return len({hashlib.sha256(read_stored(i.ref)[0].tobytes()).digest() for i in images}) == 1
    except FrameUnreadable:
        return False
