"""The heart on late enhancement: networks whose answer is known, and what becomes of it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from cmr.intensity import equalise
from cmr.labels import Label
from cmr.mapping.tissue_network import TissueNetwork
from cmr.overlap import dice, dice_of_masks
from cmr.scar.find import find_scar, network_scar
from cmr.scar.heart import NO_WALL, find_late_heart
from cmr.scar.labels import ENHANCED, WALL, ScarLabel
from cmr.scar.look import ScarNetworks, within_the_ends
from cmr.wall.left_ventricle import LeftVentricle
from tests.heart_masks import CLEANUP
from tests.late_case import BODY, PLANES, infarct_of, painted
from tests.late_rings import SETTINGS, late
from tests.mapped_heart import PLANES as FEW
from tests.model_support import SETTINGS as PREPROCESSING
from tests.scar_crops import ByPlace, crop_about
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


def disc_of(labels):
    """Cavity and wall of the LV, in labels of the ventricles."""
    return np.isin(labels, (Label.LV, Label.MYOCARDIUM))


def networks(scar=SCAR, first=None, second=None, geometry=FEW):
    first = disc_of(TRUTH) if first is None else first
    second = scar != 0 if second is None else second
    known = ByPlace(scar, first, second, geometry, SEEN)
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
    row, col = (int(i.mean()) for i in np.nonzero(disc_of(TRUTH))[1:])
    stray[1, row - 50 : row - 44, col - 50 : col - 44] = ScarLabel.INFARCT
    found = find(scar=stray, second=SCAR != 0)
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
    found = find(shown=np.zeros(TRUTH.shape), first=np.zeros(TRUTH.shape, bool))
    assert found.reason == ""
    assert dice(found.labels.data[0], TRUTH, Label.MYOCARDIUM) > 0.95
    assert np.isnan(found.agreement)
    assert not (found.labels.data == Label.RV).any()


def test_the_cine_tells_place_and_rv():
    """Where the other network sees nothing, and its place beats that of the image's middle."""
    middle = [i.mean() for i in np.nonzero(disc_of(TRUTH))[1:]]
    assert np.hypot(*np.subtract(middle, [(n - 1) / 2 for n in FEW.shape])) > 5
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
    first, second = made.scar.seen
    for images, disc in ((first, disc_of(TRUTH)), (second, SCAR != 0)):
        assert images.shape == (3, 2, *SEEN.matrix)
        wanted = crop_about(disc, bright, FEW, SEEN).images[0]
        assert np.abs(images[:, 0] - wanted).mean() < 0.02
        assert np.array_equal(images[:, 1], equalise(images[:, 0], SEEN.central_fraction))


def test_a_stretched_heart_is_seen_round_and_measured_as_it_is():
    """The file says 1.6 times too much for the distance of rows."""
    wrong = replace(FEW, pixel_spacing_mm=(FEW.pixel_spacing_mm[0] * 1.6, FEW.pixel_spacing_mm[1]))
    made = networks()
    found = find_late_heart(late(by_label(TRUTH), wrong), made, TRUTH)
    assert found.labels.geometry is wrong
    assert dice(found.labels.data[0], TRUTH, Label.MYOCARDIUM) > 0.95
    right = networks()
    find_late_heart(late(by_label(TRUTH), FEW), right, TRUTH)
    assert np.allclose(made.scar.seen[1], right.scar.seen[1], atol=0.01)


def rings(*held):
    """Eight slices with a heart of 40 x 40 pixels on those that are held."""
    out = np.zeros((8, 64, 64), np.uint8)
    out[list(held), 12:52, 12:52] = ScarLabel.MYOCARDIUM
    return out


def on(labels):
    return sorted(set(np.nonzero(labels)[0].tolist()))


@pytest.mark.parametrize(
    ("others", "kept"),
    [
        ([], range(8)),
        ([range(2, 6)], range(2, 6)),
        ([range(2, 4), range(3, 7)], range(2, 7)),  # each sees an end
        ([(2, 5)], range(2, 6)),  # what lies between is no end
        ([()], range(8)),
    ],
)
def test_end_slices_that_nobody_else_sees_are_above_the_valves(others, kept):
    seen = [rings(*held) != 0 for held in others]
    assert on(within_the_ends(rings(*range(8)), seen)) == list(kept)


def test_another_structure_says_nothing_about_the_ends():
    """A stomach beside the heart: beside a cine it adds nothing, alone it takes nothing away."""
    stomach = np.roll(rings(0, 1) != 0, 25, axis=2)
    everywhere = rings(*range(8))
    assert on(within_the_ends(everywhere, [stomach])) == list(range(8))
    cine = rings(2, 3, 4, 5) != 0
    assert on(within_the_ends(everywhere, [stomach, cine])) == [2, 3, 4, 5]


def test_a_first_look_that_sees_nothing_is_the_last():
    made = networks(scar=np.zeros_like(SCAR))
    assert find_late_heart(late(by_label(TRUTH), FEW), made).reason == NO_WALL
    assert len(made.scar.seen) == 1


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
    made = networks(whole, disc_of(labels.data[0]), geometry=PLANES)
    settings = SETTINGS.model_copy(update={"default": default})
    found = find_scar(late(values, PLANES), made, settings, labels.data[0])
    assert next(iter(found.methods)) == "network"
    assert len(found.methods) == 10
    assert found.scar is found.methods[default]
    assert found.network is found.methods["network"]
    assert dice_of_masks(found.network.scar, infarct_of()) > 0.95
    assert dice_of_masks(found.methods["fwhm"].scar, infarct_of()) > 0.95
    assert not found.left_ventricle.segments.any()
