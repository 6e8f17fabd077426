"""95 % confidence intervals of figures over cases."""

from __future__ import annotations

from math import nan

import numpy as np
from scipy.stats import binomtest, bootstrap

from cmr.volume import FloatArray

_RESAMPLES, _SEED = 2000, 2026


def mean_interval(values: FloatArray) -> tuple[float, float]:
    """Of a mean: percentiles of the means of cases drawn again with replacement.

    The draw is seeded and does not depend on the order of the cases.

    Parameters
    ----------
    values
        ``(cases,)`` without NaN.

    Returns
    -------
    tuple
        NaN for less than two cases.
    """
    if len(values) < 2:
        return nan, nan
    found = bootstrap(
        (np.sort(values),),
        np.mean,
        vectorized=True,
        n_resamples=_RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return float(found.low), float(found.high)


def share_interval(hits: int, n: int) -> tuple[float, float]:
    """Of a share ``hits / n``: Wilson's, which holds for few cases and for 0 and 1 too.

    References
    ----------
    Wilson, J Am Stat Assoc 1927;22:209.

    Examples
    --------
    >>> low, high = share_interval(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    if not n:
        return nan, nan
    found = binomtest(hits, n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)
