"""Mapping acquisitions as arrays: source images, the scanner's own map, or both."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cmr.mapping.fitting import Protocol, SliceImages
from cmr.volume import FloatArray, StackGeometry

_SAME_PLACE_MM = 0.1


@dataclass(frozen=True, eq=False)
class SourceImages:
    """Source images of one map.

    Parameters
    ----------
    slices
        One a slice of ``geometry``; all have as many images.
    cycle_phase
        ``(z,)`` share of the cardiac cycle at which they were taken; NaN where unknown.
    left_out, notes
        Whole sentences.
    """

    slices: tuple[SliceImages, ...]
    geometry: StackGeometry
    cycle_phase: FloatArray
    series_uids: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def magnitudes(self) -> npt.NDArray[np.float32]:
        """``(n, z, row, col)``."""
        return np.stack([s.magnitude for s in self.slices], axis=1)

    def with_slices(self, slices: tuple[SliceImages, ...]) -> SourceImages:
        """The same acquisition with other pixels, such as aligned ones."""
        return replace(self, slices=slices)


@dataclass(frozen=True, eq=False)
class ScannerMap:
    """The scanner's own map.

    Parameters
    ----------
    values
        ``(z, row, col)`` in ms or %, NaN where the scanner has none.
    r2
        Laid out alike; None where the scanner stored no goodness of fit.
    flags
        Why the values are doubted.
    """

    values: FloatArray
    r2: FloatArray | None
    geometry: StackGeometry
    cycle_phase: FloatArray
    series_uids: tuple[str, ...]
    flags: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class AcquiredMap:
    """One acquisition; ``faults`` say what of it could not be read."""

    protocol: Protocol
    contrast_reason: str
    field_strength_t: float
    manufacturer: str
    source: SourceImages | None
    scanner: ScannerMap | None
    faults: tuple[str, ...] = ()

    @property
    def on_one_grid(self) -> bool:
        """Source images and scanner's map show the same pixels."""
        if self.source is None or self.scanner is None:
            return False
        return same_grid(self.source.geometry, self.scanner.geometry)


def same_grid(one: StackGeometry, other: StackGeometry) -> bool:
    """The same pixels at the same places, within what headers round."""
    if one.shape != other.shape or one.n_slices != other.n_slices:
        return False
    return bool(np.abs(_corners_mm(one) - _corners_mm(other)).max() <= _SAME_PLACE_MM)


def _corners_mm(geometry: StackGeometry) -> FloatArray:
    """``(z, 4, 3)`` centres of the corner pixels."""
    rows, cols = geometry.shape
    z = np.arange(geometry.n_slices)[:, None]
    row = np.broadcast_to([0, 0, rows - 1, rows - 1], (len(z), 4))
    col = np.broadcast_to([0, cols - 1, 0, cols - 1], (len(z), 4))
    return geometry.to_patient_mm(np.broadcast_to(z, row.shape), row, col)
