"""EMIDEC's npz cases as NIfTI files, with a manifest for ``python -m validation --task scar``.

    python -m validation.emidec_nifti --data ../shared/data/emidec --output DIR [--fold K]
        [--models "work/training/scar_sax-fold-{fold}/models"]

The cases hold no spacing. The files have a nominal one, so that a network sees hearts of the usual
size, and say that the unit of length is unknown, so that nobody takes volumes from them.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np
import numpy.typing as npt

from cmr.errors import CmrError, UsageError
from training.emidec import (
    NOMINAL_PITCH_MM,
    NOMINAL_SPACING_MM,
    SPLITS_FILE,
    list_cases,
    read_scar,
)
from training.splits import read_splits
from validation import PROJECT_ROOT
from validation.cohort.command import absolute

MANIFEST = "cases.csv"


def convert(data: Path, output: Path, fold: int | None = None, models: str = "") -> Path:
    """Write images, references and the manifest, and return the path of the latter.

    Parameters
    ----------
    data
        Folder of ``CASE.npz`` files.
    fold
        Only the cases that this fold of the cross-validation keeps out; None for all.
    models
        Model repository of each case, with ``{fold}`` for the fold that keeps it out, which gets
        a column as well; empty for neither.

    Raises
    ------
    UsageError
        No case there, an unknown fold, or a case that no fold keeps out.
    """
    groups, folds = list_cases(data), _folds()
    if fold is not None:
        groups = {case: group for case, group in groups.items() if folds.get(case) == fold}
    if not groups:
        raise UsageError(f"EMIDEC {data}: no case{'' if fold is None else f' of fold {fold}'}.")
    if models and (unknown := sorted(groups.keys() - folds.keys())):
        raise UsageError(f"EMIDEC: no fold keeps out {', '.join(unknown)}; leave out --models.")
    output.mkdir(parents=True, exist_ok=True)
    rows = [_write(data, output, case) | {"group": group} for case, group in groups.items()]
    if models:
        for row in rows:
            kept_out = folds[row["case"]]
            row |= {"fold": str(kept_out), "models": str(absolute(models.format(fold=kept_out)))}
    path = output / MANIFEST
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _folds() -> dict[str, int]:
    """Fold that keeps a case out, by case."""
    folds = read_splits(SPLITS_FILE).folds
    return {case: number for number, cases in enumerate(folds) for case in cases}


def _write(data: Path, output: Path, case: str) -> dict[str, str]:
    names = {"image": f"{case}.nii.gz", "reference": f"{case}_label.nii.gz"}
    for name, stack in zip(names.values(), read_scar(data, case), strict=True):
        nibabel.save(to_nifti(stack), output / name)
    return {"case": case, **names}


def to_nifti(stack: npt.NDArray[np.uint8]) -> nibabel.Nifti1Image:
    """``(z, row, col)`` as NIfTI ``(x, y, z)`` without orientation or unit."""
    file = nibabel.Nifti1Image(stack.T, None)
    file.header.set_zooms((NOMINAL_SPACING_MM[1], NOMINAL_SPACING_MM[0], NOMINAL_PITCH_MM))
    file.header.set_xyzt_units("unknown")
    return file


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert and name the manifest."""
    options = _parse(arguments)
    try:
        print(convert(options.data, options.output, options.fold, options.models))
    except CmrError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="validation.emidec_nifti", description=__doc__)
    data = PROJECT_ROOT.parent / "shared" / "data" / "emidec"
    parser.add_argument("--data", type=absolute, default=data, help="folder of the npz cases")
    parser.add_argument("--output", type=absolute, required=True, help="folder for the files")
    parser.add_argument("--fold", type=int, help="only the cases that this fold keeps out")
    parser.add_argument("--models", default="", help="model repository, {fold} for the fold")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
