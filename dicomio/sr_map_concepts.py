"""How each number of a region of a map is coded in the structured report.

Keys are those of ``results.json``. A test holds the two together: every measured field of mapping
stands either in :data:`CONCEPTS` or, with the reason, in :data:`LEFT_OUT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydicom.sr.coding import Code

from dicomio import codes


@dataclass(frozen=True)
class MapConcept:
    """A statistic of the quantity of the map, or, with a name, something of the region itself.

    ``uncertainty`` is the key of the number that says how far this one is known.
    """

    name: Code | None = None
    derivation: Code | None = None
    uncertainty: str = ""


CONCEPTS: Mapping[str, MapConcept] = MappingProxyType(
    {
        "median_ms": MapConcept(derivation=codes.MEDIAN, uncertainty="uncertainty_ms"),
        "mean_ms": MapConcept(derivation=codes.MEAN),
        "sd_ms": MapConcept(derivation=codes.STANDARD_DEVIATION),
        "median_pct": MapConcept(derivation=codes.MEDIAN, uncertainty="uncertainty_pct"),
        "mean_pct": MapConcept(derivation=codes.MEAN),
        "sd_pct": MapConcept(derivation=codes.STANDARD_DEVIATION),
        "left_out_pct": MapConcept(codes.PIXELS_LEFT_OUT),
        "r2": MapConcept(codes.R_SQUARED),
    }
)

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "uncertainty_ms": "stands with the median, as its range of uncertainty",
        "uncertainty_pct": "stands with the median, as its range of uncertainty",
    }
)
"""Numbers that are no measurement of their own in the report, with the reason."""
