"""How fast a ventricle empties and fills, from a periodic fit to its volume curve."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np

from cmr.volume import FloatArray


@dataclass(frozen=True, eq=False)
class Rates:
    """Peak rates of one ventricle. Names are those of :class:`cmr.results.Ventricle`.

    Attributes
    ----------
    fitted_ml
        ``(t,)`` fitted volume of each phase; NaN without a fit.
    reason
        Why there are no rates; empty where there are.
    """

    peak_ejection_rate_ml_s: float
    peak_filling_rate_ml_s: float
    time_to_peak_ejection_ms: float
    time_to_peak_filling_ms: float
    fitted_ml: FloatArray
    reason: str


def no_rates(n_phases: int, reason: str) -> Rates:
    """Nothing, and why."""
    return Rates(nan, nan, nan, nan, np.full(n_phases, nan), reason)
