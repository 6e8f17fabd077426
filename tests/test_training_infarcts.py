"""Painted infarcts: where they lie, what they look like, how many there are."""

import numpy as np
import pytest
import torch

from cmr.scar.labels import ScarLabel
from tests.conftest import ROOT
from training.config import read_config
from training.infarcts import scar_structures, with_infarcts

pytestmark = pytest.mark.requirement("NET-01")

SCAR_SAX = read_config(ROOT / "training" / "scar_sax.yaml")
ALWAYS = SCAR_SAX.infarct.model_copy(update={"painted": 1.0, "not_ischaemic": 0.0})
LV, WALL, INFARCT, DARK = range(4)
CAVITY_PX, WALL_PX = 10, 18
REMOTE, BLOOD = 0.2, 0.7


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def rings(count=40, side=48, channels=3):
    """Images with a little texture, memberships of a ring about the middle with soft borders."""
    y, x = np.indices((side, side)) - (side - 1) / 2
    radius = np.hypot(y, x)
    cavity = np.clip(CAVITY_PX - radius + 0.5, 0, 1)
    wall = np.clip(WALL_PX - radius + 0.5, 0, 1) - cavity
    members = np.stack([cavity, wall, 0 * wall, 0 * wall])
    grey = 0.4 + cavity * (BLOOD - 0.4) + wall * (REMOTE - 0.4)
    grey = grey + np.random.default_rng(0).normal(0, 0.01, (count, channels, side, side))
    structures = torch.from_numpy(members).float().expand(count, -1, -1, -1).clone()
    return torch.from_numpy(grey).float().clamp(0, 1), structures, radius


def painted(config=ALWAYS, seed=0, **changes):
    images, structures, radius = rings()
    settings = config.model_copy(update=changes)
    return *with_infarcts(images, structures, settings, rng(seed)), images, structures, radius


def test_an_infarct_takes_its_pixels_from_the_wall_alone():
    found, parts, images, structures, _ = painted()
    torch.testing.assert_close(parts[:, WALL:].sum(1), structures[:, WALL])
    assert torch.equal(parts[:, LV], structures[:, LV])
    assert parts.min() >= -1e-6
    assert parts.sum(1).max() <= 1 + 1e-5
    outside = (structures[:, WALL] == 0)[:, None].expand_as(images)
    assert torch.equal(found[outside], images[outside])
    assert (parts[:, INFARCT].sum((1, 2)) > 20).sum() > 30
    assert found.min() >= 0
    assert found.max() <= 1


def test_what_is_given_stays_as_it_is():
    images, structures, _ = rings()
    before = images.clone(), structures.clone()
    with_infarcts(images, structures, ALWAYS, rng())
    assert torch.equal(images, before[0])
    assert torch.equal(structures, before[1])


def test_the_generator_makes_it_repeatable():
    one, same, other = painted(seed=1), painted(seed=1), painted(seed=2)
    assert torch.equal(one[0], same[0])
    assert torch.equal(one[1], same[1])
    assert not torch.equal(one[1], other[1])


@pytest.mark.parametrize("share", [0.0, 0.25, 0.8])
def test_the_share_that_is_painted(share):
    """Within four standard deviations of a binomial."""
    images, structures, _ = rings(300, 48, 1)
    config = ALWAYS.model_copy(update={"painted": share})
    found, _ = with_infarcts(images, structures, config, rng(5))
    changed = (found != images).any(3).any(2).any(1).float().mean()
    assert float(changed) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 300))


def test_real_infarcts_and_slices_without_a_wall_are_left_alone():
    images, structures, _ = rings()
    structures[0, INFARCT, 20, 8] = 0.4
    structures[1, DARK, 20, 8] = 0.4
    structures[2, WALL] = 0
    structures[2, WALL, :5, :5] = 1
    found, parts = with_infarcts(images, structures, ALWAYS, rng())
    assert torch.equal(found[:3], images[:3])
    assert torch.equal(parts[:3], structures[:3])
    assert not torch.equal(parts[3:], structures[3:])


def test_scar_is_bright_and_no_reflow_dark():
    found, parts, _, _, _ = painted(no_reflow=1.0)
    middle = found[:, 1]
    for share, low, high in ((INFARCT, REMOTE + 0.1, 1), (DARK, 0, REMOTE + 0.1)):
        grey = [middle[n][parts[n, share] > 0.8].mean() for n in range(40)
                if (parts[n, share] > 0.8).sum() > 10]  # fmt: skip
        assert len(grey) > 10
        assert low < float(np.mean(grey)) < high
    healthy = middle[parts[:, WALL] > 0.99]
    assert float(healthy.mean()) == pytest.approx(REMOTE, abs=0.01)


def test_all_channels_show_the_infarct():
    found, parts, images, _, _ = painted(no_reflow=0.0)
    inside = parts[:, INFARCT] > 0.8
    for channel in range(3):
        assert float((found - images)[:, channel][inside].mean()) > 0.1


def test_infarcts_begin_at_the_endocardium_and_fibrosis_need_not():
    *_, radius = rings(1)
    inner, outer = ((radius > low) & (radius < low + 2) for low in (CAVITY_PX + 0.5, WALL_PX - 2.5))

    def bright(fraction):
        parts = painted(not_ischaemic=fraction, no_reflow=0.0, half_width_deg=(40, 40))[1]
        return [float(parts[:, INFARCT][:, torch.from_numpy(m)].mean()) for m in (inner, outer)]

    ischaemic, fibrous = bright(0.0), bright(1.0)
    assert ischaemic[0] > 1.3 * ischaemic[1]
    assert fibrous[0] < 0.5 * ischaemic[0]
    assert fibrous[1] > fibrous[0]


def test_no_reflow_only_of_infarcts_and_as_often_as_asked():
    assert not painted(no_reflow=0.0)[1][:, DARK].any()
    assert painted(not_ischaemic=1.0, no_reflow=1.0)[1][:, DARK].max() == 0
    dark = painted(no_reflow=1.0)[1][:, DARK]
    assert (dark.amax((1, 2)) > 0.5).float().mean() > 0.3


def test_a_wide_arc_is_wider():
    narrow, wide = (
        float(painted(half_width_deg=(w, w), extent=(1.4, 1.4))[1][:, INFARCT:].sum() / 40)
        for w in (20, 60)
    )
    assert wide > 2.2 * narrow


def test_labels_of_a_cine_in_the_order_of_the_scar_network():
    """RV, myocardium, LV to LV, myocardium, infarct, no-reflow."""
    cine = torch.stack([torch.full((2, 2), float(n)) for n in (1, 2, 3)])[None]
    found = scar_structures(cine)
    assert found[0, :, 0, 0].tolist() == [3, 2, 0, 0]
    assert [label - 1 for label in list(ScarLabel)[1:]] == [LV, WALL, INFARCT, DARK]
