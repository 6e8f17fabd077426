"""Read a late-enhancement stack: magnitudes as rescaled, PSIR with its sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.errors import GeometryError
from cmr.scar.images import LateImages
from cmr.scar.terms import LateKind
from cmr.volume import Volume4D
from dicomio.late_source import LateSource
from dicomio.late_zero import signed_scales
from dicomio.mapping_pixels import common_scales, rescaled
from dicomio.pixels import FrameUnreadable, bright_is_high, check_size, read_stored
from dicomio.quiet import quiet
from dicomio.value_scale import ValueScale, value_scales


@dataclass(frozen=True, eq=False)
class LateStackImages(LateImages):
    """The images that could be read.

    ``source`` describes exactly the slices of ``volume``; its ``left_out`` names the others.
    """

    source: LateSource


@dataclass(frozen=True, eq=False)
class _Slice:
    stored: npt.NDArray[Any]
    scale: ValueScale


def read_late(source: LateSource) -> LateStackImages:
    """Read a stack; a slice that cannot be read is left out and named.

    PSIR values are signed about 0 as the scanner has them: a PSIR of which the sign is turned
    cannot be told here.

    Raises
    ------
    FrameUnreadable
        No slice is left, or the zero of PSIR values cannot be found.
    GeometryError
        Slices of different shape.
    """
    keep: list[int] = []
    slices: list[_Slice] = []
    dropped: list[str] = []
    check_size("Late enhancement", source.geometry.shape, source.geometry.n_slices)
    with quiet():
        for z, scale in enumerate(value_scales(source.frames)):
            where = f"Slice at {source.geometry.slice_positions_mm[z]:.1f} mm"
            try:
                slices.append(_read(source, z, scale, where))
                keep.append(z)
            except FrameUnreadable as fault:
                dropped.append(f"{where}: {fault}; the slice is left out.")
    if not keep:
        n = source.geometry.n_slices
        raise FrameUnreadable(f"Late enhancement: none of {n} slices can be read. {dropped[0]}")
    left = source.keep_slices(keep, dropped)
    values, zero = _values(slices, left.kind)
    return LateStackImages(
        volume=Volume4D(values[None], left.geometry, left.trigger_ms[None], left.rr_ms),
        kind=left.kind,
        zero=zero,
        cycle_phase=left.cycle_phase,
        source=left,
    )


def _read(source: LateSource, z: int, scale: ValueScale | None, where: str) -> _Slice:
    """Stored values of one slice, high where bright; fails where they cannot be rescaled."""
    if scale is None:
        raise FrameUnreadable("the header of an image cannot be read")
    linear = common_scales([scale])[0]
    stored, described = read_stored(source.frames[z])
    if stored.shape != source.geometry.shape:
        found, wanted = (" x ".join(map(str, s)) for s in (stored.shape, source.geometry.shape))
        raise GeometryError(
            f"Late enhancement, {where.lower()}: {found} pixels, expected {wanted}. "
            "Forbid the series in app.yaml or export it again."
        )
    stored = bright_is_high(stored, described)
    rescaled(stored, linear)
    return _Slice(stored, scale)


def _values(slices: list[_Slice], kind: LateKind) -> tuple[npt.NDArray[np.float32], str]:
    """``(z, row, col)`` values, and how the zero of signed ones was found."""
    stored, scales = [s.stored for s in slices], [s.scale for s in slices]
    linears, zero = common_scales(scales), ""
    if kind is LateKind.PSIR:
        linears, zero = signed_scales(scales, linears, stored)
    planes = [rescaled(image, linear) for image, linear in zip(stored, linears, strict=True)]
    return np.stack(planes), zero
