"""NIfTI files as the volumes that the application works on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt

from cmr.errors import UsageError
from cmr.volume import FloatArray, StackGeometry, Volume4D

_SUFFIXES = (".nii", ".nii.gz")
_MM = ("mm", "unknown")
_MOST_VOXELS = 1 << 27
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_SPACING_TOLERANCE = 0.01  # of a step: header and affine are both rounded to float32


def is_nifti(path: Path) -> bool:
    """Tell by the name."""
    return path.name.lower().endswith(_SUFFIXES)


def read_nifti(path: Path) -> Volume4D:
    """Read ``(x, y, z)`` as ``(1, z, row, col)`` float32: x runs along a row, y down a column.

    The affine gives the geometry, in LPS; slices are put in ascending order along the normal.
    Where the file has none, or one that contradicts the spacing of the header, axes stand for
    themselves, with the header's spacing.

    Raises
    ------
    UsageError
        The file cannot be read, or is no single stack of numbers; the text names no file.
    GeometryError
        The axes of the affine are not at right angles, or its slices lie on each other.
    """
    file, data = _load(path)
    geometry, reverse = _geometry(_lps_affine(file), data.shape)
    stack = data.T[::-1] if reverse else data.T
    return Volume4D(np.ascontiguousarray(stack[None], np.float32), geometry)


def knows_unit(path: Path) -> bool:
    """Tell whether the header says in which unit lengths are, for what needs volumes.

    Raises
    ------
    UsageError
        The file cannot be read as one stack.
    """
    return str(_load(path)[0].header.get_xyzt_units()[0]) != "unknown"


def _load(path: Path) -> tuple[Any, npt.NDArray[Any]]:
    """Header and ``(x, y, z)`` values."""
    try:
        file: Any = nibabel.load(path)
        unit, shape = file.header.get_xyzt_units()[0], file.shape
    except Exception as error:  # nibabel raises many kinds on garbage, and reads other formats
        raise UsageError("NIfTI file: the header cannot be read.") from error
    if unit not in _MM:
        raise UsageError(f"NIfTI file: lengths in {unit}, expected mm.")
    if len(shape) < 3 or min(shape) < 1 or any(n != 1 for n in shape[3:]):
        raise UsageError(f"NIfTI file: shape {shape}, expected one volume (x, y, z).")
    if np.prod(shape, dtype=float) > _MOST_VOXELS:
        raise UsageError(f"NIfTI file: shape {shape} is larger than any short-axis stack.")
    try:
        data = np.asarray(file.dataobj).reshape(shape[:3])
    except Exception as error:  # a short or damaged file fails here, in many ways
        raise UsageError("NIfTI file: damaged or truncated.") from error
    if data.dtype.kind not in "uif":
        raise UsageError("NIfTI file: colours or complex numbers, expected one number a voxel.")
    return file, data


def _lps_affine(file: Any) -> FloatArray:
    """From voxel ``(x, y, z)`` to LPS; NIfTI's own space is RAS."""
    steps = np.asarray(file.header.get_zooms()[:3], np.float64)
    if file.header["sform_code"] > 0 or file.header["qform_code"] > 0:
        affine = _RAS_TO_LPS @ file.affine
        if np.allclose(_lengths(affine), steps, rtol=_SPACING_TOLERANCE):
            return np.asarray(affine)
    return np.diag([*steps, 1.0])


def _lengths(affine: FloatArray) -> FloatArray:
    """``(3,)`` mm from voxel to voxel along x, y and z."""
    if not np.isfinite(affine).all():
        raise UsageError("NIfTI file: the orientation holds no numbers.")
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not lengths.all():
        raise UsageError("NIfTI file: voxels without size.")
    return np.asarray(lengths)


def _geometry(affine: FloatArray, shape: tuple[int, ...]) -> tuple[StackGeometry, bool]:
    """Geometry of the stack, and whether its slices run against the order of the file."""
    axes, origin, lengths = affine[:3, :3], affine[:3, 3], _lengths(affine)
    cols, rows, slices = shape
    positions = origin + np.outer(np.arange(slices), axes[:, 2])
    reverse = bool(np.linalg.det(axes) < 0)
    geometry = StackGeometry(
        positions_mm=positions[::-1] if reverse else positions,
        row_cosine=axes[:, 0] / lengths[0],
        column_cosine=axes[:, 1] / lengths[1],
        pixel_spacing_mm=(float(lengths[1]), float(lengths[0])),
        shape=(rows, cols),
        # The voxel's height is all that is known of one slice alone.
        slice_thickness_mm=float(lengths[2]) if slices == 1 else float("nan"),
    )
    return geometry, reverse
