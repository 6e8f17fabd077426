"""Images as another scanner, protocol or mishap would give them, with the labels that then hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from cmr.volume import StackGeometry, Volume4D
from training.cases import Case

Shift = Callable[[Case], Case]

NOISE_SD = 0.05  # of the range of grey values
_SEED = 7


def _turned(case: Case, quarters: int) -> Case:
    return _both(case, lambda data: np.rot90(data, quarters, (2, 3)), _transposed(case, quarters))


def _transposed(case: Case, quarters: int) -> StackGeometry:
    """Axes stand for themselves, so that the turned image keeps the directions."""
    old = case.images.geometry
    if quarters % 2 == 0:
        return old
    rows, cols = old.shape
    row_mm, col_mm = old.pixel_spacing_mm
    return replace(old, shape=(cols, rows), pixel_spacing_mm=(col_mm, row_mm))


def _mirrored(case: Case) -> Case:
    return _both(case, lambda data: np.flip(data, 3), case.images.geometry)


def _half_resolution(case: Case) -> Case:
    """Pixels of twice the size, interpolated to the old matrix; the anatomy stays in its place."""

    def coarse(data: npt.NDArray[Any]) -> npt.NDArray[Any]:
        rows, cols = data.shape[2:]
        even = np.pad(data, [(0, 0), (0, 0), (0, rows % 2), (0, cols % 2)], "edge")
        blocks = even.reshape(*data.shape[:2], (rows + 1) // 2, 2, (cols + 1) // 2, 2)
        # Pixels as areas (grid_mode), or the image would move by half a pixel.
        fine = ndimage.zoom(
            blocks.mean(axis=(3, 5)), (1, 1, 2, 2), order=1, mode="nearest", grid_mode=True
        )
        return np.asarray(fine[:, :, :rows, :cols])

    return _grey(case, coarse)


def _noisy(case: Case) -> Case:
    """Magnitude of an image with noise in both channels (Rician)."""
    rng = np.random.default_rng(_SEED)

    def noisy(data: npt.NDArray[Any]) -> npt.NDArray[Any]:
        low, high = np.percentile(data, (1, 99))
        real, imaginary = rng.normal(0, NOISE_SD * (high - low), (2, *data.shape))
        return np.asarray(np.hypot(data + real, imaginary))

    return _grey(case, noisy)


def _gamma(case: Case, exponent: float) -> Case:
    def bent(data: npt.NDArray[Any]) -> npt.NDArray[Any]:
        low, high = data.min(), data.max()
        return np.asarray(((data - low) / (high - low)) ** exponent)

    return _grey(case, bent)


def _without_slice(case: Case) -> Case:
    """The middle slice was not sent."""
    middle = case.images.geometry.n_slices // 2
    keep = np.arange(case.images.geometry.n_slices) != middle
    return _both(case, lambda data: data[:, keep], case.images.geometry.take_slices(keep))


def _swapped(case: Case) -> Case:
    """Two slices, next to the middle on either side, stand in each other's place."""
    middle = case.images.geometry.n_slices // 2
    order = np.arange(case.images.geometry.n_slices)
    order[[middle - 1, middle + 1]] = order[[middle + 1, middle - 1]]
    return _both(case, lambda data: data[:, order], case.images.geometry)


def _grey(case: Case, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Case:
    data = change(case.images.data.astype(np.float64)).astype(np.float32)
    return replace(case, images=case.images.with_data(data))


def _both(
    case: Case, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]], geometry: StackGeometry
) -> Case:
    images, labels = (
        Volume4D(np.ascontiguousarray(change(v.data)), geometry) for v in (case.images, case.labels)
    )
    return replace(case, images=images, labels=labels)


SHIFTS: dict[str, Shift] = {
    "as it is": lambda case: case,
    "rotated by 90°": partial(_turned, quarters=1),
    "rotated by 180°": partial(_turned, quarters=2),
    "rotated by 270°": partial(_turned, quarters=3),
    "mirrored": _mirrored,
    "50 % lower resolution": _half_resolution,
    "noise, SD 5 % of the range": _noisy,
    "gamma 0.5": partial(_gamma, exponent=0.5),
    "gamma 2": partial(_gamma, exponent=2.0),
    "one slice missing": _without_slice,
    "two slices swapped": _swapped,
}
