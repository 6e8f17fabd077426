"""Mapping acquisitions of a study, before their pixels are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from cmr.mapping.terms import Contrast, MapKind, Method
from cmr.volume import FloatArray, StackGeometry
from dicomio.series_use import SeriesUse
from dicomio.source import FrameRef, ImageSource, cycle_phase

IntArray = npt.NDArray[np.int_]


class FitParameter(StrEnum):
    """Planes that a scanner stores beside its map: S(TI) = A - B exp(-TI / T1*)."""

    A = "A"
    B = "B"
    T1_STAR = "T1*"
    R_SQUARED = "R²"


@dataclass(frozen=True)
class Acquisition:
    """What source images, the scanner's map and its fit parameters have in common.

    ``sequence`` is such as "MOLLI 5(3)3", "ShMOLLI", "SASHA", "T2-prep bSSFP" or "unknown".
    ``contrast_reason`` says how ``contrast`` was told. ``started_s`` counts seconds on the clock
    of the headers, good for comparing only; NaN when unknown, like ``field_strength_t``.
    """

    study_uid: str
    number: int
    kind: MapKind
    method: Method
    sequence: str
    contrast: Contrast
    contrast_reason: str
    started_s: float
    field_strength_t: float
    manufacturer: str


@dataclass(frozen=True, eq=False)
class MappingSource:
    """Source images of one map.

    ``frames[i][z]`` is image ``i``, by ascending time, of slice ``z`` of ``geometry``; ``phase``
    is laid out alike, with None for slices without phase images, and empty when there are none.
    ``times_ms`` ``(n, z)`` are inversion, saturation, preparation or echo times. ``order``
    ``(n, z)`` ranks the images of a slice as acquired and ``inversion`` ``(n, z)`` numbers the
    inversion that each belongs to, from 1; both are 0 where the order is unknown (``order``
    counts from 1 too). ``acquired_s`` ``(n, z)`` counts seconds on the clock of the headers.
    ``trigger_ms`` and ``rr_ms`` ``(z,)`` place the slice in the cardiac cycle; NaN when unknown.
    ``left_out`` names slices and images that are not here, ``notes`` what else a reader of the
    result should know; both in whole sentences.
    """

    acquisition: Acquisition
    frames: tuple[tuple[FrameRef, ...], ...]
    phase: tuple[tuple[FrameRef | None, ...], ...]
    geometry: StackGeometry
    times_ms: FloatArray
    order: IntArray
    inversion: IntArray
    acquired_s: FloatArray
    trigger_ms: FloatArray
    rr_ms: FloatArray
    motion_corrected: bool
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def images(self) -> ImageSource:
        """What a fitted map is made from: magnitude images, then phase images where there are any.

        A slice without phase images repeats its magnitude images in their place.
        """
        phase = tuple(
            tuple(p or m for p, m in zip(*rows, strict=True))
            for rows in zip(self.phase, self.frames, strict=False)
        )
        return ImageSource(self.acquisition.study_uid, (*self.frames, *phase), self.geometry)

    @property
    def cycle_phase(self) -> FloatArray:
        """``(z,)`` share of the RR interval at which the images were taken; NaN when unknown."""
        return cycle_phase(self.trigger_ms, self.rr_ms)

    @property
    def series_uids(self) -> tuple[str, ...]:
        """UIDs of the series of the frames, each once."""
        return tuple(dict.fromkeys(f.series_uid for row in self.frames for f in row))

    def keep_slices(self, keep: Sequence[int], left_out: Sequence[str] = ()) -> MappingSource:
        """Keep the slices ``keep`` only, in ascending order; ``left_out`` says why not the rest."""
        index = list(keep)
        return replace(
            self,
            frames=tuple(tuple(row[z] for z in index) for row in self.frames),
            phase=tuple(tuple(row[z] for z in index) for row in self.phase),
            geometry=self.geometry.take_slices(index),
            times_ms=self.times_ms[:, index],
            order=self.order[:, index],
            inversion=self.inversion[:, index],
            acquired_s=self.acquired_s[:, index],
            trigger_ms=self.trigger_ms[index],
            rr_ms=self.rr_ms[index],
            left_out=(*self.left_out, *left_out),
        )


@dataclass(frozen=True, eq=False)
class MapSource:
    """A map that the scanner made: ``frames[z]`` is slice ``z`` of ``geometry``."""

    acquisition: Acquisition
    frames: tuple[FrameRef, ...]
    geometry: StackGeometry
    trigger_ms: FloatArray
    rr_ms: FloatArray
    motion_corrected: bool
    left_out: tuple[str, ...] = ()

    @property
    def images(self) -> ImageSource:
        """What results of the scanner's map are made from: the map."""
        return ImageSource(self.acquisition.study_uid, (self.frames,), self.geometry)

    @property
    def cycle_phase(self) -> FloatArray:
        """``(z,)`` share of the RR interval at which the images were taken; NaN when unknown."""
        return cycle_phase(self.trigger_ms, self.rr_ms)

    @property
    def series_uids(self) -> tuple[str, ...]:
        """UIDs of the series of the frames, each once."""
        return tuple(dict.fromkeys(f.series_uid for f in self.frames))

    def keep_slices(self, keep: Sequence[int], left_out: Sequence[str] = ()) -> MapSource:
        """Keep the slices ``keep`` only, in ascending order; ``left_out`` says why not the rest."""
        index = list(keep)
        return replace(
            self,
            frames=tuple(self.frames[z] for z in index),
            geometry=self.geometry.take_slices(index),
            trigger_ms=self.trigger_ms[index],
            rr_ms=self.rr_ms[index],
            left_out=(*self.left_out, *left_out),
        )


@dataclass(frozen=True, eq=False)
class ParameterSource:
    """Fit parameters that the scanner stored: ``frames[parameter][z]`` on ``geometry``.

    ``scale`` divides the rescaled values: 4000 for a plane that says "Rsquare*4000".
    """

    acquisition: Acquisition
    frames: Mapping[FitParameter, tuple[FrameRef, ...]]
    scale: Mapping[FitParameter, float]
    geometry: StackGeometry


@dataclass(frozen=True, eq=False)
class MappingStudy:
    """Every mapping acquisition of a study.

    Each tuple is sorted by kind, then most slices first, then acquisition time. Records of one
    acquisition share ``acquisition.number``. ``uses`` has an entry for every series that was
    looked at.
    """

    sources: tuple[MappingSource, ...]
    maps: tuple[MapSource, ...]
    parameters: tuple[ParameterSource, ...]
    uses: Mapping[str, SeriesUse]
