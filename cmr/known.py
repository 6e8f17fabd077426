"""Figures over what is known of an array: NaN stands for unknown."""

import numpy as np

from cmr.volume import FloatArray


def known_median(values: FloatArray) -> float:
    """Median of the finite values; NaN where there is none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
