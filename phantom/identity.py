"""Unique identifiers that are the same in every run with the same seed."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.uid import generate_uid


@dataclass(frozen=True)
class Identity:
    """Source of the UIDs of one study; another seed gives other UIDs throughout."""

    seed: int

    def uid(self, *parts: object) -> str:
        """UID of the thing that ``parts`` name, such as ``("series", 4)``."""
        return str(generate_uid(entropy_srcs=["cmr phantom", repr((self.seed, *parts))]))
