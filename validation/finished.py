"""Finished masks: results of an installed application, and what readers drew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt

from cmr.errors import GeometryError, UsageError
from cmr.labels import Label
from cmr.volume import FloatArray, StackGeometry, Volume4D
from validation.grids import on_grid
from validation.seg_masks import read_seg

__all__ = ["on_grid", "read_labels"]

_NIFTI = (".nii", ".nii.gz")
_MOST_VOXELS = 1 << 27


def read_labels(path: Path, phase: str = "") -> Volume4D:
    """Read the masks of one phase.

    Parameters
    ----------
    path
        NIfTI file ``(x, y, z)`` of label values (1 RV, 2 myocardium, 3 LV), DICOM SEG, or the
        output folder of the application.
    phase
        ``"ed"`` or ``"es"``: which SEG of an output folder; not used for files.

    Returns
    -------
    Volume4D
        ``(1, z, row, col)`` uint8 of :class:`cmr.labels.Label`. A NIfTI file without orientation
        gives axes that stand for themselves (:func:`validation.grids.has_orientation`).

    Raises
    ------
    UsageError
        Anything that cannot be read without doubt; the text names no file.
    """
    if path.is_dir():
        path = _seg_of(path, phase)
    if not path.is_file():
        raise UsageError("Mask file: there is no such file.")
    try:
        return _read_nifti(path) if path.name.lower().endswith(_NIFTI) else read_seg(path)
    except GeometryError as error:
        raise UsageError(f"Mask file: {error}") from error


def _seg_of(folder: Path, phase: str) -> Path:
    """Find the SEG of a phase in an output folder of the application."""
    found = sorted(folder.glob(f"seg-{phase}-*.dcm"))
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"Output folder: {len(found)} files seg-{phase}-*.dcm, expected one. The folder must be "
        "that of one study; a phase without any voxel has no file."
    )


def _read_nifti(path: Path) -> Volume4D:
    file = _open_nifti(path)
    stored = _values(file)
    geometry, reverse = _geometry(_lps_affine(file), stored.shape)
    labels = stored.T[::-1] if reverse else stored.T
    return Volume4D(labels[None].astype(np.uint8), geometry)


def _open_nifti(path: Path) -> Any:
    try:
        file = nibabel.load(path)
    except Exception as error:  # nibabel raises many kinds on garbage
        raise UsageError("NIfTI labels: the header cannot be read.") from error
    unit = file.header.get_xyzt_units()[0]
    if unit not in ("mm", "unknown"):
        raise UsageError(f"NIfTI labels: lengths in {unit}, expected mm.")
    if len(file.shape) < 3 or any(n != 1 for n in file.shape[3:]):
        raise UsageError(f"NIfTI labels: shape {file.shape}, expected one volume (x, y, z).")
    if np.prod(file.shape, dtype=float) > _MOST_VOXELS:
        raise UsageError(f"NIfTI labels: shape {file.shape} is larger than any short-axis stack.")
    return file


def _values(file: Any) -> npt.NDArray[Any]:
    """``(x, y, z)`` label values."""
    try:
        stored = np.asarray(file.dataobj).reshape(file.shape[:3])
    except Exception as error:  # a short or damaged file fails here, in many ways
        raise UsageError("NIfTI labels: damaged or truncated.") from error
    if stored.dtype.kind not in "uif":
        raise UsageError("NIfTI labels: colours or complex numbers, expected label values.")
    found = np.unique(stored)
    unknown = found[~np.isin(found, list(Label))]
    if len(unknown):
        raise UsageError(
            f"NIfTI labels: unknown value {unknown[0]:g}; expected 1 (RV), 2 (myocardium), 3 (LV)."
        )
    return stored


def _lps_affine(file: Any) -> FloatArray:
    """From voxel ``(x, y, z)`` to LPS; NIfTI's own space is RAS."""
    if file.header["sform_code"] > 0 or file.header["qform_code"] > 0:
        return np.asarray(np.diag([-1.0, -1.0, 1.0, 1.0]) @ file.affine)
    return np.diag([*(float(step) for step in file.header.get_zooms()[:3]), 1.0])


def _geometry(affine: FloatArray, shape: tuple[int, ...]) -> tuple[StackGeometry, bool]:
    """Geometry of the stack, and whether its slices run against the order of the file."""
    if not np.isfinite(affine).all():
        raise UsageError("NIfTI labels: the orientation holds no numbers.")
    (x, y, step), origin = affine[:3, :3].T, affine[:3, 3]
    dx, dy, dz = (float(np.linalg.norm(axis)) for axis in (x, y, step))
    if min(dx, dy, dz) == 0:
        raise UsageError("NIfTI labels: voxels without size.")
    cols, rows, slices = shape
    positions = origin + np.arange(slices)[:, None] * step
    reverse = bool(np.cross(x, y) @ step < 0)
    geometry = StackGeometry(
        positions_mm=positions[::-1] if reverse else positions,
        row_cosine=x / dx,
        column_cosine=y / dy,
        pixel_spacing_mm=(dy, dx),
        shape=(rows, cols),
        # The voxel's height is all that is known of one slice alone.
        slice_thickness_mm=dz if slices == 1 else float("nan"),
    )
    return geometry, reverse
