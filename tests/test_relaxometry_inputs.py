"""Times, polarity, and arrays of PyTorch."""

import numpy as np
import pytest
import torch

from cmr.errors import FitError
from cmr.relaxometry.polarity import restore_signs, sign_patterns
from cmr.relaxometry.t1 import fit_molli, fit_saturation_recovery
from cmr.relaxometry.t2 import fit_decay
from cmr.relaxometry.times import Preparation, inversion_numbers, usable
from tests.relaxometry_support import FIT, MOLLI_MS, inversion, noisy_complex

pytestmark = pytest.mark.requirement("TIS-07")


def _molli(times, n_images=8):
    return fit_molli(np.ones((n_images, 2)), times, FIT)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0, *MOLLI_MS[1:]], r"Inversion times that cannot be used \(image 1: 0 ms\)"),
        ([*MOLLI_MS[:6], np.nan, -5], r"image 7: nan ms, image 8: -5 ms.*Leave these"),
        ([*MOLLI_MS[:7], np.inf], r"image 8: inf ms"),
        (MOLLI_MS[:7], r"shape \(7,\) for 8 images"),
        ([100, 200, 300] * 2 + [100, 200], r"3 different ones in 8 images; the fit needs 4"),
    ],
)
def test_inversion_times_that_make_no_sense_are_refused(times, message):
    with pytest.raises(FitError, match=message):
        _molli(times)


def test_signed_images_need_one_time_less():
    found = fit_molli(inversion(900.0, MOLLI_MS[:3]), MOLLI_MS[:3], FIT, signed=True)
    assert found.value_ms == pytest.approx(900, abs=0.01)
    assert np.isnan(found.sd_ms)
    assert np.isnan(found.r2)


def test_saturation_and_echo_times():
    with pytest.raises(FitError, match="Saturation times that cannot be used"):
        fit_saturation_recovery(np.ones((3, 1)), [0, 100, np.inf], FIT, free_amplitude=True)
    with pytest.raises(FitError, match="Saturation times: 2 different ones in 3 images"):
        fit_saturation_recovery(np.ones((3, 1)), [100, np.nan, np.inf], FIT, free_amplitude=True)
    with pytest.raises(FitError, match="Echo times that cannot be used"):
        fit_decay(np.ones((3, 1)), [0, 25, np.inf], FIT.t2_ms, FIT, with_offset=False)
    assert (
        usable([0, 1, -1, np.nan, np.inf], Preparation.ECHO).tolist() == [True, True] + [False] * 3
    )
    assert usable([0, 1, -np.inf, np.nan, np.inf], Preparation.SATURATION).tolist() == [
        False,
        True,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([100, 1100, 2100, 3100, 4100, 180, 260], [0, 0, 0, 0, 0, 1, 2]),  # ShMOLLI 5-1-1
        (MOLLI_MS, [0] * 5 + [1] * 3),
        ([100, 180, 260, 1100], [0, 1, 2, 2]),  # in order of their times, not of acquisition
        ([100, 380, 660, 120], [0, 0, 0, 1]),  # 214 beats a minute
        ([500], [0]),
    ],
)
def test_images_of_one_inversion_are_a_heart_beat_apart(times, expected):
    assert inversion_numbers(times, FIT.shortest_rr_ms).tolist() == expected


def test_polarities_of_repeated_times_turn_together():
    patterns = sign_patterns(np.array([300.0, 100, 300, 900]))
    assert patterns.tolist() == [[1, 1, 1, 1], [1, -1, 1, 1], [-1, -1, -1, 1]]


def test_signs_from_phase_whatever_the_background_phase_and_its_wraps():
    t1 = np.linspace(300, 2000, 500)
    signal = inversion(t1, MOLLI_MS)
    background = np.linspace(-20, 20, 500)
    phase = np.angle(np.exp(1j * (background + np.pi * (signal < 0))))
    found = restore_signs(np.abs(signal), phase, MOLLI_MS)
    np.testing.assert_allclose(found, signal, atol=1e-9)


def test_only_the_aligned_part_of_a_weak_signal_is_kept():
    magnitude = np.array([[100.0], [900], [1000]])
    phase = np.array([[np.pi / 3], [0.5], [0.0]])
    found = restore_signs(magnitude, phase, [100, 1000, 4000])
    np.testing.assert_allclose(found[:, 0], [50, 900, 1000])


def test_torch_tensors_give_the_same_map():
    drawn = np.concatenate(
        [np.abs(noisy_complex(inversion(v, MOLLI_MS), 25, 300, seed=v)) for v in (300, 1000, 1600)],
        axis=1,
    )
    here = fit_molli(drawn, MOLLI_MS, FIT)
    there = fit_molli(torch.from_numpy(drawn), MOLLI_MS, FIT)
    assert isinstance(there.value_ms, np.ndarray)
    np.testing.assert_array_equal(there.reason, here.reason)
    np.testing.assert_allclose(there.value_ms, here.value_ms, rtol=1e-6)
    np.testing.assert_allclose(there.sd_ms, here.sd_ms, rtol=1e-5)
    signs = restore_signs(torch.ones(2, 3), torch.zeros(2, 3), [100, 200])
    assert isinstance(signs, torch.Tensor)


def test_integer_images_and_torch_decays():
    times = np.array([0, 25, 55, 80])
    images = np.round(1000 * np.exp(-times / 50))[:, None, None] + np.zeros((1, 2, 2))
    for stack in (images.astype(np.uint16), torch.from_numpy(images.astype(np.int32))):
        found = fit_decay(stack, times, FIT.t2_ms, FIT, with_offset=True)
        assert found.value_ms == pytest.approx(np.full((2, 2), 50.0), rel=2e-3)
    times = np.array([100, 300, 600, np.inf])
    images = 1000 * (1 - np.exp(-times / 1200))[:, None]
    found = fit_saturation_recovery(torch.from_numpy(images), times, FIT, free_amplitude=True)
    assert found.value_ms == pytest.approx([1200], abs=0.01)
