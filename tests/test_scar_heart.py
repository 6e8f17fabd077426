"""The heart on late enhancement: networks whose answer is known, and what becomes of it."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from cmr.heart import CentreMethod, HeartCentre
from cmr.labels import Label
from cmr.mapping.tissue_network import TissueNetwork
from cmr.overlap import dice, dice_of_masks
from cmr.preprocess import to_crop
from cmr.scar.find import find_scar, network_scar
from cmr.scar.heart import NO_WALL, ScarNetworks, find_late_heart
from cmr.scar.labels import ENHANCED, WALL, ScarLabel
from cmr.scar.masks import LeftVentricle
from cmr.volume import Volume4D
from tests.heart_masks import CLEANUP
from tests.late_case import BODY, PLANES, infarct_of, painted
from tests.late_rings import SETTINGS, late
from tests.mapped_heart import PLANES as FEW
from tests.model_support import SETTINGS as PREPROCESSING
from tests.test_mapping_heart import ByGrey
from tests.test_mapping_heart import painted as by_label
from tests.tissue_heart import MAPPING, masks

pytestmark = pytest.mark.requirement("SCAR-02")

SEEN = SETTINGS.preprocessing
TRUTH = masks(BODY, FEW).data[0]


def scar_labels(truth=TRUTH, geometry=FEW):
    """Infarct with a core of no-reflow of 10 x 10 pixels."""
    out = np.choose(truth, [0, 0, ScarLabel.MYOCARDIUM, ScarLabel.LV]).astype(np.uint8)
    out[infarct_of(geometry) & (truth == Label.MYOCARDIUM)] = ScarLabel.INFARCT
    rows, cols = np.nonzero(out[1] == ScarLabel.INFARCT)
    core = out[1, int(rows.mean()) - 2 :, int(cols.mean()) - 2 :][:5, :5]
    core[core == ScarLabel.INFARCT] = ScarLabel.NO_REFLOW
    return out


SCAR = scar_labels()


def middle(labels):
    """Centroid of cavity and wall."""
    disc = np.isin(labels, (Label.LV, Label.MYOCARDIUM))
    return [float(i.mean()) for i in np.nonzero(disc)[1:]]


@dataclass
class ByPlace:
    """Knows where everything is, if its crop is where it should be."""

    labels: np.ndarray
    centre: tuple
    geometry: object = FEW
    input_channels: int = 1
    seen: list = field(default_factory=list)

    def run(self, images):
        self.seen.append(images)
        one_hot = np.stack([self.labels == value for value in ScarLabel], 1).astype(np.float32)
        source = Volume4D(self.labels[None].astype(np.float32), self.geometry)
        centre = HeartCentre(*self.centre, CentreMethod.FIRST_LOOK)
        return 20 * to_crop(source, SEEN, centre).grid.to_crop(one_hot)


def networks(scar=SCAR, centre=None, geometry=FEW):
    known = ByPlace(scar, tuple(centre or middle(TRUTH)), geometry)
    tissue = TissueNetwork(ByGrey(), 1, PREPROCESSING, CLEANUP, MAPPING.heart)
    return ScarNetworks(known, 1, SEEN, tissue)


def find(shown=None, cine=None, **options):
    images = late(by_label(TRUTH) if shown is None else shown, FEW)
    return find_late_heart(images, networks(**options), cine)


def test_cavity_wall_and_rv():
    found = find()
    assert found.reason == ""
    for label in (Label.LV, Label.MYOCARDIUM, Label.RV):
        assert dice(found.labels.data[0], TRUTH, label) > 0.95
    assert found.labels.geometry is FEW


def test_infarct_and_no_reflow_are_wall_and_told_apart():
    found = find()
    labels = found.labels.data[0]
    assert np.array_equal(np.isin(found.scar, WALL), labels == Label.MYOCARDIUM)
    assert np.array_equal(found.scar == ScarLabel.LV, labels == Label.LV)
    assert dice_of_masks(found.scar == ScarLabel.INFARCT, SCAR == ScarLabel.INFARCT) > 0.95
    assert dice_of_masks(found.scar == ScarLabel.NO_REFLOW, SCAR == ScarLabel.NO_REFLOW) > 0.8


def test_agreement_is_that_of_the_walls_of_two_networks():
    assert find().agreement > 0.95
    # The scar network takes the inner part of the wall for cavity.
    wall, cavity = np.isin(SCAR, WALL), SCAR == ScarLabel.LV
    inner = wall & np.stack([binary_dilation(one, iterations=4) for one in cavity])
    thin = np.where(inner, ScarLabel.LV, SCAR).astype(np.uint8)
    left = wall.sum() - inner.sum()
    expected = 2 * left / (left + wall.sum())
    assert expected < 0.85
    assert find(scar=thin).agreement == pytest.approx(expected, abs=0.03)


def test_scar_outside_the_wall_is_dropped():
    """An island of infarct in the corner of the crop."""
    stray = SCAR.copy()
    row, col = (int(i) for i in middle(TRUTH))
    stray[1, row - 50 : row - 44, col - 50 : col - 44] = ScarLabel.INFARCT
    found = find(scar=stray)
    assert not np.isin(found.scar[1, : row - 40, : col - 40], ENHANCED).any()
    assert dice_of_masks(np.isin(found.scar, ENHANCED), np.isin(SCAR, ENHANCED)) > 0.95


def test_a_slice_without_a_closed_wall_has_neither_heart_nor_scar():
    open_ = SCAR.copy()
    open_[0][np.isin(SCAR[0], WALL) & (np.indices(SCAR[0].shape)[1] > 50)] = 0
    found = find(scar=open_)
    assert not found.scar[0].any()
    assert found.scar[1].any()


def test_no_wall_at_all():
    found = find(scar=np.zeros_like(SCAR))
    assert found.reason == NO_WALL
    assert not found.scar.any()


def test_neither_a_cine_nor_the_other_network_knows_a_heart():
    """The crop has the image's middle; the other one has nothing to say about the wall."""
    half = [(n - 1) / 2 for n in FEW.shape]
    found = find(shown=np.zeros(TRUTH.shape), centre=half)
    assert found.reason == ""
    assert dice(found.labels.data[0], TRUTH, Label.MYOCARDIUM) > 0.95
    assert np.isnan(found.agreement)
    assert not (found.labels.data == Label.RV).any()


def test_the_cine_tells_place_and_rv():
    """Where the other network sees nothing, and its place beats that of the image's middle."""
    assert np.hypot(*np.subtract(middle(TRUTH), [(n - 1) / 2 for n in FEW.shape])) > 5
    found = find(shown=np.zeros(TRUTH.shape), cine=TRUTH)
    for label in (Label.LV, Label.MYOCARDIUM, Label.RV):
        assert dice(found.labels.data[0], TRUTH, label) > 0.95


def test_the_cine_beats_the_other_network():
    """The other one sees a heart, turned upside down; RV is the cine's."""
    found = find(shown=by_label(TRUTH[:, ::-1]), cine=TRUTH)
    assert dice(found.labels.data[0], TRUTH, Label.RV) > 0.95
    assert found.agreement < 0.9


def test_the_scar_network_sees_its_own_crop_in_its_own_grey_values():
    made = networks()
    bright = by_label(TRUTH) * 100 + 7
    find_late_heart(late(bright, FEW), made)
    [images] = made.scar.seen
    assert images.shape == (3, 1, *SEEN.matrix)
    volume = Volume4D(bright[None].astype(np.float32), FEW)
    centre = HeartCentre(*middle(TRUTH), CentreMethod.FIRST_LOOK)
    wanted = to_crop(volume, SEEN, centre).images[0]
    assert np.abs(images[:, 0] - wanted).mean() < 0.02


def test_islands_of_the_network_are_left_out_and_no_reflow_is_scar():
    """1 mm pixels at 30 mm: an island of 2 x 2 pixels is 120 mm3, one of 2 x 3 is 180."""
    for columns, stays in ((2, False), (3, True)):
        labels = np.where(np.isin(SCAR, WALL), ScarLabel.MYOCARDIUM, SCAR).astype(np.uint8)
        row, col = np.argwhere(labels[2] == ScarLabel.MYOCARDIUM)[200]
        labels[2, row : row + 2, col : col + columns] = ScarLabel.NO_REFLOW
        heart = find(scar=labels)
        heart.scar[:] = labels
        found = network_scar(heart, _ventricle(heart), SETTINGS)
        assert found.scar.any() == found.no_reflow.any() == stays
        assert np.array_equal(found.weight, found.scar)
        assert np.isnan(found.thresholds).all()


def _ventricle(heart):
    labels = heart.labels.data[0]
    return LeftVentricle(labels == Label.LV, labels == Label.MYOCARDIUM, 0 * labels, FEW)


@pytest.mark.parametrize("default", ["fwhm", "network"])
def test_every_method_side_by_side(default):
    labels, values = painted()
    whole = scar_labels(labels.data[0], PLANES)
    made = networks(whole, middle(labels.data[0]), PLANES)
    settings = SETTINGS.model_copy(update={"default": default})
    found = find_scar(late(values, PLANES), made, settings, labels.data[0])
    assert next(iter(found.methods)) == "network"
    assert len(found.methods) == 10
    assert found.scar is found.methods[default]
    assert found.network is found.methods["network"]
    assert dice_of_masks(found.network.scar, infarct_of()) > 0.95
    assert dice_of_masks(found.methods["fwhm"].scar, infarct_of()) > 0.95
    assert not found.left_ventricle.segments.any()
