"""Found and given masks of one case brought onto one grid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from cmr.errors import UsageError
from cmr.grids import has_orientation, on_grid
from cmr.volume import StackGeometry, Volume4D
from training.nifti import is_nifti, read_nifti


def read_images(path: Path) -> Volume4D:
    """Read ``(1, z, row, col)`` images.

    Raises
    ------
    UsageError
        The file cannot be read, or holds values that are not finite.
    GeometryError
        Its voxels do not form a stack.
    """
    images = read_nifti(path)
    if not np.isfinite(images.data).all():
        raise UsageError("the image holds values that are not finite.")
    return images


def on_images(reference: Volume4D, images: Volume4D, path: Path) -> Volume4D:
    """Bring a reference onto the grid of its images; ``path`` is where it comes from.

    Raises
    ------
    UsageError
        A NIfTI reference of another shape.
    GeometryError
        The two do not describe the same place.
    """
    shapes = [v.data.shape[:0:-1] for v in (images, reference)]
    # A SEG may leave out slices without a structure.
    if is_nifti(path) and shapes[0] != shapes[1]:
        raise UsageError(f"image {shapes[0]}, reference {shapes[1]} (x, y, z).")
    return on_grid(reference, images.geometry)


def on_one_grid(found: Volume4D, reference: Volume4D) -> tuple[Volume4D, Volume4D]:
    """Both on the grid of the reference, with the slices that only the finished masks hold.

    Raises
    ------
    GeometryError
        The two do not describe the same place.
    """
    grid = _with_slices_of(found.geometry, reference.geometry)
    return on_grid(found, grid), on_grid(reference, grid)


def _with_slices_of(result: StackGeometry, reference: StackGeometry) -> StackGeometry:
    """Planes of the reference, and those of the result that lie beside all of them.

    A reader's file may hold drawn slices only; what was found beyond them has to count.
    """
    if not (has_orientation(result) and has_orientation(reference) and reference.n_slices > 1):
        return reference
    planes = reference.slice_positions_mm
    along = result.positions_mm @ reference.normal
    nearest = np.abs(along[:, None] - planes).argmin(axis=1)
    beside = np.abs(along - planes[nearest]) > reference.gaps_mm.min() / 2
    shift = (along - planes[nearest])[beside]
    extra = reference.positions_mm[nearest[beside]] + shift[:, None] * reference.normal
    positions = np.concatenate([reference.positions_mm, extra])
    return replace(reference, positions_mm=positions[np.argsort(positions @ reference.normal)])
