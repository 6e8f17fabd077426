import math

import numpy as np

from cmr.labels import Label
from training.metrics import dice, dice_of_structures


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
