"""From the tissue of a slice to stored values: point spread, coil, phase, noise, scanner's map."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from cmr.volume import StackGeometry
from phantom.scanner import STORED_MAX

# Stored value of fully relaxed blood at unit gain; coil shading stays below 4095.
RELAXED_BLOOD_STORED = 1500.0
# Wavelength of the phase that coils and field leave over the image.
_PHASE_WAVELENGTH_MM = (400.0, 800.0)
# Less water than this share of a pixel, weighted by density, is no tissue to a scanner's map.
_LEAST_WATER = 0.05

Image = npt.NDArray[np.float32]


def background_phase(geometry: StackGeometry, z: int, rng: np.random.Generator) -> Image:
    """``(row, col)`` smooth phase, radians."""
    direction = rng.standard_normal(3)
    wave = direction / np.linalg.norm(direction) * 2 * np.pi / rng.uniform(*_PHASE_WAVELENGTH_MM)
    rows, cols = np.indices(geometry.shape)
    points = geometry.to_patient_mm(np.full(geometry.shape, z), rows, cols)
    return np.asarray(points @ wave + rng.uniform(-np.pi, np.pi), dtype=np.float32)


def received(  # noqa: PLR0913 - the steps from tissue to the complex image
    signal: Image,
    gain: Image,
    blur_px: float,
    phase: Image,
    noise_sd: float,
    rng: np.random.Generator,
) -> npt.NDArray[np.complexfloating]:
    """Complex images ``(n, row, col)`` of signed signals.

    Noise of ``noise_sd`` is added to the real and to the imaginary part.
    """
    seen = ndimage.gaussian_filter(signal, (0, blur_px, blur_px)) * gain * np.exp(1j * phase)
    noise = rng.standard_normal((2, *signal.shape), dtype=np.float32)
    return np.asarray(seen + noise_sd * (noise[0] + 1j * noise[1]))


def expose(  # noqa: PLR0913 - the steps from tissue to stored values
    signal: Image,
    gain: Image,
    blur_px: float,
    phase: Image,
    noise_sd: float,
    rng: np.random.Generator,
) -> tuple[Image, Image]:
    """Magnitude and phase ``(n, row, col)`` as stored, 0 to 4095, of signed signals.

    The noise makes the magnitude Rician. The phase runs from -pi (0) to pi (4096), as Siemens
    stores it.
    """
    seen = received(signal, gain, blur_px, phase, noise_sd, rng)
    magnitude = np.clip(np.rint(np.abs(seen) * RELAXED_BLOOD_STORED), 0, STORED_MAX)
    turns = np.angle(seen) / (2 * np.pi) + 0.5
    stored_phase = np.rint(turns * (STORED_MAX + 1)) % (STORED_MAX + 1)
    return magnitude.astype(np.float32), stored_phase.astype(np.float32)


def relaxation_map(water: Image, weighted_ms: Image, blur_px: float) -> Image:
    """``(row, col)`` mean relaxation time of the water in a pixel, 0 without water.

    ``weighted_ms`` is the mean of density times relaxation time.
    """
    water, weighted_ms = (ndimage.gaussian_filter(x, blur_px) for x in (water, weighted_ms))
    mean_ms = weighted_ms / np.maximum(water, _LEAST_WATER)
    return np.asarray(np.where(water < _LEAST_WATER, 0, mean_ms), dtype=np.float32)
