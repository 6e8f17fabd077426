"""Scar of a stack, on the grid of its images."""

from __future__ import annotations

from dataclasses import dataclass

from cmr.anatomy import Mask
from cmr.volume import FloatArray


@dataclass(frozen=True, eq=False)
class ScarMask:
    """What one method calls scar.

    Parameters
    ----------
    scar
        ``(z, row, col)`` infarct with its no-reflow; within the wall.
    no_reflow
        Part of ``scar``.
    weight
        ``(z, row, col)`` share of scar in a pixel, 0 outside ``scar``; volumes are sums of it.
        1 on the mask for methods that know no partial volume.
    thresholds
        ``(z,)`` grey value from which a pixel is scar; NaN where there is none.
    reason
        Why the method has no answer; empty where it has. Then the masks are empty.
    note
        What it rests on; may be empty.
    """

    scar: Mask
    no_reflow: Mask
    weight: FloatArray
    thresholds: FloatArray
    reason: str = ""
    note: str = ""
