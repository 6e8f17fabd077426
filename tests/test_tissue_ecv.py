"""ECV against the algebra by hand and Monte Carlo; haematocrit; what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmr.tissue.ecv import NOT_SHORTENED, T1, UNKNOWN_T1, T1Pair, extracellular_volume
from cmr.tissue.haematocrit import (
    Haematocrit,
    measured_haematocrit,
    synthetic_haematocrit,
)
from cmr.tissue.statistics import StatisticsSettings, describe
from tests.tissue_heart import SETTINGS

pytestmark = pytest.mark.requirement("TIS-17")

HCT = Haematocrit(0.42, 0.01, "measured")
BLOOD = T1Pair(T1(1550.0, 15.0), T1(300.0, 4.0))
WALL = T1Pair(T1(1000.0, 12.0), T1(450.0, 6.0))


def _ecv(wall=WALL, blood=BLOOD, haematocrit=HCT):
    return extracellular_volume(wall, blood, haematocrit, SETTINGS.ecv)


def test_check_value():
    # 0.58 (1/450 - 1/1000) / (1/300 - 1/1550) = 0.58 * 1.22222e-3 / 2.68817e-3.
    found = _ecv()
    assert found.fraction == pytest.approx(0.2637, abs=5e-5)
    assert found.reason == ""
    assert found.undefined == {UNKNOWN_T1: 0, NOT_SHORTENED: 0}


def test_only_haematocrit_is_uncertain():
    """0.01 of 0.58: the ECV is uncertain by the same share."""
    exact = [T1Pair(T1(p.native.value_ms, 0.0), T1(p.post.value_ms, 0.0)) for p in (WALL, BLOOD)]
    found = _ecv(*exact)
    assert found.sd_fraction == pytest.approx(found.fraction * 0.01 / 0.58)


def _draws(pair, rng, n):
    return T1Pair(*(T1(rng.normal(t.value_ms, t.sd_ms, n), 0.0) for t in (pair.native, pair.post)))


def _monte_carlo(hct_of_blood, blood=BLOOD, n=200_000):
    """SD of ECV over draws of the four T1, by the formula written out again."""
    rng = np.random.default_rng(0)
    wall, blood = _draws(WALL, rng, n), _draws(blood, rng, n)
    cells = hct_of_blood(blood.native.value_ms, rng, n)
    in_wall = 1 / wall.post.value_ms - 1 / wall.native.value_ms
    in_blood = 1 / blood.post.value_ms - 1 / blood.native.value_ms
    return np.std((1 - cells) * in_wall / in_blood)


def test_uncertainty_by_monte_carlo():
    drawn = _monte_carlo(lambda _, rng, n: rng.normal(0.42, 0.01, n))
    assert _ecv().sd_fraction == pytest.approx(drawn, rel=0.02)


def test_uncertainty_with_synthetic_haematocrit_by_monte_carlo():
    """Blood T1 acts twice; without that the SD would be off by more than the tolerance."""
    settings = SETTINGS.haematocrit.model_copy(update={"synthetic_sd_fraction": 0.002})
    hct = synthetic_haematocrit(1550.0, 1.5, settings)
    blood = T1Pair(T1(1550.0, 40.0), BLOOD.post)
    drawn = _monte_carlo(lambda t1, rng, n: 866.0 / t1 - 0.1232 + rng.normal(0, 0.002, n), blood)
    assert _ecv(blood=blood, haematocrit=hct).sd_fraction == pytest.approx(drawn, rel=0.02)
    apart = Haematocrit(hct.fraction, hct.sd_fraction, "synthetic")
    assert _ecv(blood=blood, haematocrit=apart).sd_fraction < 0.9 * drawn


def test_a_map_keeps_its_shape_and_counts_what_is_undefined():
    native = np.array([[[1000.0, 1000, np.nan], [1000, -5, 1000]]])
    post = np.array([[[450.0, 1000, 450], [1200, 450, np.nan]]])
    found = _ecv(
        T1Pair(T1(native, np.full(native.shape, 12.0)), T1(post, np.full(post.shape, 6.0)))
    )
    assert found.fraction.shape == native.shape
    assert np.array_equal(np.isfinite(found.fraction), [[[True, False, False], [False] * 3]])
    assert np.array_equal(np.isfinite(found.sd_fraction), np.isfinite(found.fraction))
    assert found.fraction[0, 0, 0] == pytest.approx(_ecv().fraction)
    assert found.sd_fraction[0, 0, 0] == pytest.approx(_ecv().sd_fraction)
    assert found.undefined == {UNKNOWN_T1: 3, NOT_SHORTENED: 2}


@pytest.mark.parametrize(
    ("native", "post", "message"),
    [
        (1550.0, 1550.0, "a change of 1/T1 by 0 per s; at least 0.3 are needed"),
        (300.0, 1550.0, "a change of 1/T1 by -2.7 per s"),
        (1550.0, 1300.0, "a change of 1/T1 by 0.12 per s"),
        (np.nan, 300.0, "unknown before or after"),
        (1550.0, np.nan, "unknown before or after"),
        (0.0, 300.0, "unknown before or after"),
    ],
)
def test_blood_without_contrast_gives_nothing(native, post, message):
    found = _ecv(blood=T1Pair(T1(native, 10.0), T1(post, 10.0)))
    assert np.isnan(found.fraction)
    assert np.isnan(found.sd_fraction)
    assert message in found.reason


@given(
    hct=st.floats(0.1, 0.7),
    wall=st.tuples(st.floats(600, 1600), st.floats(0.2, 0.95)),
    blood=st.tuples(st.floats(1200, 2200), st.floats(0.1, 0.6)),
    scale=st.floats(0.5, 2),
)
def test_invariants(hct, wall, blood, scale):
    """Wall that behaves as plasma has 1; scaling every T1 changes nothing; SD is positive."""
    cells = Haematocrit(hct, 0.0, "measured")
    pair = [T1Pair(T1(n, 10.0), T1(n * share, 5.0)) for n, share in (wall, blood)]
    larger = [
        T1Pair(T1(scale * p.native.value_ms, 1.0), T1(scale * p.post.value_ms, 1.0)) for p in pair
    ]
    if _ecv(*larger, cells).reason:
        return
    assert _ecv(*pair, cells).fraction == pytest.approx(_ecv(*larger, cells).fraction)
    assert _ecv(*pair, cells).sd_fraction > 0
    assert _ecv(pair[1], pair[1], cells).fraction == pytest.approx(1 - hct)


def test_regions_give_medians_and_their_errors():
    settings = StatisticsSettings(min_r2=0.9, min_pixels=4)
    held = [
        describe(np.array(v), None, np.ones(5, bool), settings)
        for v in ([990.0, 995, 1000, 1005, 1010], [440.0, 445, 450, 455, 460])
    ]
    pair = T1Pair.of_regions(*held)
    assert (pair.native.value_ms, pair.post.value_ms) == (1000, 450)
    # SD of -10, -5, 0, 5, 10 is sqrt(250 / 4); 1.2533 of it over the root of 5.
    assert pair.native.sd_ms == pytest.approx(1.2533 * np.sqrt(62.5 / 5), rel=1e-4)
    assert _ecv(pair).fraction == pytest.approx(0.2637, abs=5e-5)


def test_synthetic_haematocrit_by_hand():
    # 866 / 1550 - 0.1232 = 0.43551; slope -866 / 1550^2.
    found = synthetic_haematocrit(1550.0, 1.494, SETTINGS.haematocrit)
    assert found.fraction == pytest.approx(0.43551, abs=5e-6)
    assert found.slope_per_ms == pytest.approx(-3.6046e-4, rel=1e-4)
    assert (found.source, found.reason) == ("synthetic", "")


@pytest.mark.parametrize(("field", "text"), [(3.0, "3 T"), (2.89, "2.89 T"), (None, "unknown")])
def test_no_synthetic_haematocrit_but_at_1_5_t(field, text):
    found = synthetic_haematocrit(1700.0, field, SETTINGS.haematocrit)
    assert np.isnan(found.fraction)
    assert found.source == "none"
    assert found.reason.endswith(f"holds at 1.5 T, and the field strength is {text}.")
    ecv = _ecv(haematocrit=found)
    assert np.isnan(ecv.fraction)
    assert ecv.reason == found.reason


def test_no_synthetic_haematocrit_without_blood_t1():
    found = synthetic_haematocrit(np.nan, 1.5, SETTINGS.haematocrit)
    assert "no native blood T1" in found.reason


@pytest.mark.parametrize("value", [42.0, 0.05, 0.75, np.nan, -0.4])
def test_implausible_haematocrit_is_refused(value):
    found = measured_haematocrit(value, SETTINGS.haematocrit)
    assert np.isnan(found.fraction)
    assert "expected a fraction of 1 from 0.1 to 0.7" in found.reason
    assert np.isnan(_ecv(haematocrit=found).fraction)


def test_measured_haematocrit():
    found = measured_haematocrit(0.42, SETTINGS.haematocrit)
    assert (found.fraction, found.source, found.slope_per_ms) == (0.42, "measured", 0)
    assert found.sd_fraction == SETTINGS.haematocrit.measured_sd_fraction
