"""What the groups of late enhancement share: numbers with their remarks, and how one is made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from highdicom.sr import CodeContentItem, Measurement, TrackingIdentifier
from highdicom.sr import RelationshipTypeValues as Relation
from highdicom.sr.value_types import ContentItem
from pydicom.sr.coding import Code

from cmr.records import Measured
from dicomio import codes, equipment
from dicomio.equipment import Algorithm
from dicomio.region_seg import tracking_uid
from dicomio.scar_seg import WrittenScar, structures
from dicomio.sr_content import missing, number, remark
from dicomio.sr_scar_concepts import CONCEPTS
from dicomio.sr_templates import Group, region_group, topic_group


@dataclass(frozen=True)
class Told:
    """What a group tells: numbers, coded evaluations (name, value) and remarks."""

    numbers: Sequence[Measurement] = ()
    evaluations: Sequence[tuple[Code, Code]] = ()
    remarks: Sequence[str] = ()

    def __add__(self, other: Told) -> Told:
        return Told(
            [*self.numbers, *other.numbers],
            [*self.evaluations, *other.evaluations],
            [*self.remarks, *other.remarks],
        )

    @property
    def items(self) -> list[ContentItem]:
        """All but the numbers."""
        coded = [
            CodeContentItem(name, value, relationship_type=Relation.CONTAINS)
            for name, value in self.evaluations
        ]
        return [*coded, *map(remark, self.remarks)]


@dataclass(frozen=True)
class Means:
    """How the numbers of a group came about."""

    algorithm: Algorithm
    method: Code | None = None


def told(prefix: str, record: Measured, keys: Collection[str]) -> Told:
    """Numbers ``keys`` of ``record``; ``prefix`` is that of their concepts."""
    numbers = [
        number(CONCEPTS[prefix + quantity.key], quantity, value)
        for quantity, value in record.values()
        if quantity.key in keys
    ]
    return Told(numbers, remarks=list(missing(record, keys)))


def count(name: Code, value: int, unit: str = "1") -> Told:
    """A number that is always known."""
    return Told([Measurement(name, value, codes.UNITS[unit])])


def part_group(label: int, means: Means, said: Told, written: WrittenScar) -> Group:
    """Measured on a part of the wall, or the wall itself: on its segment where it has one."""
    late, structure = written.late, structures(written.late.results)[label]
    tracking = TrackingIdentifier(
        tracking_uid(late.key, label, written.origin), f"{late.title}, {structure.title}"
    )
    return region_group(
        structure,
        written.masks,
        tracking,
        means.method,
        equipment.measurement_algorithm(means.algorithm, written.origin.identity),
        said.numbers,
        said.items,
    )


def other_group(  # noqa: PLR0913
    key: str, title: str, finding: Code, means: Means, said: Told, written: WrittenScar
) -> Group:
    """Measured on something in the wall that no segment stands for."""
    late = written.late
    uid = written.origin.uid(f"tracking/{late.key}/{key}")
    return topic_group(
        TrackingIdentifier(uid, f"{late.title}, {title}"),
        finding,
        codes.LV_MYOCARDIUM,
        means.method,
        equipment.measurement_algorithm(means.algorithm, written.origin.identity),
        said.numbers,
        [written.masks] if written.masks else [],
        said.items,
    )
