"""EMIDEC: its folds, its labels, and a run that trains on both data sets."""

import numpy as np
import pytest
import torch
from rich.console import Console

from cmr.labels import Label
from tests.conftest import ROOT, shared_path
from tests.training_support import SMALL, SPLITS, config, stages, write_data
from training import fit as fit_module
from training.batches import Grid
from training.cases import read_acdc, read_groups
from training.config import read_config
from training.emidec import (
    NOMINAL_SPACING_MM,
    SPLITS_FILE,
    draw_emidec_splits,
    list_cases,
    load_emidec,
    read_emidec,
)
from training.fit import fit
from training.slices import CANVAS, SliceSet
from training.sources import Sources
from training.splits import Splits, read_splits

pytestmark = pytest.mark.requirement("SCAR-24")

TISSUE = read_config(ROOT / "training" / "tissue_sax.yaml")


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def write_cases(folder, cases):
    """Two slices of 256 x 256: a ring of each label, the image its label's number."""
    folder.mkdir()
    label = np.zeros((2, 256, 256), np.uint8)
    label[:, 100:150, 110:150] = 2
    label[:, 100:104, 110:150] = 3
    label[:, 104:106, 110:150] = 4
    label[:, 115:140, 120:140] = 1
    for case in cases:
        np.savez(folder / f"{case}.npz", image=label * 40 + 10, label=label)


def test_committed_splits_are_disjoint_whole_and_stratified():
    splits = read_splits(SPLITS_FILE)
    everyone = [case for fold in splits.folds for case in fold]
    assert splits.test == []
    assert len(everyone) == len(set(everyone)) == 75
    for fold in splits.folds:
        assert len(fold) == 15
        assert sum(case.startswith("N") for case in fold) == 5
    kept_out = set(splits.folds[TISSUE.lge.fold])
    assert not kept_out & set(splits.training(TISSUE.lge.fold))
    assert len(splits.training(TISSUE.lge.fold)) == 60


@pytest.mark.real_data
def test_the_seed_gives_the_committed_splits():
    folder = shared_path("data/emidec")
    assert draw_emidec_splits(folder) == read_splits(SPLITS_FILE)
    assert sorted(list_cases(folder).values()).count("N") == 25


@pytest.mark.real_data
def test_nominal_spacing_makes_hearts_as_large_as_those_of_acdc():
    """SD of the distance from the middle of the LV with its wall, in its largest slice."""

    def spread(mask):
        largest = mask[mask.sum((1, 2)).argmax()]
        return np.argwhere(largest).std(0)

    folder = shared_path("data/emidec")
    lge = np.median([spread(read_emidec(folder, c)[1] > 0) for c in list_cases(folder)], 0)
    acdc = shared_path("data/acdc")
    groups = read_groups(acdc)
    cine = []
    for patient in read_splits().training(None):
        if groups[patient] in ("NOR", "MINF"):
            labels = read_acdc(acdc, patient).labels
            sd_mm = spread(labels.data[0] >= Label.MYOCARDIUM) * labels.geometry.pixel_spacing_mm
            cine.append(np.sqrt(np.mean(sd_mm**2)))
    assert np.median(cine) / lge == pytest.approx(NOMINAL_SPACING_MM, abs=0.005)


def test_infarct_and_no_reflow_are_wall(tmp_path):
    write_cases(tmp_path / "emidec", ["P001"])
    _, labels = read_emidec(tmp_path / "emidec", "P001")
    assert labels[0, [0, 101, 105, 108, 120], 125].tolist() == [0, 2, 2, 2, 3]


def test_slices_keep_their_middle(tmp_path):
    write_cases(tmp_path / "emidec", ["N001", "P002"])
    found = load_emidec(tmp_path / "emidec", ["N001", "P002"], SMALL.intensity, read_emidec)
    assert found.stacks.tolist() == [0, 0, 1, 1]
    assert found.centres[0].tolist() == [(CANVAS - 1) / 2] * 2
    rows = np.flatnonzero((found.labels[0] > 0).any(1))
    # 100 to 149 of 256 is as far from the middle as 116 to 165 of 288.
    assert (rows[0], rows[-1]) == (116, 165)
    assert found.images.max() == 1


def two_sources():
    n = 4
    ramp = np.linspace(0, 1, CANVAS, dtype=np.float32)
    images = np.stack([(ramp[:, None] * (k + 1) / n + ramp[None] ** 2) / 2 for k in range(n)])
    labels = np.zeros((n, CANVAS, CANVAS), np.uint8)
    labels[:, 130:160, 130:160] = 2
    labels[:, 138:152, 138:152] = 3
    labels[:, 100:130, 120:150] = 1
    cine = SliceSet(
        images.astype(np.float32),
        labels,
        np.full((n, 2), 144, np.float32),
        np.full((n, 2), 1.5, np.float32),
        np.zeros(n, np.int32),
    )
    lge = SliceSet(cine.images, np.where(labels == 1, 0, labels), *cine.columns()[2:])
    return cine, lge


def test_cine_batches_are_those_of_the_code_before_there_were_other_sources():
    """Numbers from commit a1966f6, which knew cine alone."""
    cine, _ = two_sources()
    grid = Grid(SMALL.matrix, SMALL.spacing_mm)
    images, labels, with_rv = Sources(cine, None).draw(torch.arange(4), config(), grid, rng(5))
    sums = images.double().sum((1, 2, 3)).tolist()
    assert sums == pytest.approx([104.370100, 315.112307, 756.644931, 373.325604], rel=1e-5)
    assert torch.bincount(labels.flatten()).tolist() == [3168, 408, 409, 111]
    assert with_rv.all()


def test_batches_of_both_say_where_the_rv_is_labelled():
    cine, lge = two_sources()
    grid = Grid((64, 64), 3)
    images, labels, with_rv = Sources(cine, lge).draw(
        torch.tensor([5, 0, 6, 3]), TISSUE, grid, rng()
    )
    assert images.shape == (4, 1, 64, 64)
    assert with_rv.tolist() == [True, True, False, False]
    assert not (labels[2:] == Label.RV).any()
    assert (labels[:2] == Label.RV).any()
    again, _, _ = Sources(cine, lge).draw(torch.tensor([5, 0, 6, 3]), TISSUE, grid, rng())
    assert torch.equal(images, again)


def test_a_run_on_both_never_reads_the_fold_kept_out(tmp_path, monkeypatch):
    folders = write_data(tmp_path)
    splits = Splits(seed=0, test=[], folds=[["P009"], ["N001"], ["P002"]])
    write_cases(folders.emidec, ["N001", "P002"])  # the kept-out case has no file
    path = tmp_path / "emidec_splits.json"
    path.write_text(splits.model_dump_json())
    monkeypatch.setattr(fit_module, "EMIDEC_SPLITS", path)
    small = config(
        network={"slices": 1}, run={"stages": stages(2), "fold": None, "validate_every": 2}
    ).model_copy(update={"synthesis": TISSUE.synthesis, "lge": TISSUE.lge})
    state = fit(small, SMALL, SPLITS, folders, Console(quiet=True))
    assert state.epoch == state.best_epoch == 2
    assert all(np.isfinite(row["loss"]) for row in state.curve)


def test_the_network_goes_on_from_the_cine_network_that_left_the_same_patients_out():
    first = read_config(ROOT / "training" / "tissue_sax_first.yaml")
    assert first.run.start == "cine_sax_all"
    assert TISSUE.run.start == "tissue_sax_first"
    assert first.run.fold is TISSUE.run.fold is None
    assert first.network == TISSUE.network == read_config(ROOT / "training/cine_sax.yaml").network
    assert TISSUE.model.name == "tissue_sax"
