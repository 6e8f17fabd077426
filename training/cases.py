"""ACDC patients as the volumes that the application works on."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cmr.labels import PHASES
from cmr.volume import Volume4D
from training.nifti import read_nifti


@dataclass(frozen=True, eq=False)
class Case:
    """One patient.

    Parameters
    ----------
    patient
        Identifier in the public data set.
    images, labels
        ``(2, z, row, col)``, ED and ES.
    """

    patient: str
    images: Volume4D
    labels: Volume4D


def read_acdc(folder: Path, patient: str) -> Case:
    """One ACDC patient: ED and ES as a cine of two phases."""
    images, labels = (
        [read_nifti(folder / f"{patient}_{phase}{end}.nii.gz") for phase in PHASES]
        for end in ("", "_label")
    )
    geometry = images[0].geometry
    return Case(
        patient,
        Volume4D(np.concatenate([v.data for v in images]), geometry),
        Volume4D(np.concatenate([v.data for v in labels]).astype(np.uint8), geometry),
    )


def read_groups(folder: Path) -> dict[str, str]:
    """Patient to group, from ``reference.csv``."""
    return {row["patient"]: row["group"] for row in read_reference(folder)}


def read_reference(folder: Path) -> list[dict[str, str]]:
    """Read the rows of ``reference.csv``."""
    with (folder / "reference.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
