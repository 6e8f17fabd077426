"""One breath-hold of a mapping acquisition: all images of a slice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cmr.labels import Label
from cmr.volume import FloatArray, StackGeometry
from phantom.appearance import load_appearance
from phantom.imaging import STILL_CYCLE_TIME, Measurement, slice_seed
from phantom.mapping_heart import MappedSlice, mapped_slices, mapping_stack
from phantom.mapping_image import Image, background_phase, expose, relaxation_map
from phantom.mapping_protocol import T1_PROTOCOLS, Weighting, read_t1_ms, weighting
from phantom.mapping_sample import Points, SampledSlice, sampled_slice
from phantom.mapping_settings import MappingSettings, Protocol
from phantom.mapping_tissue import MappedTissues, mapped_tissues
from phantom.render import IN_PLANE_POINTS
from phantom.scanner import STORED_MAX
from phantom.settings import PhantomSettings
from phantom.subject import PhantomSubject, Stream, stream
from phantom.tissue import Tissue


@dataclass(frozen=True, eq=False)
class BreathHold:
    """One slice: ``(n, row, col)`` stored magnitude and phase, ``(row, col)`` scanner's map.

    ``shifts_mm`` ``(n, 2)`` are displacements down and along against the reference image, which
    labels, segments and map belong to; ``read_t1_ms`` see
    :func:`phantom.mapping_protocol.read_t1_ms`.
    """

    weighting: Weighting
    labels: npt.NDArray[np.uint8]
    segments: npt.NDArray[np.uint8]
    shifts_mm: FloatArray
    rr_ms: float
    magnitude: Image
    phase: Image
    read_t1_ms: FloatArray
    scanner_map: Image

    @property
    def trigger_ms(self) -> float:
        """Delay of the images after the R wave."""
        return round(STILL_CYCLE_TIME * self.rr_ms, 1)


@dataclass(frozen=True, eq=False)
class Session:
    """A subject in the scanner."""

    study: PhantomSettings
    settings: MappingSettings
    subject: PhantomSubject

    @property
    def field_strength_t(self) -> float:
        """That of the cine."""
        return self.subject.contrast.field_strength_t

    @cached_property
    def geometry(self) -> StackGeometry:
        """The three slices."""
        return mapping_stack(self.study, self.subject, self.settings.turn_deg)

    @cached_property
    def places(self) -> tuple[MappedSlice, ...]:
        """Level and RV insertion of each slice."""
        return mapped_slices(self.subject.scene, self.geometry)

    @cached_property
    def tissues(self) -> MappedTissues:
        """Relaxation times."""
        return mapped_tissues(load_appearance(), self.field_strength_t, self.settings)

    @cached_property
    def samples(self) -> tuple[SampledSlice, ...]:
        """Tissue of each slice."""
        settings, geometry = self.settings, self.geometry
        return tuple(
            sampled_slice(
                self.subject.scene,
                geometry.take_slices([z]),
                place,
                settings.lesion.segment if settings.lesion else None,
                settings.breath_hold_mm + settings.breathing_mm,
            )
            for z, place in enumerate(self.places)
        )

    def take(self, protocol: Protocol, z: int) -> BreathHold:
        """All images of a slice; each acquisition has heart beat, place and noise of its own."""
        measurement = Measurement.MAPPING + list(Protocol).index(protocol)
        place = slice_seed(self.geometry, z)
        rng = stream(self.study.seed, Stream.BREATH_HOLD, measurement, place)
        rr_ms = self._rr_ms(rng)
        taken = weighting(protocol, self.settings, self.tissues, rr_ms)
        held = self._points(self.settings.breath_hold_mm * rng.uniform(-1, 1, 2))
        moved = self._points(
            self.settings.breathing_mm * rng.uniform(-1, 1, (len(taken.times_ms), 2))
        )
        moved[taken.reference] = 0
        sample = self.samples[z]
        signal = np.stack(
            [
                sample.mean(weights, held + m)
                for weights, m in zip(taken.signals, moved, strict=True)
            ]
        )
        noise = stream(self.study.seed, Stream.NOISE, measurement, place)
        labels = sample.labels(held)
        magnitude, phase = self._exposed(z, signal, labels, taken, noise)
        t1_ms = read_t1_ms(protocol, self.settings, self.tissues, taken)
        return BreathHold(
            weighting=taken,
            labels=labels,
            segments=sample.segments(held),
            shifts_mm=moved * self._step_mm,
            rr_ms=rr_ms,
            magnitude=magnitude,
            phase=phase,
            read_t1_ms=t1_ms,
            scanner_map=self._map(protocol, sample, held, t1_ms, noise),
        )

    @property
    def _step_mm(self) -> FloatArray:
        return np.array(self.geometry.pixel_spacing_mm) / IN_PLANE_POINTS

    def _points(self, distance_mm: FloatArray) -> Points:
        """Displacements are whole steps of the sample points."""
        return np.rint(distance_mm / self._step_mm).astype(np.int_)

    def _rr_ms(self, rng: np.random.Generator) -> float:
        beat = 1 + self.subject.scanner.rr_variation * float(rng.standard_normal())
        return float(np.round(self.subject.scene.shape.rr_ms * np.clip(beat, 0.8, 1.2)))

    def _exposed(
        self,
        z: int,
        signal: Image,
        labels: npt.NDArray[np.uint8],
        taken: Weighting,
        noise: np.random.Generator,
    ) -> tuple[Image, Image]:
        scanner = self.subject.scanner
        gain = scanner.gain(self.geometry, z, self.subject.scene.body)
        coils = stream(self.study.seed, Stream.SCANNER, Measurement.MAPPING)
        noise_sd = 0.0
        if self.settings.snr is not None:
            wall = gain.mean(where=labels == Label.MYOCARDIUM)
            full = abs(taken.signals[taken.reference, Tissue.MYOCARDIUM])
            noise_sd = float(full * wall / self.settings.snr)
        phase = background_phase(self.geometry, z, coils)
        return expose(signal, gain, scanner.blur_px, phase, noise_sd, noise)

    def _map(
        self,
        protocol: Protocol,
        sample: SampledSlice,
        held: Points,
        t1_ms: FloatArray,
        noise: np.random.Generator,
    ) -> Image:
        """T1 or T2 with an error of ``1 / snr`` of its value."""
        density, is_t1 = self.tissues.density, protocol in T1_PROTOCOLS
        time_ms = np.where(density > 0, t1_ms if is_t1 else self.tissues.t2_ms, 0)
        water, weighted_ms = sample.mean(density, held), sample.mean(density * time_ms, held)
        map_ms = relaxation_map(water, weighted_ms, self.subject.scanner.blur_px)
        if self.settings.snr is not None:
            error = noise.standard_normal(map_ms.shape, dtype=np.float32) / self.settings.snr
            map_ms = map_ms * (1 + error)
        unit_ms = 1.0 if is_t1 else self.settings.t2_map_unit_ms
        stored = np.clip(np.rint(map_ms / unit_ms), 0, STORED_MAX)
        return np.asarray(stored, dtype=np.float32)
