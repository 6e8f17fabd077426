"""When the images of a mapping acquisition are taken, and the closed-form signal of a tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.volume import FloatArray

# First TI after each inversion: 100, 180, 260 ms, as in ../shared/data/relaxometry.
_FIRST_INVERSION_MS = 100.0
_INVERSION_STEP_MS = 80.0
# Saturation times run from here to this share of the heart beat (Chow 2014).
_FIRST_SATURATION_MS = 100.0
_LAST_SATURATION_SHARE = 0.75
_SATURATIONS = 9
_FIRST_ECHO_MS, _ECHO_STEP_MS, _ECHOES = 2.0, 2.2, 8


@dataclass(frozen=True)
class MolliScheme:
    """Inversions of a MOLLI acquisition: images after each, and idle beats before the next."""

    images: tuple[int, ...]
    pauses: tuple[int, ...]

    @property
    def count(self) -> int:
        """Number of images."""
        return sum(self.images)

    def beats(self) -> tuple[tuple[int, ...], ...]:
        """Heart beat of each image, counted from 0, by inversion."""
        starts = np.cumsum([0, *(n + p for n, p in zip(self.images, self.pauses, strict=False))])
        return tuple(
            tuple(int(start) + i for i in range(count))
            for start, count in zip(starts, self.images, strict=True)
        )

    def inversion_ms(self, rr_ms: float) -> FloatArray:
        """``(n,)`` TI of each image in the order of acquisition, at a steady heart beat."""
        return np.concatenate(
            [
                _FIRST_INVERSION_MS + k * _INVERSION_STEP_MS + rr_ms * np.arange(count)
                for k, count in enumerate(self.images)
            ]
        )


NATIVE_SCHEME = MolliScheme((5, 3), (3,))
POST_SCHEME = MolliScheme((4, 3, 2), (1, 1))


@dataclass(frozen=True)
class Readout:
    """A single-shot balanced SSFP image: a train of pulses, centre of k-space in its middle."""

    flip_deg: float = 35.0
    tr_ms: float = 2.8
    pulses: int = 56

    @property
    def te_ms(self) -> float:
        """Echo time."""
        return self.tr_ms / 2

    @property
    def duration_ms(self) -> float:
        """From the first pulse to the end of the last TR."""
        return self.tr_ms * self.pulses


def saturation_ms(rr_ms: float) -> FloatArray:
    """``(10,)`` SASHA times: first infinity, without saturation, then evenly over the beat."""
    last = np.round(_LAST_SATURATION_SHARE * rr_ms)
    times = np.linspace(_FIRST_SATURATION_MS, last, _SATURATIONS)
    return np.concatenate([[np.inf], np.round(times)])


def echo_ms() -> FloatArray:
    """``(8,)`` echo times of the T2* acquisition."""
    return np.asarray(_FIRST_ECHO_MS + _ECHO_STEP_MS * np.arange(_ECHOES))


def look_locker_t1_ms(
    t1_ms: FloatArray, t2_ms: FloatArray, readout: Readout, rr_ms: float
) -> FloatArray:
    """Apparent T1* of a tissue read out once a heart beat.

    The recovery rate averaged over a beat: ``1/T1`` while idle, and during the readout that of a
    continuous balanced train, ``cos^2(a/2)/T1 + sin^2(a/2)/T2`` (Schmitt 2004).
    """
    share = readout.duration_ms / rr_ms
    half = np.deg2rad(readout.flip_deg) / 2
    driven = np.cos(half) ** 2 / t1_ms + np.sin(half) ** 2 / t2_ms
    return np.asarray(1 / ((1 - share) / t1_ms + share * driven))


def molli_model(
    times_ms: FloatArray, t1_ms: FloatArray, t1_star_ms: FloatArray, density: FloatArray
) -> FloatArray:
    """``(n, tissues)`` signed signal ``A - B exp(-TI/T1*)``.

    ``A = density T1*/T1`` and ``B = A + density`` (Look-Locker after a perfect inversion), so that
    ``T1* (B/A - 1)`` is T1 exactly.
    """
    steady = density * t1_star_ms / t1_ms
    return np.asarray(steady - (steady + density) * np.exp(-np.divide.outer(times_ms, t1_star_ms)))


def saturation_model(times_ms: FloatArray, t1_ms: FloatArray, density: FloatArray) -> FloatArray:
    """``(n, tissues)`` signal ``A (1 - exp(-TS/T1))``; that of an infinite time is ``A``."""
    return np.asarray(density * (1 - np.exp(-np.divide.outer(times_ms, t1_ms))))


def decay_model(times_ms: FloatArray, decay_ms: FloatArray, density: FloatArray) -> FloatArray:
    """``(n, tissues)`` signal ``density exp(-TE/T2)``, with T2 or T2*."""
    return np.asarray(density * np.exp(-np.divide.outer(times_ms, decay_ms)))
