"""The fitted map against the scanner's own, pixel by pixel."""

from __future__ import annotations

import numpy as np

from cmr.errors import GeometryError
from cmr.results_mapping import ScannerCheck
from cmr.settings import Section
from cmr.volume import FloatArray


class ScannerCheckSettings(Section):
    """Which pixels are compared.

    Attributes
    ----------
    min_r2
        Goodness of the scanner's own fit, where it stored one.
    max_sd_fraction
        SD of the fitted value, as a share of it, where the scanner stored no goodness of fit.
    """

    min_r2: float
    max_sd_fraction: float


def compare_with_scanner(
    fitted_ms: FloatArray,
    scanner_ms: FloatArray,
    scanner_r2: FloatArray | None,
    settings: ScannerCheckSettings,
) -> ScannerCheck:
    """Differences, fitted less scanner, over maps ``(z, row, col)`` of one grid; NaN is no value.

    Raises
    ------
    GeometryError
        Maps of different shapes.
    """
    if fitted_ms.shape != scanner_ms.shape:
        raise GeometryError(f"Maps of shapes {fitted_ms.shape} and {scanner_ms.shape}.")
    wanted = np.isfinite(scanner_ms)
    if scanner_r2 is not None:
        wanted &= scanner_r2 >= settings.min_r2
    known = wanted & np.isfinite(fitted_ms)
    difference = fitted_ms[known] - scanner_ms[known]
    return ScannerCheck(
        pixels=int(known.sum()),
        min_r2=None if scanner_r2 is None else settings.min_r2,
        undetermined_pixels=int((wanted & ~known).sum()),
        median_difference_ms=_median(difference),
        median_absolute_difference_ms=_median(np.abs(difference)),
    )


def _median(values: FloatArray) -> float | None:
    return round(float(np.median(values)), 2) if values.size else None
