"""Samples without an RV label: background and RV are one class."""

import math

import pytest
import torch

from tests.training_support import config
from training.network import build_loss, build_partial_loss, without_rv

pytestmark = pytest.mark.requirement("NET-01")

CE_AND_DICE = config().loss.model_copy(update={"name": "dice_ce"})


def pixels(*rows):
    """``(1, 4, 1, n)`` logits of these probabilities."""
    return torch.tensor(rows).log().T[None, :, None]


LOGITS = pixels([0.1, 0.2, 0.3, 0.4], [0.6, 0.1, 0.2, 0.1])
LABELS = torch.tensor([[[[2, 0]]]])
NO_RV, RV = torch.tensor([False]), torch.tensor([True])


def test_merged_probability_is_the_sum():
    logits, labels = without_rv(LOGITS, torch.tensor([[[[0, 3]]]]))
    merged = torch.tensor([[0.3, 0.3, 0.4], [0.7, 0.2, 0.1]])
    torch.testing.assert_close(logits.softmax(1)[0, :, 0].T, merged)
    assert labels.flatten().tolist() == [0, 2]


def test_loss_worked_by_hand():
    """Pixels 0.3, 0.3, 0.4 with label wall and 0.7, 0.2, 0.1 with label background.

    Dice of each class is 1 - (2 * hit) / (probabilities + labels): outside 1.4 / 2, wall 0.6 / 1.5,
    cavity 0 / 0.5; cross-entropy is the mean of -log 0.3 and -log 0.7.
    """
    dice = (3 - 1.4 / 2 - 0.6 / 1.5 - 0) / 3
    entropy = -(math.log(0.3) + math.log(0.7)) / 2
    found = build_partial_loss(CE_AND_DICE)(LOGITS, LABELS, NO_RV)
    assert float(found) == pytest.approx(dice + entropy, abs=1e-4)


def test_rv_is_neither_punished_nor_taught():
    loss = build_partial_loss(CE_AND_DICE)
    moved = pixels([0.25, 0.05, 0.3, 0.4], [0.01, 0.69, 0.2, 0.1])
    torch.testing.assert_close(loss(moved, LABELS, NO_RV), loss(LOGITS, LABELS, NO_RV))
    assert float(loss(moved, LABELS, RV)) > float(loss(LOGITS, LABELS, RV)) + 0.1


def test_with_all_labels_it_is_the_loss_as_it_was():
    plain, partial = build_loss(CE_AND_DICE), build_partial_loss(CE_AND_DICE)
    assert torch.equal(partial(LOGITS, LABELS, RV), plain(LOGITS, LABELS))


def test_parts_count_by_their_samples():
    loss = build_partial_loss(CE_AND_DICE)
    logits, labels = LOGITS.repeat(3, 1, 1, 1), LABELS.repeat(3, 1, 1, 1)
    found = loss(logits, labels, torch.tensor([True, False, False]))
    expected = (loss(LOGITS, LABELS, RV) + 2 * loss(LOGITS, LABELS, NO_RV)) / 3
    torch.testing.assert_close(found, expected)
