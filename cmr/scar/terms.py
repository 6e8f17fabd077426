"""Words of late enhancement."""

from enum import StrEnum


class LateKind(StrEnum):
    """How the grey values came about: magnitude, or phase-sensitive with a sign."""

    MAGNITUDE = "magnitude"
    PSIR = "psir"
