"""From a beating heart in a chest to noise-free images and label masks, by supersampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from cmr.labels import Label
from cmr.volume import FloatArray, StackGeometry
from phantom.body import Body, HeartPose
from phantom.heart import HeartShape, Ventricles
from phantom.parts import parts_at
from phantom.tissue import PART_LABELS, PART_TISSUES, Part, Tissue

# Points a pixel edge in the image plane, and across the slice.
IN_PLANE_POINTS = 2
THROUGH_PLANE_POINTS = 5
# No part of the heart lies further from the middle of the ventricles.
_HEART_REACH_MM = 115.0
_BLOOD_TEXTURE_PX = 5.0
# Distance of the points that look for the heart.
_PROBE_PX = 3

# One sum over a pixel's points counts three labels and blood at once, 8 bits each.
_COUNTED = (Label.RV, Label.MYOCARDIUM, Label.LV)
_COUNTER_BITS = 8
_COUNTER_MASK = np.uint32(2**_COUNTER_BITS - 1)


def _counters() -> npt.NDArray[np.uint32]:
    """Counter increments of each part of the heart, then of each tissue behind it."""
    tissues = np.concatenate([PART_TISSUES, np.arange(len(Tissue), dtype=np.uint8)])
    labels = np.concatenate([PART_LABELS, np.zeros(len(Tissue), np.uint8)])
    total = (tissues == Tissue.BLOOD).astype(np.uint32) << (_COUNTER_BITS * len(_COUNTED))
    for i, label in enumerate(_COUNTED):
        total = total + ((labels == label).astype(np.uint32) << (_COUNTER_BITS * i))
    return np.asarray(total, dtype=np.uint32)


_COUNTERS = _counters()

Samples = npt.NDArray[np.float32]
_Number = TypeVar("_Number", np.float32, np.uint32)


@dataclass(frozen=True, eq=False)
class Scene:
    """What is imaged: heart, chest and the signal of each tissue (blood 1, fat negative)."""

    shape: HeartShape
    body: Body
    signals: npt.NDArray[np.float32]

    @property
    def pose(self) -> HeartPose:
        """Where the heart lies."""
        return self.body.pose


@dataclass(frozen=True, eq=False)
class Rendered:
    """One slice: ``(t, row, col)`` signed signal, blood share and labels."""

    signal: npt.NDArray[np.float32]
    blood: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Frame:
    """One phase: ``(row, col)`` signal, blood share and labels."""

    signal: Samples
    blood: Samples
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Box:
    """The rows and columns that the heart may touch."""

    rows: slice
    cols: slice


def render_slice(
    scene: Scene,
    geometry: StackGeometry,
    z: int,
    cycle_times: FloatArray,
    shift_mm: FloatArray,
) -> Rendered:
    """All phases of one slice.

    Parameters
    ----------
    cycle_times
        ``(t,)`` shares of the cardiac cycle.
    shift_mm
        ``(3,)`` displacement of the body in this breath-hold.

    Notes
    -----
    A pixel is the mean over points spread through its volume (slice thickness included); its
    label is the commonest label of those points, background counted as one label; in a tie
    background wins, then RV, myocardium, LV.
    """
    points = sample_points(geometry, z, shift_mm)
    tissue = np.stack([scene.body.tissue_at(p) for p in points])
    still = binned(scene.signals[tissue])
    still_blood = binned((tissue == Tissue.BLOOD).astype(np.float32))
    count = len(cycle_times)
    signal = np.repeat(still[None], count, axis=0)
    blood = np.repeat(still_blood[None], count, axis=0)
    labels = np.zeros(signal.shape, np.uint8)
    box = heart_box(scene, geometry, z, shift_mm)
    if box is None:
        return Rendered(signal, blood, labels)
    box = tightened(scene, box, points)
    if box is None:
        return Rendered(signal, blood, labels)
    fine = (slice(None), fine_points(box.rows), fine_points(box.cols))
    local = scene.pose.to_heart(points[fine])
    background = tissue[fine]
    for t, cycle_time in enumerate(cycle_times):
        frame = _heart_frame(scene, scene.shape.at(float(cycle_time)), local, background)
        inside = (t, box.rows, box.cols)
        signal[inside], blood[inside], labels[inside] = frame.signal, frame.blood, frame.labels
    return Rendered(signal, blood, labels)


def _heart_frame(
    scene: Scene,
    ventricles: Ventricles,
    local: tuple[FloatArray, FloatArray, FloatArray],
    background: npt.NDArray[np.uint8],
) -> _Frame:
    """One phase of the heart's rectangle; ``background`` is the chest tissue behind it."""
    u, v, w = local
    part = np.stack([parts_at(ventricles, *p) for p in zip(u, v, w, strict=True)])
    substance = np.where(part == Part.NONE, background + np.uint8(len(Part)), part)
    signals = np.concatenate([scene.signals[PART_TISSUES], scene.signals])
    points = substance.shape[0] * IN_PLANE_POINTS**2
    counts = _summed(_COUNTERS[substance])
    blood = counts >> np.uint32(_COUNTER_BITS * len(_COUNTED)) & _COUNTER_MASK
    named = [counts >> np.uint32(_COUNTER_BITS * i) & _COUNTER_MASK for i in range(len(_COUNTED))]
    shares = np.stack([np.uint32(points) - np.sum(named, axis=0, dtype=np.uint32), *named])
    labels = np.array([Label.BACKGROUND, *_COUNTED], np.uint8)[np.argmax(shares, axis=0)]
    return _Frame(
        np.asarray(_summed(signals[substance]) / points, dtype=np.float32),
        np.asarray(blood / points, dtype=np.float32),
        labels,
    )


def sample_points(geometry: StackGeometry, z: int, shift_mm: FloatArray) -> Samples:
    """``(through plane, rows x n, cols x n, 3)`` body coordinates of the sample points.

    ``shift_mm`` ``(3,)`` is the displacement of the body.
    """
    n = IN_PLANE_POINTS
    rows = (np.arange(geometry.shape[0] * n) + 0.5) / n - 0.5
    cols = (np.arange(geometry.shape[1] * n) + 0.5) / n - 0.5
    down = np.multiply.outer(rows * geometry.pixel_spacing_mm[0], geometry.column_cosine)
    along = np.multiply.outer(cols * geometry.pixel_spacing_mm[1], geometry.row_cosine)
    depth = (np.arange(THROUGH_PLANE_POINTS) + 0.5) / THROUGH_PLANE_POINTS - 0.5
    through = np.multiply.outer(depth * geometry.slice_thickness_mm, geometry.normal)
    start = geometry.positions_mm[z] - shift_mm + through
    points = start[:, None, None] + down[None, :, None] + along[None, None]
    return np.asarray(points, dtype=np.float32)


def _summed(samples: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """Sum over the points of each pixel."""
    n = IN_PLANE_POINTS
    flat = samples.sum(axis=0, dtype=samples.dtype)
    parts = [flat[i::n, j::n] for i in range(n) for j in range(n)]
    total: npt.NDArray[_Number] = np.sum(parts, axis=0, dtype=samples.dtype)
    return total


def binned(samples: npt.NDArray[np.float32]) -> Samples:
    """Mean over the points of each pixel."""
    points = samples.shape[0] * IN_PLANE_POINTS**2
    return np.asarray(_summed(samples) / points, dtype=np.float32)


def fine_points(pixels: slice) -> slice:
    """Sample points of a range of rows or columns."""
    return slice(pixels.start * IN_PLANE_POINTS, pixels.stop * IN_PLANE_POINTS)


def heart_box(scene: Scene, geometry: StackGeometry, z: int, shift_mm: FloatArray) -> Box | None:
    """Smallest rectangle around the part of the plane within reach of the heart."""
    middle = scene.pose.to_patient(np.array([18.0, 0.0, 0.3 * scene.shape.length_mm])) + shift_mm
    offset = middle - geometry.positions_mm[z]
    distance = float(offset @ geometry.normal)
    if abs(distance) >= _HEART_REACH_MM:
        return None
    reach = np.sqrt(_HEART_REACH_MM**2 - distance**2)
    bounds = []
    for axis, (direction, spacing) in enumerate(
        zip((geometry.column_cosine, geometry.row_cosine), geometry.pixel_spacing_mm, strict=True)
    ):
        centre = offset @ direction
        low = int(np.clip(np.floor((centre - reach) / spacing), 0, geometry.shape[axis]))
        high = int(np.clip(np.ceil((centre + reach) / spacing) + 1, 0, geometry.shape[axis]))
        bounds.append(slice(low, high))
    rows, cols = bounds
    empty = rows.stop <= rows.start or cols.stop <= cols.start
    return None if empty else Box(rows, cols)


def tightened(scene: Scene, box: Box, points: Samples) -> Box | None:
    """The rectangle shrunk to what the heart covers at end-diastole or end-systole.

    The walls move between these two positions, so that nothing of the heart leaves it between.
    """
    step = _PROBE_PX * IN_PLANE_POINTS
    probes = points[:, fine_points(box.rows), fine_points(box.cols)][:, ::step, ::step]
    local = scene.pose.to_heart(probes)
    covered = np.zeros(probes.shape[1:3], bool)
    for cycle_time in (0.0, scene.shape.cycle.systole_share):
        part = parts_at(scene.shape.at(cycle_time), *local)
        covered |= np.any(part != Part.NONE, axis=0)
    if not covered.any():
        return None
    bounds = []
    for axis, pixels in enumerate((box.rows, box.cols)):
        found = np.flatnonzero(covered.any(axis=1 - axis)) * _PROBE_PX + pixels.start
        low = max(int(found[0]) - _PROBE_PX, pixels.start)
        bounds.append(slice(low, min(int(found[-1]) + _PROBE_PX + 1, pixels.stop)))
    return Box(*bounds)


def blood_texture(
    rng: np.random.Generator, shape: tuple[int, ...], strength: float
) -> npt.NDArray[np.float32]:
    """Smooth random field of standard deviation ``strength`` on ``(t, row, col)``."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    smooth = ndimage.gaussian_filter(noise, (0.8, _BLOOD_TEXTURE_PX, _BLOOD_TEXTURE_PX))
    return np.asarray(smooth * (strength / max(float(smooth.std()), 1e-6)), dtype=np.float32)
