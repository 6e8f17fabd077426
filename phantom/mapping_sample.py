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
from phantom.render import IN_PLANE_POINTS, Scene, binned
from phantom.sampled_plane import majority_labels, sample_plane
from phantom.tissue import Part

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
        return majority_labels(self.label[self._window(displaced)])

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
    plane = sample_plane(scene, wide, 0, np.zeros(3), imaged_ventricles(scene))
    if plane.heart is not None and lesion_segment is not None:
        heart = plane.heart
        planted = (heart.part == Part.LV_WALL) & (
            place.segments(heart.u, heart.v) == lesion_segment
        )
        plane.tissue[heart.inside][planted] = LESION
    return SampledSlice(scene.pose, place, geometry, (rows, cols), plane.tissue, plane.label)


def _widened(geometry: StackGeometry, margin: tuple[int, int]) -> StackGeometry:
    corner = geometry.to_patient_mm(np.arange(geometry.n_slices), -margin[0], -margin[1])
    shape = (geometry.shape[0] + 2 * margin[0], geometry.shape[1] + 2 * margin[1])
    return replace(geometry, positions_mm=corner, shape=shape)
