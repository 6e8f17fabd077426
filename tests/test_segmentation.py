"""The path from images to labels, with networks whose answer is known."""

from dataclasses import dataclass

import numpy as np
import pytest

from cmr.heart import CentreMethod, HeartCentre
from cmr.labels import Label
from cmr.overlap import dice
from cmr.preprocess import to_model
from cmr.segmentation import VARIANTS, centre_on_heart, segment, slice_agreement, with_neighbours
from tests.model_support import SETTINGS, volume
from tests.test_heart import beating_disc

pytestmark = pytest.mark.requirement("NET-12")


@dataclass
class Threshold:
    """LV where the slice in the middle is bright; ``bias`` doubts one corner of the matrix."""

    input_channels: int = 1
    bias: float = 0.0

    def run(self, images):
        assert images.flags.c_contiguous
        bright = images[:, self.input_channels // 2]
        scores = np.zeros((len(images), 4, *bright.shape[1:]), np.float32)
        scores[:, Label.LV] = 20 * (bright - 0.5)
        scores[:, Label.LV, :96, :96] -= self.bias
        return scores


def prepared(phases=3):
    return to_model(volume(beating_disc((80, 100), phases=phases), (1.5, 1.5)), SETTINGS)


@pytest.mark.parametrize("variants", [1, 2, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_network_that_mirrors_with_its_image_agrees_with_itself(variants, channels):
    found = segment(prepared(), Threshold(channels), variants)
    plain = segment(prepared(), Threshold(), 1).labels.data
    assert plain.any()
    assert np.array_equal(found.labels.data, plain)
    lv = found.agreement[:, 2]
    assert np.isnan(lv).all() if variants == 1 else (lv == 1).all()
    assert np.isnan(found.agreement[:, :2]).all()  # no variant finds RV or wall
    by_slice = found.slice_agreement
    assert by_slice.shape == found.labels.data.shape[:2]
    assert np.isnan(by_slice).all() if variants == 1 else np.nanmin(by_slice) == 1


def test_a_network_that_does_not_is_told_by_its_agreement():
    """One corner is lost in one variant of four: three outvote it."""
    found = segment(prepared(), Threshold(bias=9), 4)
    plain = segment(prepared(), Threshold(), 1).labels.data
    assert dice(found.labels.data, plain, Label.LV) > 0.9
    assert (found.agreement[:, 2] < 0.98).all()
    assert (found.agreement[:, 2] > 0.5).all()


def test_agreement_of_a_slice_counts_all_structures_together():
    """By hand: 8 of 10 pixels alike against 10 gives 0.8; nothing anywhere gives none."""
    together = np.zeros((3, 4, 5), np.uint8)
    together[0, :2], together[1, 0, 0] = Label.LV, Label.RV
    other = together.copy()
    other[0, 0, :2], other[1] = Label.MYOCARDIUM, 0
    found = slice_agreement([together, other], together)
    np.testing.assert_allclose(found[:2], [(1 + 0.8) / 2, 0.5])
    assert np.isnan(found[2])


def test_variants_are_different_and_their_own_inverse():
    image = np.arange(12.0).reshape(3, 4)
    seen = {np.flip(image, axes).tobytes() for axes in VARIANTS}
    assert len(seen) == len(VARIANTS)
    assert all(np.array_equal(np.flip(np.flip(image, a), a), image) for a in VARIANTS)


def test_neighbours_of_three_slices():
    stack = np.array([10, 20, 30])[:, None, None] * np.ones((1, 2, 2))
    seen = with_neighbours(stack, 3)[:, :, 0, 0]
    assert seen.tolist() == [[10, 10, 20], [10, 20, 30], [20, 30, 30]]
    assert with_neighbours(stack, 1)[:, :, 0, 0].tolist() == [[10], [20], [30]]
    assert with_neighbours(stack[:1], 3)[:, :, 0, 0].tolist() == [[10, 10, 10]]


def test_neighbours_of_two_views():
    """All slices of the first view, then those of the second."""
    first = np.array([10, 20, 30])[:, None, None] * np.ones((1, 2, 2))
    seen = with_neighbours(np.stack([first, -first], 1), 6)[:, :, 0, 0]
    assert seen.tolist() == [
        [10, 10, 20, -10, -10, -20],
        [10, 20, 30, -10, -20, -30],
        [20, 30, 30, -20, -30, -30],
    ]


def off_centre(shift_px):
    """A beating disc at (80, 100), cropped so many pixels of 1.5 mm away from it."""
    source = volume(beating_disc((80, 100), phases=3), (1.5, 1.5))
    wrong = HeartCentre(80.0 + shift_px, 100.0, CentreMethod.MOTION)
    return to_model(source, SETTINGS, wrong)


def test_a_heart_near_the_edge_of_the_crop_is_brought_to_the_middle():
    again = centre_on_heart(off_centre(40), Threshold(), SETTINGS)
    assert again.centre.method == CentreMethod.FIRST_LOOK
    assert (again.centre.row, again.centre.col) == pytest.approx((80, 100), abs=2)
    assert again.centre.reason == ""


def test_a_heart_near_the_middle_stays_where_it_is():
    first = off_centre(8)
    assert centre_on_heart(first, Threshold(), SETTINGS) is first


def test_no_heart_at_first_look_changes_nothing():
    nothing = to_model(volume(np.zeros((2, 3, 60, 60), np.float32), (1.5, 1.5)), SETTINGS)
    assert centre_on_heart(nothing, Threshold(), SETTINGS) is nothing


def test_the_reason_for_a_fallback_is_kept():
    source = volume(beating_disc((40, 150), phases=1), (1.5, 1.5))
    again = centre_on_heart(to_model(source, SETTINGS), Threshold(), SETTINGS)
    assert (again.centre.row, again.centre.col) == pytest.approx((40, 150), abs=3)
    assert again.centre.reason.startswith("one phase only")
