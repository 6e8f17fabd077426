"""Read the source images of a map: magnitudes as float32, phases in radians."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dicomio.mapping_source import MappingSource
from dicomio.phase_scale import phase_scale
from dicomio.pixels import FrameUnreadable, check_size, read_stored
from dicomio.quiet import quiet
from dicomio.source import FrameRef
from dicomio.value_scale import Linear, ValueScale, value_scales

Float32Array = npt.NDArray[np.float32]
_IDENTITY = Linear(1.0, 0.0)
# Display scales of the images of one slice that differ by more change the shape of its curve.
_SAME_SCALE = 1e-3


@dataclass(frozen=True, eq=False)
class MappingImages:
    """The source images that could be read.

    ``data`` is ``(n, z, row, col)`` float32, rescaled. ``phase_rad`` is laid out alike, NaN in
    slices without readable phase images; None when no slice has any. ``source`` describes exactly
    these slices; its ``left_out`` names the others.
    """

    data: Float32Array
    phase_rad: Float32Array | None
    source: MappingSource


def read_mapping(source: MappingSource) -> MappingImages:
    """Read an acquisition; a slice of which an image cannot be read is left out and named.

    Raises
    ------
    FrameUnreadable
        No slice is left.
    """
    keep: list[int] = []
    slices: list[Float32Array] = []
    phases: list[Float32Array] = []
    dropped: list[str] = []
    notes: list[str] = []
    positions = source.geometry.slice_positions_mm
    kind = source.acquisition.kind
    check_size(f"{kind} source images", source.geometry.shape, len(source.frames) * len(positions))
    with quiet():
        for z, position in enumerate(positions):
            where = f"Slice at {position:.1f} mm"
            try:
                slices.append(_magnitudes([row[z] for row in source.frames], source.geometry.shape))
            except FrameUnreadable as fault:
                dropped.append(f"{where}: {fault}; the slice is left out.")
                continue
            keep.append(z)
            phase, note = _phases([row[z] for row in source.phase], slices[-1].shape)
            phases.append(phase)
            notes += [f"{where}: {note}."] if note else []
    if not keep:
        raise FrameUnreadable(
            f"{kind} source images: none of {len(positions)} slices can be read. {dropped[0]}"
        )
    left = source.keep_slices(keep, dropped)
    phase_rad = np.stack(phases, axis=1)
    return MappingImages(
        data=np.stack(slices, axis=1),
        phase_rad=phase_rad if np.isfinite(phase_rad).any() else None,
        source=replace(left, notes=(*left.notes, *notes)),
    )


def read_values(ref: FrameRef, scale: Linear, shape: tuple[int, int]) -> Float32Array:
    """``(row, col)`` values of one image.

    Raises
    ------
    FrameUnreadable
        Damaged, of another shape, or with values that are not finite.
    """
    stored, _ = read_stored(ref)
    if stored.shape != shape:
        raise FrameUnreadable(f"an image has {stored.shape} pixels, expected {shape}")
    return rescaled(stored, scale)


def rescaled(stored: npt.NDArray[Any], scale: Linear) -> Float32Array:
    """``(row, col)`` values from stored values.

    Raises
    ------
    FrameUnreadable
        Values that are not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        values: Float32Array = (stored * scale.slope + scale.intercept).astype(np.float32)
    if not np.isfinite(values).all():
        raise FrameUnreadable("the rescaled values of an image are not finite")
    return values


def _magnitudes(refs: Sequence[FrameRef], shape: tuple[int, int]) -> Float32Array:
    scales = common_scales(value_scales(refs))
    return np.stack([read_values(r, s, shape) for r, s in zip(refs, scales, strict=True)])


def common_scales(found: Sequence[ValueScale | None]) -> list[Linear]:
    """Rescale of each image; Philips' own scale where the rescale is for display only.

    Philips may rescale every image for display by another factor. Its own scale tells.

    Raises
    ------
    FrameUnreadable
        A scale is missing or without meaning.
    """
    known = [scale for scale in found if scale is not None]
    if len(known) < len(found):
        raise FrameUnreadable("the header of an image cannot be read")
    rescales = [scale.rescale or _IDENTITY for scale in known]
    if not all(linear.usable for linear in rescales):
        raise FrameUnreadable("a rescale slope of 0 or without meaning")
    precise = [scale.philips for scale in known if scale.philips is not None]
    if len(precise) == len(rescales):
        display = np.array([r.slope / p.slope for r, p in zip(rescales, precise, strict=True)])
        if np.ptp(display) > _SAME_SCALE * abs(display[0]):
            return precise
    return rescales


def _phases(refs: Sequence[FrameRef | None], shape: tuple[int, ...]) -> tuple[Float32Array, str]:
    """``(n, row, col)`` radians, NaN and the reason when an image of the slice cannot be used."""
    nothing = np.full(shape, np.nan, dtype=np.float32)
    known = [ref for ref in refs if ref is not None]
    if not known or len(known) < len(refs):
        return nothing, ""
    found: list[npt.NDArray[Any]] = []
    for ref, scale in zip(known, value_scales(known), strict=True):
        if scale is None:
            return nothing, "the header of a phase image cannot be read; they are not used"
        try:
            linear = phase_scale(scale)
            if linear is None:
                return nothing, "the unit of the phase images is not known; they are not used"
            found.append(read_values(ref, linear, (shape[1], shape[2])))
        except FrameUnreadable as fault:
            return nothing, f"phase images are not used, {fault}"
    radians = np.stack(found)
    if np.abs(radians).max() > 1.01 * math.pi:
        return nothing, "phase images run past half a turn; they are not used"
    return radians.astype(np.float32), ""
