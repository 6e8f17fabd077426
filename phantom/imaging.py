"""Taking images of a phantom: stacks and planes as volumes of stored values, with labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray, StackGeometry, Volume4D
from phantom.planes import short_axis_stack
from phantom.render import Scene, render_slice
from phantom.scanner import Scanner
from phantom.settings import PhantomSettings
from phantom.subject import PhantomSubject, Stream, stream

# Share of the cycle at which single images are taken: diastasis.
STILL_CYCLE_TIME = 0.75

Advance = Callable[[], None]
"""Called after each image plane, for progress bars."""


class Measurement(IntEnum):
    """What is imaged; each has its own breath-holds and noise."""

    SHORT_AXIS = 0
    REPEAT = 1
    LONG_AXIS = 2
    SCOUT = 10
    LATE = 20
    MAPPING = 30
    SCAR = 40


def take_cine(  # noqa: PLR0913 - what, where, when
    subject: PhantomSubject,
    seed: int,
    geometry: StackGeometry,
    phases: int,
    measurement: int,
    advance: Advance,
) -> tuple[Volume4D, Volume4D]:
    """Gated images over the cycle, each slice in a breath-hold and RR interval of its own.

    Returns
    -------
    tuple of Volume4D
        Images (float32, whole numbers 0 to 4095) and true labels (uint8), ``(t, z, row, col)``.
    """
    cycle_times = np.arange(phases) / phases
    rng = stream(seed, Stream.BREATH_HOLD, measurement)
    beats = 1 + subject.scanner.rr_variation * rng.standard_normal(geometry.n_slices)
    rr_ms = np.round(subject.scene.shape.rr_ms * np.clip(beats, 0.8, 1.2))
    images, labels = _expose(
        subject.scene, subject.scanner, seed, geometry, cycle_times, measurement, advance
    )
    times_ms = np.round(cycle_times[:, None] * rr_ms[None], 1)
    volume = Volume4D(images, geometry, times_ms, rr_ms)
    return volume, volume.with_data(labels)


def take_still(  # noqa: PLR0913 - what, where, when
    subject: PhantomSubject,
    seed: int,
    geometry: StackGeometry,
    measurement: int,
    advance: Advance,
    scene: Scene | None = None,
) -> Volume4D:
    """One ungated image a slice, in mid-diastole; ``scene`` replaces the subject's contrast."""
    images, _ = _expose(
        scene or subject.scene,
        subject.scanner,
        seed,
        geometry,
        np.array([STILL_CYCLE_TIME]),
        measurement,
        advance,
    )
    return Volume4D(images, geometry)


def _expose(  # noqa: PLR0913 - what, where, when
    scene: Scene,
    scanner: Scanner,
    seed: int,
    geometry: StackGeometry,
    cycle_times: FloatArray,
    measurement: int,
    advance: Advance,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    shape = (len(cycle_times), geometry.n_slices, *geometry.shape)
    images, labels = np.empty(shape, np.float32), np.empty(shape, np.uint8)
    for z in range(geometry.n_slices):
        place = slice_seed(geometry, z)
        shift_mm = breath_hold_mm(
            scanner, geometry, stream(seed, Stream.BREATH_HOLD, measurement, place)
        )
        rendered = render_slice(scene, geometry, z, cycle_times, shift_mm)
        gain = scanner.gain(geometry, z, scene.body)
        noise = stream(seed, Stream.NOISE, measurement, place)
        images[:, z] = scanner.stored(rendered, gain, noise)
        labels[:, z] = rendered.labels
        advance()
    return images, labels


def slice_seed(geometry: StackGeometry, z: int) -> int:
    """Random streams are seeded by place, so that leaving out a slice changes no other."""
    return round(float(geometry.slice_positions_mm[z]) * 100) % 2**31


def breath_hold_mm(
    scanner: Scanner, geometry: StackGeometry, rng: np.random.Generator
) -> FloatArray:
    """``(3,)`` displacement in the image plane; truth and images move together."""
    along, down = scanner.breath_hold_mm * rng.standard_normal(2)
    return np.asarray(along * geometry.row_cosine + down * geometry.column_cosine)


def gated(still: Volume4D, rr_ms: float) -> Volume4D:
    """Single images as taken in mid-diastole of a steady heart beat."""
    times_ms = np.full(still.data.shape[:2], round(STILL_CYCLE_TIME * rr_ms, 1))
    return replace(still, times_ms=times_ms, rr_ms=np.full(still.data.shape[1], round(rr_ms)))


def full_stack(settings: PhantomSettings, subject: PhantomSubject) -> StackGeometry:
    """The cine stack before slices go missing."""
    return short_axis_stack(settings, subject.scene.pose, subject.scene.shape, subject.planning)


def without_slices(geometry: StackGeometry, missing: tuple[int, ...]) -> StackGeometry:
    """The stack without some of its positions; numbers beyond it are ignored."""
    keep = [z for z in range(geometry.n_slices) if z not in missing]
    return geometry.take_slices(keep)


def with_signals(scene: Scene, signals: npt.NDArray[np.float32]) -> Scene:
    """The same heart and chest in another contrast."""
    return replace(scene, signals=signals)
