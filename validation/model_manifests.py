"""Manifests of the public data on which a shipped network is measured."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from cmr.labels import PHASES
from training.cases import read_groups
from training.splits import Splits

_COLUMNS = ("case", "phase", "image", "reference", "structures", "group")


def write_acdc(data: Path, patients: Iterable[str], path: Path) -> Path:
    """ED and ES of these ACDC patients, all three structures."""
    return _write(data / "acdc", patients, "rv,myo,lv", path)


def write_sunnybrook(data: Path, path: Path) -> Path:
    """All Sunnybrook patients: the LV cavity, in the slices that were contoured."""
    folder = data / "sunnybrook"
    return _write(folder, sorted(read_groups(folder)), "lv", path)


def write_all(data: Path, splits: Splits, folder: Path) -> dict[str, Path]:
    """Every manifest that the card's figures need, by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        "acdc-test": write_acdc(data, splits.test, folder / "acdc-test.csv"),
        "sunnybrook": write_sunnybrook(data, folder / "sunnybrook.csv"),
    }
    for number, patients in enumerate(splits.folds):
        name = f"acdc-fold-{number}"
        written[name] = write_acdc(data, patients, folder / f"{name}.csv")
    return written


def _write(folder: Path, patients: Iterable[str], structures: str, path: Path) -> Path:
    groups = read_groups(folder)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for patient in patients:
            for phase in PHASES:
                image, reference = (
                    folder / f"{patient}_{phase}{end}.nii.gz" for end in ("", "_label")
                )
                writer.writerow((patient, phase, image, reference, structures, groups[patient]))
    return path
