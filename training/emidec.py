"""EMIDEC's late enhancement images: real contrast agent, real infarcts, LV labels only.

The labels name the cavity and the wall with its infarct; the RV is part of the background, so the
loss must not ask for it (:class:`training.network.PartialLoss`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cmr.heart import CentreMethod, HeartCentre
from cmr.intensity import IntensitySettings, normalise
from cmr.labels import Label
from cmr.preprocess import ModelInput, Seen, to_crop
from cmr.volume import StackGeometry, Volume4D
from training.slices import CANVAS, SliceSet, window
from training.splits import Splits, draw_splits

SPLITS_FILE = Path(__file__).with_name("emidec_splits.json")
SPLIT_SEED, FOLDS = 2026, 5
# Distance of rows and of columns. The files hold none, and their aspect ratio is lost, so one pair
# serves all: SD of the distance from the middle of cavity and wall together, in the slice where
# they are largest, along rows and along columns, medians over the 75 cases 12.77 and 13.14 pixels;
# the same of the 26 ACDC training patients at ED without dilated, thick or right hearts (NOR, MINF)
# is 18.65 mm.
NOMINAL_SPACING_MM = (1.46, 1.42)
# Distance of slices, which the files do not hold either; for formats that ask for a number.
NOMINAL_PITCH_MM = 10.0
# Cavity, wall, infarct, no-reflow: the last three are wall.
_LABELS = np.array(
    [Label.BACKGROUND, Label.LV, Label.MYOCARDIUM, Label.MYOCARDIUM, Label.MYOCARDIUM], np.uint8
)


def list_cases(folder: Path) -> dict[str, str]:
    """Case to group: N (normal) or P (pathological, with infarct)."""
    return {path.stem: path.stem[0] for path in sorted(folder.glob("*.npz"))}


def read_emidec(folder: Path, case: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """``(z, 256, 256)`` images and labels of :class:`cmr.labels.Label`; RV is background."""
    image, label = read_scar(folder, case)
    return image, _LABELS[label]


def read_scar(folder: Path, case: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """``(z, 256, 256)`` images and labels of :class:`cmr.scar.labels.ScarLabel`."""
    with np.load(folder / f"{case}.npz") as arrays:
        return arrays["image"], arrays["label"]


def draw_emidec_splits(folder: Path) -> Splits:
    """Draw five folds, nobody kept out of all: the fold that a configuration names is."""
    return draw_splits(list_cases(folder), 0, FOLDS, SPLIT_SEED)


def crop_emidec(folder: Path, case: str, seen: Seen) -> ModelInput:
    """Crop a case about the middle of its images, where EMIDEC has the heart (within 4 mm)."""
    grey, _ = read_scar(folder, case)
    rows, cols = grey.shape[1:]
    geometry = StackGeometry(
        positions_mm=np.arange(len(grey))[:, None] * np.array([0.0, 0.0, NOMINAL_PITCH_MM]),
        row_cosine=np.array([1.0, 0.0, 0.0]),
        column_cosine=np.array([0.0, 1.0, 0.0]),
        pixel_spacing_mm=NOMINAL_SPACING_MM,
        shape=(rows, cols),
    )
    middle = HeartCentre((rows - 1) / 2, (cols - 1) / 2, CentreMethod.IMAGE_CENTRE)
    return to_crop(Volume4D(grey[None].astype(np.float32), geometry), seen, middle)


def load_emidec(
    folder: Path,
    cases: Iterable[str],
    intensity: IntensitySettings,
    read: Callable[[Path, str], tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]],
    size: int = CANVAS,
) -> SliceSet:
    """All slices of these cases; the centre is the middle of the image.

    ``read`` is :func:`read_emidec`, or :func:`read_scar` for a network that tells infarcts apart.
    """
    images, labels, stacks = [], [], []
    for number, case in enumerate(cases):
        grey, label = read(folder, case)
        corner = [(n - size) // 2 for n in grey.shape[1:]]
        images.append(window(normalise(grey, intensity), corner, size))
        labels.append(window(label, corner, size))
        stacks.append(np.full(len(grey), number, np.int32))
    count = sum(map(len, stacks))
    return SliceSet(
        np.concatenate(images),
        np.concatenate(labels),
        np.full((count, 2), (size - 1) / 2, np.float32),
        np.tile(np.array(NOMINAL_SPACING_MM, np.float32), (count, 1)),
        np.concatenate(stacks),
    )
