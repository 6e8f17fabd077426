"""The late-enhancement stack of a study, before its pixels are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cmr.results_scar import LateStack
from cmr.scar.terms import LateKind
from cmr.volume import FloatArray, StackGeometry
from dicomio.source import FrameRef, ImageSource, cycle_phase, known


@dataclass(frozen=True, eq=False)
class LateSource:
    """A short-axis stack of late enhancement: ``frames[z]`` is slice ``z`` of ``geometry``.

    ``inversion_ms``, ``trigger_ms`` and ``rr_ms`` ``(z,)`` are NaN where unknown, like
    ``field_strength_t`` and ``minutes``, the time from contrast to the first image. ``reason`` says
    why this stack, ``not_taken`` which others the study has and why not those; ``left_out`` names
    images and slices of this stack that are not here.
    """

    study_uid: str
    kind: LateKind
    frames: tuple[FrameRef, ...]
    geometry: StackGeometry
    inversion_ms: FloatArray
    trigger_ms: FloatArray
    rr_ms: FloatArray
    minutes: float
    manufacturer: str
    field_strength_t: float
    motion_corrected: bool
    reason: str
    left_out: tuple[str, ...] = ()
    not_taken: tuple[str, ...] = ()

    @property
    def images(self) -> ImageSource:
        """What results of late enhancement are made from."""
        return ImageSource(self.study_uid, (self.frames,), self.geometry)

    @property
    def cycle_phase(self) -> FloatArray:
        """``(z,)`` share of the RR interval at which the images were taken; NaN when unknown."""
        return cycle_phase(self.trigger_ms, self.rr_ms)

    @property
    def series_uids(self) -> tuple[str, ...]:
        """UIDs of the series of the frames, each once."""
        return tuple(dict.fromkeys(f.series_uid for f in self.frames))

    def keep_slices(self, keep: Sequence[int], left_out: Sequence[str] = ()) -> LateSource:
        """Keep the slices ``keep`` only, in ascending order; ``left_out`` says why not the rest."""
        index = list(keep)
        return replace(
            self,
            frames=tuple(self.frames[z] for z in index),
            geometry=self.geometry.take_slices(index),
            inversion_ms=self.inversion_ms[index],
            trigger_ms=self.trigger_ms[index],
            rr_ms=self.rr_ms[index],
            left_out=(*self.left_out, *left_out),
        )


def late_record(source: LateSource, zero: str) -> LateStack:
    """What the results say of the stack; ``zero`` as in :class:`cmr.scar.images.LateImages`."""
    geometry = source.geometry
    return LateStack(
        kind=source.kind.value,
        reason=source.reason,
        zero=zero,
        series_uids=list(source.series_uids),
        slices=geometry.n_slices,
        pitch_mm=known(geometry.pitch_mm),
        slice_thickness_mm=known(geometry.slice_thickness_mm),
        pixel_spacing_mm=geometry.pixel_spacing_mm,
        inversion_ms=[known(value) for value in source.inversion_ms.tolist()],
        left_out=list(source.left_out),
        not_taken=list(source.not_taken),
    )
