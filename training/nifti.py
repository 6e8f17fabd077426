"""NIfTI files as the volumes that the application works on."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from cmr.errors import UsageError
from cmr.volume import FloatArray, StackGeometry, Volume4D

# What nibabel and gzip raise on files that are cut short, damaged or something else.
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    ImageFileError,
    HeaderDataError,
)
_MM = ("mm", "unknown")
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])
_SPACING_TOLERANCE = 0.01  # of a step: header and affine are both rounded to float32


def read_nifti(path: Path) -> Volume4D:
    """Read ``(x, y, z)`` as ``(1, z, row, col)`` float32: x runs along a row, y down a column.

    The affine gives the geometry, in LPS; slices are put in ascending order along the normal.
    Where the file has none, or one that contradicts the spacing of the header, axes stand for
    themselves, with the header's spacing.

    Raises
    ------
    UsageError
        The file cannot be read, or is no single stack.
    GeometryError
        The axes of the affine are not at right angles.
    """
    file, data = _load(path)
    stack = np.ascontiguousarray(data.T[None], np.float32)
    steps = np.asarray(file.header.get_zooms()[:3], np.float64)
    axes, origin = np.diag(steps), np.zeros(3)
    if _is_oriented(file, steps):
        axes, origin = _RAS_TO_LPS @ file.affine[:3, :3], _RAS_TO_LPS @ file.affine[:3, 3]
    if np.linalg.det(axes) < 0:
        stack, origin = stack[:, ::-1], origin + axes[:, 2] * (data.shape[2] - 1)
        axes = axes * [1, 1, -1]
    return Volume4D(stack, _geometry(axes, origin, steps, data.shape))


def _load(path: Path) -> tuple[Any, npt.NDArray[Any]]:
    try:
        file: Any = nibabel.load(path)
        data = np.asarray(file.dataobj)
    except _UNREADABLE as error:
        raise UsageError("Not a readable NIfTI file.") from error
    if not isinstance(file, nibabel.Nifti1Pair) or file.header.get_xyzt_units()[0] not in _MM:
        raise UsageError("Not a NIfTI file in mm.")
    while data.ndim > 3 and data.shape[-1] == 1:
        data = data[..., 0]
    if data.ndim != 3 or not data.size:
        raise UsageError(f"Array {data.shape}, expected a NIfTI stack (x, y, z).")
    return file, data


def _is_oriented(file: Any, steps: FloatArray) -> bool:
    coded = file.header["sform_code"] > 0 or file.header["qform_code"] > 0
    lengths = np.linalg.norm(file.affine[:3, :3], axis=0)
    return bool(coded and np.allclose(lengths, steps, rtol=_SPACING_TOLERANCE))


def _geometry(
    axes: FloatArray, origin: FloatArray, steps: FloatArray, shape: tuple[int, ...]
) -> StackGeometry:
    cols, rows, slices = shape
    return StackGeometry(
        positions_mm=origin + np.outer(np.arange(slices), axes[:, 2]),
        row_cosine=axes[:, 0] / steps[0],
        column_cosine=axes[:, 1] / steps[1],
        pixel_spacing_mm=(float(steps[1]), float(steps[0])),
        shape=(rows, cols),
    )
