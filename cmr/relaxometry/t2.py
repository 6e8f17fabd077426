"""T2 and T2* maps from images of different echo or T2 preparation times."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.stats import f as f_distribution

from cmr.body import Range
from cmr.relaxometry.arrays import Array, namespace, to_numpy
from cmr.relaxometry.curves import Curve
from cmr.relaxometry.engine import Problem
from cmr.relaxometry.maps import make_map
from cmr.relaxometry.result import Reason, RelaxationMap
from cmr.relaxometry.settings import FitSettings
from cmr.relaxometry.solution import Solution, judge, solve
from cmr.relaxometry.times import Preparation, checked
from cmr.relaxometry.values import time_constant

_CONFIDENCE = 0.99
_DECAY = Curve(rising=False, free_constant=False)
_DECAY_TO_OFFSET = Curve(rising=False, free_constant=True)


def fit_decay(  # noqa: PLR0913
    images: Array,
    times_ms: npt.ArrayLike,
    limits_ms: Range,
    settings: FitSettings,
    *,
    with_offset: bool,
    mask: npt.NDArray[np.bool_] | None = None,
) -> RelaxationMap:
    """T2 from T2-prepared images, T2* from gradient echoes.

    ``S = M0 exp(-TE / T)``, least squares; ``with_offset`` allows a positive constant, as noise,
    fat or blood that does not decay adds signal. It is taken in pixels that determine it, or whose
    residuals refuse the curve without (F test, 1 %). Elsewhere it would multiply the uncertainty,
    and half of the pixels of a T2* longer than the echo train would be lost to it.

    Parameters
    ----------
    images
        ``(n, ...)`` NumPy array or PyTorch tensor.
    times_ms
        ``(n,)`` echo times or durations of the preparation; 0 is none.
    limits_ms
        What may be found: ``settings.t2_ms`` or ``settings.t2_star_ms``.
    mask
        Pixels with signal, ``(...)``; the others are not fitted.

    Raises
    ------
    FitError
        Times that cannot be used, or fewer different ones than parameters.
    """
    curve = _DECAY_TO_OFFSET if with_offset else _DECAY
    times = checked(times_ms, len(images), Preparation.ECHO, curve.n_parameters)
    signs = np.ones((1, len(times)))
    plain = Problem(_DECAY, time_constant, times, limits_ms, signs, settings)
    free = Problem(_DECAY_TO_OFFSET, time_constant, times, limits_ms, signs, settings)
    solver = (
        partial(_offset_where_known, free, plain, settings)
        if with_offset
        else partial(solve, plain)
    )
    return make_map(images, mask, solver, settings)


def _offset_where_known(
    free: Problem, plain: Problem, settings: FitSettings, pixels: Array
) -> Solution:
    found = solve(plain, pixels)
    if not free.n_free:
        return found
    best = solve(free, pixels)
    known = judge(best.in_host_memory(), settings) == Reason.DETERMINED
    without, with_it = (
        to_numpy(solution.noise) ** 2 * problem.n_free
        for solution, problem in ((found, plain), (best, free))
    )
    limit = 1 + float(f_distribution.ppf(_CONFIDENCE, 1, free.n_free)) / free.n_free
    taken = (to_numpy(best.plateau) > 0) & (known | (without > limit * with_it))
    return found.replaced(namespace(pixels).asarray(taken, device=pixels.device), best)
