"""What every part of the results is made of: records, measured values, gates, networks.

Every measured field carries its title, UCUM unit and number of decimals; its key names the unit.
A value that is undefined or withheld is ``None`` here, absent from the JSON, and its key stands
in the ``withheld`` table of the same object with the reason. Whatever may be ``None`` has that as
its default: what is absent in a file is read as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """Base of every object in the results."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Quantity:
    """What a measured field means."""

    key: str
    title: str
    unit: str
    decimals: int


def measured(title: str, unit: str, decimals: int) -> Any:
    """A measured field: ``unit`` is UCUM, ``decimals`` what is written and shown."""
    return Field(default=None, title=title, json_schema_extra={"unit": unit, "decimals": decimals})


class Measured(Record):
    """An object with measured fields and the reasons for those that are missing."""

    withheld: dict[str, str] = Field(
        default_factory=dict, description="Key of each missing value, with the reason."
    )

    @classmethod
    def quantities(cls) -> Iterator[Quantity]:
        """Every measured field, in reading order."""
        for key, info in cls.model_fields.items():
            extra = info.json_schema_extra
            if isinstance(extra, dict) and "unit" in extra:
                yield Quantity(
                    key, str(info.title), str(extra["unit"]), int(str(extra["decimals"]))
                )

    def values(self) -> Iterator[tuple[Quantity, float]]:
        """The fields that have a value."""
        for quantity in self.quantities():
            value = getattr(self, quantity.key)
            if value is not None:
                yield quantity, float(value)


class Model(Record):
    """The network that made the masks."""

    name: str
    version: str
    sha256: str
    provider: str
    precision: str


class Status(StrEnum):
    """Outcome of a quality gate, in order of severity."""

    PASS = "pass"
    REVIEW = "review"
    WITHHELD = "withheld"


def most_severe(statuses: Iterable[Status]) -> Status:
    """The worst of them; a pass where there is none."""
    return max(statuses, key=list(Status).index, default=Status.PASS)


class Gate(Record):
    """One quality gate."""

    name: str
    status: Status
    figure: float | None = Field(
        default=None, description="What was measured; null when undefined."
    )
    limit: float | None = Field(default=None, description="What it was compared with.")
    unit: str
    message: str
    withholds: list[str] = Field(default_factory=list, description="Dotted keys not reported.")
