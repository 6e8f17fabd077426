"""Inversion, saturation and echo times: which can be used, and whether there are enough."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt

from cmr.errors import FitError
from cmr.volume import FloatArray


class Preparation(Enum):
    """What the time of an image counts from; the value is its name in messages."""

    INVERSION = "inversion"
    SATURATION = "saturation"
    ECHO = "echo"


def usable(times_ms: npt.ArrayLike, preparation: Preparation) -> npt.NDArray[np.bool_]:
    """Tell which times ``(n,)`` make sense.

    Inversion times are positive and finite. Saturation times are positive; infinite or NaN means
    an image without preparation. Echo times are finite, and 0 is an image without T2 preparation.
    """
    times = np.asarray(times_ms, np.float64)
    if preparation is Preparation.SATURATION:
        return np.asarray(np.isnan(times) | (times > 0))
    lowest_is_allowed = preparation is Preparation.ECHO
    return np.asarray(np.isfinite(times) & ((times > 0) | ((times == 0) & lowest_is_allowed)))


def checked(
    times_ms: npt.ArrayLike, n_images: int, preparation: Preparation, needed: int
) -> FloatArray:
    """Times ``(n,)`` of ``n_images`` images, fit for use; NaN becomes infinite.

    Raises
    ------
    FitError
        Not one time for each image, times that make no sense, fewer than ``needed`` that differ.
    """
    times = np.array(times_ms, np.float64)
    name = f"{preparation.value.capitalize()} times"
    if times.shape != (n_images,):
        raise FitError(f"{name}: shape {times.shape} for {n_images} images; expected one for each.")
    bad = np.flatnonzero(~usable(times, preparation))
    if bad.size:
        listed = ", ".join(f"image {i + 1}: {times[i]:g} ms" for i in bad)
        raise FitError(f"{name} that cannot be used ({listed}). Leave these images out.")
    times[np.isnan(times)] = np.inf
    different = len(np.unique(times))
    if different < needed:
        raise FitError(
            f"{name}: {different} different ones in {n_images} images; the fit needs {needed}."
        )
    return times


def inversion_numbers(times_ms: npt.ArrayLike, shortest_rr_ms: float) -> npt.NDArray[np.intp]:
    """Which inversion each image of a MOLLI scheme belongs to.

    Images after one inversion are at least a heart beat apart, so a new inversion begins where
    the inversion time falls or grows by less than the shortest one.

    Parameters
    ----------
    times_ms
        ``(n,)`` inversion times in the order of acquisition.

    Returns
    -------
    NDArray
        ``(n,)`` from 0 on.

    Examples
    --------
    >>> inversion_numbers([100, 1100, 2100, 3100, 4100, 180, 260], 250)
    array([0, 0, 0, 0, 0, 1, 2])
    """
    steps = np.diff(np.asarray(times_ms, np.float64))
    return np.concatenate([[0], np.cumsum(~(steps >= shortest_rr_ms))])
