"""Figures of a shipped model on patients it has not seen, through the application's path.

Preprocessing with the search for the heart, ONNX Runtime, and the way back to the native grid;
the clean-up that the application adds is left out, so that the figures are the network's own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.inference import Segmenter
from cmr.labels import STRUCTURES, Label
from cmr.preprocess import PreprocessSettings, to_model
from cmr.segmentation import segment
from cmr.volume import Volume4D
from training.cases import PHASES, Case, read_acdc, read_reference, read_sunnybrook
from training.metrics import dice

Segment = Callable[[Volume4D], Volume4D]
Row = dict[str, float | str]
NAMES = {Label.RV: "rv", Label.MYOCARDIUM: "myo", Label.LV: "lv"}


def segment_with(segmenter: Segmenter, settings: PreprocessSettings) -> Segment:
    """Build the application's path from a cine to labels."""

    def from_cine(volume: Volume4D) -> Volume4D:
        return segment(to_model(volume, settings), segmenter)

    return from_cine


def acdc_rows(folder: Path, patients: Iterable[str], segment_cine: Segment) -> Iterator[Row]:
    """One row a patient: Dice per structure and phase, error of both ejection fractions."""
    reference = {row["patient"]: row for row in read_reference(folder)}
    for patient in patients:
        case = read_acdc(folder, patient)
        found = segment_cine(case.images)
        row: Row = {"patient": patient, "group": reference[patient]["group"]}
        row |= _dice(case, found.data, STRUCTURES)
        for label, name in ((Label.LV, "lv"), (Label.RV, "rv")):
            ef = ejection_fraction(*volumes_ml(found, label))
            row[f"{name}_ef_error"] = ef - float(reference[patient][f"{name}_ef_pct"])
        yield row


def sunnybrook_rows(folder: Path, segment_cine: Segment) -> Iterator[Row]:
    """One row a patient: LV Dice at ED and ES, error of the LV ejection fraction."""
    for reference in read_reference(folder):
        row: Row = {"patient": reference["patient"], "group": reference["group"]}
        volumes = []
        for case in read_sunnybrook(folder, reference["patient"]):
            found = segment_cine(case.images)
            row |= _dice(case, found.data, (Label.LV,))
            volumes += volumes_ml(found, Label.LV)
        row["lv_ef_error"] = ejection_fraction(*volumes) - float(reference["lv_ef_pct"])
        yield row


def summary(rows: Sequence[Row]) -> dict[str, float]:
    """Mean Dice per structure, apart and over both phases; mean absolute error of EF."""
    columns = {key for row in rows for key in row} - {"patient", "group"}
    means = {key: _mean([row[key] for row in rows], key) for key in sorted(columns)}
    for name in NAMES.values():
        keys = [f"{name}_dice_{phase}" for phase in PHASES]
        if all(key in means for key in keys):
            means[f"{name}_dice"] = float(np.mean([means[key] for key in keys]))
    return {"patients": float(len(rows))} | {k: round(v, 4) for k, v in means.items()}


def volumes_ml(labels: Volume4D, label: Label) -> list[float]:
    """Volume of one label in each phase, voxels times pitch."""
    voxel_ml = labels.geometry.pixel_area_mm2 * labels.geometry.pitch_mm / 1000
    return [float((phase == label).sum() * voxel_ml) for phase in labels.data]


def ejection_fraction(edv_ml: float, esv_ml: float) -> float:
    """``100 (EDV - ESV) / EDV`` in percent; NaN without an EDV."""
    return 100 * (edv_ml - esv_ml) / edv_ml if edv_ml > 0 else float("nan")


def _dice(case: Case, found: npt.NDArray[Any], labels: Iterable[Label]) -> Row:
    return {
        f"{NAMES[label]}_dice_{phase}": dice(found[t], case.labels.data[t], label)
        for t, phase in enumerate(case.phases)
        for label in labels
    }


def _mean(values: list[float | str], key: str) -> float:
    numbers = np.array(values, np.float64)
    return float(np.nanmean(np.abs(numbers) if key.endswith("_error") else numbers))
