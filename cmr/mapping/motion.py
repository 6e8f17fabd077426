"""Source images of an acquisition aligned, slice by slice, before they are fitted."""

from __future__ import annotations

from math import isfinite

import numpy as np
import numpy.typing as npt

from cmr.errors import FitError
from cmr.mapping.acquired import AcquiredMap
from cmr.mapping.fitting import (
    Protocol,
    SliceImages,
    fit_slice,
    images_to_fit,
    most_signal,
    predicted,
)
from cmr.motion.residual import Images
from cmr.motion.series import AlignedSeries, align_series
from cmr.motion.settings import MotionSettings
from cmr.relaxometry.settings import FitSettings
from cmr.results_mapping import SliceMotion
from cmr.volume import FloatArray

_DECIMALS = 2


def align_acquisition(
    acquired: AcquiredMap,
    region: npt.NDArray[np.bool_],
    motion: MotionSettings,
    fit: FitSettings,
) -> tuple[AcquiredMap, tuple[SliceMotion, ...]]:
    """Align the source images of every slice; of ShMOLLI those that are fitted.

    Parameters
    ----------
    region
        ``(row, col)``: where the heart is.
    """
    source = acquired.source
    if source is None:
        return acquired, ()
    aligned = [
        _align_slice(one, acquired.protocol, region, source.geometry.pixel_spacing_mm, motion, fit)
        for one in source.slices
    ]
    return acquired.with_source(source.with_slices(tuple(s for s, _ in aligned))), tuple(
        record for _, record in aligned
    )


def _align_slice(  # noqa: PLR0913
    images: SliceImages,
    protocol: Protocol,
    region: npt.NDArray[np.bool_],
    spacing_mm: tuple[float, float],
    motion: MotionSettings,
    fit: FitSettings,
) -> tuple[SliceImages, SliceMotion]:
    try:
        used = images_to_fit(images, protocol)
    except FitError as error:
        return images, _record(_untouched(images, str(error)))
    shown: Images = used.magnitude
    if used.phase_rad is not None:
        shown = used.magnitude * np.exp(1j * used.phase_rad)

    def model(pixels: Images) -> FloatArray:
        found = fit_slice(_with_pixels(used, pixels), protocol, fit)
        return predicted(found, protocol, used.times_ms)

    found = align_series(shown, most_signal(used, protocol), region, spacing_mm, model, motion)
    return _with_pixels(used, found.images), _record(found)


def _with_pixels(images: SliceImages, pixels: Images) -> SliceImages:
    phase = np.angle(pixels).astype(np.float32) if np.iscomplexobj(pixels) else None
    magnitude = np.abs(pixels).astype(np.float32)
    return SliceImages(magnitude, phase, images.times_ms, images.inversion)


def _untouched(images: SliceImages, reason: str) -> AlignedSeries:
    nowhere, nan = np.zeros((len(images.magnitude), 2)), float("nan")
    return AlignedSeries(images.magnitude, nowhere, nan, nan, False, reason)


def _record(found: AlignedSeries) -> SliceMotion:
    return SliceMotion(
        applied=found.applied,
        reason=found.reason,
        row_shift_mm=[round(float(s), _DECIMALS) for s in found.shifts_mm[:, 0]],
        column_shift_mm=[round(float(s), _DECIMALS) for s in found.shifts_mm[:, 1]],
        residual_before_pct=_known(found.residual_before_pct),
        residual_after_pct=_known(found.residual_after_pct),
        notes=list(found.notes),
    )


def _known(value: float) -> float | None:
    return round(value, _DECIMALS) if isfinite(value) else None
