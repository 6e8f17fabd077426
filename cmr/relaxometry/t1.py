"""T1 maps from inversion recovery (MOLLI) and saturation recovery (SASHA) images."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from cmr.relaxometry.arrays import Array
from cmr.relaxometry.curves import Curve
from cmr.relaxometry.engine import Problem
from cmr.relaxometry.maps import make_map
from cmr.relaxometry.polarity import sign_patterns
from cmr.relaxometry.result import RelaxationMap
from cmr.relaxometry.settings import FitSettings
from cmr.relaxometry.solution import solve
from cmr.relaxometry.times import Preparation, checked
from cmr.relaxometry.values import look_locker, time_constant

_RECOVERY = Curve(rising=True, free_constant=True)
_RECOVERY_FROM_ZERO = Curve(rising=True, free_constant=False)


def fit_molli(
    images: Array,
    times_ms: npt.ArrayLike,
    settings: FitSettings,
    *,
    signed: bool = False,
    mask: npt.NDArray[np.bool_] | None = None,
) -> RelaxationMap:
    """Apparent T1 from the images of any MOLLI scheme.

    ``S = A - B exp(-TI / T1*)`` and ``T1 = T1* (B / A - 1)`` (Messroghli et al., Magn Reson Med
    2004;52:141), least squares over A, B and T1*. Magnitude images get back their polarity by
    trying how many of the first images are negative and keeping the lowest sum of squares
    (Nekolla et al., J Comput Assist Tomogr 1992;16:327).

    Parameters
    ----------
    images
        ``(n, ...)`` NumPy array or PyTorch tensor. For ShMOLLI only those of the first inversion
        (:func:`cmr.relaxometry.times.inversion_numbers`).
    times_ms
        ``(n,)`` inversion times, in any order, repeated or not.
    signed
        The images have their signs (:func:`cmr.relaxometry.polarity.restore_signs`).
    mask
        Pixels with signal, ``(...)``; the others are not fitted.

    Raises
    ------
    FitError
        Times that cannot be used; fewer than 3 different ones, or 4 for magnitude images, whose
        polarity takes one more.
    """
    times = checked(times_ms, len(images), Preparation.INVERSION, 3 if signed else 4)
    signs = np.ones((1, len(times))) if signed else sign_patterns(times)
    problem = Problem(_RECOVERY, look_locker, times, settings.t1_ms, signs, settings)
    return make_map(images, mask, partial(solve, problem), settings)


def fit_saturation_recovery(
    images: Array,
    times_ms: npt.ArrayLike,
    settings: FitSettings,
    *,
    free_amplitude: bool,
    mask: npt.NDArray[np.bool_] | None = None,
) -> RelaxationMap:
    """T1 from saturation recovery images such as SASHA (Chow et al., Magn Reson Med 2014;71:2082).

    ``S = A - B exp(-TS / T1)`` with ``free_amplitude`` (3 parameters), else ``B = A`` (2): a
    perfect saturation.

    Parameters
    ----------
    images
        ``(n, ...)`` NumPy array or PyTorch tensor.
    times_ms
        ``(n,)`` saturation times; infinite or NaN for images without saturation.
    mask
        Pixels with signal, ``(...)``; the others are not fitted.

    Raises
    ------
    FitError
        Times that cannot be used, or fewer different ones than parameters.
    """
    curve = _RECOVERY if free_amplitude else _RECOVERY_FROM_ZERO
    times = checked(times_ms, len(images), Preparation.SATURATION, curve.n_parameters)
    # Long enough for nothing to be left of any exponential.
    times[np.isinf(times)] = 1000 * settings.t1_ms.high
    known = np.ones((1, len(times)))
    problem = Problem(curve, time_constant, times, settings.t1_ms, known, settings)
    return make_map(images, mask, partial(solve, problem), settings)
