"""What one slice is made of, point by point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.labels import Label
from cmr.volume import FloatArray, StackGeometry
from phantom.heart import Ventricles
from phantom.parts import parts_at
from phantom.render import Scene, binned, fine_points, heart_box, sample_points, tightened
from phantom.tissue import PART_LABELS, PART_TISSUES, Part


@dataclass(frozen=True, eq=False)
class HeartPoints:
    """The points of the rectangle that the heart may touch.

    ``inside`` indexes them among all points of the slice; ``part`` and the heart coordinates
    ``u``, ``v``, ``w`` are ``(through plane, row points, col points)``.
    """

    inside: tuple[slice, ...]
    part: npt.NDArray[np.uint8]
    u: FloatArray
    v: FloatArray
    w: FloatArray


@dataclass(frozen=True, eq=False)
class SampledPlane:
    """``(through plane, row points, col points)`` tissues and labels of a slice.

    ``heart`` is None where the slice has none of it.
    """

    tissue: npt.NDArray[np.uint8]
    label: npt.NDArray[np.uint8]
    heart: HeartPoints | None


def sample_plane(
    scene: Scene, geometry: StackGeometry, z: int, shift_mm: FloatArray, ventricles: Ventricles
) -> SampledPlane:
    """Slice ``z`` of a body displaced by ``shift_mm`` ``(3,)``, at one instant."""
    points = sample_points(geometry, z, shift_mm)
    tissue = np.stack([scene.body.tissue_at(p) for p in points])
    label = np.zeros_like(tissue)
    box = heart_box(scene, geometry, z, shift_mm)
    box = box and tightened(scene, box, points)
    if box is None:
        return SampledPlane(tissue, label, None)
    inside = (slice(None), fine_points(box.rows), fine_points(box.cols))
    u, v, w = scene.pose.to_heart(points[inside])
    part = np.stack([parts_at(ventricles, *p) for p in zip(u, v, w, strict=True)])
    tissue[inside] = np.where(part == Part.NONE, tissue[inside], PART_TISSUES[part])
    label[inside] = PART_LABELS[part]
    return SampledPlane(tissue, label, HeartPoints(inside, part, u, v, w))


def majority_labels(points: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """``(row, col)`` labels by the rule of :func:`phantom.render.render_slice`."""
    shares = [binned((points == label).astype(np.float32)) for label in Label]
    return np.asarray(np.argmax(shares, axis=0), dtype=np.uint8)
