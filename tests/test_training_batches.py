import numpy as np
import pytest
import torch

from tests.training_support import SMALL, config
from training.batches import Grid, draw, draw_grid
from training.config import StageConfig
from training.slices import CANVAS, SliceSet

pytestmark = pytest.mark.requirement("NET-01")


@pytest.fixture(scope="module")
def slices():
    """Two stacks of three slices; each slice is as bright as its number."""
    brightness = np.array([0.1, 0.2, 0.3, 0.5, 0.6, 0.7], np.float32)
    images = np.broadcast_to(brightness[:, None, None], (6, CANVAS, CANVAS)).copy()
    return SliceSet(
        images,
        np.zeros((6, CANVAS, CANVAS), np.uint8),
        np.full((6, 2), CANVAS / 2, np.float32),
        np.full((6, 2), 4, np.float32),
        np.repeat(np.arange(2, dtype=np.int32), 3),
    )


def plain(slices_seen=3, **neighbours):
    """No grey value changes, no sample leaves the canvas."""
    shipped = config()
    off = {n: {"probability": 0} for n in type(shipped.appearance).model_fields}
    appearance = {
        n: part | off[n] for n, part in shipped.appearance.model_dump(mode="json").items()
    }
    return config(
        network={"slices": slices_seen},
        neighbours={"lost": 0, "swapped": 0} | neighbours,
        geometry={"shift_mm": 0, "elastic_probability": 0},
        appearance=appearance,
    )


def seen(slices, settings, seed=0):
    rng = torch.Generator().manual_seed(seed)
    images, labels = draw(
        slices, torch.arange(6), settings, Grid(SMALL.matrix, SMALL.spacing_mm), rng
    )
    assert labels.shape == (6, 1, 32, 32)
    return images[:, :, 16, 16].round(decimals=4)


def test_neighbours_stop_at_the_ends_of_their_own_stack(slices):
    expected = [[1, 1, 2], [1, 2, 3], [2, 3, 3], [5, 5, 6], [5, 6, 7], [6, 7, 7]]
    assert torch.allclose(seen(slices, plain()), torch.tensor(expected) / 10)


def test_swapped_turns_every_stack_round(slices):
    assert torch.equal(seen(slices, plain(swapped=1)), seen(slices, plain()).flip(1))


def test_a_lost_neighbour_is_the_slice_itself(slices):
    lost = seen(slices, plain(lost=1))
    assert torch.equal(lost, lost[:, 1:2].expand(-1, 3))
    some = seen(slices, plain(lost=0.5))
    assert not torch.equal(some, lost)
    assert torch.equal(some[:, 1], lost[:, 1])


def test_alone(slices):
    assert torch.equal(seen(slices, plain(1))[:, 0], seen(slices, plain())[:, 1])


def test_share_of_batches_on_the_whole_matrix(slices):
    settings = config(geometry={"matrix": [16, 16]})
    stage = StageConfig(epochs=1, learning_rate=1e-3, whole_share=0.25)
    rng = torch.Generator().manual_seed(0)
    shapes = [draw_grid(settings, stage, SMALL, rng).matrix for _ in range(100)]
    images, _ = draw(slices, torch.arange(2), settings, Grid((16, 16), 4), rng)
    assert images.shape[2:] == (16, 16)
    assert set(shapes) == {(16, 16), SMALL.matrix}
    assert 15 <= shapes.count(SMALL.matrix) <= 36
