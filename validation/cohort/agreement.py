"""Agreement of a measurement with a reference over many cases."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isnan, nan

import numpy as np

from cmr.volume import FloatArray

# 97.5th percentile of the normal distribution: limits that hold 95 % of normal differences.
# Bland & Altman, Lancet 1986;1:307, write "mean - 2s and mean + 2s, or more precisely 1.96s".
LIMITS_SD = 1.96
# Two points lie on a line always, so that their correlation says nothing.
_CASES_NEEDED = {"sd": 2, "loa_low": 2, "loa_high": 2, "icc_2_1": 2, "pearson_r": 3}
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Agreement:
    """Measured minus reference, in the unit of the measurement; NaN where undefined.

    Attributes
    ----------
    bias, sd
        Mean and standard deviation (n - 1) of the differences.
    loa_low, loa_high
        Limits of agreement, bias ± 1.96 SD.
    mae
        Mean of the absolute differences.
    pearson_r
        Correlation; NaN for less than 3 cases or where one side does not vary.
    icc_2_1
        See :func:`icc_2_1`.
    n
        Cases with both values.
    """

    bias: float
    sd: float
    loa_low: float
    loa_high: float
    mae: float
    pearson_r: float
    icc_2_1: float
    n: int

    def undefined(self) -> dict[str, str]:
        """Reason of every figure that is NaN."""
        return {key: self._reason(key) for key, value in asdict(self).items() if isnan(value)}

    def _reason(self, key: str) -> str:
        needed = _CASES_NEEDED.get(key, 1)
        if self.n < needed:
            return f"n = {self.n}, needs {needed}"
        return "the values do not vary"


def agreement(measured: FloatArray, reference: FloatArray) -> Agreement:
    """Compare paired values; a pair with a NaN is left out, and ``n`` says so.

    Parameters
    ----------
    measured, reference
        ``(cases,)`` in the same unit.

    Raises
    ------
    ValueError
        Arrays that are not of one length.

    Examples
    --------
    >>> import numpy as np
    >>> found = agreement(np.array([11.0, 22, 33]), np.array([10.0, 20, 30]))
    >>> found.bias, found.sd, round(found.loa_low, 2), round(found.loa_high, 2)
    (2.0, 1.0, 0.04, 3.96)
    """
    if measured.ndim != 1 or measured.shape != reference.shape:
        raise ValueError(
            f"agreement: measured {measured.shape}, reference {reference.shape}, "
            "expected two lists of one length."
        )
    pairs = np.stack([measured, reference], axis=1).astype(np.float64)
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    differences = pairs[:, 0] - pairs[:, 1]
    n = len(pairs)
    bias = float(differences.mean()) if n else nan
    sd = float(differences.std(ddof=1)) if n > 1 else nan
    return Agreement(
        bias=bias,
        sd=sd,
        loa_low=bias - LIMITS_SD * sd,
        loa_high=bias + LIMITS_SD * sd,
        mae=float(np.abs(differences).mean()) if n else nan,
        pearson_r=_pearson_r(pairs),
        icc_2_1=icc_2_1(pairs),
        n=n,
    )


def icc_2_1(ratings: FloatArray) -> float:
    """Intraclass correlation ICC(2,1): two-way random, absolute agreement, single measurement.

    (BMS - EMS) / (BMS + (k-1)·EMS + k·(JMS - EMS)/n), with the mean squares between the n targets
    (BMS), between the k judges (JMS) and of the residual (EMS).

    Parameters
    ----------
    ratings
        ``(targets, judges)``, complete.

    Returns
    -------
    float
        At most 1; below 0 where judges agree less than by chance. NaN for less than two targets
        or judges and where nothing varies.

    References
    ----------
    Shrout & Fleiss, Psychological Bulletin 1979;86:420.
    """
    n, k = ratings.shape
    if n < 2 or k < 2 or np.ptp(ratings) == 0:
        return nan
    centred = ratings - ratings.mean()
    targets, judges = centred.mean(axis=1), centred.mean(axis=0)
    residual = centred - targets[:, None] - judges
    bms = k * float(targets @ targets) / (n - 1)
    jms = n * float(judges @ judges) / (k - 1)
    ems = float((residual**2).sum()) / ((n - 1) * (k - 1))
    total = bms + (k - 1) * ems + k * (jms - ems) / n
    return (bms - ems) / total if total > _ROUNDING * (bms + jms + ems) else nan


def _pearson_r(pairs: FloatArray) -> float:
    if len(pairs) < _CASES_NEEDED["pearson_r"] or np.any(np.ptp(pairs, axis=0) == 0):
        return nan
    return float(np.asarray(np.corrcoef(pairs, rowvar=False))[0, 1])
