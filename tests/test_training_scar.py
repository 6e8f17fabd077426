"""Training of the scar network: its labels, samples, loss, start, folds and export."""

import numpy as np
import pytest
import torch

from cmr.inference import Segmenter
from cmr.intensity import equalise
from cmr.labels import Label
from cmr.model_store import open_model
from cmr.preprocess import Seen
from cmr.scar.labels import ScarLabel
from cmr.scar.settings import ScarSettings
from cmr.scar.usual_size import USUAL_SD_MM
from tests.conftest import ROOT
from tests.heart_masks import APP_YAML
from tests.model_support import INFERENCE
from tests.test_training_emidec import rng, two_sources, write_cases
from tests.training_support import SMALL, config
from training.__main__ import _of_fold
from training.batches import Grid, draw_grid, windowed
from training.config import read_config, read_section
from training.emidec import crop_emidec, load_emidec, read_scar
from training.export import compare_runtimes, export
from training.fit import new_state
from training.network import build_network, build_training_loss, fitting_weights
from training.slices import SliceSet, about_the_ventricle
from training.sources import Sources

pytestmark = pytest.mark.requirement("SCAR-24")

SCAR = read_config(ROOT / "training" / "scar_sax.yaml")
TISSUE = read_config(ROOT / "training" / "tissue_sax.yaml")
CENTRAL = Seen(
    matrix=(32, 32),
    spacing_mm=4,
    intensity=SMALL.intensity,
    central_fraction=0.72,
    equalised=True,
)
GRID = Grid((64, 64), 3)


def small():
    """The scar network's settings on a small network and crop."""
    infarct = SCAR.infarct.model_copy(update={"seen": CENTRAL, "cine_slices": 2})
    return SCAR.model_copy(update={"network": config().network, "infarct": infarct})


def with_infarct():
    """The sources of the other tests; LGE slices have infarct, no-reflow and no RV."""
    cine, lge = two_sources()
    labels = np.select([lge.labels == 3, lge.labels == 2], [1, 2], 0).astype(np.uint8)
    labels[:, 130:138, 130:150] = ScarLabel.INFARCT
    labels[:, 132:135, 135:145] = ScarLabel.NO_REFLOW
    return Sources(cine, type(lge)(lge.images, labels, *lge.columns()[2:]))


@pytest.mark.parametrize("name", ["scar_sax", "scar_sax_all"])
def test_it_sees_in_training_what_the_application_shows_it(name):
    settings = read_section(APP_YAML, "scar", ScarSettings)
    of_training = read_config(ROOT / "training" / f"{name}.yaml")
    assert of_training.infarct.seen == settings.preprocessing
    assert of_training.geometry.matrix == settings.preprocessing.matrix
    assert of_training.labels is ScarLabel
    assert len(of_training.loss.class_weights) == len(ScarLabel)


def test_labels_of_the_other_networks_stay():
    assert TISSUE.labels is config().labels is Label


def test_the_shipped_network_is_trained_on_every_case():
    assert read_config(ROOT / "training" / "scar_sax_all.yaml").lge.fold is None
    shipped = read_config(ROOT / "training" / "scar_sax_all.yaml")
    # Nothing else but the seed differs from what was cross-validated.
    alike = shipped.model_copy(update={"lge": SCAR.lge, "run": SCAR.run})
    assert (alike, SCAR.lge.fold) == (SCAR, 0)


def test_an_epoch_has_all_late_enhancement_and_a_few_cine_slices():
    """Two of four cine slices, other ones each time, and the four of LGE."""
    sources = with_infarct()
    epochs = [sources.order(small(), rng(seed)).tolist() for seed in range(30)]
    for order in epochs:
        assert sorted(order)[2:] == [4, 5, 6, 7]
        assert len(set(order)) == 6
    assert {n for order in epochs for n in order} == set(range(8))
    assert any(order != sorted(order) for order in epochs)
    assert sources.order(small(), rng(3)).tolist() == epochs[3]
    assert sorted(sources.order(TISSUE, rng()).tolist()) == list(range(8))


def test_samples_have_five_labels_and_lack_none():
    settings = small()
    images, labels, with_rv = with_infarct().draw(torch.arange(8), settings, GRID, rng())
    assert images.shape == (8, 6, 64, 64)
    assert with_rv.all()
    late = labels[4:]
    assert set(late.unique().tolist()) == set(ScarLabel)
    assert images.min() >= 0
    assert images.max() <= 1
    again, _, _ = with_infarct().draw(torch.arange(8), settings, GRID, rng())
    assert torch.equal(images, again)


def test_the_second_half_of_the_channels_is_the_first_equalised():
    images, _, _ = with_infarct().draw(torch.arange(8), small(), GRID, rng())
    first, second = images[:, :3].numpy(), images[:, 3:].numpy()
    assert np.array_equal(second, equalise(first, CENTRAL.central_fraction))


def test_stacks_are_centred_on_their_ventricle_and_brought_to_one_size():
    """Two stacks of two slices; one drawn 1.5 times as wide, the other without an LV."""
    rows, cols = np.indices((160, 160))
    wide = np.hypot((rows - 70) * 1.5, (cols - 90) * 1.0) < 2 * USUAL_SD_MM
    disc = np.stack([wide, wide, np.zeros_like(wide), np.zeros_like(wide)])
    given = SliceSet(
        np.zeros(disc.shape, np.float32),
        disc.astype(np.uint8),
        np.full((4, 2), 79.5, np.float32),
        np.full((4, 2), 1.4, np.float32),
        np.array([0, 0, 1, 1], np.int32),
    )
    found = about_the_ventricle(given, disc)
    assert found.centres.tolist() == [[70, 90], [70, 90], [79.5, 79.5], [79.5, 79.5]]
    assert np.allclose(found.spacings_mm[:2], (1.5, 1.0), rtol=0.01)
    assert np.array_equal(found.spacings_mm[2:], given.spacings_mm[2:])


def test_rv_of_the_cine_is_background():
    """Without painted infarcts: cavity and wall are all there is."""
    settings = small()
    plain = settings.infarct.model_copy(update={"painted": 0.0})
    settings = settings.model_copy(update={"infarct": plain})
    _, labels, _ = with_infarct().draw(torch.arange(4), settings, GRID, rng())
    assert set(labels.unique().tolist()) == {0, ScarLabel.LV, ScarLabel.MYOCARDIUM}
    # A cavity of 14 x 14 pixels in a wall of 30 x 30.
    ratio = (labels == ScarLabel.LV).sum() / (labels > 0).sum()
    assert float(ratio) == pytest.approx(14**2 / 30**2, abs=0.06)


def test_batches_are_cut_to_the_spacing_of_the_scar_network():
    assert draw_grid(SCAR, SCAR.run.stages[0], SMALL, rng()) == Grid((80, 80), 1.4)
    assert draw_grid(TISSUE, TISSUE.run.stages[0], SMALL, rng()).spacing_mm == SMALL.spacing_mm


def test_grey_values_are_those_of_the_middle_of_the_crop():
    """A ramp of 0 to 1: the first and last of its middle 51 columns hold 2 % each."""
    ramp = torch.linspace(0, 1, 101).expand(1, 1, 101, 101)
    seen = Seen(matrix=(101, 101), spacing_mm=1, intensity=SMALL.intensity, central_fraction=0.505)
    found = windowed(ramp, seen)[0, 0, 50]
    low, high = 0.25, 0.75
    torch.testing.assert_close(
        found, ((ramp[0, 0, 50] - low) / (high - low)).clamp(0, 1), atol=2e-3, rtol=0
    )


def test_loss_of_five_classes():
    loss = build_training_loss(SCAR)
    labels = torch.randint(0, 5, (4, 1, 16, 16), generator=rng())
    truth = 60 * torch.nn.functional.one_hot(labels[:, 0], 5).permute(0, 3, 1, 2).float() - 30
    everything = torch.ones(4, dtype=torch.bool)
    assert loss(truth, labels, everything) < 1e-3
    assert loss(truth.roll(1, 1), labels, everything) > 0.9


def test_weights_where_they_fit():
    given = {
        "norm": torch.ones(3),
        "kernel": torch.ones(2, 2, 3, 3),
        "head": torch.ones(4, 2, 1, 1),
    }
    own = {
        "norm": torch.zeros(3),
        "kernel": torch.zeros(2, 2, 3, 3),
        "head": torch.zeros(5, 2, 1, 1),
    }
    found = fitting_weights(given, own)
    assert found["norm"] is given["norm"]
    assert found["kernel"] is given["kernel"]
    assert found["head"] is own["head"]


def test_a_first_convolution_that_saw_a_slice_alone_becomes_the_middle():
    given, own = torch.rand(8, 1, 3, 3), torch.rand(8, 3, 3, 3)
    found = fitting_weights({"first": given}, {"first": own})["first"]
    assert torch.equal(found[:, 1:2], given)
    assert not found[:, [0, 2]].any()
    # Of two views, the slice itself in the first one.
    found = fitting_weights({"first": given}, {"first": torch.rand(8, 6, 3, 3)})["first"]
    assert torch.equal(found[:, 1:2], given)
    assert not found[:, [0, 2, 3, 4, 5]].any()
    # Another number of filters fits nothing.
    wider = torch.rand(9, 3, 3, 3)
    assert fitting_weights({"first": given}, {"first": wider})["first"] is wider


def test_a_network_that_goes_on_sees_the_same_in_its_middle_slice():
    """Body of a four-class network of one slice in one of five classes and three slices."""
    sizes = config().network
    first = build_network(sizes.model_copy(update={"slices": 1}), len(Label)).eval()
    second = build_network(sizes, len(ScarLabel)).eval()
    second.load_state_dict(fitting_weights(first.state_dict(), second.state_dict()))
    stem = [
        next(n for n in net.modules() if isinstance(n, torch.nn.Conv2d)) for net in (first, second)
    ]
    images = torch.rand(2, 3, 32, 32, generator=rng())
    torch.testing.assert_close(stem[1](images), stem[0](images[:, 1:2]))


@pytest.mark.parametrize("fold", [0, 3])
def test_folds_of_the_scar_network_are_those_of_emidec(fold):
    scar, tissue = _of_fold(SCAR, fold), _of_fold(TISSUE, fold)
    assert (scar.lge.fold, scar.run.fold, scar.run.threads) == (fold, SCAR.run.fold, 1)
    assert (tissue.lge.fold, tissue.run.fold) == (TISSUE.lge.fold, fold)


def test_cases_keep_infarct_and_no_reflow(tmp_path):
    write_cases(tmp_path / "emidec", ["P001"])
    _, labels = read_scar(tmp_path / "emidec", "P001")
    assert labels[0, [0, 101, 105, 108, 120], 125].tolist() == [0, 3, 4, 2, 1]
    found = load_emidec(tmp_path / "emidec", ["P001"], SMALL.intensity, read_scar, size=128)
    assert found.images.shape == (2, 128, 128)
    # 100 of 256 is 36 of 128.
    assert found.labels[0, [36, 41, 44, 56], 61].tolist() == [3, 4, 2, 1]
    assert found.centres[0].tolist() == [63.5, 63.5]


def test_a_case_is_cropped_about_its_middle(tmp_path):
    """From the columns of the middle, 1.42 mm apart, to pixels of 1.4 mm."""
    write_cases(tmp_path / "emidec", ["P001"])
    found = crop_emidec(tmp_path / "emidec", "P001", SCAR.infarct.seen)
    assert found.images.shape == (1, 2, 80, 80)
    wall = np.flatnonzero(found.images[0, 0, 40] > 0.05)
    # Columns 110 to 149 of 256.
    expected = [(column - 127.5) * 1.42 / 1.4 + 39.5 for column in (110, 149)]
    assert [wall[0], wall[-1]] == pytest.approx(expected, abs=1.5)


def test_export_tells_what_the_network_sees(tmp_path):
    settings = small()
    state = new_state(settings)
    folder = export(state, settings, SMALL, "EMIDEC.", tmp_path / "models")
    model = open_model(tmp_path / "models", "scar_sax")
    metadata = model.metadata
    assert folder.name == "scar_sax"
    assert metadata.preprocessing == CENTRAL
    assert metadata.preprocessing.central_fraction == 0.72
    model.check_preprocessing(CENTRAL)
    assert (metadata.input.channels, metadata.output.channels) == (6, 5)
    assert metadata.labels == {
        0: "background", 1: "lv", 2: "myocardium", 3: "infarct", 4: "no_reflow"
    }  # fmt: skip
    assert metadata.description.startswith("2.5-D U-Net: LV cavity, healthy myocardium, infarct")
    assert "ACDC and EMIDEC" in metadata.licence
    assert "dims: [ 5, 32, 32 ]" in (folder / "config.pbtxt").read_text("utf-8")
    images = np.random.default_rng(0).random((3, 6, 32, 32)).astype(np.float32)
    inference = INFERENCE.model_copy(update={"model": "scar_sax"})
    assert Segmenter(model, inference, tmp_path).run(images).shape == (3, 5, 32, 32)
    found = compare_runtimes(state, tmp_path / "models", inference, tmp_path, images)
    assert found["same_labels"] == 1
