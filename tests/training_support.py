"""A data set in ACDC's form that trains in seconds."""

from pathlib import Path

import nibabel
import numpy as np
import yaml

from cmr.preprocess import PreprocessSettings
from tests.conftest import ROOT
from tests.model_support import SETTINGS
from training.config import TrainingConfig
from training.fit import Folders
from training.splits import Splits

CONFIG = ROOT / "training" / "cine_sax.yaml"
SMALL = PreprocessSettings(
    matrix=(32, 32), spacing_mm=4, intensity=SETTINGS.intensity, heart=SETTINGS.heart
)
PATIENTS = ("p1", "p2", "p3", "p4")
SPLITS = Splits(seed=0, test=["p4"], folds=[["p1"], ["p2", "p3"]])


def stages(*epochs, learning_rate=2e-3):
    """Stages of these lengths, on the whole matrix."""
    return [{"epochs": n, "learning_rate": learning_rate, "whole_share": 1} for n in epochs]


def config(**sections) -> TrainingConfig:
    """The shipped configuration, small, with some keys of its sections changed."""
    content = yaml.safe_load(CONFIG.read_text("utf-8"))
    content["network"] |= {"slices": 3, "channels": [4, 8, 16], "residual_units": 1}
    content["geometry"]["matrix"] = [32, 32]
    content["run"] |= {
        "stages": stages(4),
        "batch_size": 4,
        "validate_every": 1,
        "ema_decay": 0.5,
        "threads": 1,
        "fold": 0,
    }
    for section, changes in sections.items():
        content[section] |= changes
    return TrainingConfig.model_validate(content)


def write_patient(folder: Path, patient: str, seed: int) -> None:
    """Rings in noise: 3 slices, 40 columns by 48 rows of 3 mm; the cavity shrinks at ES."""
    rng = np.random.default_rng(seed)
    x, y = np.indices((40, 48))
    at = (20 + rng.uniform(-3, 3), 24 + rng.uniform(-3, 3))
    for phase, radius in (("ed", 7), ("es", 5)):
        distance = np.hypot(x - at[0], y - at[1])
        labels = np.zeros((40, 48), np.uint8)
        labels[np.hypot(x - at[0] - 9, y - at[1]) < 6] = 1
        labels[distance < radius + 3] = 2
        labels[distance < radius] = 3
        image = np.choose(labels, [200, 900, 300, 1000]) + rng.normal(0, 20, labels.shape)
        for name, data in (("", image.astype(np.int16)), ("_label", labels)):
            file = nibabel.Nifti1Image(np.repeat(data[..., None], 3, 2), np.diag([3, 3, 10, 1]))
            nibabel.save(file, folder / f"{patient}_{phase}{name}.nii.gz")


def write_data(root: Path) -> Folders:
    """All patients, and where a run may write."""
    folder = root / "acdc"
    folder.mkdir()
    for seed, patient in enumerate(PATIENTS):
        write_patient(folder, patient, seed)
    return Folders(folder, root / "cache", root / "run")
