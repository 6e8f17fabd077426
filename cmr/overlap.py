"""Overlap of two label maps."""

from typing import Any

import numpy as np
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
    return dice_of_masks(predicted == label, truth == label)


def dice_of_masks(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Likewise of two masks."""
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else float("nan")


def dice_of_structures(predicted: npt.NDArray[Any], truth: npt.NDArray[Any]) -> dict[Label, float]:
    """Dice of RV, myocardium and LV over whole volumes."""
    return {label: dice(predicted, truth, label) for label in STRUCTURES}
