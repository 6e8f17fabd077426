"""Grey values to 0–1, one image at a time: the only normalisation of this project.

Training, validation and the application call :func:`normalise`, and :func:`equalise` after it where
a network is shown that too, so that a network sees the same grey values from files that were
min–max scaled per slice (ACDC) and from scanner DICOM. The percentiles of one image move with any
positive linear map of its grey values; hence the result is the same before and after such a map.
"""

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from cmr.settings import Section

Percentile = Annotated[float, Field(ge=0, le=100)]


class IntensitySettings(Section):
    """Percentiles of one image that become 0 and 1."""

    low_percentile: Percentile
    high_percentile: Percentile

    @model_validator(mode="after")
    def _ascending(self) -> "IntensitySettings":
        if self.low_percentile >= self.high_percentile:
            raise ValueError("low_percentile must be below high_percentile")
        return self


def normalise(
    images: npt.NDArray[Any], settings: IntensitySettings, central_fraction: float = 1
) -> npt.NDArray[np.float32]:
    """Scale each 2-D image linearly between two of its percentiles and clip to 0–1.

    Parameters
    ----------
    images
        ``(..., row, col)``, any real dtype and unit. Values that are not finite become 0 and
        take no part in the percentiles.
    settings
        The two percentiles.
    central_fraction
        Of rows and columns: where the percentiles are taken.

    Returns
    -------
    numpy.ndarray
        Same shape, float32 in 0–1. An image without contrast (constant, empty, nothing finite)
        becomes 0 everywhere.

    Examples
    --------
    >>> ramp = np.arange(101.0).reshape(1, 101)
    >>> normalise(ramp, IntensitySettings(low_percentile=10, high_percentile=90))[0, [0, 50, 100]]
    array([0. , 0.5, 1. ], dtype=float32)
    """
    out = np.zeros(images.shape, np.float32)
    where = central(images.shape, central_fraction)
    for index in np.ndindex(images.shape[:-2]):
        out[index] = _normalise_one(images[index], where, settings)
    return out


def equalise(images: npt.NDArray[Any], central_fraction: float = 1) -> npt.NDArray[np.float32]:
    """Replace each grey value by the share of its 2-D image that is darker: contrast everywhere.

    Any ascending map of the grey values, as scanners and file converters apply, leaves the result
    as it is. Equal values share the middle of their ranks.

    Parameters
    ----------
    images
        ``(..., row, col)``, finite.
    central_fraction
        Of rows and columns: where the ranks are counted.

    Returns
    -------
    numpy.ndarray
        Same shape, float32 in 0–1.

    Examples
    --------
    >>> equalise(np.array([[1.0, 3.0], [3.0, 90.0]]))
    array([[0.125, 0.5  ],
           [0.5  , 0.875]], dtype=float32)
    """
    out = np.empty(images.shape, np.float32)
    where = central(images.shape, central_fraction)
    for index in np.ndindex(images.shape[:-2]):
        ranked = np.sort(images[index][where], axis=None)
        below, up_to = (np.searchsorted(ranked, images[index], side) for side in ("left", "right"))
        out[index] = (below + up_to) / (2 * ranked.size)
    return out


def central(shape: tuple[int, ...], fraction: float) -> tuple[slice, slice]:
    """Rows and columns of the middle of ``(..., row, col)``, a fraction of each."""
    margins = [round(n * (1 - fraction) / 2) for n in shape[-2:]]
    rows, cols = (slice(m, n - m) for m, n in zip(margins, shape[-2:], strict=True))
    return rows, cols


def _normalise_one(
    image: npt.NDArray[Any], where: tuple[slice, slice], settings: IntensitySettings
) -> npt.NDArray[np.float32]:
    finite = np.isfinite(image)
    if not finite[where].any():
        return np.zeros(image.shape, np.float32)
    # float64: the range of an int32 or of extreme floats must not overflow.
    values = np.where(finite, image, 0).astype(np.float64)
    counted = values[where][finite[where]]
    low, high = np.percentile(counted, [settings.low_percentile, settings.high_percentile])
    span = high - low
    if not np.isfinite(span) or span <= 0:
        return np.zeros(image.shape, np.float32)
    scaled = np.clip((values - low) / span, 0, 1)
    return np.where(finite, scaled, 0).astype(np.float32)
