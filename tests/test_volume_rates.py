"""Peak ejection and filling rate against curves whose derivative is known in closed form."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.body import Subject
from cmr.volume import Volume4D
from cmr.volume_rates import Cycle, RateSettings, measure_rates
from cmr.volumetry import measure
from phantom.appearance import load_appearance
from phantom.heart import draw_heart
from tests.heart_masks import VOLUMETRY, beating_heart, beating_radii

pytestmark = pytest.mark.requirement("REP-04")

SETTINGS = VOLUMETRY.rates
RR_MS, SYSTOLE_MS = 1000.0, 350.0
EDV_ML, ESV_ML = 150.0, 60.0
# Early filling of 60 ml in 300 ms, then the atrium's 30 ml in the last 150 ms of the cycle.
EARLY_ML, EARLY_MS, ATRIAL_MS = 60.0, 300.0, 150.0


def half_cosine(x):
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(x, 0, 1))


def volume_ml(t_ms):
    """Emptying and filling by half cosines: the steepest slope is pi/2 of the mean one."""
    t = np.mod(t_ms, RR_MS)
    emptying = EDV_ML - (EDV_ML - ESV_ML) * half_cosine(t / SYSTOLE_MS)
    early = EARLY_ML * half_cosine((t - SYSTOLE_MS) / EARLY_MS)
    late = (EDV_ML - ESV_ML - EARLY_ML) * half_cosine((t - RR_MS + ATRIAL_MS) / ATRIAL_MS)
    return np.where(t <= SYSTOLE_MS, emptying, ESV_ML + early + late)


TRUE_PER = np.pi / 2 * (EDV_ML - ESV_ML) / SYSTOLE_MS * 1000
TRUE_PFR = np.pi / 2 * EARLY_ML / EARLY_MS * 1000


def cycle(times, rr_ms=RR_MS):
    """ED and ES are the phases nearest to 0 and to the end of systole."""
    turn = np.mod(times, RR_MS)
    away = np.minimum(turn, RR_MS - turn)
    return Cycle(times, rr_ms, int(np.argmin(away)), int(np.argmin(np.abs(turn - SYSTOLE_MS))))


def even(n=25):
    return np.arange(n) * RR_MS / n


def found(volumes, when, limits=SETTINGS):
    rates = measure_rates(volumes, when, limits)
    assert rates.reason == ""
    return rates


def test_rates_and_times_of_an_analytic_curve():
    rates = found(volume_ml(even()), cycle(even()))
    assert rates.peak_ejection_rate_ml_s == pytest.approx(TRUE_PER, rel=0.025)
    assert rates.peak_filling_rate_ml_s == pytest.approx(TRUE_PFR, rel=0.025)
    assert rates.time_to_peak_ejection_ms == pytest.approx(SYSTOLE_MS / 2, abs=10)
    # The phase of ES lies at 360 ms, the true end of systole at 350.
    assert rates.time_to_peak_filling_ms == pytest.approx(EARLY_MS / 2 - 10, abs=10)
    assert rates.fitted_ml == pytest.approx(volume_ml(even()), abs=1)


@pytest.mark.parametrize("harmonics", [1, 3, 5])
def test_a_sum_of_harmonics_is_found_exactly(harmonics):
    """V = 100 + 40 cos(w) + cos(k w): its slope is known at every time."""
    times, w = even(), 2 * np.pi / RR_MS
    volumes = 100 + 40 * np.cos(w * times) + np.cos(harmonics * w * times)
    fine = np.arange(0, RR_MS, 0.01)
    slope = -1000 * w * (40 * np.sin(w * fine) + harmonics * np.sin(harmonics * w * fine))
    ends = Cycle(times, RR_MS, int(np.argmax(volumes)), int(np.argmin(volumes)))
    rates = found(volumes, ends)
    assert rates.peak_ejection_rate_ml_s == pytest.approx(-slope.min(), rel=1e-4)
    assert rates.peak_filling_rate_ml_s == pytest.approx(slope.max(), rel=1e-4)
    assert rates.fitted_ml == pytest.approx(volumes, abs=1e-6)


def test_noise_of_one_ml_costs_less_than_5_pct():
    """The noise of 1 ml is about that of volumes from masks; 200 draws, 25 phases."""
    rng = np.random.default_rng(0)
    noisy = [found(volume_ml(even()) + rng.standard_normal(25), cycle(even())) for _ in range(200)]
    for truth, values in (
        (TRUE_PER, [r.peak_ejection_rate_ml_s for r in noisy]),
        (TRUE_PFR, [r.peak_filling_rate_ml_s for r in noisy]),
    ):
        error_pct = 100 * (np.array(values) / truth - 1)
        assert abs(error_pct.mean()) < 5
        assert np.median(np.abs(error_pct)) < 5
        assert np.percentile(np.abs(error_pct), 95) < 13


@pytest.mark.parametrize("seed", range(12))
def test_hearts_of_the_phantom(seed):
    """Closed-form volumes of the digital heart at 25 phases; slopes from them, not from a fit."""
    shape = draw_heart(load_appearance().heart, np.random.default_rng(seed), 25)
    shares = np.arange(25) / 25
    fine = np.linspace(0, 1, 200_001)
    es = round(shape.cycle.systole_share * 25)
    for side in (0, 1):
        volumes = shape.volumes_ml(shares)[side]
        slope = np.gradient(shape.volumes_ml(fine)[side], fine * shape.rr_ms / 1000)
        when = Cycle(shares * shape.rr_ms, shape.rr_ms, 0, es)
        rates = found(volumes, when, replace_limit(SETTINGS, 60))
        assert rates.peak_ejection_rate_ml_s == pytest.approx(-slope.min(), rel=0.05)
        assert rates.peak_filling_rate_ml_s == pytest.approx(slope.max(), rel=0.05)


def replace_limit(limits, spacing_ms):
    """25 phases of a slow heart lie further apart than usual."""
    return RateSettings(**limits.model_dump() | {"max_frame_spacing_ms": spacing_ms})


@given(st.integers(0, 24))
def test_the_phase_that_comes_first_does_not_matter(shift):
    volumes, when = volume_ml(even()), cycle(even())
    plain = found(volumes, when)
    turned = found(
        np.roll(volumes, shift),
        Cycle(even(), RR_MS, (when.ed + shift) % 25, (when.es + shift) % 25),
    )
    assert np.roll(plain.fitted_ml, shift) == pytest.approx(turned.fitted_ml, abs=1e-6)
    for name in ("peak_ejection_rate_ml_s", "peak_filling_rate_ml_s", "time_to_peak_filling_ms"):
        assert getattr(turned, name) == pytest.approx(getattr(plain, name), rel=1e-6)


@given(st.floats(0.05, 20), st.floats(-40, 400))
def test_rates_scale_with_the_volumes_and_not_with_their_level(factor, offset):
    plain = found(volume_ml(even()), cycle(even()))
    scaled = found(factor * volume_ml(even()) + offset, cycle(even()))
    assert scaled.harmonics == plain.harmonics
    assert scaled.peak_filling_rate_ml_s == pytest.approx(factor * plain.peak_filling_rate_ml_s)
    assert scaled.time_to_peak_ejection_ms == pytest.approx(plain.time_to_peak_ejection_ms)


@given(st.floats(0.4, 1.2))
def test_a_faster_heart_has_higher_rates(stretch):
    plain = found(volume_ml(even()), cycle(even()))
    times = stretch * even()
    when = Cycle(times, stretch * RR_MS, 0, cycle(even()).es)
    faster = found(volume_ml(even()), when)
    expected = plain.peak_ejection_rate_ml_s / stretch
    assert faster.peak_ejection_rate_ml_s == pytest.approx(expected)


def test_time_reversed_filling_is_ejection():
    volumes, when = volume_ml(even()), cycle(even())
    plain = found(volumes, when)
    backwards = found(np.roll(volumes[::-1], 1), replace(when, es=(25 - when.es) % 25))
    assert backwards.peak_ejection_rate_ml_s == pytest.approx(plain.peak_filling_rate_ml_s)
    assert backwards.peak_filling_rate_ml_s == pytest.approx(plain.peak_ejection_rate_ml_s)
    systole_ms = even()[when.es]
    assert backwards.time_to_peak_filling_ms == pytest.approx(
        systole_ms - plain.time_to_peak_ejection_ms, abs=2
    )


@given(st.integers(0, 2**31))
@settings(max_examples=25)
def test_uneven_times_and_missing_phases(seed):
    """Up to two phases away from ED and ES missing, times jittered by 8 ms: within 6 %."""
    rng = np.random.default_rng(seed)
    times = even() + np.r_[0, rng.uniform(-8, 8, 24)]
    volumes = volume_ml(times)
    volumes[rng.choice([3, 5, 13, 15, 20], 2, replace=False)] = np.nan
    rates = found(volumes, cycle(times))
    assert rates.peak_ejection_rate_ml_s == pytest.approx(TRUE_PER, rel=0.06)
    assert rates.peak_filling_rate_ml_s == pytest.approx(TRUE_PFR, rel=0.06)
    assert np.isfinite(rates.fitted_ml).all()


@pytest.mark.parametrize("rr_ms", [np.nan, 900.0])
def test_rr_that_is_unknown_or_shorter_than_the_cine_comes_from_the_times(rr_ms):
    plain = found(volume_ml(even()), cycle(even()))
    other = found(volume_ml(even()), cycle(even(), rr_ms))
    assert other.peak_filling_rate_ml_s == pytest.approx(plain.peak_filling_rate_ml_s)


def reason(volumes, when, limits=SETTINGS):
    rates = measure_rates(volumes, when, limits)
    assert np.isnan([rates.peak_ejection_rate_ml_s, rates.time_to_peak_filling_ms]).all()
    assert np.isnan(rates.fitted_ml).all()
    assert rates.harmonics == 0
    return rates.reason


def test_reasons():
    volumes, when = volume_ml(even()), cycle(even())
    untimed = replace(when, times_ms=np.full(25, np.nan))
    assert "trigger times of the phases are not in the study" in reason(volumes, untimed)
    assert "do not rise" in reason(volumes, replace(when, times_ms=even()[::-1]))
    few = np.where(np.arange(25) < 15, volumes, np.nan)
    assert reason(few, when) == "15 phases have a volume; a rate needs 16."
    slow = replace(when, times_ms=1.3 * even(), rr_ms=1300)
    assert reason(volumes, slow) == "The phases are 52 ms apart; a rate needs 50 ms or less."
    assert "Too much of the cardiac cycle" in reason(volumes, replace(when, rr_ms=1250))
    assert "does not fall" in reason(np.full(25, 80.0), when)
    assert "does not fall" in reason(volumes, replace(when, ed=when.es, es=when.ed))


def test_a_measured_heart_carries_rates_of_both_ventricles():
    m = measure(beating_heart(), Subject(), VOLUMETRY)
    # Discs whose radii are known at any time, each 8 mm long.
    true_ml = np.pi * np.square(beating_radii(10_000)).sum(axis=1) * 8 / 1000
    slope = np.gradient(true_ml, 1e-4)
    assert m.lv.peak_ejection_rate_ml_s == pytest.approx(-slope.min(), rel=0.05)
    assert m.lv.peak_filling_rate_ml_s == pytest.approx(slope.max(), rel=0.05)
    for side in (m.lv, m.rv):
        assert side.rates.reason == ""
        assert 0 < side.time_to_peak_ejection_ms < 360 < 360 + side.time_to_peak_filling_ms < 1000
    still = Volume4D(beating_heart().data, beating_heart().geometry)
    assert "trigger times" in measure(still, Subject(), VOLUMETRY).lv.rates.reason
