"""Signals worked by hand, and images in which the truth is painted."""

import math

import pytest
import torch

from tests.conftest import ROOT
from tests.training_support import SMALL
from training import synthesis
from training.config import read_config
from training.scene import Scene, make_scene
from training.synthesis import Kind, synthesise
from training.tissues import (
    AROUND,
    Tissue,
    decayed,
    draw_tissues,
    inverted,
    saturated,
)
from training.tone import apply_curve, monotone

pytestmark = pytest.mark.requirement("NET-01")

CONFIG = read_config(ROOT / "training" / "tissue_sax.yaml").synthesis
CLEAN = CONFIG.model_copy(
    update={
        **{"flat": 1.0, "texture": (0.0, 0.0), "scar": 0.0, "shading_sd": 0.0},
        **{"signal_noise": (0.0, 0.0), "map_noise": (0.0, 0.0)},
    }
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def tensor(*values):
    return torch.tensor([values])


def heart(count=6):
    """A cine with wall 0.3 and blood 0.8 in a muscle of 0.3; a quarter of the image is air."""
    structures = torch.zeros(count, 3, 48, 40)
    structures[:, 2, 16:28, 16:28] = 1
    structures[:, 1, 12:32, 12:32] = 1
    structures[:, 1] -= structures[:, 2]
    structures[:, 0, 32:44, 12:30] = 1
    images = 0.3 + 0.5 * (structures[:, [0]] + structures[:, [2]])
    images[:, :, :12] = 0
    return images, structures


@pytest.mark.parametrize(
    ("times_ms", "drive", "efficiency", "expected"),
    [
        (1000 * math.log(2), 1.0, 1.0, 0.0),  # the null of T1 1000 ms
        (1000.0, 1.0, 1.0, 0.264241),  # 1 - 2/e
        (400.0, 0.8, 1.0, -0.291755),  # 0.8 - 1.8 exp(-0.5)
        (400.0, 0.8, 0.9, -0.231102),  # 0.8 - 1.7 exp(-0.5)
        (0.0, 0.7, 0.9, -0.9),  # inverted to minus its efficiency
        (1e6, 0.7, 0.9, 0.7),  # the steady state of the readout
    ],
)
def test_inversion_recovery(times_ms, drive, efficiency, expected):
    arguments = (tensor(v) for v in (1.0, 1000.0, times_ms, drive, efficiency))
    assert float(inverted(*arguments)) == pytest.approx(expected, abs=1e-5)


def test_saturation_recovery_and_decay():
    assert float(saturated(tensor(2.0), tensor(800.0), tensor(800.0))) == pytest.approx(1.264241)
    assert float(saturated(tensor(2.0), tensor(800.0), tensor(0.0))) == 0
    assert float(decayed(tensor(2.0), tensor(50.0), tensor(50.0))) == pytest.approx(0.735759)


def test_tissues_are_those_of_a_body():
    tissues = draw_tissues(2000, rng())
    native = tissues.t1_ms[:, Tissue.FAT] < tissues.t1_ms[:, Tissue.BLOOD]
    assert native.float().mean() > 0.5
    ratio = tissues.t1_ms[:, Tissue.RV_BLOOD] / tissues.t1_ms[:, Tissue.BLOOD]
    assert float((ratio - 1).abs().max()) < 0.1
    # Healthy values of both field strengths lie well inside (Gottbrecht 2019, Hanson 2020).
    for times, healthy in ((tissues.t1_ms, (976, 1159)), (tissues.t2_ms, (46, 52))):
        wall = times[:, Tissue.MUSCLE]
        for value in healthy:
            assert 0.05 < float((wall < value).float().mean()) < 0.95


def test_curve_is_read_between_and_beyond_its_points():
    images = torch.tensor([0.0, 0.2, 0.3, 0.5, 0.9]).reshape(1, 1, 1, 5)
    found = apply_curve(images, tensor(0.2, 0.4, 0.6), tensor(1.0, 3.0, 2.0))
    torch.testing.assert_close(found.flatten(), torch.tensor([1.0, 1.0, 2.0, 2.5, 2.0]))


def test_monotone_curves_keep_the_order_and_the_ends():
    ramp = torch.linspace(0, 1, 101).expand(20, 1, 1, 101)
    found = monotone(ramp, rng())
    assert (found.diff(dim=-1) > 0).all()
    assert torch.allclose(found[..., 0], torch.zeros(20, 1, 1))
    assert torch.allclose(found[..., -1], torch.ones(20, 1, 1))
    assert float(found[..., 50].std()) > 0.05


def test_painted_structures_have_their_values_and_edges_the_mean():
    images, structures = heart(1)
    structures[:, 1, 12, 20], structures[:, 2, 12, 20] = 0.5, 0.5
    scene = make_scene(images, structures, CLEAN, rng())
    values = torch.arange(8.0)[None] * 10
    painted = scene.paint(values, values[:, :AROUND], 1.0, rng())[0, 0]
    assert float(painted[22, 22]) == 10 * Tissue.BLOOD
    assert float(painted[14, 14]) == 10 * Tissue.MUSCLE
    assert float(painted[40, 20]) == 10 * Tissue.RV_BLOOD
    assert float(painted[12, 20]) == 10 * (Tissue.MUSCLE + Tissue.BLOOD) / 2
    assert float(painted[2, 2]) == 10 * Tissue.AIR
    assert float(painted[45, 35]) == pytest.approx(10 * Tissue.MUSCLE, abs=1e-3)


def test_papillary_muscle_in_the_cavity_is_muscle():
    images, structures = heart(40)
    images[:, 0, 20:23, 20:23] = 0.3
    scene = make_scene(images, structures, CLEAN, rng())
    values = torch.zeros(40, 8)
    values[:, Tissue.MUSCLE] = 1
    found = scene.paint(values, values[:, :AROUND], 0.0, rng())[:, 0, 21, 21]
    assert float(found.max()) > 0.8
    assert found.min() >= 0


def test_levels_follow_the_cine_or_are_the_usual_ones():
    images, structures = heart(1)
    seen = make_scene(images, structures, CLEAN, rng()).levels[0]
    assert float(seen[Tissue.MUSCLE]) == pytest.approx(0.3)
    assert float(seen[Tissue.BLOOD]) == pytest.approx(0.8)
    usual = make_scene(images, 0 * structures, CLEAN, rng()).levels[0]
    assert float(usual[Tissue.BLOOD]) == pytest.approx(0.75)
    for levels in (seen, usual):
        assert (levels.diff() > 0).all()


def test_shares_repeatability_and_range():
    images, structures = heart(400)
    found, kinds = synthesise(images, structures, CONFIG, rng(1))
    again, _ = synthesise(images, structures, CONFIG, rng(1))
    assert torch.equal(found, again)
    assert torch.equal(found[kinds == Kind.CINE], images[kinds == Kind.CINE])
    assert found.min() >= 0
    assert found.max() <= 1
    shares = CONFIG.shares
    for kind, share in zip(
        Kind, (shares.cine, shares.grey, shares.signal, shares.map), strict=True
    ):
        assert float((kinds == kind).float().mean()) == pytest.approx(share, abs=0.08)


def test_random_grey_values_part_blood_from_wall_by_a_little_at_least():
    scene = make_scene(*heart(300), CLEAN, rng())
    found = synthesis._grey(scene, CLEAN, rng())[:, 0]
    step = (found[:, 22, 22] - found[:, 14, 14]).abs()
    assert float(step.min()) >= 0.08 - 1e-5
    assert float(step.min()) < 0.12
    assert float((found[:, 22, 22] - found[:, 40, 20]).abs().max()) < 0.2


def test_magnitudes_are_not_negative_unless_phase_sensitive():
    scene = make_scene(*heart(300), CLEAN, rng())
    below = synthesis._signal(scene, CLEAN, rng()).flatten(1).amin(1) < 0
    assert 0.02 < float(below.float().mean()) < 0.25


def test_a_map_holds_times_where_there_is_signal_and_anything_where_there_is_none():
    count = 100
    scene = make_scene(*heart(count), CLEAN, rng())
    tissues = draw_tissues(count, rng())
    density = scene.paint(tissues.density, tissues.density[:, :AROUND], 1.0, rng())
    found = synthesis._one_map(scene, tissues, density, "t1_ms", CLEAN, rng())[:, 0]
    torch.testing.assert_close(found[:, 14, 14], tissues.t1_ms[:, Tissue.MUSCLE])
    air = found[:, :12].flatten(1)
    masked = (air == 0).all(1)
    assert 0.15 < float(masked.float().mean()) < 0.45
    assert float(air[~masked].std(1).min()) > 300


def test_scenes_can_be_taken_apart():
    scene = make_scene(*heart(3), CONFIG, rng())
    part = scene.take(torch.tensor([2]))
    assert isinstance(part, Scene)
    assert torch.equal(part.images[0], scene.images[2])


def test_percentiles_are_those_of_the_application():
    settings = SMALL.intensity
    assert (
        settings.low_percentile / 100,
        settings.high_percentile / 100,
    ) == synthesis._PERCENTILES
