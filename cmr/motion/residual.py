"""How well a model explains the images of a slice, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from cmr.volume import FloatArray

Images = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
# Images ``(n, row, col)`` to the magnitudes ``(n, row, col)`` of the curves fitted to them, NaN
# where there is none. Every pixel by itself: it gets those of the region as ``(n, 1, k)``.
Model = Callable[[Images], FloatArray]

# Noise differs from pixel to pixel, structures do not.
_SMOOTHING_PX = 2.0
# A misfit of edges is narrower.
_EDGE_PX = 1.0
# Where nothing stays still, alignment leaves no more unexplained than there was, but for noise.
_STILL_RATIO = 1.2


@dataclass(frozen=True, eq=False)
class Explained:
    """Images and what the model makes of them.

    Attributes
    ----------
    magnitude, fitted
        ``(n, row, col)``; the second is NaN outside ``known``.
    region, known
        ``(row, col)``: what was to be fitted, and the pixels of it that have a curve.
    """

    magnitude: FloatArray
    fitted: FloatArray
    region: Mask
    known: Mask

    @cached_property
    def synthetic(self) -> FloatArray:
        """The fitted images; where there is no curve, the images, so that no edge appears."""
        return np.nan_to_num(np.where(self.known, self.fitted, self.magnitude))

    @cached_property
    def unexplained(self) -> FloatArray:
        """``(row, col)`` energy in the region: of residuals, and of all where there is no curve."""
        left = np.nan_to_num(np.where(self.known, self.magnitude - self.fitted, self.magnitude))
        return np.asarray(np.where(self.region, (left**2).sum(axis=0), 0))

    def residual_pct(self, where: Mask) -> float:
        """RMS of the residuals in ``where``, % of the RMS of the magnitudes; NaN for nothing."""
        signal = (self.magnitude[:, where] ** 2).sum()
        return float(100 * np.sqrt(self.unexplained[where].sum() / signal)) if signal else np.nan

    def misfit(self, where: Mask) -> float:
        """RMS of the residuals of structures.

        Residuals are smoothed, as resampling takes noise away as well.
        """
        left = np.where(where, self.magnitude - self.fitted, 0)
        smooth = ndimage.gaussian_filter(left, (0, _EDGE_PX, _EDGE_PX))
        return float(np.sqrt((smooth[:, where] ** 2).mean())) if where.any() else np.nan

    def contrast(self, image: int) -> float:
        """Structure of one image over what noise alone would leave of it: about 1 for none.

        Both smoothed; the noise is that of the residuals, taken as independent.
        """
        seen = self.magnitude[image] - self.magnitude[image, self.known].mean()
        smooth = ndimage.gaussian_filter(np.where(self.known, seen, 0), _SMOOTHING_PX)
        noise = (self.magnitude - self.fitted)[image, self.known].std()
        left = noise / (2 * np.sqrt(np.pi) * _SMOOTHING_PX)
        return float(smooth[self.known].std() / left) if left > 0 else np.inf

    def part(self, where: tuple[slice, ...]) -> Explained:
        """The same of some rows and columns."""
        inside = (slice(None), *where)
        return Explained(
            self.magnitude[inside], self.fitted[inside], self.region[where], self.known[where]
        )


def explain(images: Images, region: Mask, model: Model) -> Explained:
    """Fit the pixels of ``region``."""
    fitted = np.full(images.shape, np.nan)
    fitted[:, region] = model(images[:, region][:, None])[:, 0]
    known = np.isfinite(fitted).all(axis=0)
    return Explained(np.abs(images), np.where(known, fitted, np.nan), region, known)


def still(unmoved: Explained, moved: Explained) -> Mask:
    """``(row, col)``: what fits better unmoved, such as a chest wall next to the heart."""
    before, after = (
        ndimage.gaussian_filter(one.unexplained, _SMOOTHING_PX) for one in (unmoved, moved)
    )
    return np.asarray(after > _STILL_RATIO * before)
