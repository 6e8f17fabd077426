"""Where the images of a stack come from: the link between arrays and DICOM instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

import numpy as np

from cmr.body import Subject
from cmr.results import Stack
from cmr.volume import FloatArray, StackGeometry


@dataclass(frozen=True)
class FrameRef:
    """One image: a classic instance, or one frame of a multi-frame instance.

    ``frame_number`` counts from 1 as DICOM does; 0 marks a single-frame instance. The rescale
    turns stored values into the values meant (per frame in multi-frame instances).
    """

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str
    frame_number: int = 0
    rescale_slope: float = 1.0
    rescale_intercept: float = 0.0


@dataclass(frozen=True, eq=False)
class ImageSource:
    """Images that a written object is made from: ``frames[i][z]`` is image ``i`` of slice ``z``.

    Slices are those of ``geometry``.
    """

    study_uid: str
    frames: tuple[tuple[FrameRef, ...], ...]
    geometry: StackGeometry

    def at_slice(self, z: int) -> tuple[FrameRef, ...]:
        """Every image of slice ``z``, each once."""
        return tuple(dict.fromkeys(row[z] for row in self.frames))


@dataclass(frozen=True, eq=False)
class CineSource:
    """The short-axis cine of one study, before its pixels are read.

    ``frames[t][z]`` is the image of phase ``t`` at slice ``z`` of ``geometry``; ``times_ms`` is
    ``(t, z)`` and ``rr_ms`` ``(z,)`` as in :class:`cmr.volume.Volume4D`. An unknown field
    strength is NaN. ``left_out`` names the positions without usable images.
    """

    study_uid: str
    frames: tuple[tuple[FrameRef, ...], ...]
    geometry: StackGeometry
    times_ms: FloatArray
    rr_ms: FloatArray
    subject: Subject
    field_strength_t: float
    manufacturer: str
    left_out: tuple[str, ...] = ()

    @property
    def images(self) -> ImageSource:
        """What results of the cine are made from."""
        return ImageSource(self.study_uid, self.frames, self.geometry)

    @property
    def series_uids(self) -> tuple[str, ...]:
        """UIDs of the contributing series, in slice order, each once."""
        return tuple(dict.fromkeys(f.series_uid for phase in self.frames for f in phase))

    def keep_slices(self, keep: Sequence[int], left_out: Sequence[str] = ()) -> CineSource:
        """Keep the slices ``keep`` only, in ascending order; ``left_out`` says why not the rest."""
        return replace(
            self,
            frames=tuple(tuple(phase[z] for z in keep) for phase in self.frames),
            geometry=self.geometry.take_slices(keep),
            times_ms=self.times_ms[:, list(keep)],
            rr_ms=self.rr_ms[list(keep)],
            left_out=(*self.left_out, *left_out),
        )


def stack_record(source: CineSource) -> Stack:
    """What the results say of the stack that was measured."""
    geometry = source.geometry
    return Stack(
        series_uids=list(source.series_uids),
        slices=geometry.n_slices,
        images=sum(len(phase) for phase in source.frames),
        pitch_mm=known(geometry.pitch_mm),
        slice_thickness_mm=known(geometry.slice_thickness_mm),
        pixel_spacing_mm=geometry.pixel_spacing_mm,
        regular=geometry.is_regular,
        left_out=list(source.left_out),
        field_strength_t=known(source.field_strength_t),
        manufacturer=source.manufacturer,
    )


def cycle_phase(trigger_ms: FloatArray, rr_ms: FloatArray) -> FloatArray:
    """``trigger_ms / rr_ms`` where it lies within one cycle, else NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.asarray(trigger_ms / rr_ms)
    return np.where((share >= 0) & (share <= 1), share, np.nan)


def known(value: float) -> float | None:
    """``None`` for NaN; three decimals, as positions are written with no more meaning."""
    return round(value, 3) if isfinite(value) else None
