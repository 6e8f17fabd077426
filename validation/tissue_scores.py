"""Dice on images of any contrast, one case at a time, through the application's path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cmr.intensity import normalise
from cmr.labels import PHASES
from cmr.overlap import dice_of_structures
from cmr.preprocess import PreprocessSettings, to_model
from cmr.segmentation import VARIANTS, Network, centre_on_heart, probabilities
from cmr.volume import FloatArray, StackGeometry, Volume4D
from training.cases import read_acdc
from training.emidec import NOMINAL_PITCH_MM, NOMINAL_SPACING_MM, read_emidec
from validation.contrasts import FIELDS_T, native_contrasts, post_contrasts, read_anatomy

CINE, LGE = "cine", "LGE"
# The application takes the mean over the map and the source images of a slice.
MEAN = "mean of IR and T1 map"


@dataclass(frozen=True)
class Score:
    """Dice over a whole stack: of RV, myocardium and LV, NaN where neither side has it.

    ``state`` is ``native`` or ``post``; that of real images is empty, and their field 0.
    """

    case: str
    phase: str
    field_t: float
    state: str
    contrast: str
    dice: tuple[float, float, float]


def score_acdc(
    folder: Path, patient: str, network: Network, settings: PreprocessSettings
) -> list[Score]:
    """Every contrast at ED and ES, one of them at 1.5 T and one at 3 T, and the cine image itself.

    The patient's number is the seed, so that the images are the same in every run, and says which
    phase has which field strength.
    """
    case = read_acdc(folder, patient)
    number = int(patient.removeprefix("patient"))
    rng = np.random.default_rng(number)
    grey = normalise(case.images.data, settings.intensity)
    geometry = case.images.geometry
    scores = []
    stacks = zip(PHASES, grey, case.labels.data, strict=True)
    for index, (phase, images, labels) in enumerate(stacks):
        found = native_probabilities(images, geometry, network, settings)
        scores.append(Score(patient, phase, 0, "", CINE, _dice(found, labels)))
        anatomy = read_anatomy(images, labels, geometry.pixel_spacing_mm)
        field_t = FIELDS_T[(number + index) % len(FIELDS_T)]
        for state, make in (("native", native_contrasts), ("post", post_contrasts)):
            contrasts = make(anatomy, field_t, rng)
            for name, found in _all_of(contrasts, geometry, network, settings):
                dice = _dice(found, labels)
                scores.append(Score(patient, phase, field_t, state, name, dice))
    return scores


def score_emidec(
    folder: Path, case: str, network: Network, settings: PreprocessSettings
) -> list[Score]:
    """LGE at the nominal pixel size; no RV label, so no Dice of it."""
    images, labels = read_emidec(folder, case)
    positions = np.zeros((len(images), 3))
    positions[:, 2] = np.arange(len(images)) * NOMINAL_PITCH_MM
    axes = np.eye(3)
    geometry = StackGeometry(
        positions, axes[0], axes[1], NOMINAL_SPACING_MM, (images.shape[1], images.shape[2])
    )
    found = native_probabilities(images, geometry, network, settings)
    _, wall, cavity = _dice(found, labels)
    return [Score(case, "", 0, "", LGE, (float("nan"), wall, cavity))]


def _all_of(
    contrasts: Mapping[str, FloatArray],
    geometry: StackGeometry,
    network: Network,
    settings: PreprocessSettings,
) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Each contrast's probabilities, and their mean over the T1 series and its map."""
    series = []
    for name, images in contrasts.items():
        found = native_probabilities(images, geometry, network, settings)
        if name.startswith("IR") or name == "T1 map":
            series.append(found)
        yield name, found
    yield MEAN, np.mean(series, axis=0)


def native_probabilities(
    images: npt.NDArray[np.generic],
    geometry: StackGeometry,
    network: Network,
    settings: PreprocessSettings,
) -> npt.NDArray[np.float32]:
    """``(z, classes, row, col)`` mean over the mirrored variants, on the grid of the images.

    The crop has the image's middle, then that of what the network finds there.
    """
    volume = Volume4D(images[None], geometry)
    prepared = centre_on_heart(to_model(volume, settings), network, settings)
    mean = probabilities(network, prepared.images[0], len(VARIANTS))
    native = prepared.grid.to_native(mean)
    native[:, 0, ~prepared.grid.covered] = 1
    return native


def _dice(
    found: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]
) -> tuple[float, float, float]:
    right, wall, left = dice_of_structures(found.argmax(1), labels).values()
    return right, wall, left
