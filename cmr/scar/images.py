"""A late-enhancement stack as arrays, wherever it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.scar.terms import LateKind
from cmr.volume import FloatArray, Volume4D


@dataclass(frozen=True, eq=False)
class LateImages:
    """One stack of late-enhancement images.

    Parameters
    ----------
    volume
        ``(1, z, row, col)`` float32. PSIR values are signed about 0; scar is bright.
    kind
        Magnitude or PSIR.
    zero
        How the zero of PSIR values was found, in words; empty for magnitude.
    cycle_phase
        ``(z,)`` share of the RR interval at which the images were taken; NaN where unknown.
    """

    volume: Volume4D
    kind: LateKind
    zero: str
    cycle_phase: FloatArray

    @property
    def values(self) -> FloatArray:
        """``(z, row, col)``."""
        return np.asarray(self.volume.data[0], np.float64)
