"""A fitted map: the value of each pixel with its uncertainty, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray


class Reason(IntEnum):
    """Why a pixel has no value."""

    DETERMINED = 0
    NO_SIGNAL = 1
    """Outside the caller's mask, or zero in every image."""
    NOT_FINITE = 2
    """NaN or infinite in an image."""
    NO_MINIMUM = 3
    """No best time constant inside the range that is searched."""
    WRONG_SHAPE = 4
    """The signal does not recover (T1) or decay (T2)."""
    NO_CORRECTION = 5
    """T1* cannot become T1: B/A - 1 is not positive."""
    UNCERTAIN = 6
    """The standard deviation is too large a share of the value."""
    AMBIGUOUS = 7
    """Another polarity fits as well and gives another value."""
    NOT_FITTED = 8
    """In a slice whose images or times no curve can be fitted to."""


@dataclass(frozen=True, eq=False)
class RelaxationMap:
    """Result of one fit; every array has the shape of an image.

    All but ``reason`` are NaN where ``reason`` is not ``DETERMINED``.

    Attributes
    ----------
    value_ms
        T1, T2 or T2*.
    sd_ms
        Standard deviation of ``value_ms``; also NaN where as many images as parameters leave the
        noise unknown.
    r2
        Share of the variance over the images that the curve explains; NaN like ``sd_ms``.
    plateau
        Signal at infinite time: A of a recovery, the offset of a decay.
    amplitude
        B: what the exponential adds to or takes from the plateau at time 0.
    time_constant_ms
        Of the exponential: T1* of MOLLI, else equal to ``value_ms``.
    reason
        :class:`Reason` as uint8.
    """

    value_ms: FloatArray
    sd_ms: FloatArray
    r2: FloatArray
    plateau: FloatArray
    amplitude: FloatArray
    time_constant_ms: FloatArray
    reason: npt.NDArray[np.uint8]

    def counts(self, within: npt.NDArray[np.bool_] | None = None) -> dict[Reason, int]:
        """Pixels per reason, in the whole map or ``within`` a mask; each reason has its entry."""
        chosen: Any = self.reason if within is None else self.reason[within]
        return {reason: int(np.count_nonzero(chosen == reason)) for reason in Reason}
