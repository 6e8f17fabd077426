"""Late-enhancement stack of a phantom as arrays, with labels, AHA segments and truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.labels import Label
from cmr.volume import FloatArray, StackGeometry, Volume4D
from phantom.appearance import load_appearance
from phantom.imaging import (
    Advance,
    Measurement,
    breath_hold_mm,
    full_stack,
    gated,
    slice_seed,
    without_slices,
)
from phantom.mapping_heart import MappedSlice
from phantom.mapping_image import Image
from phantom.render import IN_PLANE_POINTS
from phantom.scar_chords import slice_chords
from phantom.scar_heart import late_slices
from phantom.scar_image import late_images, noise_level
from phantom.scar_sample import ScarSlice, sample_scar
from phantom.scar_settings import ScarSettings
from phantom.scar_signal import LateContrast, late_contrast
from phantom.scar_truth import ScarTruth, scar_truth
from phantom.settings import PhantomSettings
from phantom.subject import PhantomSubject, Stream, draw_subject, stream


@dataclass(frozen=True, eq=False)
class ScarStudy:
    """One stack in the positions of the cine, in diastasis.

    Attributes
    ----------
    magnitude
        ``(1, z, row, col)`` whole numbers 0 to 4095.
    psir
        The same, signed, as read through slope and intercept: even numbers -4096 to 4094.
    labels
        ``(1, z, row, col)`` of :class:`cmr.scar.labels.ScarLabel`.
    wall_labels
        ``(1, z, row, col)`` of :class:`cmr.labels.Label`.
    segments
        ``(1, z, row, col)`` AHA numbers; 0 outside myocardium and on slices without LV cavity.
    share
        ``(z, row, col)`` scar over the wall in a pixel.
    """

    magnitude: Volume4D
    psir: Volume4D
    labels: Volume4D
    wall_labels: Volume4D
    segments: Volume4D
    share: FloatArray
    contrast: LateContrast
    truth: ScarTruth


def make_scar(settings: PhantomSettings, advance: Advance = lambda: None) -> ScarStudy:
    """Take the stack that ``settings.scar`` asks for, without DICOM.

    ``advance`` is called after each slice.

    Raises
    ------
    ValueError
        Settings without a scar part.
    """
    if settings.scar is None:
        raise ValueError("phantom settings: expected a scar part")
    session = _Session(settings, settings.scar, draw_subject(settings))
    taken = []
    for z in range(session.geometry.n_slices):
        taken.append(session.sample(z))
        advance()
    return session.study(taken)


@dataclass(frozen=True, eq=False)
class _Session:
    """A subject in the scanner."""

    settings: PhantomSettings
    options: ScarSettings
    subject: PhantomSubject

    @cached_property
    def geometry(self) -> StackGeometry:
        stack = full_stack(self.settings, self.subject)
        return without_slices(stack, self.settings.missing_slices)

    @cached_property
    def contrast(self) -> LateContrast:
        field_strength_t = self.subject.contrast.field_strength_t
        return late_contrast(load_appearance(), field_strength_t, self.options)

    def sample(self, z: int) -> ScarSlice:
        scene, shift_mm = self.subject.scene, self._shift_mm(z)
        return sample_scar(scene, self.geometry, z, shift_mm, self.options.lesions)

    def study(self, taken: Sequence[ScarSlice]) -> ScarStudy:
        wall_labels = np.stack([s.wall_labels for s in taken])
        places = late_slices(self.subject.scene, self.geometry, wall_labels)
        magnitude, psir = self._images(taken, wall_labels == Label.MYOCARDIUM)
        segments = [
            self._segments(z, place, labels)
            for z, (place, labels) in enumerate(zip(places, wall_labels, strict=True))
        ]
        return ScarStudy(
            magnitude=self._volume(magnitude),
            psir=self._volume(psir),
            labels=self._volume([s.labels for s in taken]),
            wall_labels=self._volume(list(wall_labels)),
            segments=self._volume(segments),
            share=np.stack([s.share for s in taken]),
            contrast=self.contrast,
            truth=self._truth(taken, places),
        )

    def _volume(self, slices: Sequence[npt.NDArray[Any]]) -> Volume4D:
        still = Volume4D(np.stack(slices)[None], self.geometry)
        return gated(still, self.subject.scene.shape.rr_ms)

    def _shift_mm(self, z: int) -> FloatArray:
        seed = slice_seed(self.geometry, z)
        hold = stream(self.settings.seed, Stream.BREATH_HOLD, Measurement.SCAR, seed)
        return breath_hold_mm(self.subject.scanner, self.geometry, hold)

    def _images(
        self, taken: Sequence[ScarSlice], wall: npt.NDArray[np.bool_]
    ) -> tuple[list[Image], list[Image]]:
        scanner, body = self.subject.scanner, self.subject.scene.body
        gain = np.ones(wall.shape, np.float32)
        if self.options.shading:
            gain = np.stack([scanner.gain(self.geometry, z, body) for z in range(len(wall))])
        noise_sd = noise_level(gain, wall, self.options.noise)
        pairs = []
        for z, sample in enumerate(taken):
            seed = slice_seed(self.geometry, z)
            rng = stream(self.settings.seed, Stream.NOISE, Measurement.SCAR, seed)
            signal = sample.signal(self.contrast.signals)
            pairs.append(late_images(signal, gain[z], scanner.blur_px, noise_sd, rng))
        magnitude, psir = zip(*pairs, strict=True)
        return list(magnitude), list(psir)

    def _segments(
        self, z: int, place: MappedSlice | None, labels: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.uint8]:
        """``(row, col)`` AHA numbers of the pixel centres of the wall."""
        segments = np.zeros_like(labels)
        if place is not None:
            rows, cols = np.nonzero(labels == Label.MYOCARDIUM)
            centres_mm = self.geometry.to_patient_mm(np.full(rows.shape, z), rows, cols)
            u, v, _ = self.subject.scene.pose.to_heart(centres_mm - self._shift_mm(z))
            segments[rows, cols] = place.segments(u, v)
        return segments

    def _truth(self, taken: Sequence[ScarSlice], places: Sequence[MappedSlice | None]) -> ScarTruth:
        geometry = self.geometry
        point_mm2 = geometry.pixel_area_mm2 / IN_PLANE_POINTS**2
        areas = [s.area(place, point_mm2) for s, place in zip(taken, places, strict=True)]
        chords = [
            slice_chords(self.subject.scene, geometry, z, place, self.options.lesions)
            for z, place in enumerate(places)
            if place is not None
        ]
        return scar_truth(geometry, places, areas, chords, self.contrast.inversion_ms)
