"""The path from images to labels, with networks whose answer is known."""

from dataclasses import dataclass

import numpy as np
import pytest

from cmr.labels import Label
from cmr.overlap import dice
from cmr.preprocess import to_model
from cmr.segmentation import VARIANTS, segment, with_neighbours
from tests.model_support import SETTINGS, volume
from tests.test_heart import beating_disc


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


def test_a_network_that_does_not_is_told_by_its_agreement():
    """One corner is lost in one variant of four: three outvote it."""
    found = segment(prepared(), Threshold(bias=9), 4)
    plain = segment(prepared(), Threshold(), 1).labels.data
    assert dice(found.labels.data, plain, Label.LV) > 0.9
    assert (found.agreement[:, 2] < 0.98).all()
    assert (found.agreement[:, 2] > 0.5).all()


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
