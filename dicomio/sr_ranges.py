"""The range of healthy people as properties of a measurement (TID 310 and 312)."""

from __future__ import annotations

from highdicom.sr import CodeContentItem, NumContentItem
from highdicom.sr import RelationshipTypeValues as Relation
from highdicom.sr.value_types import ContentItem
from pydicom.sr.coding import Code

from cmr.records import Quantity
from cmr.results_cine import CineRange
from cmr.results_mapping import ReferenceRange
from dicomio import codes
from dicomio.sr_content import text_item

_Z_DECIMALS = 2
_NORMALITY = {
    "below": codes.ABNORMALLY_LOW,
    "within": codes.NORMAL,
    "above": codes.ABNORMALLY_HIGH,
}


def property_item(name: Code, value: float, unit: Code) -> NumContentItem:
    """A number that belongs to a measurement."""
    return NumContentItem(
        name=name, value=value, unit=unit, relationship_type=Relation.HAS_PROPERTIES
    )


def range_items(
    known: CineRange | ReferenceRange, people: str, unit: Quantity
) -> list[ContentItem]:
    """Limits, z-score, people and source of a range, as far as it has them."""
    code = codes.UNITS[unit.unit]
    items: list[ContentItem] = []
    for name, limit in ((codes.NORMAL_RANGE_LOW, known.low), (codes.NORMAL_RANGE_HIGH, known.high)):
        if limit is not None:
            items.append(property_item(name, round(limit, unit.decimals), code))
    if known.z is not None:
        score = round(known.z, _Z_DECIMALS)
        items.append(property_item(codes.Z_SCORE, score, codes.UNITS["1"]))
    if known.source:
        kind, properties = f"{known.kind.capitalize()} range, {people}", Relation.HAS_PROPERTIES
        items.append(text_item(codes.NORMAL_RANGE_DESCRIPTION, kind, properties))
        items.append(text_item(codes.NORMAL_RANGE_AUTHORITY, known.source, properties))
    return items


def cine_range_items(known: CineRange, quantity: Quantity) -> list[ContentItem]:
    """What stands with a number of the cine: on which side of the range it lies, and the range."""
    normality = CodeContentItem(
        name=codes.NORMALITY,
        value=_NORMALITY[known.position],
        relationship_type=Relation.HAS_PROPERTIES,
    )
    return [normality, *range_items(known, known.people, quantity)]
