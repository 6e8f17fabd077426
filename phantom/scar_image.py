"""From the signals of a late-enhancement slice to magnitude and PSIR values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from phantom.mapping_image import Image, received
from phantom.scanner import STORED_MAX

# Value of blood at unit gain; coil shading stays below 4095.
BLOOD_VALUE = 1000.0
# Stored PSIR values lie about the middle of 12 bits and count double, as Siemens stores phases.
PSIR_SLOPE, PSIR_INTERCEPT = 2.0, -4096.0


def noise_level(gain: Image, wall: npt.NDArray[np.bool_], noise: float) -> float:
    """SD of the noise over the signal of blood at unit gain, one for the whole stack.

    ``noise`` is relative to blood in the coil sensitivity of the wall; both arrays
    ``(z, row, col)``.
    """
    return noise * float(gain[wall].mean() if wall.any() else gain.mean())


def late_images(
    signal: Image, gain: Image, blur_px: float, noise_sd: float, rng: np.random.Generator
) -> tuple[Image, Image]:
    """``(row, col)`` magnitude and PSIR of one complex image of signed signals.

    Its phase is taken to be known: PSIR is the real part.
    """
    phase = np.zeros_like(gain)
    [seen] = received(signal[None], gain, blur_px, phase, noise_sd, rng) * BLOOD_VALUE
    magnitude = np.clip(np.rint(np.abs(seen)), 0, STORED_MAX)
    stored = np.clip(np.rint((seen.real - PSIR_INTERCEPT) / PSIR_SLOPE), 0, STORED_MAX)
    psir = PSIR_SLOPE * stored + PSIR_INTERCEPT
    return magnitude.astype(np.float32), psir.astype(np.float32)
