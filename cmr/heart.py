"""Find the heart in a short-axis cine by what beats.

The first temporal harmonic of a pixel is large where the wall and the blood pool trade places
once a cycle. Its energy, smoothed and added over the slices, peaks over the ventricles.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat
from scipy import ndimage

from cmr.settings import Section

FloatArray = npt.NDArray[np.floating[Any]]

_MAX_STEPS = 50
_SETTLED_MM = 0.1
# On the 0-1 scale; a float32 sum over still images is off by 1e-7.
_LEAST_AMPLITUDE = 1e-4


class HeartSettings(Section):
    """Numbers of the motion search."""

    smoothing_mm: PositiveFloat
    radius_mm: PositiveFloat
    prior_sd_mm: PositiveFloat
    min_contrast: float = Field(ge=1)


class CentreMethod(StrEnum):
    """How a centre was found."""

    MOTION = "motion over the cycle"
    IMAGE_CENTRE = "image centre"
    FIRST_LOOK = "what the network found at first"


@dataclass(frozen=True)
class HeartCentre:
    """Where the crop is centred.

    Parameters
    ----------
    row, col
        Fractional pixel indices; whole numbers are pixel centres.
    method
        Motion, the fallback, or a first look of the network that found the heart elsewhere.
    reason
        Why the fallback was taken at first; empty for motion.
    """

    row: float
    col: float
    method: CentreMethod
    reason: str = ""


def locate_heart(
    images: FloatArray, pixel_spacing_mm: tuple[float, float], settings: HeartSettings
) -> HeartCentre:
    """Centre of the beating region of a stack.

    Parameters
    ----------
    images
        ``(t, z, row, col)`` normalised to 0–1 by :func:`cmr.intensity.normalise`.
    pixel_spacing_mm
        Distance between rows and between columns.
    settings
        Smoothing, disc radius, width of the prior around the image centre, least contrast.

    Returns
    -------
    HeartCentre
        The image centre, with a reason, when there is one phase only or nothing beats.
    """
    if images.shape[0] < 2:
        return _fallback(images.shape, "one phase only, so no motion to see")
    spacing = np.asarray(pixel_spacing_mm, np.float64)
    energy = motion_energy(images, spacing, settings.smoothing_mm)
    if not energy.max() > _LEAST_AMPLITUDE**2:
        return _fallback(images.shape, "no pixel changes over the cycle")
    weighted = energy * _prior(energy.shape, spacing, settings.prior_sd_mm)
    row, col = _centroid_of_disc(weighted, spacing, settings.radius_mm)
    contrast = _contrast(energy, (row, col), spacing, settings.radius_mm)
    if contrast < settings.min_contrast:
        return _fallback(
            images.shape,
            f"motion is not concentrated: {contrast:.2f} times that of the whole image, "
            f"expected {settings.min_contrast:g}",
        )
    return HeartCentre(row, col, CentreMethod.MOTION)


def motion_energy(images: FloatArray, spacing_mm: FloatArray, smoothing_mm: float) -> FloatArray:
    """``(row, col)`` energy of the first temporal harmonic, smoothed, mean over the slices.

    With two phases this is the squared difference. Smoothing comes before squaring, so that
    independent noise averages out and the shared sign of a beating region does not.
    """
    phases = images.shape[0]
    wave = np.exp(-2j * np.pi * np.arange(phases) / phases).astype(np.complex64)
    harmonic = np.tensordot(wave, images.astype(np.float32), axes=1) / phases
    sigma = (0, *(smoothing_mm / spacing_mm))
    parts = (ndimage.gaussian_filter(part, sigma) for part in (harmonic.real, harmonic.imag))
    return np.asarray(np.sum([part**2 for part in parts], axis=0).mean(axis=0))


def _fallback(shape: tuple[int, ...], reason: str) -> HeartCentre:
    rows, cols = shape[-2:]
    return HeartCentre((rows - 1) / 2, (cols - 1) / 2, CentreMethod.IMAGE_CENTRE, reason)


def _distance_mm(
    shape: tuple[int, ...], centre: tuple[float, float], spacing_mm: FloatArray
) -> FloatArray:
    rows = (np.arange(shape[0]) - centre[0]) * spacing_mm[0]
    cols = (np.arange(shape[1]) - centre[1]) * spacing_mm[1]
    return np.asarray(np.hypot(rows[:, None], cols[None, :]))


def _prior(shape: tuple[int, ...], spacing_mm: FloatArray, sd_mm: float) -> FloatArray:
    """Technologists centre the heart: large arteries at the rim of the field count less."""
    middle = ((shape[0] - 1) / 2, (shape[1] - 1) / 2)
    return np.asarray(np.exp(-0.5 * (_distance_mm(shape, middle, spacing_mm) / sd_mm) ** 2))


def _centroid_of_disc(
    weight: FloatArray, spacing_mm: FloatArray, radius_mm: float
) -> tuple[float, float]:
    """Mean shift of a disc from the best-filled place to the centroid of what it covers."""
    disc = ndimage.gaussian_filter(weight, radius_mm / 2 / spacing_mm, mode="constant")
    row, col = (float(i) for i in np.unravel_index(int(disc.argmax()), disc.shape))
    for _ in range(_MAX_STEPS):
        inside = weight * (_distance_mm(weight.shape, (row, col), spacing_mm) <= radius_mm)
        new_row, new_col = ndimage.center_of_mass(inside)
        step = np.hypot((new_row - row) * spacing_mm[0], (new_col - col) * spacing_mm[1])
        row, col = float(new_row), float(new_col)
        if step < _SETTLED_MM:
            break
    return row, col


def _contrast(
    energy: FloatArray, centre: tuple[float, float], spacing_mm: FloatArray, radius_mm: float
) -> float:
    inside = _distance_mm(energy.shape, centre, spacing_mm) <= radius_mm
    return float(energy[inside].mean() / energy.mean())
