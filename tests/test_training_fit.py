import json

import numpy as np
import pytest
import torch
from rich.console import Console

from cmr.inference import Provider, Segmenter
from cmr.model_store import open_model
from cmr.preprocess import to_model
from cmr.segmentation import with_neighbours
from tests.model_support import INFERENCE
from tests.training_support import SMALL, SPLITS, config, stages, write_data
from training.batches import to_labels
from training.cases import read_acdc
from training.export import ExportMismatchError, compare_runtimes, export
from training.fit import BEST, CURVE, LAST, Folders, fit, new_state
from training.slices import load_slices

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def trained(folders):
    """Four epochs in one go."""
    return fit(config(), SMALL, SPLITS, folders, QUIET)


def weights(state):
    return torch.cat([p.detach().flatten() for p in state.average.module.parameters()])


def run_in(folders, name):
    return Folders(folders.acdc, folders.cache, folders.run.parent / name)


def test_curve_and_checkpoints_are_written(trained, folders):
    curve = json.loads((folders.run / CURVE).read_text("utf-8"))
    assert [row["epoch"] for row in curve] == [1, 2, 3, 4]
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert {path.name for path in folders.run.iterdir()} == {LAST, BEST, CURVE}
    assert trained.best == max(row["dice"] for row in curve)


@pytest.mark.requirement("NET-02")
def test_same_seed_same_weights_other_seed_other_weights(trained, folders):
    again = fit(config(), SMALL, SPLITS, run_in(folders, "again"), QUIET)
    assert torch.equal(weights(again), weights(trained))
    other = fit(
        config(run={"seed": 2, "stages": stages(1)}), SMALL, SPLITS, run_in(folders, "other"), QUIET
    )
    assert not torch.equal(weights(other), weights(trained))


@pytest.mark.requirement("NET-02")
def test_interrupted_and_resumed_is_the_same_as_in_one_go(trained, folders):
    class StopError(Exception):
        pass

    class Interrupting(Console):
        def print(self, *objects, **_):
            if str(objects[0]).startswith("epoch   3"):
                raise StopError("as if the machine went down")

    again = run_in(folders, "resumed")
    with pytest.raises(StopError, match="went down"):
        fit(config(), SMALL, SPLITS, again, Interrupting(quiet=True))
    resumed = fit(config(), SMALL, SPLITS, again, QUIET)
    assert resumed.epoch == 4
    assert torch.equal(weights(resumed), weights(trained))
    assert resumed.curve == trained.curve


def test_a_run_can_begin_with_the_weights_of_another(trained, folders):
    """A step too small to change anything leaves the other run's averaged weights."""
    still = {"stages": stages(1, learning_rate=1e-12), "fold": None, "start": folders.run.name}
    begun = fit(config(run=still), SMALL, SPLITS, run_in(folders, "begun"), QUIET)
    torch.testing.assert_close(weights(begun), weights(trained))
    assert begun.epoch == 1


@pytest.mark.requirement("NET-01")
def test_early_stopping(folders):
    settings = config(run={"patience": 1, "stages": stages(30, learning_rate=1e-12)})
    assert fit(settings, SMALL, SPLITS, run_in(folders, "early"), QUIET).epoch < 30


@pytest.mark.requirement("NET-03")
def test_kept_out_patient_is_never_read(folders, tmp_path):
    (folders.acdc / "p4_ed.nii.gz").rename(tmp_path / "aside")
    try:
        fit(config(run={"stages": stages(1)}), SMALL, SPLITS, run_in(folders, "without"), QUIET)
    finally:
        (tmp_path / "aside").rename(folders.acdc / "p4_ed.nii.gz")


def test_cache_gives_the_slices_again(folders):
    first, second = (load_slices(folders.acdc, ["p1", "p2"], SMALL, folders.cache) for _ in "12")
    assert len(first) == 12
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(np.unique(first.labels), [0, 1, 2, 3])


def test_membership_to_labels():
    structures = torch.tensor([[0.2, 0.6, 0.1], [0.3, 0.3, 0.0], [0.0, 0.1, 0.9]]).T
    found = to_labels(structures[None, :, :, None])[0, 0, :, 0]
    assert found.tolist() == [2, 0, 3]


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    export(trained, config(), SMALL, "rings", root)
    return root


def real_images(folders):
    stacks = to_model(read_acdc(folders.acdc, "p4").images, SMALL).images
    return np.concatenate([with_neighbours(stack, 3) for stack in stacks])


def test_exported_folder_opens_and_runs(exported, trained, folders, tmp_path):
    folder = open_model(exported, "cine_sax")
    folder.check_preprocessing(SMALL)
    assert folder.metadata.training["epoch"] == trained.best_epoch
    settings = INFERENCE.model_copy(update={"providers": (Provider.CPU,)})
    images = real_images(folders)
    assert Segmenter(folder, settings, tmp_path).run(images).shape == (len(images), 4, 32, 32)


@pytest.mark.requirement("NET-04")
def test_onnxruntime_agrees_with_pytorch(exported, trained, folders, tmp_path):
    found = compare_runtimes(trained, exported, INFERENCE, tmp_path, real_images(folders))
    assert found["max_logit_difference"] <= 1e-3
    assert found["same_labels"] >= 0.9999


@pytest.mark.requirement("NET-04")
def test_export_of_other_weights_is_noticed(exported, folders, tmp_path):
    other = new_state(config(run={"seed": 9}))
    with pytest.raises(ExportMismatchError, match=r"Logits differ by up to .* equal labels"):
        compare_runtimes(other, exported, INFERENCE, tmp_path, real_images(folders))


def test_card_names_data_licence_and_hash(exported):
    card = (exported / "cine_sax" / "README.md").read_text("utf-8")
    assert "rings" in card
    assert "CC BY-NC-SA 4.0" in card
    assert open_model(exported, "cine_sax").sha256 in card
    assert "Not measured yet" in card
