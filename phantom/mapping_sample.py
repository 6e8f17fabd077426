"""What one mapping slice is made of, point by point, and images of it from displaced bodies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cmr.labels import Label
from cmr.volume import FloatArray, StackGeometry
from phantom.body import HeartPose
from phantom.mapping_heart import MappedSlice, imaged_ventricles
from phantom.mapping_tissue import LESION
from phantom.parts import parts_at
from phantom.render import (
    IN_PLANE_POINTS,
    Scene,
    binned,
    fine_points,
    heart_box,
    sample_points,
    tightened,
)
from phantom.tissue import PART_LABELS, PART_TISSUES, Part

Points = npt.NDArray[np.int_]
"""``(2,)`` whole steps of the sample points, down and along: ``IN_PLANE_POINTS`` a pixel."""


@dataclass(frozen=True, eq=False)
class SampledSlice:
    """One slice with a margin: ``(through plane, row points, col points)`` tissues and labels.

    ``margin`` are pixels on each side, rows and columns; images may be taken of a body displaced by
    up to as much.
    """

    pose: HeartPose
    place: MappedSlice
    geometry: StackGeometry
    margin: tuple[int, int]
    tissue: npt.NDArray[np.uint8]
    label: npt.NDArray[np.uint8]

    def mean(self, values: FloatArray, displaced: Points) -> npt.NDArray[np.float32]:
        """``(row, col)`` mean of a quantity given for each tissue, ``(tissues + 1,)``."""
        return binned(values.astype(np.float32)[self.tissue[self._window(displaced)]])

    def labels(self, displaced: Points) -> npt.NDArray[np.uint8]:
        """``(row, col)``, by the rule of :func:`phantom.render.render_slice`."""
        seen = self.label[self._window(displaced)]
        shares = [binned((seen == label).astype(np.float32)) for label in Label]
        return np.asarray(np.argmax(shares, axis=0), dtype=np.uint8)

    def segments(self, displaced: Points) -> npt.NDArray[np.uint8]:
        """``(row, col)`` AHA numbers; 0 where the label is not myocardium."""
        labels = self.labels(displaced)
        rows, cols = np.nonzero(labels == Label.MYOCARDIUM)
        down, along = displaced / IN_PLANE_POINTS
        centres = self.geometry.to_patient_mm(np.zeros_like(rows), rows - down, cols - along)
        u, v, _ = self.pose.to_heart(centres)
        segments = np.zeros_like(labels)
        segments[rows, cols] = self.place.segments(u, v)
        return segments

    def _window(self, displaced: Points) -> tuple[slice, ...]:
        spans = zip(self.margin, displaced, self.geometry.shape, strict=True)
        starts = [(m * IN_PLANE_POINTS - int(d), n * IN_PLANE_POINTS) for m, d, n in spans]
        return (slice(None), *(slice(start, start + count) for start, count in starts))


def sampled_slice(
    scene: Scene,
    geometry: StackGeometry,
    place: MappedSlice,
    lesion_segment: int | None,
    reach_mm: float,
) -> SampledSlice:
    """Tissue of a stack of one slice, for displacements of up to ``reach_mm`` down and along."""
    rows, cols = (int(np.ceil(reach_mm / spacing)) + 1 for spacing in geometry.pixel_spacing_mm)
    wide = _widened(geometry, (rows, cols))
    still = np.zeros(3)
    points = sample_points(wide, 0, still)
    tissue = np.stack([scene.body.tissue_at(p) for p in points])
    label = np.zeros_like(tissue)
    box = heart_box(scene, wide, 0, still)
    box = box and tightened(scene, box, points)
    if box is not None:
        inside = (slice(None), fine_points(box.rows), fine_points(box.cols))
        u, v, w = scene.pose.to_heart(points[inside])
        ventricles = imaged_ventricles(scene)
        part = np.stack([parts_at(ventricles, *p) for p in zip(u, v, w, strict=True)])
        tissue[inside] = np.where(part == Part.NONE, tissue[inside], PART_TISSUES[part])
        label[inside] = PART_LABELS[part]
        if lesion_segment is not None:
            planted = (part == Part.LV_WALL) & (place.segments(u, v) == lesion_segment)
            tissue[inside][planted] = LESION
    return SampledSlice(scene.pose, place, geometry, (rows, cols), tissue, label)


def _widened(geometry: StackGeometry, margin: tuple[int, int]) -> StackGeometry:
    corner = geometry.to_patient_mm(np.arange(geometry.n_slices), -margin[0], -margin[1])
    shape = (geometry.shape[0] + 2 * margin[0], geometry.shape[1] + 2 * margin[1])
    return replace(geometry, positions_mm=corner, shape=shape)
