"""Thresholds, mixture of normals and weights against values worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as run_settings
from hypothesis import strategies as st

from cmr.scar.ewa import weights
from cmr.scar.methods import RULES
from cmr.scar.mixture import TwoNormals, fit_two_normals
from cmr.scar.remote import RemoteMyocardium
from cmr.scar.terms import LateKind
from cmr.scar.thresholds import Wall, above_sd, half_maximum, mixture, otsu
from tests.late_rings import SETTINGS, rng

pytestmark = pytest.mark.requirement("SCAR-06")


def remote(mean, sd, peak=0.0):
    """Of slices with these figures."""
    mean, sd = (np.atleast_1d(np.asarray(part, float)) for part in (mean, sd))
    none = np.zeros((len(mean), 1, 1), bool)
    return RemoteMyocardium(mean, sd, np.full(len(mean), peak), 50, none, {})


def wall(values, enhanced, mean=0.0, sd=1.0, kind=LateKind.MAGNITUDE, **changes):
    """All pixels ``(z, row, col)`` are inner wall."""
    values, enhanced = np.asarray(values, float), np.asarray(enhanced, bool)
    known = remote(np.full(len(values), mean), np.full(len(values), sd))
    chosen = SETTINGS.methods.model_copy(update=changes)
    return Wall(values, np.ones_like(enhanced), enhanced, known, kind, chosen)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_so_many_sd_above_the_remote_of_each_slice(count):
    seen = wall(np.zeros((2, 1, 1)), np.zeros((2, 1, 1)))
    seen = Wall(seen.values, seen.inner, seen.enhanced, remote([10, 30], [2, 4]), seen.kind,
                seen.settings)  # fmt: skip
    assert above_sd(count)(seen).tolist() == [10 + 2 * count, 30 + 4 * count]
    assert RULES[f"sd{count}"](seen).tolist() == above_sd(count)(seen).tolist()


def test_share_of_nulled_magnitude_noise_above_2_sd():
    """Rayleigh: P(x > t) = exp(-t²/2), mean √(π/2), SD √(2 - π/2); 3.7 %, Gaussian noise 2.3 %."""
    noise = np.hypot(*rng().normal(size=(2, 1, 400, 400)))
    seen = wall(noise, np.zeros_like(noise), noise.mean(), noise.std())
    limit = np.sqrt(np.pi / 2) + 2 * np.sqrt(2 - np.pi / 2)
    found = (noise > above_sd(2)(seen)[0]).mean()
    assert found == pytest.approx(np.exp(-(limit**2) / 2), abs=0.0015)
    assert found == pytest.approx(0.037, abs=0.002)


def test_half_of_the_maximum_and_on_psir_the_middle():
    """Remote 20, maximum 220: half is 110. PSIR: remote -80, maximum 120: the middle is 20."""
    plain = wall([[[20, 220.0, 220]]], [[[0, 1, 1]]], mean=20)
    assert half_maximum(plain).tolist() == [110]
    signed = wall([[[-80, 120.0, 120]]], [[[0, 1, 1]]], mean=-80, kind=LateKind.PSIR)
    assert half_maximum(signed).tolist() == [20]
    # The middle does not move with the zero of PSIR.
    moved = wall([[[420, 620.0, 620]]], [[[0, 1, 1]]], mean=420, kind=LateKind.PSIR)
    assert half_maximum(moved).tolist() == [520]


def test_the_maximum_is_a_percentile_of_the_enhanced_over_all_slices():
    """0 to 100 above remote in one slice, nothing in the other: its 90th percentile is 90."""
    values = np.stack([np.arange(101.0)[None] + 50, np.full((1, 101), 50.0)])
    seen = wall(values, values > 50, mean=50, peak_percentile=90)
    above = 1 + 0.9 * 99
    assert half_maximum(seen).tolist() == pytest.approx([(50 + above) / 2] * 2)


def test_otsu_of_two_values_parts_them():
    values = np.r_[np.full(80, 30.0), np.full(20, 130.0)].reshape(1, 10, 10)
    [found] = otsu(wall(values, values > 100, mean=30))
    assert 30 <= found < 130
    assert (values > found).sum() == 20


def test_otsu_takes_slices_less_their_remote():
    """Scar of the dark slice is darker than remote of the bright one."""
    dark, bright = (np.r_[np.full(15, m), np.full(10, m + 60.0)].reshape(5, 5) for m in (10, 100))
    values = np.stack([dark, bright])
    seen = wall(values, values > [[[50]], [[140]]])
    seen = Wall(values, seen.inner, seen.enhanced, remote([10, 100], [1, 1]), seen.kind,
                seen.settings)  # fmt: skip
    assert (values > otsu(seen)[:, None, None]).sum((1, 2)).tolist() == [10, 10]


@pytest.mark.parametrize("rule", [half_maximum, otsu, mixture])
def test_without_anything_enhanced_there_is_no_threshold(rule):
    seen = wall(np.full((3, 4, 4), 7.0), np.zeros((3, 4, 4)))
    assert np.isnan(rule(seen)).tolist() == [True] * 3


@run_settings(deadline=None, max_examples=20)
@given(st.floats(80, 200), st.floats(5, 15), st.floats(0.1, 0.5), st.integers(0, 99))
def test_two_normals_are_found_again(bright, sd, share, seed):
    """Drawn with known means 20 and ``bright``, SD 5 and ``sd``."""
    count, draw = 8000, rng(seed)
    scarred = int(share * count)
    values = np.r_[draw.normal(20, 5, count - scarred), draw.normal(bright, sd, scarred)]
    found = fit_two_normals(values, (20.0, 5.0))
    assert found.mean == pytest.approx((20, bright), abs=1)
    assert found.sd == pytest.approx((5, sd), rel=0.08)
    assert found.share == pytest.approx((1 - share, share), abs=0.01)


def test_equal_likelihood_by_hand():
    """Equal SD and share: half-way. A share of e⁻² to 1 moves it by SD²/distance * 2."""
    assert TwoNormals((0, 10), (1, 1), (0.5, 0.5)).threshold == pytest.approx(5, abs=0.01)
    rare = np.exp(-2) / (1 + np.exp(-2))
    found = TwoNormals((0, 10), (2, 2), (1 - rare, rare)).threshold
    assert found == pytest.approx(5 + 4 / 10 * 2, abs=0.01)


@pytest.mark.parametrize(
    ("values", "dark"),
    [
        (rng().normal(20, 5, 4000), (20.0, 5.0)),  # nothing 5 SD above
        (np.r_[np.full(50, 20.0), 90.0], (20.0, 5.0)),  # one pixel is no class
        (np.r_[np.full(50, 20.0), np.full(50, 90.0)], (20.0, 0.0)),  # an SD of 0
    ],
)
def test_one_class_is_no_mixture(values, dark):
    assert fit_two_normals(values, dark) is None


def test_mixture_of_a_wall_is_less_its_remote():
    values = np.r_[rng(1).normal(120, 4, 700), rng(2).normal(220, 10, 300)].reshape(1, 20, 50)
    seen = wall(values, values > 150, mean=120, sd=4)
    assert seen.two_normals.mean == pytest.approx((0, 100), abs=1.5)
    assert 130 < mixture(seen)[0] < 200


def test_weights_are_linear_from_remote_to_scar_and_1_in_no_reflow():
    """Remote 20, full scar 220: 20, 70, 120, 170, 220 and 260 hold 0, 1/4, 1/2, 3/4, 1 and 1."""
    values = np.array([[[20, 70, 120, 170, 220, 260.0, 220, 100, 30, 90, 15]]])
    # From the right: no-reflow at 30, of 100 and 90 that border on it; 15 is no scar.
    dark = np.zeros(values.shape, bool)
    dark[..., 8] = True
    scar = np.ones_like(dark)
    scar[..., 10] = False
    seen = wall(values, values == 220, mean=20, scar_percentile=95)
    expected = [0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 0]
    assert weights(scar, dark, seen)[0, 0].tolist() == pytest.approx(expected)


def test_weights_without_scar_are_0():
    seen = wall(np.full((1, 3, 3), 50.0), np.zeros((1, 3, 3)), mean=20)
    assert not weights(seen.inner, ~seen.inner, seen).any()
