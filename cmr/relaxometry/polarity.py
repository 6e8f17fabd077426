"""Sign of the magnetisation, which magnitude images have lost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cmr.relaxometry.arrays import Array, namespace
from cmr.volume import FloatArray

# Four times the noise at an SNR of 20.
_WEAK_FRACTION = 0.2


def sign_patterns(times_ms: FloatArray) -> FloatArray:
    """All polarities that an inversion recovery can have at ``times_ms`` ``(n,)``.

    The magnetisation grows with time, so the images with the shortest times are negative: none,
    those of the shortest time, those of the two shortest ... but never those of the longest one.

    Returns
    -------
    FloatArray
        ``(different times, n)`` of ±1.
    """
    limits = np.unique(times_ms)
    return np.where(times_ms < limits[:, None], -1.0, 1.0)


def restore_signs(magnitude: Array, phase_rad: Array, times_ms: npt.ArrayLike) -> Array:
    """Signed images from magnitude and phase.

    A pixel is negative where its phase is more than a quarter turn away from the same pixel's
    phase in the image with the longest time, which is taken as recovered. Background phase that
    all images share drops out. Where the signal is weak, its magnitude is mostly noise; only the
    part along the reference phase is kept there, which is what a real-valued image would show.
    Elsewhere the whole magnitude is, as the phase of moving tissue wanders.

    Parameters
    ----------
    magnitude, phase_rad
        ``(n, ...)``; the phase in radians, wrapped or not.
    times_ms
        ``(n,)`` inversion times.
    """
    xp = namespace(magnitude)
    recovered = int(np.argmax(np.asarray(times_ms, np.float64)))
    along = xp.cos(phase_rad - phase_rad[recovered])
    weak = magnitude < _WEAK_FRACTION * magnitude[recovered]
    return magnitude * xp.where(weak, along, xp.sign(along))
