"""Where the zero of phase-sensitive images lies among their stored values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dicomio.pixels import FrameUnreadable
from dicomio.value_scale import Linear, ValueScale

# More bits than a scanner writes: then what is in use tells the range, not what is set aside.
_MOST_BITS = 13
# Of the pixels on either side of zero: air, fat and nulled muscle of a real image have both signs.
_LEAST_SHARE = 0.01


def signed_scales(
    scales: Sequence[ValueScale], linears: Sequence[Linear], stored: Sequence[npt.NDArray[Any]]
) -> tuple[list[Linear], str]:
    """Scale of each image to values about 0, and how the zero was found, in words.

    - A rescale with negative values among what can be stored is taken at its word: Siemens
      -4096 to 4094, Philips' real images.
    - Signed stored values are, where some are negative: GE.
    - Otherwise zero is taken for the middle of the stored range: 2048 of 12 bits, 4096 of 13
      (Siemens). Where more bits are stored than scanners use, those in use count.

    Raises
    ------
    FrameUnreadable
        The images of a stack differ in this, or nearly all values lie on one side of the zero.
    """
    rescaled = [_rescales_below_zero(s, ln) for s, ln in zip(scales, linears, strict=True)]
    if all(rescaled):
        return list(linears), "rescale of the header, which has negative values"
    if any(rescaled):
        raise FrameUnreadable(
            "PSIR: the header gives some slices of the stack negative values and others none, so "
            "that they have no common zero; export the series again"
        )
    if all(s.signed for s in scales) and min(int(image.min()) for image in stored) < 0:
        return list(linears), "signed stored values"
    return _middle(scales, linears, stored)


def _rescales_below_zero(scale: ValueScale, linear: Linear) -> bool:
    """The scale moves or turns zero, and some storable value lies below it."""
    if linear.intercept == 0 and scale.signed:
        return False
    whole = 1 << scale.bits_stored
    low, high = (-whole // 2, whole // 2 - 1) if scale.signed else (0, whole - 1)
    return min(linear.slope * low, linear.slope * high) + linear.intercept < 0


def _middle(
    scales: Sequence[ValueScale], linears: Sequence[Linear], stored: Sequence[npt.NDArray[Any]]
) -> tuple[list[Linear], str]:
    bits = max(s.bits_stored for s in scales)
    told = "stored"
    if bits > _MOST_BITS:
        bits, told = max(max(int(image.max()) for image in stored).bit_length(), 1), "in use"
    zero = 1 << (bits - 1)
    values = np.concatenate([image.ravel() for image in stored])
    share = float(np.mean(values < zero))
    if not _LEAST_SHARE <= share <= 1 - _LEAST_SHARE:
        side = "below" if share > 0.5 else "above"
        raise FrameUnreadable(
            f"PSIR: the header does not say which stored value is zero, and nearly all values lie "
            f"{side} the middle ({zero}) of the {bits} bits {told}; export with rescale"
        )
    moved = [Linear(ln.slope, -ln.slope * zero) for ln in linears]
    return moved, f"no rescale to negative values: middle ({zero}) of the {bits} bits {told}"
