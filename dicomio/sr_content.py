"""Content items of the structured report: numbers, remarks, image references, image library."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

from highdicom.sr import (
    CodeContentItem,
    ContainerContentItem,
    ContentSequence,
    ImageContentItem,
    Measurement,
    NumContentItem,
    SourceImageForSegmentation,
    TextContentItem,
    UIDRefContentItem,
)
from highdicom.sr import RelationshipTypeValues as Relation
from highdicom.sr.value_types import ContentItem
from pydicom.sr.coding import Code

from cmr.records import Measured, Quantity
from cmr.volume import StackGeometry
from dicomio import codes
from dicomio.highdicom_fixes import add_to_measurement, instances
from dicomio.source import FrameRef

Listing: TypeAlias = tuple[Sequence[FrameRef], StackGeometry]
"""Images of one stack."""

_SPELLED = str.maketrans(
    {"×": "x", "·": "x", "²": "2", "³": "3", "–": "-", "±": "+/-", "≥": ">=", "≤": "<=", "…": "..."}
)


class Concept(Protocol):
    """How a number is coded."""

    @property
    def name(self) -> Code:
        """What it is."""

    @property
    def modifiers(self) -> tuple[tuple[Code, Code], ...]:
        """Name and value of what narrows it."""

    @property
    def equation(self) -> str:
        """How it was computed; empty where that needs no telling."""

    @property
    def method(self) -> Code | None:
        """How it was measured, where its group does not tell."""


def number(concept: Concept, quantity: Quantity, value: float) -> Measurement:
    """Make a measurement (TID 300), rounded as everywhere else that ``quantity`` is shown."""
    measurement = Measurement(
        name=concept.name,
        value=round(value, quantity.decimals),
        unit=codes.UNITS[quantity.unit],
        method=concept.method,
    )
    items = modifiers(concept.modifiers)
    if concept.equation:
        items.append(text_item(codes.EQUATION, concept.equation, Relation.INFERRED_FROM))
    add_to_measurement(measurement, items)
    return measurement


def modifiers(pairs: Iterable[tuple[Code, Code]]) -> list[ContentItem]:
    """Make the modifiers of a concept from (name, value)."""
    return [
        CodeContentItem(name=name, value=value, relationship_type=Relation.HAS_CONCEPT_MOD)
        for name, value in pairs
    ]


def missing(record: Measured, keys: Collection[str]) -> Iterator[str]:
    """Say which of the numbers ``keys`` are withheld: their titles by reason."""
    titles: dict[str, list[str]] = {}
    for quantity in record.quantities():
        reason = record.withheld.get(quantity.key)
        if reason is not None and quantity.key in keys:
            titles.setdefault(reason, []).append(quantity.title)
    for reason, names in titles.items():
        yield f"{', '.join(names)} not reported: {reason}"


def absent(segments: Mapping[int, Measured], keys: Collection[str]) -> Iterator[str]:
    """Say why AHA segments have no group of their own: their numbers by what is missing."""
    numbers: dict[str, list[str]] = {}
    for segment, record in segments.items():
        numbers.setdefault("; ".join(missing(record, keys)), []).append(str(segment))
    for said, listed in numbers.items():
        yield f"AHA {', '.join(listed)}: {said}"


def remark(text: str) -> TextContentItem:
    """Make a comment for the reader of a measurement group."""
    return text_item(codes.COMMENT, text, Relation.CONTAINS)


def text_item(name: Code, text: str, relation: Relation) -> TextContentItem:
    """Make a text that every character set of a source can hold."""
    return TextContentItem(name=name, value=plain_text(text), relationship_type=relation)


def plain_text(text: str) -> str:
    """Spell ``text`` in ASCII, which every character set of a source can hold."""
    return text.translate(_SPELLED).encode("ascii", "replace").decode("ascii")


def source_images(frames: Sequence[FrameRef]) -> list[SourceImageForSegmentation]:
    """Refer to the images that a segment was drawn on."""
    return [
        SourceImageForSegmentation(frame.sop_class_uid, frame.sop_instance_uid, numbers or None)
        for frame, numbers in instances(frames)
    ]


def image_library(listings: Sequence[Listing]) -> ContainerContentItem:
    """List the used images (TID 1600), a group a stack, what its images share stated once.

    highdicom's own library repeats 17 descriptors an image (6 s for 250 images) and knows no
    frames of a multi-frame instance.
    """
    return _container(codes.IMAGE_LIBRARY, [_library_group(*listing) for listing in listings])


def _library_group(frames: Sequence[FrameRef], geometry: StackGeometry) -> ContainerContentItem:
    group = _container(codes.IMAGE_LIBRARY_GROUP, _shared_descriptors(geometry))
    if geometry.frame_of_reference_uid:
        group.ContentSequence.append(
            UIDRefContentItem(
                name=codes.FRAME_OF_REFERENCE_UID,
                value=geometry.frame_of_reference_uid,
                relationship_type=Relation.HAS_ACQ_CONTEXT,
            )
        )
    for frame, numbers in instances(frames):
        group.ContentSequence.append(
            ImageContentItem(
                name=codes.SOURCE,
                referenced_sop_class_uid=frame.sop_class_uid,
                referenced_sop_instance_uid=frame.sop_instance_uid,
                referenced_frame_numbers=numbers or None,
                relationship_type=Relation.CONTAINS,
            )
        )
    return group


def _shared_descriptors(
    geometry: StackGeometry,
) -> list[CodeContentItem | NumContentItem]:
    acquisition = Relation.HAS_ACQ_CONTEXT
    rows, columns = geometry.shape
    row_spacing, column_spacing = geometry.pixel_spacing_mm
    numbers = (
        (codes.PIXEL_DATA_ROWS, rows, "{pixels}"),
        (codes.PIXEL_DATA_COLUMNS, columns, "{pixels}"),
        (codes.HORIZONTAL_PIXEL_SPACING, column_spacing, "mm"),
        (codes.VERTICAL_PIXEL_SPACING, row_spacing, "mm"),
    )
    modality = CodeContentItem(
        name=codes.MODALITY, value=codes.MAGNETIC_RESONANCE, relationship_type=acquisition
    )
    return [modality] + [
        NumContentItem(
            name=name, value=value, unit=codes.UNITS[unit], relationship_type=acquisition
        )
        for name, value, unit in numbers
    ]


def _container(
    name: Code, items: Iterable[CodeContentItem | NumContentItem | ContainerContentItem]
) -> ContainerContentItem:
    container = ContainerContentItem(name=name, relationship_type=Relation.CONTAINS)
    container.ContentSequence = ContentSequence(items)
    return container
