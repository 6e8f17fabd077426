"""What a reader of late enhancement has to know, in words."""

from __future__ import annotations

from collections.abc import Iterator

from cmr.results_scar import GRAY_TITLES, METHOD_TITLES, MethodResult, Scar


def about_images(scar: Scar) -> Iterator[str]:
    """Which images, what was left out, and where there are no segments."""
    stack = scar.stack
    yield f"Images: {stack.kind}. {stack.reason}"
    if stack.zero:
        yield f"Zero of the grey values: {stack.zero}"
    yield from (f"Not taken: {text}" for text in stack.not_taken)
    yield from (f"Left out: {text}" for text in stack.left_out)
    for z, one in enumerate(scar.slices, 1):
        if one.reason:
            yield f"Slice {z} has no segments: {one.reason}"
    yield from scar.notes


def about_method(scar: Scar) -> Iterator[str]:
    """Which method the scar is by, and which gray zone belongs to it."""
    yield f"Method: {METHOD_TITLES[scar.method]}. {scar.method_reason}"
    yield f"Core and gray zone: {GRAY_TITLES[scar.gray_definition]}"
    yield "No-reflow is part of the scar and of its core."
    if scar.method in scar.methods:
        yield from about_result(scar.methods[scar.method])


def about_result(result: MethodResult) -> Iterator[str]:
    """What one method rests on."""
    if result.note:
        yield result.note
    if any(value is not None for value in result.thresholds):
        shown = ["none" if value is None else f"{value:g}" for value in result.thresholds]
        yield f"Scar from grey value, by slice: {', '.join(shown)}"
