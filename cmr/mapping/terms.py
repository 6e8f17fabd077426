"""What mapping acquisitions are called."""

from enum import StrEnum


class MapKind(StrEnum):
    """What a map shows."""

    T1 = "T1"
    T2 = "T2"
    T2_STAR = "T2*"
    ECV = "ECV"

    @property
    def unit(self) -> str:
        """UCUM unit of its values."""
        return "%" if self is MapKind.ECV else "ms"


class Method(StrEnum):
    """How the signal of the source images depends on their times."""

    INVERSION = "inversion recovery"
    SATURATION = "saturation recovery"
    T2_PREPARED = "T2 preparation"
    SPIN_ECHOES = "multi-echo spin echo"
    GRADIENT_ECHOES = "multi-echo gradient echo"
    UNKNOWN = "unknown"


class Contrast(StrEnum):
    """Whether contrast agent had been given."""

    NATIVE = "native"
    POST = "post-contrast"
    UNDECIDED = "undecided"
