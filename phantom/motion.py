"""Volume over the cardiac cycle: analytic, periodic, ED at phase 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.volume import FloatArray

# Share of diastole over which the ventricle fills early, and at which the atrium starts to push.
_EARLY_END = 0.45
_ATRIAL_START = 0.70


@dataclass(frozen=True)
class CycleShape:
    """Shape of the volume curve, common to both ventricles.

    Parameters
    ----------
    systole_share
        End-systole as a share of the cycle; end-diastole is at 0.
    early_filling_share
        Part of the stroke volume that flows in early; the rest is the atrial kick.
    """

    systole_share: float
    early_filling_share: float

    def fullness(self, cycle_time: FloatArray | float) -> FloatArray:
        """Filling at times given as shares of the cycle: 1 at end-diastole, 0 at end-systole.

        Half a cosine down; two half cosines up with diastasis between. Continuous with a
        continuous first derivative, and periodic.
        """
        tau = np.mod(np.asarray(cycle_time, dtype=float), 1.0)
        emptying = 1 - _rise(tau / self.systole_share)
        diastole = (tau - self.systole_share) / (1 - self.systole_share)
        early = self.early_filling_share * _rise(diastole / _EARLY_END)
        late = _rise((diastole - _ATRIAL_START) / (1 - _ATRIAL_START))
        filling = early + (1 - self.early_filling_share) * late
        return np.where(tau <= self.systole_share, emptying, filling)


def _rise(x: FloatArray) -> FloatArray:
    """Half a cosine from 0 at ``x`` = 0 to 1 at ``x`` = 1, flat outside."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(x, 0, 1)))


def end_systolic_phase(systole_share: float, phases: int) -> int:
    """Phase nearest to the end of systole, never the first or beyond the last."""
    return int(np.clip(round(systole_share * phases), 1, phases - 1))
