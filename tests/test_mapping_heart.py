"""The heart on maps: many contrasts, one answer; networks whose answer is known."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from cmr.labels import Label
from cmr.mapping.heart import NO_HEART, find_heart, heart_disc, prepare, without_attachments
from cmr.mapping.measure import measure_tissue
from cmr.mapping.tissue_network import TissueNetwork
from cmr.overlap import dice
from cmr.volume import Volume4D
from tests.heart_masks import CLEANUP
from tests.mapped_heart import BODY, PLANES, no_heart, on_map, tissue_of
from tests.model_support import SETTINGS as PREPROCESSING
from tests.test_mapping_fitted import acquired, scanner
from tests.tissue_heart import MAPPING, SETTINGS, masks, stack

pytestmark = pytest.mark.requirement("TIS-12")

TRUTH = masks(BODY, PLANES).data[0]
# Grey of background, RV, myocardium and LV in two contrasts; air keeps the scale.
BRIGHT = (0.0, 1.0, 0.33, 0.66)


@dataclass
class ByGrey:
    """Knows every label by its grey in :data:`BRIGHT`; counts what it is shown."""

    input_channels: int = 1
    seen: list = field(default_factory=list)

    def run(self, images):
        self.seen.append(images.shape)
        grey = images[:, self.input_channels // 2]
        away = np.stack([np.abs(grey - value) for value in BRIGHT], axis=1)
        return (-60 * away).astype(np.float32)


def painted(labels, greys=BRIGHT):
    return np.choose(labels, greys).astype(np.float32)


def images(*labels):
    """Contrasts of labels."""
    return np.stack([painted(one) for one in labels])


def find(shown, geometry=PLANES, variants=1, settings=MAPPING.heart, network=None):
    network = network or ByGrey()
    prepared = prepare(shown, geometry, network, PREPROCESSING)
    return find_heart(prepared, network, variants, CLEANUP, settings)


def test_contrasts_that_agree():
    found = find(images(TRUTH, TRUTH, TRUTH))
    assert found.reason == ""
    for label in (Label.LV, Label.MYOCARDIUM):
        assert dice(found.labels.data[0], TRUTH, label) > 0.95
    assert found.agreement_fraction > 0.99
    assert found.least_agreement == 0.5
    assert found.labels.geometry is PLANES


def test_two_contrasts_outvote_one_that_shows_nothing():
    """Its myocardium has a Dice of 0 with the consensus, the others one of 1."""
    found = find(images(TRUTH, TRUTH, 0 * TRUTH))
    assert found.reason == ""
    assert dice(found.labels.data[0], TRUTH, Label.MYOCARDIUM) > 0.9
    assert found.agreement_fraction == pytest.approx(2 / 3, abs=0.03)


def test_contrasts_that_disagree_are_not_believed():
    """Dice of 2/3 is less than a limit of 0.7, and enough for one of 0.6."""
    shown = images(TRUTH, TRUTH, 0 * TRUTH)
    strict = MAPPING.heart.model_copy(update={"min_agreement_fraction": 0.7})
    found = find(shown, settings=strict)
    assert not found.labels.data.any()
    assert found.reason.startswith(
        "The images of the acquisition disagree about the myocardium: Dice 0.6"
    )
    assert "at least 0.7" in found.reason
    lenient = MAPPING.heart.model_copy(update={"min_agreement_fraction": 0.6})
    assert find(shown, settings=lenient).reason == ""


def test_nothing_there():
    found = find(images(0 * TRUTH, 0 * TRUTH))
    assert found.reason == NO_HEART
    assert np.isnan(found.agreement_fraction)
    assert not found.labels.data.any()


def test_slices_without_a_closed_wall_have_no_heart():
    """One slice has a cavity alone; RV on it goes too."""
    open_wall = TRUTH.copy()
    open_wall[1][open_wall[1] == Label.MYOCARDIUM] = Label.BACKGROUND
    found = find(images(open_wall))
    held = found.labels.data[0].any(axis=(1, 2))
    assert held.tolist() == [True, False, True]
    assert found.reason == ""


def test_a_cavity_that_is_too_small_is_none():
    """25 mm2 is less than 50."""
    small = np.where(TRUTH == Label.LV, Label.MYOCARDIUM, TRUTH)
    row, col = (int(i.mean()) for i in np.nonzero(TRUTH[1] == Label.LV))
    small[1, row : row + 5, col : col + 5] = Label.LV
    found = find(images(small))
    assert found.reason == NO_HEART
    assert not found.labels.data.any()
    lenient = MAPPING.heart.model_copy(update={"min_cavity_mm2": 10.0})
    assert find(images(small), settings=lenient).reason == ""


def test_a_lone_contrast_is_mirrored_and_several_are_not():
    made = TissueNetwork(ByGrey(), 4, PREPROCESSING, CLEANUP, MAPPING.heart)
    for shown, runs in ((images(TRUTH), 4), (images(TRUTH, TRUTH, TRUTH), 3)):
        made.network.seen.clear()
        made.find(shown, PLANES, 4)
        first_looks = 1
        assert len(made.network.seen) == first_looks + runs


def test_a_heart_far_from_the_middle_is_found():
    """The crop of 240 mm does not hold it at first."""
    wide = stack(BODY, (15.0, 45.0, 75.0), size=300)
    shifted = np.roll(masks(BODY, wide).data[0], (70, -70), axis=(1, 2))
    found = find(images(shifted), geometry=wide)
    assert dice(found.labels.data[0], shifted, Label.MYOCARDIUM) > 0.9


def test_neighbouring_slices_for_networks_that_take_three():
    network = ByGrey(3)
    found = find(images(TRUTH), network=network)
    assert {shape[:2] for shape in network.seen} == {(3, 3)}
    assert dice(found.labels.data[0], TRUTH, Label.MYOCARDIUM) > 0.95


def test_the_disc_about_the_heart():
    """Centred on the LV disc, 20 mm in mm though pixels are not square."""
    flat = stack(BODY, (45.0,), spacing=(2.0, 1.0), size=120)
    labels = np.zeros((1, 1, *flat.shape), np.uint8)
    labels[..., 40:51, 60:81] = Label.LV
    labels[..., 0, 0] = Label.RV
    disc = heart_disc(on_map(Volume4D(labels, flat)), 20.0)
    rows, cols = np.nonzero(disc)
    assert (rows.min(), rows.max()) == (35, 55)
    assert (cols.min(), cols.max()) == (50, 90)
    assert disc.sum() * 2 == pytest.approx(np.pi * 400, rel=0.02)


def test_without_a_heart_the_whole_image():
    assert heart_disc(no_heart(PLANES), 20.0).all()


def test_region_and_heart_of_an_acquisition():
    """A scanner's map alone: T1 as a picture, the network on it."""
    t1 = np.choose(TRUTH, [0.0, 2500, 825, 1650])
    one = scanner(where=PLANES)
    made = TissueNetwork(ByGrey(), 1, PREPROCESSING, CLEANUP, MAPPING.heart)
    acquisition = acquired(None, type(one)(t1, None, PLANES, np.full(3, np.nan), ("1.2",)))
    region = made.region(acquisition)
    assert region.shape == PLANES.shape
    assert region[TRUTH[1] == Label.LV].all()
    assert not region.all()


def test_a_ring_about_the_same_tissue_is_no_heart():
    """A phantom's bottle: cavity and wall alike."""
    labels = masks(BODY, PLANES)
    found = measure_tissue(
        tissue_of(PLANES, 1000.0, 1010.0), on_map(labels), None, SETTINGS, blood_differs=True
    )
    assert not found.wall.any()
    assert "no heart" in found.heart.reason
    assert found.statistics.whole.reason == found.heart.reason
    real = measure_tissue(
        tissue_of(PLANES, 1000.0, 1550.0), on_map(labels), None, SETTINGS, blood_differs=True
    )
    assert real.heart.reason == ""


def test_a_heart_without_values_is_not_dismissed():
    """Undetermined pixels say nothing against it."""
    tissue = tissue_of(PLANES, float("nan"), 1550.0)
    found = measure_tissue(tissue, on_map(masks(BODY, PLANES)), None, SETTINGS, blood_differs=True)
    assert found.wall.any()
    assert "pixels can be used" in found.statistics.whole.reason


def test_a_handle_on_the_wall_is_taken_off_and_the_wall_kept():
    """A ring of 5 mm that touches the wall, as that of a stomach does; thin apex left alone."""
    rows, cols = np.indices((160, 160))
    heart = np.hypot(rows - 50, cols - 80)
    stomach = np.hypot(rows - 112, cols - 80)
    clean = np.where(heart <= 18, Label.LV, np.where(heart <= 26, Label.MYOCARDIUM, 0))
    handle = (stomach <= 37) & (stomach > 32) & (clean == 0)
    labels = np.where(handle, Label.MYOCARDIUM, clean).astype(np.uint8)
    apex = np.where(heart <= 4, Label.MYOCARDIUM, 0).astype(np.uint8)
    labels[140:159, 5:40] = Label.MYOCARDIUM  # an island, as thick as the heart is
    found = without_attachments(np.stack([labels, clean.astype(np.uint8), apex]), (1.0, 1.0), 6)
    assert handle.sum() > 800
    assert (found[0] != clean).sum() < 0.1 * handle.sum()  # what lies next to the heart
    np.testing.assert_array_equal(found[1], clean)
    np.testing.assert_array_equal(found[2], apex)
