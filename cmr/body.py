"""Body size and heart rate: what volumes are indexed and multiplied by."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan, sqrt
from typing import Literal

import numpy as np

from cmr.settings import Section
from cmr.volume import FloatArray

BsaFormula = Literal["Mosteller", "DuBois"]
Sex = Literal["male", "female", ""]
"""As the study states it; empty where it states neither."""


class Range(Section):
    """Closed interval of values that are taken as possible."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Tell whether ``value`` lies inside; False for NaN."""
        return self.low <= value <= self.high


class BodySettings(Section):
    """Formula for the body surface area, and what is taken as possible."""

    bsa_formula: BsaFormula
    height_cm: Range
    weight_kg: Range
    rr_ms: Range


@dataclass(frozen=True)
class Subject:
    """The patient as the study states it; NaN and empty when unknown."""

    height_cm: float = nan
    weight_kg: float = nan
    sex: Sex = ""
    age_years: float = nan


@dataclass(frozen=True)
class Body:
    """Checked body facts. An unusable value is NaN and its key has a reason in ``missing``."""

    height_cm: float
    weight_kg: float
    bsa_m2: float
    heart_rate_bpm: float
    bsa_formula: BsaFormula
    missing: dict[str, str]


def bsa_m2(height_cm: float, weight_kg: float, formula: BsaFormula) -> float:
    """Body surface area in m².

    Mosteller (N Engl J Med 1987;317:1098): sqrt(cm · kg / 3600).
    DuBois and DuBois (Arch Intern Med 1916;17:863): 0.007184 · kg^0.425 · cm^0.725.
    NaN when either input is NaN.

    >>> round(bsa_m2(180, 80, "Mosteller"), 2), round(bsa_m2(180, 80, "DuBois"), 2)
    (2.0, 2.0)
    """
    if formula == "Mosteller":
        return sqrt(height_cm * weight_kg / 3600)
    return float(0.007184 * weight_kg**0.425 * height_cm**0.725)


def describe_body(subject: Subject, rr_ms: FloatArray, settings: BodySettings) -> Body:
    """Check height, weight and RR interval and derive body surface area and heart rate.

    Parameters
    ----------
    subject
        Height and weight as read.
    rr_ms
        ``(z,)`` RR interval of each slice; NaN and 0 mean unknown.
    settings
        Formula and plausible ranges.
    """
    missing: dict[str, str] = {}
    height = _checked(subject.height_cm, settings.height_cm, "height", "cm")
    weight = _checked(subject.weight_kg, settings.weight_kg, "weight", "kg")
    rate = _heart_rate(rr_ms, settings.rr_ms)
    for key, (value, reason) in {
        "height_cm": height,
        "weight_kg": weight,
        "heart_rate_bpm": rate,
    }.items():
        if not isfinite(value):
            missing[key] = reason
    absent = [missing[key] for key in ("height_cm", "weight_kg") if key in missing]
    if absent:
        missing["bsa_m2"] = "no body surface area: " + "; ".join(absent)
    area = nan if absent else bsa_m2(height[0], weight[0], settings.bsa_formula)
    return Body(height[0], weight[0], area, rate[0], settings.bsa_formula, missing)


def _checked(value: float, allowed: Range, name: str, unit: str) -> tuple[float, str]:
    if not isfinite(value) or value == 0:
        return nan, f"{name} is not in the study"
    if not allowed.holds(value):
        return nan, f"{name} {value:g} {unit} is outside {allowed.low:g} to {allowed.high:g} {unit}"
    return value, ""


def _heart_rate(rr_ms: FloatArray, allowed: Range) -> tuple[float, str]:
    known = rr_ms[np.isfinite(rr_ms) & (rr_ms > 0)]
    if not known.size:
        return nan, "RR interval is not in the study"
    possible = known[(known >= allowed.low) & (known <= allowed.high)]
    if not possible.size:
        return nan, f"RR interval is outside {allowed.low:g} to {allowed.high:g} ms"
    return 60_000 / float(possible.mean()), ""
