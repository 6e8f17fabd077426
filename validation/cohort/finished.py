"""Finished masks: results of an installed application, and what readers drew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cmr.errors import GeometryError, UsageError
from cmr.labels import Label
from cmr.volume import Volume4D
from training.nifti import is_nifti, read_nifti
from validation.cohort.seg_masks import read_seg

_CINE: Mapping[int, str] = {Label.RV: "RV", Label.MYOCARDIUM: "myocardium", Label.LV: "LV"}


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
        gives axes that stand for themselves (:func:`cmr.grids.has_orientation`).

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
        return read_nifti_labels(path, _CINE) if is_nifti(path) else read_seg(path)
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


def read_nifti_labels(path: Path, names: Mapping[int, str]) -> Volume4D:
    """Read ``(1, z, row, col)`` uint8 label values from a NIfTI file.

    Parameters
    ----------
    names
        The labels beside 0 and what they are called.

    Raises
    ------
    UsageError
        The file cannot be read, or holds another value.
    GeometryError
        Its voxels do not form a stack.
    """
    volume = read_nifti(path)
    found = np.unique(volume.data)
    unknown = found[~np.isin(found, [0, *names])]
    if len(unknown):
        known = ", ".join(f"{label:d} ({name})" for label, name in sorted(names.items()))
        raise UsageError(f"NIfTI labels: unknown value {unknown[0]:g}; expected {known}.")
    return volume.with_data(volume.data.astype(np.uint8))
