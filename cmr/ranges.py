"""A value beside the range of healthy people: what every reference range has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from cmr.settings import Section

# Limits of a range given as mean and SD.
_RANGE_SD = 2.0


class Limits(Section):
    """What is normal.

    Attributes
    ----------
    mean, sd
        Of healthy people; null where only limits are known.
    low, high
        Limits; null for two SD to either side of the mean.
    source
        Where the range comes from.
    """

    mean: FiniteFloat | None
    sd: FiniteFloat | None
    low: FiniteFloat | None
    high: FiniteFloat | None
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Limits:
        if (self.mean is None) != (self.sd is None) or (self.low is None) != (self.high is None):
            raise ValueError("mean and sd, and low and high, come in pairs")
        if self.mean is None and self.low is None:
            raise ValueError("give mean and sd, or low and high")
        if self.sd is not None and self.sd <= 0:
            raise ValueError("sd must be positive")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low must be below high")
        return self


@dataclass(frozen=True)
class Comparison:
    """A value beside its range; numbers are NaN where there is none.

    Attributes
    ----------
    z
        Distance from the mean in SD; NaN where the range has no SD.
    source
        Of the range; empty without one.
    reason
        Why there is no range; empty with one.
    """

    kind: Literal["site", "published", "none"]
    low: float
    high: float
    z: float
    source: str
    reason: str


def no_range(reason: str) -> Comparison:
    """No range, and why."""
    return Comparison("none", np.nan, np.nan, np.nan, "", reason)


def beside(value: float, known: Limits, kind: Literal["site", "published"]) -> Comparison:
    """Put a value beside its range."""
    z = low = high = float("nan")
    if known.mean is not None and known.sd is not None:
        z = (value - known.mean) / known.sd
        low, high = (known.mean + k * _RANGE_SD * known.sd for k in (-1, 1))
    if known.low is not None and known.high is not None:
        low, high = known.low, known.high
    return Comparison(kind, low, high, z, known.source, "")
