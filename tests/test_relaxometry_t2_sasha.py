"""Saturation recovery, T2 and T2*: model curves, SciPy, constraints."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from cmr.relaxometry.result import Reason
from cmr.relaxometry.t1 import fit_saturation_recovery
from cmr.relaxometry.t2 import fit_decay
from tests.relaxometry_support import FIT

pytestmark = pytest.mark.requirement("TIS-08")

# SASHA: one image without saturation, nine within a heart beat.
SASHA_MS = np.array([np.inf, 110, 190, 270, 350, 430, 510, 590, 670, 750])
PREP_MS = np.array([0.0, 25, 45, 55])
ECHOES_MS = np.array([1.5, 3.5, 5.5, 7.5, 9.5, 11.5, 13.5, 15.5])


@pytest.mark.parametrize("free_amplitude", [True, False])
@pytest.mark.parametrize("missing", [np.inf, np.nan])
def test_noise_free_saturation_recovery(free_amplitude, missing):
    t1 = np.linspace(200, 2500, 231)
    strength = 0.9 if free_amplitude else 1.0
    times = np.where(np.isinf(SASHA_MS), missing, SASHA_MS)
    images = 800 * (1 - strength * np.exp(-SASHA_MS[:, None] / t1))
    found = fit_saturation_recovery(images, times, FIT, free_amplitude=free_amplitude)
    np.testing.assert_allclose(found.value_ms, t1, atol=0.01)
    np.testing.assert_allclose(found.time_constant_ms, found.value_ms)
    np.testing.assert_allclose(found.plateau, 800, rtol=1e-5)
    np.testing.assert_allclose(found.amplitude, 800 * strength, rtol=1e-5)


def test_imperfect_saturation_needs_three_parameters():
    images = 800 * (1 - 0.9 * np.exp(-SASHA_MS / 1200))
    two = fit_saturation_recovery(images, SASHA_MS, FIT, free_amplitude=False)
    three = fit_saturation_recovery(images, SASHA_MS, FIT, free_amplitude=True)
    assert three.value_ms == pytest.approx(1200, abs=0.01)
    assert two.value_ms < 1150
    assert two.r2 < three.r2


def test_saturation_recovery_as_scipy_has_it():
    rng = np.random.default_rng(4)
    times = np.where(np.isinf(SASHA_MS), 1e7, SASHA_MS)
    for t1 in (400, 900, 1500):
        images = 800 * (1 - np.exp(-times / t1)) + rng.normal(0, 15, times.size)
        for free in (True, False):
            found = fit_saturation_recovery(images, SASHA_MS, FIT, free_amplitude=free)
            best, covariance = curve_fit(
                (lambda t, a, tau, b: a - b * np.exp(-t / tau))
                if free
                else (lambda t, a, tau: a * (1 - np.exp(-t / tau))),
                times,
                images,
                [800, t1, 800][: 3 if free else 2],
            )
            assert found.value_ms == pytest.approx(best[1], rel=1e-5)
            assert found.sd_ms == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-3)


@pytest.mark.parametrize(
    ("times", "limits", "truth"),
    [
        (PREP_MS, FIT.t2_ms, np.linspace(20, 60, 81)),
        (ECHOES_MS, FIT.t2_star_ms, np.linspace(2, 15, 66)),
    ],
)
@pytest.mark.parametrize("offset", [0.0, 60.0])
def test_noise_free_decay(times, limits, truth, offset):
    images = 900 * np.exp(-times[:, None] / truth) + offset
    found = fit_decay(images, times, limits, FIT, with_offset=True)
    np.testing.assert_allclose(found.value_ms, truth, rtol=1e-4)
    np.testing.assert_allclose(found.amplitude, 900, rtol=1e-3)
    np.testing.assert_allclose(found.plateau, offset, atol=0.2)
    plain = fit_decay(images, times, limits, FIT, with_offset=False)
    if offset:
        assert np.all(plain.value_ms > truth * 1.02)
    else:
        np.testing.assert_allclose(plain.value_ms, truth, rtol=1e-6)


def with_scipy(values, offset):
    """T2* of one pixel by SciPy, with a positive offset or without."""

    def curve(t, m0, tau, c=0.0):
        return m0 * np.exp(-t / tau) + c

    n = 3 if offset else 2
    low, high = [0, 0.5, 0][:n], [np.inf, 500, np.inf][:n]
    best, _ = curve_fit(
        curve, ECHOES_MS, values, [500, 6, 1][:n], bounds=(low, high), xtol=1e-12, ftol=1e-12
    )
    return best[1]


@pytest.mark.parametrize(
    ("t2_star_ms", "offset", "bias"), [(6, 0, 0.04), (6, 60, 0.01), (26, 0, 0.01)]
)
def test_no_pixel_is_lost_to_an_offset(t2_star_ms, offset, bias):
    """Against SciPy, pixel by pixel, and against the truth, in noise of 2 % of the first echo."""
    rng = np.random.default_rng(2)
    images = 500 * np.exp(-ECHOES_MS[:, None] / t2_star_ms) + offset + rng.normal(0, 10, (8, 1000))
    found = fit_decay(images, ECHOES_MS, FIT.t2_star_ms, FIT, with_offset=True)
    assert found.counts()[Reason.DETERMINED] > 970
    assert np.nanmedian(found.value_ms) == pytest.approx(t2_star_ms, rel=bias)
    assert np.nanmin(found.plateau) >= 0
    assert np.nanmedian(found.plateau) == pytest.approx(offset, abs=5)
    for i in np.flatnonzero(found.reason == Reason.DETERMINED)[:30]:
        expected = with_scipy(images[:, i], found.plateau[i] > 0)
        assert found.value_ms[i] == pytest.approx(expected, rel=1e-3)


def test_a_signal_that_does_not_decay_has_no_t2():
    rising = 500 * np.exp(PREP_MS / 50)
    flat = np.full(4, 500.0)
    images = np.column_stack([rising, flat])
    found = fit_decay(images, PREP_MS, FIT.t2_ms, FIT, with_offset=False)
    assert set(found.reason) <= {Reason.WRONG_SHAPE, Reason.NO_MINIMUM}
    assert np.isnan(found.value_ms).all()


def test_an_echo_train_much_shorter_than_t2_star_does_not_determine_it():
    rng = np.random.default_rng(8)
    times = np.array([1.0, 2, 3, 4])
    images = 500 * np.exp(-times[:, None] / 200) + rng.normal(0, 10, (4, 500))
    found = fit_decay(images, times, FIT.t2_star_ms, FIT, with_offset=False)
    assert found.counts()[Reason.DETERMINED] < 10
