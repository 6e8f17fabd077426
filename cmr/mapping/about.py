"""What is known of a map besides its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cmr.mapping.terms import Contrast, MapKind
from cmr.results_mapping import FitRecord, MapQuantity, ScannerCheck

BLOOD_DIFFERS = frozenset({"native_t1", "t2", "t2_star"})
"""Quantities that blood and muscle never share."""


@dataclass(frozen=True)
class MapAbout:
    """Origin of one map, for the results and the gates.

    Parameters
    ----------
    key
        Name in this study: the quantity, or with a number where there are several.
    flags
        Why the values of a scanner's map are doubted.
    field_strength_t
        NaN when unknown.
    fit
        How it was fitted; None for a scanner's map without source images.
    """

    key: str
    kind: MapKind
    contrast: Contrast
    contrast_reason: str
    sequence: str
    source: Literal["scanner", "fitted"]
    source_reason: str
    series_uids: tuple[str, ...]
    field_strength_t: float
    manufacturer: str
    flags: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fit: FitRecord | None = None
    scanner_check: ScannerCheck | None = None

    @property
    def quantity(self) -> MapQuantity:
        """Of the results."""
        return quantity_of(self.kind, self.contrast)


def quantity_of(kind: MapKind, contrast: Contrast) -> MapQuantity:
    """Name of a quantity in the results; T1 has its contrast state."""
    if kind is MapKind.T1:
        named: dict[Contrast, MapQuantity] = {
            Contrast.NATIVE: "native_t1",
            Contrast.POST: "post_t1",
            Contrast.UNDECIDED: "t1",
        }
        return named[contrast]
    others: dict[MapKind, MapQuantity] = {
        MapKind.T2: "t2",
        MapKind.T2_STAR: "t2_star",
        MapKind.ECV: "ecv",
    }
    return others[kind]
