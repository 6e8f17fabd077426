"""Masks from a DICOM SEG, of this application or of another maker, as one stack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cmr.errors import UsageError
from cmr.volume import FloatArray, StackGeometry, Volume4D
from validation.cohort.seg_frames import SegFrames, read_frames

_MOST_SLICES = 1000
# Positions are written with about 1e-4 mm; real slices are millimetres apart.
_SAME_PLANE_MM = 0.05
_SAME_GAP_MM = 0.1


def read_seg(path: Path) -> Volume4D:
    """Read the labels of one phase.

    Segments are told by their coded type (LV, LV myocardium, RV; SNOMED CT, or its retired SRT
    form). A fractional segment counts where it holds more than half of a voxel. Empty slices that
    the file leaves out between others come back; those before and after are unknown.

    Parameters
    ----------
    path
        A file of the SEG or the label map SEG class.

    Returns
    -------
    Volume4D
        ``(1, z, row, col)`` of :class:`cmr.labels.Label`.

    Raises
    ------
    UsageError
        A file that is no such object, is damaged, or leaves room for doubt.
    GeometryError
        Frames that do not form a stack.
    """
    return _stack(read_frames(path))


def _stack(frames: SegFrames) -> Volume4D:
    row, column = frames.orientation.reshape(2, 3)
    distance = frames.positions_mm @ np.cross(row, column)
    order = np.argsort(distance, kind="stable")
    first = np.diff(distance[order], prepend=-np.inf) > _SAME_PLANE_MM
    positions = frames.positions_mm[order][first]
    plane = np.empty(len(order), int)
    plane[order] = np.cumsum(first) - 1
    if np.abs(frames.positions_mm - positions[plane]).max() > _SAME_PLANE_MM:
        raise UsageError("DICOM SEG: frames of one plane lie beside each other; one stack is read.")
    index, positions = _with_empty_slices(positions, distance[order][first], frames.spacing_mm)
    geometry = StackGeometry(
        positions_mm=positions,
        row_cosine=row,
        column_cosine=column,
        pixel_spacing_mm=(float(frames.pixel_spacing_mm[0]), float(frames.pixel_spacing_mm[1])),
        shape=frames.labels.shape[1:],
        slice_thickness_mm=frames.thickness_mm,
        frame_of_reference_uid=frames.frame_of_reference_uid,
    )
    return Volume4D(_join(frames, index[plane], len(positions))[None], geometry)


def _with_empty_slices(
    positions: FloatArray, distance: FloatArray, spacing_mm: float
) -> tuple[npt.NDArray[np.int_], FloatArray]:
    """Index of each given slice, and positions of all: with those that an even stack left out."""
    index, gaps = np.arange(len(positions)), np.diff(distance)
    # Without a stated spacing an uneven stack (this application's own) is taken as it stands.
    if not len(gaps) or not spacing_mm > _SAME_GAP_MM:
        return index, positions
    steps = np.rint(gaps / spacing_mm)
    even = np.all(steps >= 1) and np.all(np.abs(gaps / steps - spacing_mm) <= _SAME_GAP_MM)
    if not even or steps.sum() >= _MOST_SLICES:
        return index, positions
    index = np.concatenate([[0], np.cumsum(steps)]).astype(int)
    every = np.arange(index[-1] + 1)
    return index, np.column_stack([np.interp(every, index, axis) for axis in positions.T])


def _join(frames: SegFrames, index: npt.NDArray[np.int_], slices: int) -> npt.NDArray[np.uint8]:
    """``(z, row, col)`` labels of all frames."""
    if len(set(zip(index.tolist(), frames.number, strict=True))) < len(index):
        raise UsageError("DICOM SEG: a segment twice in one slice; one phase a file is read.")
    joined = np.zeros((slices, *frames.labels.shape[1:]), np.uint8)
    for z, labels in zip(index, frames.labels, strict=True):
        if np.any((joined[z] != 0) & (labels != 0)):
            raise UsageError("DICOM SEG: segments overlap; a voxel may hold one structure only.")
        joined[z] += labels
    return joined
