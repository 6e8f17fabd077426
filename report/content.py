"""The page model as plain tables of texts, all of which the fonts can set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from report.fonts import drawable
from report.page import Report

_NOT_TEXT = frozenset({"drawing", "mark_drawings", "file", "mime"})


def content(report: Report) -> dict[str, Any]:
    """``report`` as dictionaries and lists."""
    found: dict[str, Any] = _settable(asdict(report))
    return found


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a content, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            if key not in _NOT_TEXT:
                yield from texts_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_in(one)


def _settable(value: Any) -> Any:
    if isinstance(value, str):
        return drawable(value)
    if isinstance(value, dict):
        return {k: one if k in _NOT_TEXT else _settable(one) for k, one in value.items()}
    if isinstance(value, list | tuple):
        return [_settable(one) for one in value]
    return value
