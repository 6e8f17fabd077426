"""Translation from one image to another, by SimpleITK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from threading import Lock

import numpy as np
import numpy.typing as npt
import SimpleITK

from cmr.motion.planes import Picture, translation
from cmr.volume import FloatArray

_BINS = 24
_MAX_STEPS = 60
_LAST_STEP_PX = 0.01


class Likeness(Enum):
    """What is made best: for any relation of the two contrasts, or for the same contrast."""

    MUTUAL_INFORMATION = "mutual information"
    SAME_VALUES = "mean squares"


# Smoothing of both images (SD in pixels), level by level; those of the same contrast are nearly
# aligned when they get here.
_LEVELS = {Likeness.MUTUAL_INFORMATION: (2.0, 1.0, 0.0), Likeness.SAME_VALUES: (0.0,)}

_LOCK = Lock()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Metrics follow the process-wide number of threads alone, and add up in whatever order."""
    with _LOCK:
        usual = SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads()
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        try:
            yield
        finally:
            SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(usual)


def find_shift(
    fixed: Picture,
    moving: Picture,
    mask: Picture,
    start_mm: npt.ArrayLike,
    likeness: Likeness,
) -> FloatArray | None:
    """Displacement of ``moving`` against ``fixed``.

    Parameters
    ----------
    fixed, moving
        Images without NaN.
    mask
        Pixels of ``fixed`` that count, not 0.
    start_mm
        ``(row, column)``: first guess.

    Returns
    -------
    FloatArray or None
        ``(row, column)`` mm: what ``fixed`` shows at ``x`` is at ``x + shift`` in ``moving``. None
        where SimpleITK gives up. In one thread, so that it is the same in every run.
    """
    method = SimpleITK.ImageRegistrationMethod()
    if likeness is Likeness.MUTUAL_INFORMATION:
        method.SetMetricAsMattesMutualInformation(_BINS)
        method.SetInterpolator(SimpleITK.sitkLinear)
    else:
        method.SetMetricAsMeanSquares()
        method.SetInterpolator(SimpleITK.sitkBSpline)
    method.SetMetricFixedMask(mask)
    method.SetInitialTransform(translation(start_mm), inPlace=False)
    pixel_mm = min(fixed.GetSpacing())
    method.SetOptimizerAsRegularStepGradientDescent(pixel_mm, _LAST_STEP_PX * pixel_mm, _MAX_STEPS)
    method.SetOptimizerScales((1.0, 1.0))
    levels = _LEVELS[likeness]
    method.SetShrinkFactorsPerLevel([1] * len(levels))
    method.SetSmoothingSigmasPerLevel([sigma * pixel_mm for sigma in levels])
    try:
        with _one_thread():
            col, row = method.Execute(fixed, moving).GetParameters()
    except RuntimeError:
        return None
    return np.array([row, col]) if np.isfinite([row, col]).all() else None
