import math

import numpy as np
import pytest
import torch

from cmr.preprocess import to_model
from tests.model_support import volume
from tests.test_heart import beating_disc
from tests.training_support import SMALL, config
from training.cases import Case
from training.geometry import plain_positions, random_positions, sample
from training.slices import CANVAS, slices_of

pytestmark = pytest.mark.requirement("NET-01")

STILL = {
    "rotation_deg": 0,
    "mirror_probability": 0,
    "shift_mm": 0,
    "scale": [1, 1],
    "stretch": [1, 1],
    "elastic_probability": 0,
    "elastic_mm": 0,
}
SHAPE = (64, 64)
CENTRES = torch.tensor([[143.5, 143.5]]).repeat(4, 1)
SPACINGS = torch.tensor([[1.5, 1.5]]).repeat(4, 1)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def positions(seed=0, **changes):
    geometry = config(geometry=STILL | changes).geometry
    return random_positions(CENTRES, SPACINGS, SHAPE, 2.0, geometry, rng(seed))


def test_without_augmentation_training_sees_what_the_application_sees():
    """The same crop as cmr.preprocess, pixel by pixel, with uneven spacing."""
    data = beating_disc((70.2, 111.7), spacing=(1.3, 1.7), phases=2)
    cine = volume(data, (1.3, 1.7))
    labels = cine.with_data((data > 0.7).astype(np.uint8) * 3)
    slices = slices_of(Case("p", cine, labels), SMALL)
    columns = (slices.images[:, None], slices.labels, slices.centres, slices.spacings_mm)
    images, masks, centres, spacings = map(torch.from_numpy, columns)
    at = plain_positions(centres, spacings, SMALL.matrix, SMALL.spacing_mm)
    taken, structures = sample(images, masks, at, 3)
    prepared = to_model(cine, SMALL)
    expected = prepared.images.reshape(-1, 32, 32)
    # The edge of the image is left out: the application repeats its outer half pixel.
    assert np.allclose(taken[:, 0, 3:-3, 3:-3], expected[:, 3:-3, 3:-3], atol=1e-3)
    mask = prepared.grid.to_crop((labels.data == 3).astype(np.float32)).reshape(-1, 32, 32)
    assert np.allclose(structures[:, 2], mask, atol=1e-3)
    assert not structures[:, :2].any()


def test_everything_switched_off_is_the_plain_crop():
    plain = plain_positions(CENTRES, SPACINGS, SHAPE, 2.0)
    assert torch.allclose(positions(), plain, atol=1e-4)


def test_scale_is_the_size_of_the_heart():
    """Twice the size: neighbouring pixels lie half as far apart in the patient."""
    step = positions(scale=[2, 2]).diff(dim=1)[..., 0]
    assert torch.allclose(step, torch.tensor(2.0 / 1.5 / 2), atol=1e-4)


def test_mirror_reverses_one_axis():
    moved = positions(mirror_probability=1)
    plain = positions()
    area = torch.linalg.det(
        torch.stack([moved.diff(dim=1)[:, :, :-1], moved.diff(dim=2)[:, :-1]], -1)
    )
    assert (area < 0).all()
    assert torch.allclose(moved.flip(2), plain, atol=1e-3)


def test_rotation_keeps_distances_and_reaches_all_angles():
    angles = []
    for seed in range(40):
        along = positions(seed, rotation_deg=180).diff(dim=1)[:, 0, 0]
        assert torch.allclose(along.norm(dim=1), torch.tensor(2.0 / 1.5), atol=1e-4)
        angles += torch.atan2(along[:, 1], along[:, 0]).tolist()
    counts, _ = np.histogram(angles, bins=4, range=(-math.pi, math.pi))
    assert counts.min() > 20


def test_stretch_keeps_the_area():
    moved = positions(stretch=[1.2, 1.2], rotation_deg=180)
    sides = torch.stack([moved.diff(dim=1)[:, :, :-1], moved.diff(dim=2)[:, :-1]], -1)
    assert torch.allclose(torch.linalg.det(sides), torch.tensor((2.0 / 1.5) ** 2), rtol=1e-3)
    lengths = torch.linalg.svdvals(sides[:, 0, 0])
    assert torch.allclose(lengths[:, 0] / lengths[:, 1], torch.tensor(1.44), atol=1e-3)


def test_shift_stays_in_its_range():
    moved = torch.cat([positions(seed, shift_mm=9) - positions() for seed in range(20)])
    assert moved.abs().max() <= 9 / 1.5 + 1e-4
    assert moved.abs().max() > 4
    assert torch.allclose(moved, moved[:, :1, :1], atol=1e-3)


def test_elastic_bends_only_the_chosen():
    bent = positions(elastic_probability=0.5, elastic_mm=3) - positions()
    moved = bent.abs().amax((1, 2, 3)) > 0.1
    assert 0 < moved.sum() < 4
    assert bent.abs().max() < 5 * 3 / 1.5


def test_same_seed_same_positions():
    everything = config().geometry.model_dump()
    assert torch.equal(positions(3, **everything), positions(3, **everything))
    assert not torch.equal(positions(3, **everything), positions(4, **everything))


@pytest.mark.parametrize("label", [1, 2, 3])
def test_labels_become_memberships_at_the_same_place_as_the_image(label):
    images = torch.zeros(1, 1, CANVAS, CANVAS)
    images[0, 0, 100:140, 120:170] = 1
    taken, structures = sample(
        images,
        images[:, 0].to(torch.uint8) * label,
        plain_positions(torch.tensor([[120.3, 140.8]]), torch.tensor([[1.0, 1.0]]), SHAPE, 1.0),
        3,
    )
    assert torch.allclose(structures[:, label - 1], taken[:, 0])
    assert taken.sum() == pytest.approx(40 * 50, rel=1e-3)
