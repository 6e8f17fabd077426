"""Read a scanner's map and its fit parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.mapping.plausible import PlausibleSettings, range_flags
from dicomio.map_units import map_scale
from dicomio.mapping_pixels import Float32Array, read_values
from dicomio.mapping_source import FitParameter, MapSource, ParameterSource
from dicomio.pixels import FrameUnreadable, check_size, read_stored
from dicomio.quiet import quiet
from dicomio.source import FrameRef
from dicomio.value_scale import Linear, ValueScale, value_scales


@dataclass(frozen=True, eq=False)
class MapImages:
    """A scanner's map as read.

    ``values`` ``(z, row, col)`` float32 are in ``unit`` (UCUM: ms, or % for ECV), NaN where the
    scanner has no value; ``undefined`` counts these pixels by slice. ``flags`` say why the values
    are doubted, ``notes`` how they were scaled. ``source`` describes exactly these slices; its
    ``left_out`` names the others.
    """

    values: Float32Array
    unit: str
    undefined: tuple[int, ...]
    flags: tuple[str, ...]
    notes: tuple[str, ...]
    source: MapSource


def read_map(source: MapSource, settings: PlausibleSettings) -> MapImages:
    """Read a map, in ms or %; a slice that cannot be read is left out and named.

    Raises
    ------
    FrameUnreadable
        No slice is left, or there are more pixels than any map has.
    """
    kind = source.acquisition.kind
    check_size(f"{kind} map", source.geometry.shape, len(source.frames))
    keep: list[int] = []
    slices: list[Float32Array] = []
    dropped: list[str] = []
    notes: list[str] = []
    with quiet():
        for z, scale in enumerate(value_scales(source.frames)):
            try:
                values, told = _slice(source, z, scale)
            except FrameUnreadable as fault:
                where = f"Slice at {source.geometry.slice_positions_mm[z]:.1f} mm"
                dropped.append(f"{where}: {fault}; the slice is left out.")
                continue
            keep.append(z)
            slices.append(values)
            notes += told
    if not keep:
        raise FrameUnreadable(f"{kind} map: none of its slices can be read. {dropped[0]}")
    values = np.stack(slices)
    return MapImages(
        values=values,
        unit=kind.unit,
        undefined=tuple(int(n) for n in np.isnan(values).sum(axis=(1, 2))),
        flags=range_flags(values, kind, settings),
        notes=tuple(dict.fromkeys(notes)),
        source=source.keep_slices(keep, dropped),
    )


def read_parameter(source: ParameterSource, parameter: FitParameter) -> Float32Array | None:
    """``(z, row, col)`` of a fit parameter of the scanner; None when it stored none.

    R² lies between 0 and 1, A and B are signals, T1* is in ms.

    Raises
    ------
    FrameUnreadable
        A slice cannot be read, or there are more pixels than any map has.
    """
    frames = source.frames.get(parameter)
    if frames is None:
        return None
    check_size("fit parameter", source.geometry.shape, len(frames))
    divisor = source.scale[parameter]
    with quiet():
        planes = [
            read_values(ref, _plain(scale), source.geometry.shape) / np.float32(divisor)
            for ref, scale in zip(frames, value_scales(frames), strict=True)
        ]
    return np.stack(planes)


def _slice(
    source: MapSource, z: int, scale: ValueScale | None
) -> tuple[Float32Array, tuple[str, ...]]:
    if scale is None:
        raise FrameUnreadable("the header of an image cannot be read")
    linear, notes = map_scale(scale, source.acquisition.kind)
    ref: FrameRef = source.frames[z]
    values = read_values(ref, linear, source.geometry.shape)
    padding = read_stored(ref)[0] == scale.padding  # never for NaN
    # Scanners write 0 where the fit gave nothing.
    return np.where(padding | (values <= 0), np.float32(np.nan), values), notes


def _plain(scale: ValueScale | None) -> Linear:
    linear = (scale.rescale if scale else None) or Linear(1.0, 0.0)
    if scale is None or not linear.usable:
        raise FrameUnreadable("the scale of a fit parameter cannot be read")
    return linear
