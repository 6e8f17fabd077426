"""Volume over the cardiac cycle: analytic, periodic, ED at phase 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.volume import FloatArray

# Share of diastole over which the ventricle fills early, and at which the atrium starts to push.
_EARLY_END = 0.45
_ATRIAL_START = 0.70


@dataclass(frozen=True)
class Steepest:
    """Largest slope of the filling, per cycle, and when: a share of the cycle after ED or ES."""

    slope: float
    after: float


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

    def steepest(self) -> tuple[Steepest, Steepest]:
        """Emptying and filling; half a cosine is steepest in its middle, pi/2 of its mean slope."""
        diastole, early = 1 - self.systole_share, self.early_filling_share
        lobes = (
            (early, 0.0, _EARLY_END),
            (1 - early, _ATRIAL_START, 1.0),
        )
        filling = [
            Steepest(np.pi / 2 * share / ((end - start) * diastole), (start + end) / 2 * diastole)
            for share, start, end in lobes
        ]
        emptying = Steepest(np.pi / 2 / self.systole_share, self.systole_share / 2)
        return emptying, max(filling, key=lambda lobe: lobe.slope)


def _rise(x: FloatArray) -> FloatArray:
    """Half a cosine from 0 at ``x`` = 0 to 1 at ``x`` = 1, flat outside."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(x, 0, 1)))


def end_systolic_phase(systole_share: float, phases: int) -> int:
    """Phase nearest to the end of systole, never the first or beyond the last."""
    return int(np.clip(round(systole_share * phases), 1, phases - 1))
