"""Haematocrit for the extracellular volume: measured, or estimated from the T1 of blood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cmr.settings import Section

SYNTHETIC_FIELD_T = 1.5
# Native blood T1 by MOLLI at 1.5 T: Treibel et al., JACC Cardiovasc Imaging 2016;9:54.
_SLOPE_MS = 866.0
_OFFSET = -0.1232


class HaematocritSettings(Section):
    """Limits and uncertainty of the haematocrit.

    Attributes
    ----------
    fraction
        Used where neither a side file nor the study states one; null for none.
    low_fraction, high_fraction
        Outside these, a value is taken for an error or a wrong unit.
    measured_sd_fraction
        Of a laboratory value.
    synthetic_sd_fraction
        Of the estimate from blood T1, the error of T1 apart.
    field_tolerance_t
        Scanners write their field strength rounded or not.
    """

    fraction: float | None
    low_fraction: float
    high_fraction: float
    measured_sd_fraction: float
    synthetic_sd_fraction: float
    field_tolerance_t: float


@dataclass(frozen=True)
class Haematocrit:
    """Share of the blood that is cells, 0 to 1; NaN with a ``reason``.

    Attributes
    ----------
    sd_fraction
        Standard deviation, what follows from the SD of blood T1 apart.
    slope_per_ms
        Change with native blood T1; 0 for a measured value.
    """

    fraction: float
    sd_fraction: float
    source: Literal["measured", "synthetic", "none"]
    slope_per_ms: float = 0.0
    reason: str = ""


def measured_haematocrit(fraction: float, settings: HaematocritSettings) -> Haematocrit:
    """Haematocrit from the laboratory, as a fraction of 1."""
    known = Haematocrit(fraction, settings.measured_sd_fraction, "measured")
    return _checked(known, settings)


def synthetic_haematocrit(
    blood_t1_ms: float, field_strength_t: float | None, settings: HaematocritSettings
) -> Haematocrit:
    """Estimate from native blood T1, at 1.5 T only: ``866.0 / T1 - 0.1232``.

    At other field strengths and where the field strength (None or NaN) or T1 is unknown there is
    none.
    """
    known = float("nan") if field_strength_t is None else field_strength_t
    field = f"{known:g} T" if np.isfinite(known) else "unknown"
    if not abs(known - SYNTHETIC_FIELD_T) <= settings.field_tolerance_t:
        return _none(
            f"No haematocrit is known; the synthetic one holds at {SYNTHETIC_FIELD_T:g} T, and the"
            f" field strength is {field}."
        )
    if not (np.isfinite(blood_t1_ms) and blood_t1_ms > 0):
        return _none("No haematocrit is known, and no native blood T1 to estimate it from.")
    slope = -_SLOPE_MS / blood_t1_ms**2
    value = _SLOPE_MS / blood_t1_ms + _OFFSET
    estimate = Haematocrit(value, settings.synthetic_sd_fraction, "synthetic", slope)
    return _checked(estimate, settings)


def _none(reason: str) -> Haematocrit:
    return Haematocrit(float("nan"), float("nan"), "none", reason=reason)


def _checked(value: Haematocrit, settings: HaematocritSettings) -> Haematocrit:
    low, high = settings.low_fraction, settings.high_fraction
    if low <= value.fraction <= high:
        return value
    return _none(
        f"Haematocrit ({value.source}) {value.fraction:.4g}: "
        f"expected a fraction of 1 from {low:g} to {high:g}."
    )
