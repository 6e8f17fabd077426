"""Linear resampling of image stacks between two axis-aligned grids that share their axes.

Index ``i`` is the centre of pixel ``i`` on either grid, and pixel ``i`` reaches from ``i - 0.5`` to
``i + 0.5``.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatArray = npt.NDArray[np.floating[Any]]
Pair = tuple[float, float]


@dataclass(frozen=True)
class CropGrid:
    """A square-pixel matrix centred on one point of a native image grid.

    Parameters
    ----------
    native_shape, native_spacing_mm
        Rows and columns, and their distances.
    shape, spacing_mm
        Matrix and pixel size of the crop.
    centre
        Fractional native ``(row, col)`` under the middle of the crop, ``(n - 1) / 2``.
    """

    native_shape: tuple[int, int]
    native_spacing_mm: Pair
    shape: tuple[int, int]
    spacing_mm: float
    centre: Pair

    @property
    def step(self) -> Pair:
        """Native pixels per crop pixel along rows and columns."""
        return (
            self.spacing_mm / self.native_spacing_mm[0],
            self.spacing_mm / self.native_spacing_mm[1],
        )

    @property
    def origin(self) -> Pair:
        """Native ``(row, col)`` of crop pixel ``(0, 0)``."""
        return (
            self.centre[0] - self.step[0] * (self.shape[0] - 1) / 2,
            self.centre[1] - self.step[1] * (self.shape[1] - 1) / 2,
        )

    def to_crop(self, images: FloatArray) -> npt.NDArray[np.float32]:
        """``(..., row, col)`` native images on the crop; 0 outside the native image."""
        return _resample(images, self.step, self.origin, self.shape)

    def to_native(self, images: FloatArray) -> npt.NDArray[np.float32]:
        """``(..., row, col)`` crop images on the native grid; 0 outside the crop."""
        return _resample(images, *self._back, self.native_shape)

    @cached_property
    def covered(self) -> npt.NDArray[np.bool_]:
        """``(row, col)`` native pixels whose centre the crop covers."""
        return _covered(*self._back, self.native_shape, self.shape)

    @property
    def _back(self) -> tuple[Pair, Pair]:
        """Crop pixels per native pixel, and crop position of native pixel ``(0, 0)``."""
        step = (1 / self.step[0], 1 / self.step[1])
        return step, (-self.origin[0] * step[0], -self.origin[1] * step[1])


def _resample(
    images: FloatArray, step: Pair, origin: Pair, shape: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Value at ``origin + index * step``, linear; within the outer half pixel the edge value."""
    source = images.astype(np.float32, copy=False)
    out = np.empty((*images.shape[:-2], *shape), np.float32)
    for index in np.ndindex(images.shape[:-2]):
        ndimage.affine_transform(
            source[index], step, origin, shape, out[index], order=1, mode="nearest"
        )
    out *= _covered(step, origin, shape, images.shape[-2:])
    return out


def _covered(
    step: Pair, origin: Pair, shape: tuple[int, int], source_shape: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    inside = []
    for axis in (0, 1):
        at = origin[axis] + step[axis] * np.arange(shape[axis])
        inside.append((at >= -0.5) & (at <= source_shape[axis] - 0.5))
    return np.asarray(np.logical_and.outer(*inside))
