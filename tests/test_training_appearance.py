import pytest
import torch

from tests.training_support import config
from training.appearance import change
from training.config import AppearanceConfig

pytestmark = pytest.mark.requirement("NET-01")

EFFECTS = tuple(AppearanceConfig.model_fields)
SHAPE = (8, 1, 48, 40)


def appearance(**changes) -> AppearanceConfig:
    """Everything off but these, which are always on."""
    content = {
        name: part | {"probability": float(name in changes)} | changes.get(name, {})
        for name, part in config().appearance.model_dump().items()
    }
    return AppearanceConfig.model_validate(content)


def apply(images, settings, seed=0, structures=None):
    structures = (
        torch.zeros(len(images), 3, *images.shape[2:]) if structures is None else structures
    )
    return change(images, structures, settings, torch.Generator().manual_seed(seed))


def picture(seed=0):
    smooth = torch.rand(SHAPE[0], 1, 6, 5, generator=torch.Generator().manual_seed(seed))
    return 0.25 + 0.5 * torch.nn.functional.interpolate(smooth, size=SHAPE[2:], mode="nearest")


def test_everything_off_changes_nothing():
    assert torch.equal(apply(picture(), appearance()), picture())


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_alone_changes_every_image_repeatably(effect):
    structures = torch.ones(8, 3, 48, 40) / 3
    settings = appearance(**{effect: {}})
    first, again = (apply(picture(), settings, 1, structures) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, apply(picture(), settings, 2, structures))
    assert (first != picture()).flatten(1).any(1).all()
    assert first.shape == SHAPE
    assert first.min() >= 0
    assert first.max() <= 1


def test_probability_is_the_share_of_changed_images():
    settings = appearance(contrast={"probability": 0.25})
    images = picture().repeat(100, 1, 1, 1)
    changed = (apply(images, settings) != images).flatten(1).any(1)
    assert 0.2 < changed.float().mean() < 0.3


def test_gamma_is_a_power():
    out = apply(picture(), appearance(gamma={"exponent": [2, 2]}))
    assert torch.allclose(out, picture() ** 2)


def test_contrast_is_a_linear_map_and_clips():
    out = apply(picture(), appearance(contrast={"gain": [1.5, 1.5], "offset": [-0.1, -0.1]}))
    assert torch.allclose(out, (picture() * 1.5 - 0.1).clamp(0, 1))


def test_noise_has_the_given_sd():
    flat = torch.full((8, 1, 100, 100), 0.5)
    assert (apply(flat, appearance(noise={"sd": [0.05, 0.05]})) - flat).std() == pytest.approx(
        0.05, rel=0.05
    )


def test_blur_of_a_point_is_a_gaussian_of_the_given_width():
    point = torch.zeros(1, 1, 41, 41)
    point[0, 0, 20, 20] = 1
    out = apply(point, appearance(blur={"sigma_px": [1.3, 1.3]}))[0, 0]
    rows = torch.arange(41) - 20
    assert out.sum() == pytest.approx(1, rel=1e-4)
    assert (out.sum(1) * rows**2).sum() == pytest.approx(1.3**2, rel=0.03)
    assert (out.sum(0) * rows**2).sum() == pytest.approx(1.3**2, rel=0.03)


def test_blur_and_low_resolution_keep_a_flat_image():
    flat = torch.full(SHAPE, 0.6)
    settings = appearance(blur={}, low_resolution={})
    assert torch.allclose(apply(flat, settings), flat, atol=1e-5)


def test_low_resolution_loses_the_finest_pattern():
    checks = ((torch.arange(48)[:, None] + torch.arange(40)) % 2).float().expand(SHAPE)
    out = apply(checks, appearance(low_resolution={"factor": [2, 2]}))
    assert out[..., 8:-8, 8:-8].std() < 0.1


def test_bias_field_is_smooth_and_multiplies():
    out = apply(torch.full(SHAPE, 0.3), appearance(bias_field={"strength": 0.2}))
    assert out.std() > 0.01
    assert out.diff(dim=2).abs().max() < 0.05
    assert not apply(torch.zeros(SHAPE), appearance(bias_field={})).any()


def test_ghost_is_a_weaker_copy_elsewhere():
    point = torch.zeros(4, 1, 30, 30)
    point[:, :, 3, 4] = 1
    out = apply(point, appearance(ghost={"strength": [0.2, 0.2], "copies": 2}))
    bright = (out[0, 0] > 0.05).nonzero().tolist()
    assert len(bright) == 3
    assert [3, 4] in bright
    assert bright in ([[3, 4], [13, 4], [23, 4]], [[3, 4], [3, 14], [3, 24]])


def test_tissue_changes_labelled_pixels_alone():
    structures = torch.zeros(8, 3, 48, 40)
    structures[:, 1, 10:20, 10:20] = 1
    out = apply(picture(), appearance(tissue={}), structures=structures)
    difference = out - picture()
    assert (difference[:, :, 10:20, 10:20] != 0).all()
    difference[:, :, 10:20, 10:20] = 0
    assert not difference.any()
