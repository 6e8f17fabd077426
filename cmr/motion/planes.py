"""Images of one plane as SimpleITK sees them: x along the rows, y down the columns, in mm."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK
from scipy import ndimage

from cmr.volume import FloatArray

# SimpleITK's stubs are not used: an image, an interpolator.
Picture = Any
Pair = tuple[float, float]

# Rows and columns of the plane that everything is measured in.
_ALONG_ITSELF = (1.0, 0.0, 0.0, 1.0)
_EDGE_PX = 1.0


def picture(
    values: npt.NDArray[Any],
    spacing_mm: Pair,
    origin_mm: Pair = (0.0, 0.0),
    direction: tuple[float, ...] = _ALONG_ITSELF,
) -> Picture:
    """``(row, col)`` values as SimpleITK image.

    Parameters
    ----------
    spacing_mm, origin_mm
        ``(row, column)``: distance of the rows and of the columns; place of pixel (0, 0).
    direction
        The 2 × 2 matrix of SimpleITK, which counts ``(x, y)``, row by row.
    """
    plain = values.astype(np.uint8 if values.dtype == np.bool_ else np.float64)
    made = SimpleITK.GetImageFromArray(np.ascontiguousarray(plain))
    made.SetSpacing(spacing_mm[::-1])
    made.SetOrigin(origin_mm[::-1])
    made.SetDirection(direction)
    return made


def translation(shift_mm: npt.ArrayLike) -> Any:
    """SimpleITK's transform from a point to the point ``(row, column)`` mm further on."""
    row, col = np.asarray(shift_mm, np.float64)
    return SimpleITK.TranslationTransform(2, (float(col), float(row)))


def resampled(image: Picture, grid: Picture, shift_mm: npt.ArrayLike, interpolator: int) -> Any:
    """``(row, col)`` values of ``image`` at the pixels of ``grid`` plus a shift; NaN outside."""
    filter_ = SimpleITK.ResampleImageFilter()
    filter_.SetNumberOfThreads(1)  # the same on every machine
    filter_.SetReferenceImage(grid)
    filter_.SetTransform(translation(shift_mm))
    filter_.SetInterpolator(interpolator)
    filter_.SetDefaultPixelValue(np.nan)
    filter_.SetOutputPixelType(SimpleITK.sitkFloat64)
    return SimpleITK.GetArrayFromImage(filter_.Execute(image))


def shifted(image: npt.NDArray[Any], shift_mm: npt.ArrayLike, spacing_mm: Pair) -> npt.NDArray[Any]:
    """The image whose pixel at ``x`` shows what ``image`` shows at ``x + shift``; NaN outside.

    By cubic B-splines. Noise-free phantoms moved by up to 6 px come back with an SD of T1 from
    the fit of 0.06 ms, against 0.2 (linear), 0.6 (5th order) and 1.1 ms (Lanczos). Of white noise
    76 % of the SD is left at half a pixel, against 50 % (linear), 84 % and 87 %.

    Parameters
    ----------
    image
        ``(row, col)``, real or complex.
    shift_mm, spacing_mm
        ``(row, column)``.
    """
    if np.iscomplexobj(image):
        parts = (shifted(part, shift_mm, spacing_mm) for part in (image.real, image.imag))
        real, imaginary = parts
        return np.asarray(real + 1j * imaginary)
    grid = picture(image, spacing_mm)
    return np.asarray(resampled(grid, grid, shift_mm, SimpleITK.sitkBSpline))


def edges(image: FloatArray) -> FloatArray:
    """``(row, col)`` where the image changes: root of the gradient's size, smoothed by 1 px.

    Edges stay where they are when contrast inverts, and the slow shading of coils, which does not
    move along with the tissue, has none. The root keeps strong ones from being all that counts.
    """
    return np.asarray(
        np.sqrt(ndimage.gaussian_gradient_magnitude(image, _EDGE_PX, output=np.float64))
    )


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Correlation coefficient of values ``(k,)``; NaN without contrast or below two values."""
    if one.size < 2 or one.std() == 0 or other.std() == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
