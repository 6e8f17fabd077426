"""Every measured value of a study by the path that it has in ``results.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from cmr.records import Measured, Quantity
from cmr.results import StudyResults

Place = tuple[tuple[int, str], ...]
"""Sorts paths in the order of the schema: of each part its position, then its name."""


def measured_values(results: StudyResults) -> Iterator[tuple[Place, str, Quantity, float]]:
    """Place, dotted path such as ``cine.lv.edv_ml``, meaning and value of each, in reading order.

    Entries of a list have their index as name, from 0.
    """
    yield from _below(results, (), "")


def _below(node: Any, place: Place, path: str) -> Iterator[tuple[Place, str, Quantity, float]]:
    quantities: dict[str, Quantity] = {}
    if isinstance(node, Measured):
        quantities = {quantity.key: quantity for quantity in node.quantities()}
    for position, name, value in _parts(node):
        here, dotted = (*place, (position, name)), f"{path}.{name}" if path else name
        if name in quantities and value is not None:
            yield here, dotted, quantities[name], value
        else:
            yield from _below(value, here, dotted)


def _parts(node: Any) -> Iterator[tuple[int, str, Any]]:
    """Position among its neighbours, name in the file, and value."""
    if isinstance(node, BaseModel):
        for number, (field, info) in enumerate(type(node).model_fields.items()):
            yield number, info.alias or field, getattr(node, field)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield (key if isinstance(key, int) else 0), str(key), value
    elif isinstance(node, list | tuple):
        for number, value in enumerate(node):
            yield number, str(number), value
