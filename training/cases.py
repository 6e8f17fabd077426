"""ACDC and Sunnybrook patients as the volumes that the application works on."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt

from cmr.volume import StackGeometry, Volume4D

PHASES = ("ed", "es")


@dataclass(frozen=True, eq=False)
class Case:
    """One patient, or one phase of one.

    Parameters
    ----------
    patient
        Identifier in the public data set.
    images, labels
        ``(t, z, row, col)`` with the phases of ``phases``.
    phases
        ``("ed", "es")``, or one of them.
    """

    patient: str
    images: Volume4D
    labels: Volume4D
    phases: tuple[str, ...]


def read_acdc(folder: Path, patient: str) -> Case:
    """One ACDC patient: ED and ES as a cine of two phases."""
    return _read(folder, patient, PHASES)


def read_sunnybrook(folder: Path, patient: str) -> tuple[Case, Case]:
    """One Sunnybrook patient: ED and ES apart, as their stacks differ."""
    return _read(folder, patient, PHASES[:1]), _read(folder, patient, PHASES[1:])


def read_groups(folder: Path) -> dict[str, str]:
    """Patient to group, from ``reference.csv``."""
    return {row["patient"]: row["group"] for row in read_reference(folder)}


def read_reference(folder: Path) -> list[dict[str, str]]:
    """Read the rows of ``reference.csv``."""
    with (folder / "reference.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _read(folder: Path, patient: str, phases: tuple[str, ...]) -> Case:
    images = [nibabel.load(folder / f"{patient}_{phase}.nii.gz") for phase in phases]
    labels = [nibabel.load(folder / f"{patient}_{phase}_label.nii.gz") for phase in phases]
    geometry = _geometry(images[0])
    return Case(
        patient,
        Volume4D(_stack(images, np.float32), geometry),
        Volume4D(_stack(labels, np.uint8), geometry),
        phases,
    )


def _stack(files: list[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """NIfTI ``(x, y, z)`` to ``(t, z, row, col)``: x runs along a row."""
    return np.stack([np.asarray(file.dataobj, dtype).T for file in files])


def _geometry(file: Any) -> StackGeometry:
    """Spacing of the header; these files hold no orientation, so axes stand for themselves."""
    dx, dy, dz = (float(step) for step in file.header.get_zooms()[:3])
    cols, rows, slices = file.shape
    return StackGeometry(
        positions_mm=np.outer(np.arange(slices) * dz, [0.0, 0.0, 1.0]),
        row_cosine=np.array([1.0, 0.0, 0.0]),
        column_cosine=np.array([0.0, 1.0, 0.0]),
        pixel_spacing_mm=(dy, dx),
        shape=(rows, cols),
    )
