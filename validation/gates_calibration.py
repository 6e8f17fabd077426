"""The arithmetic of the gates' calibration on expert masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from cmr import gates_anatomy, gates_function
from cmr.anatomy import Mask
from cmr.body import Subject
from cmr.quality import QualitySettings
from cmr.volume import FloatArray, Volume4D
from cmr.volumetry import CineMeasurement, VolumetrySettings, measure

REVIEW_BUDGET = 0.10
# SD of the EDV error of the best ACDC entry, 4.6 ml, over the mean EDV of its test set's size of
# heart, 165 ml (shared/reference/quantification.md, "Accuracy anchors"); taken as independent
# between phases, which no network is, so the wrong-way changes are rather too large.
CURVE_NOISE = 4.6 / 165
CURVE_PHASES = 25
CURVE_DRAWS = 2000


@dataclass(frozen=True)
class Calibrated:
    """One gate with a limit from expert masks; ``group.key`` is its place in the settings."""

    name: str
    group: str
    key: str
    unit: str
    high_is_bad: bool
    figure: Callable[[CineMeasurement], float]

    def limit(self, settings: QualitySettings) -> float:
        """Look up the limit in use."""
        return float(getattr(getattr(settings, self.group), self.key))

    def flagged(self, figures: FloatArray, limit: float) -> Mask:
        """``(patients,)`` True where the gate asks for a review."""
        return np.asarray(figures > limit if self.high_is_bad else figures < limit)

    def proposal(self, figures: FloatArray, percentile: float) -> float:
        """Round the percentile of the experts' figures outwards to a whole number."""
        if self.high_is_bad:
            return float(ceil(np.percentile(figures, percentile)))
        return float(floor(np.percentile(figures, 100 - percentile)))


GATES = (
    Calibrated(
        "stroke_volume_difference",
        "function",
        "max_stroke_volume_difference_pct",
        "%",
        True,
        gates_function.stroke_volume_difference_pct,
    ),
    Calibrated(
        "mass_difference",
        "function",
        "max_mass_difference_pct",
        "%",
        True,
        gates_function.mass_difference_pct,
    ),
    Calibrated(
        "area_length_difference",
        "function",
        "max_area_length_difference_pct",
        "%",
        True,
        gates_function.area_length_difference_pct,
    ),
    Calibrated("area_kink", "anatomy", "max_area_kink_pct", "%", True, gates_anatomy.area_kink_pct),
    Calibrated(
        "base_coverage",
        "anatomy",
        "min_base_coverage_pct",
        "%",
        False,
        gates_anatomy.base_coverage_pct,
    ),
    Calibrated("base_step", "anatomy", "max_base_step_pct", "%", True, gates_anatomy.base_step_pct),
)


@dataclass(frozen=True)
class Calibration:
    """Figures of all patients, the common percentile and the limits it gives."""

    figures: dict[str, FloatArray]
    percentile: float
    proposals: dict[str, float]


def figures_of(measurements: Sequence[CineMeasurement]) -> dict[str, FloatArray]:
    """``(patients,)`` figure of every calibrated gate."""
    return {g.name: np.array([g.figure(m) for m in measurements]) for g in GATES}


def calibrate(figures: dict[str, FloatArray]) -> Calibration:
    """Find the lowest common percentile that keeps within the budget of reviews."""
    for percentile in np.arange(90, 100.1, 0.25):
        limits = {g.name: g.proposal(figures[g.name], percentile) for g in GATES}
        if share_reviewed(figures, limits) <= REVIEW_BUDGET:
            break
    return Calibration(figures, float(percentile), limits)


def share_reviewed(figures: dict[str, FloatArray], limits: dict[str, float]) -> float:
    """Share of the patients that any calibrated gate sends to review."""
    flags = [g.flagged(figures[g.name], limits[g.name]) for g in GATES]
    return float(np.any(flags, axis=0).mean())


def limits_in_use(settings: QualitySettings) -> dict[str, float]:
    """Limits of the calibrated gates in the settings."""
    return {g.name: g.limit(settings) for g in GATES}


def synthetic_reversals_pct(draws: int, noise: float, seed: int = 0) -> FloatArray:
    """``(draws,)`` wrong-way change of volume curves with one valley and noise.

    The curve falls from 1 to 0.4 until 35 % of the cycle, fills early until 60 %, rests, and gets
    its last fifth from the atrium after 85 %; ``noise`` is an SD as a share of EDV.
    """
    t = np.arange(CURVE_PHASES) / CURVE_PHASES
    knots = ([0, 0.35, 0.6, 0.85, 1], [1, 0.4, 0.87, 0.89, 1])
    curves = np.interp(t, *knots) + np.random.default_rng(seed).normal(0, noise, (draws, len(t)))
    return np.array(
        [gates_function.curve_reversal_pct(c, int(c.argmax()), int(c.argmin())) for c in curves]
    )


def measure_all(labels: Sequence[Volume4D], settings: VolumetrySettings) -> list[CineMeasurement]:
    """Measure each patient's masks; body size does not matter here."""
    return [measure(volume, Subject(), settings) for volume in labels]
