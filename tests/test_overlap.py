import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cmr.labels import STRUCTURES, Label
from cmr.overlap import dice, dice_of_structures

pytestmark = pytest.mark.requirement("VAL-02")

MAPS = arrays(np.uint8, (2, 3, 4), elements=st.integers(0, 3))


def test_dice_worked_by_hand():
    found = np.array([[1, 1, 2, 0], [3, 3, 0, 0]])
    truth = np.array([[1, 2, 2, 0], [3, 3, 3, 0]])
    assert dice(found, truth, Label.RV) == 2 * 1 / (2 + 1)
    assert dice(found, truth, Label.MYOCARDIUM) == 2 * 1 / (1 + 2)
    assert dice(found, truth, Label.LV) == 2 * 2 / (2 + 3)
    assert list(dice_of_structures(found, truth)) == [Label.RV, Label.MYOCARDIUM, Label.LV]


def test_dice_of_nothing_is_undefined_and_of_one_side_is_0():
    nothing, something = np.zeros(4, int), np.array([3, 0, 0, 0])
    assert math.isnan(dice(nothing, nothing, Label.LV))
    assert dice(nothing, something, Label.LV) == 0
    assert dice(something, nothing, Label.LV) == 0


@given(MAPS, MAPS)
def test_dice_is_symmetric_and_does_not_mind_a_flip(a, b):
    for label in STRUCTURES:
        forward = dice(a, b, label)
        assert forward == pytest.approx(dice(b, a, label), nan_ok=True)
        assert forward == pytest.approx(dice(a[:, ::-1], b[:, ::-1], label), nan_ok=True)
        assert math.isnan(forward) or 0 <= forward <= 1


@given(MAPS)
def test_dice_with_oneself_is_1(a):
    for label in STRUCTURES:
        assert dice(a, a, label) == pytest.approx(
            1 if np.any(a == label) else math.nan, nan_ok=True
        )
