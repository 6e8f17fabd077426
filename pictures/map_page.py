"""What a picture of a map needs; free of matplotlib, so that it travels without its weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.results_mapping import TissueMap
from cmr.volume import FloatArray


@dataclass(frozen=True, eq=False)
class MapPage:
    """One map on its grid.

    Parameters
    ----------
    values
        ``(z, row, col)`` as measured, ms or %.
    shown
        ``(z, row, col)`` anatomy.
    labels, segments
        ``(z, row, col)``.
    """

    key: str
    title: str
    results: TissueMap[Any]
    values: FloatArray
    shown: FloatArray
    labels: npt.NDArray[np.uint8]
    segments: npt.NDArray[np.uint8]
