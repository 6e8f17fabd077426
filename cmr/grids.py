"""Masks of one grid on another, by nearest neighbour in patient space."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.errors import GeometryError
from cmr.volume import FloatArray, StackGeometry, Volume4D

# Headers round spacings; voxels that differ by more are other voxels.
_SAME_SPACING = 0.01
# A grid plane halfway between two slices still belongs to one of them.
_ROUNDING = 1 + 1e-6


def on_grid(labels: Volume4D, grid: StackGeometry) -> Volume4D:
    """Bring labels onto another grid: each voxel takes the label of the nearest voxel.

    Each point of ``grid`` goes to the nearest slice plane of ``labels`` and to the nearest pixel
    there. Further from it than half the pitch, or beside the matrix, is background: so slices that
    ``labels`` does not hold are empty. Flipped, reversed, permuted and uneven stacks need no rule
    of their own. Two grids of which one has no orientation (:func:`has_orientation`) correspond
    voxel by voxel.

    Parameters
    ----------
    labels
        ``(t, z, row, col)`` masks.
    grid
        Where they are wanted, in the same patient coordinates.

    Returns
    -------
    Volume4D
        ``(t, *grid)`` masks.

    Raises
    ------
    GeometryError
        Grids that do not describe the same place.
    """
    source = labels.geometry
    if not same_frame(source, grid):
        raise GeometryError("Masks and grid have different frames of reference: not one scan.")
    if not (has_orientation(source) and has_orientation(grid)):
        _check_same_voxels(source, grid)
        return Volume4D(labels.data, grid)
    reach_mm = _pitch_mm(source, grid) / 2 * _ROUNDING
    data = np.stack([_sample(labels, grid, z, reach_mm) for z in range(grid.n_slices)], axis=1)
    if not (data != 0).any() and (labels.data != 0).any():
        raise GeometryError("Masks and grid do not overlap: no labelled voxel lies on the grid.")
    return Volume4D(data, grid)


def same_frame(one: StackGeometry, other: StackGeometry) -> bool:
    """Tell whether positions of two stacks compare; an unknown frame of reference is let pass."""
    return len({one.frame_of_reference_uid, other.frame_of_reference_uid} - {""}) <= 1


def has_orientation(geometry: StackGeometry) -> bool:
    """Tell a place in the patient from axes that stand for themselves.

    Files without orientation are read, and often written with an orientation code all the same, as
    axes along x and y with a slice at the point 0: no short-axis stack lies like that.
    """
    along_axes = abs(geometry.row_cosine[0]) == 1 and abs(geometry.column_cosine[1]) == 1
    at_zero = bool(np.any(np.all(geometry.positions_mm == 0, axis=1)))
    return bool(geometry.frame_of_reference_uid) or not (along_axes and at_zero)


def _check_same_voxels(source: StackGeometry, grid: StackGeometry) -> None:
    """Refuse voxel by voxel where shape, spacing or known axes speak against it."""
    shapes = [(g.n_slices, *g.shape) for g in (source, grid)]
    missing = "Masks or grid have no orientation in space, and their"
    if shapes[0] != shapes[1]:
        raise GeometryError(f"{missing} shapes differ: {shapes[0]} and {shapes[1]}.")
    one, other = (np.array([g.pitch_mm, *g.pixel_spacing_mm]) for g in (source, grid))
    if not np.allclose(one, other, rtol=_SAME_SPACING, atol=0, equal_nan=True):
        raise GeometryError(f"{missing} voxels differ: {one} and {other} mm.")
    if not has_orientation(source) and not has_orientation(grid):
        ours, theirs = (np.concatenate([g.row_cosine, g.column_cosine]) for g in (source, grid))
        if not np.array_equal(ours, theirs):
            raise GeometryError(f"{missing} axes point apart: which way is up is not known.")


def _pitch_mm(source: StackGeometry, grid: StackGeometry) -> float:
    """Give the length along the normal that a slice stands for.

    The smallest gap, not the median: files leave out empty slices, which only widens gaps.
    """
    known = [g.gaps_mm.min() for g in (source, grid) if g.n_slices > 1]
    if source.n_slices == 1:
        known.insert(0, source.slice_thickness_mm)
    finite = [float(value) for value in known if np.isfinite(value)]
    if not finite:
        raise GeometryError("Masks: one slice of unknown thickness; its place is not known.")
    return finite[0]


def _sample(labels: Volume4D, grid: StackGeometry, z: int, reach_mm: float) -> npt.NDArray[Any]:
    """``(t, row, col)`` labels on slice ``z`` of the grid."""
    source = labels.geometry
    points = grid.to_patient_mm(z, *np.indices(grid.shape))
    planes = source.slice_positions_mm
    along = points @ source.normal
    nearest = np.searchsorted((planes[:-1] + planes[1:]) / 2, along)
    place = np.rint((points - source.positions_mm[nearest]) @ _to_pixels(source).T).astype(int)
    inside = np.all((place >= 0) & (place < source.shape), axis=-1)
    inside &= np.abs(along - planes[nearest]) <= reach_mm
    row, col = np.where(inside[..., None], place, 0).transpose(2, 0, 1)
    return np.where(inside, labels.data[:, nearest, row, col], 0).astype(labels.data.dtype)


def _to_pixels(geometry: StackGeometry) -> FloatArray:
    """``(2, 3)`` from mm after pixel (0, 0) to row and column; the axes need not be orthonormal."""
    row_step = geometry.column_cosine * geometry.pixel_spacing_mm[0]
    col_step = geometry.row_cosine * geometry.pixel_spacing_mm[1]
    return np.asarray(np.linalg.pinv(np.column_stack([row_step, col_step])))
