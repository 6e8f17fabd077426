"""Overlap of two label maps."""

from typing import Any

import numpy.typing as npt

from cmr.labels import STRUCTURES, Label


def dice(predicted: npt.NDArray[Any], truth: npt.NDArray[Any], label: Label) -> float:
    """2·|A∩B| / (|A|+|B|) of one label; NaN where neither map holds it.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.array([1, 1, 0, 0]), np.array([0, 1, 1, 0])
    >>> dice(a, b, Label.RV)
    0.5
    """
    a, b = predicted == label, truth == label
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else float("nan")


def dice_of_structures(predicted: npt.NDArray[Any], truth: npt.NDArray[Any]) -> dict[Label, float]:
    """Dice of RV, myocardium and LV over whole volumes."""
    return {label: dice(predicted, truth, label) for label in STRUCTURES}
