"""Source images to maps by their method; signals are written down apart from the code."""

import re

import numpy as np
import pytest

from cmr.errors import FitError
from cmr.mapping.fitting import (
    Protocol,
    SliceImages,
    fit_slice,
    images_to_fit,
    most_signal,
    predicted,
    stacked,
)
from cmr.mapping.terms import Contrast, MapKind, Method
from cmr.relaxometry.result import Reason
from tests.relaxometry_support import FIT, MOLLI_MS, inversion

pytestmark = pytest.mark.requirement("TIS-07")

# 5(1)1(1)1 as acquired.
SHMOLLI_MS = np.array([100.0, 1100, 2100, 3100, 4100, 180, 260])
FIRST = np.array([1, 1, 1, 1, 1, 2, 3])
T1_MS = np.array([[450.0, 700, 1000], [1250, 1600, 1900]])
T2_MS = np.array([[30.0, 45, 60], [80, 120, 200]])
SATURATION_MS = np.array([np.nan, 100, 200, 300, 400, 500, 600, 700, 800])


def protocol(method, sequence="MOLLI 5(3)3", kind=MapKind.T1):
    return Protocol(kind, method, sequence, Contrast.NATIVE)


MOLLI = protocol(Method.INVERSION)
SHMOLLI = protocol(Method.INVERSION, "ShMOLLI")
SASHA = protocol(Method.SATURATION, "SASHA")
T2_PREP = protocol(Method.T2_PREPARED, "T2-prep bSSFP", MapKind.T2)
T2_STAR = protocol(Method.GRADIENT_ECHOES, "multi-echo GRE", MapKind.T2_STAR)


def images(signal, times, numbers=None, phase=None):
    order = np.zeros(len(times), int) if numbers is None else np.asarray(numbers)
    return SliceImages(np.abs(signal).astype(np.float32), phase, np.asarray(times, float), order)


def recovery(ratio=1.0):
    """1000 (1 - ratio exp(-TS / T1)); the first image has no saturation."""
    times = SATURATION_MS[:, None, None]
    return 1000 * (1 - ratio * np.where(np.isnan(times), 0, np.exp(-times / T1_MS)))


def decay(times, truth=T2_MS, offset=0.0):
    return 1000 * np.exp(-np.asarray(times)[:, None, None] / truth) + offset


def test_molli_of_magnitudes():
    found = fit_slice(images(inversion(T1_MS, MOLLI_MS), MOLLI_MS), MOLLI, FIT)
    assert found.map.value_ms == pytest.approx(T1_MS, abs=0.1)
    assert (found.model, found.reason) == ("S = A - B exp(-TI/T1*), T1 = T1* (B/A - 1)", "")


def test_molli_with_phase_images_needs_one_time_less():
    """Three times leave the polarity of magnitudes open, and are enough with phase."""
    times = MOLLI_MS[:3]
    signal = inversion(T1_MS, times)
    background = 0.7 * np.ones_like(signal)
    phase = np.angle(signal * np.exp(1j * background)).astype(np.float32)
    with_phase = fit_slice(images(signal, times, phase=phase), MOLLI, FIT)
    found = with_phase.map
    # Without residuals there is no SD, and the value is that of the curve through three points.
    assert with_phase.reason == ""
    assert found.value_ms == pytest.approx(T1_MS, abs=0.5)
    without = fit_slice(images(signal, times), MOLLI, FIT)
    assert without.reason == "Inversion times: 3 different ones in 3 images; the fit needs 4."


def test_shmolli_takes_the_first_inversion_alone():
    """The later images are wrong on purpose; a fit of all seven would show them."""
    signal = inversion(T1_MS, SHMOLLI_MS)
    signal[5:] *= 0.8
    found = fit_slice(images(signal, SHMOLLI_MS, FIRST), SHMOLLI, FIT)
    assert found.map.value_ms == pytest.approx(T1_MS, abs=0.1)
    assert found.used.times_ms.tolist() == [100, 1100, 2100, 3100, 4100]
    everything = fit_slice(images(signal, SHMOLLI_MS, FIRST), MOLLI, FIT).map.value_ms
    assert not (np.abs(everything - T1_MS) < 5).any()


def test_shmolli_in_any_order_with_phase():
    order = np.array([5, 0, 6, 3, 1, 2, 4])
    signal = inversion(T1_MS, SHMOLLI_MS)
    signal[5:] *= 0.8
    phase = np.angle(signal + 0j).astype(np.float32)
    mixed = images(signal[order], SHMOLLI_MS[order], FIRST[order], phase[order])
    used = images_to_fit(mixed, SHMOLLI)
    assert used.times_ms.tolist() == [100, 3100, 1100, 2100, 4100]
    assert used.phase_rad.shape == used.magnitude.shape == (5, 2, 3)
    assert fit_slice(mixed, SHMOLLI, FIT).map.value_ms == pytest.approx(T1_MS, abs=0.1)


@pytest.mark.parametrize("numbers", [None, [1, 1, 1, 1, 1, 0, 3]])
def test_shmolli_of_unknown_order_is_not_fitted(numbers):
    unknown = images(inversion(T1_MS, SHMOLLI_MS), SHMOLLI_MS, numbers)
    with pytest.raises(FitError, match="the first inversion are unknown"):
        images_to_fit(unknown, SHMOLLI)
    found = fit_slice(unknown, SHMOLLI, FIT)
    assert found.reason.startswith("ShMOLLI: the order of the images")
    assert np.isnan(found.map.value_ms).all()
    assert (found.map.reason == Reason.NOT_FITTED).all()
    assert found.model == ""


def test_the_order_of_other_schemes_does_not_matter():
    plain = images(inversion(T1_MS, MOLLI_MS), MOLLI_MS)
    assert images_to_fit(plain, MOLLI) is plain


@pytest.mark.parametrize(("free", "ratio"), [(True, 0.93), (False, 1.0)])
def test_saturation_recovery(free, ratio):
    settings = FIT.model_copy(update={"free_saturation_amplitude": free})
    found = fit_slice(images(recovery(ratio), SATURATION_MS), SASHA, settings)
    assert found.map.value_ms == pytest.approx(T1_MS, rel=1e-3)
    assert found.model == ("S = A - B exp(-TS/T1)" if free else "S = A (1 - exp(-TS/T1))")


def test_two_parameters_read_an_imperfect_saturation_wrongly():
    settings = FIT.model_copy(update={"free_saturation_amplitude": False})
    found = fit_slice(images(recovery(0.93), SATURATION_MS), SASHA, settings).map.value_ms
    assert np.nanmin(np.abs(found / T1_MS - 1)) > 0.01


@pytest.mark.parametrize("times", [[0.0, 25, 55], [0.0, 25, 45, 55, 80]])
def test_t2_preparation(times):
    found = fit_slice(images(decay(times), times), T2_PREP, FIT)
    assert found.map.value_ms == pytest.approx(T2_MS, rel=1e-3)
    assert found.model.startswith("S = M0 exp(-TE/T2)")
    assert ("offset" in found.model) == (len(times) > 3)


def test_four_images_of_three_times_leave_no_offset_to_fit():
    times = [0.0, 25, 55, 55]
    found = fit_slice(images(decay(times), times), T2_PREP, FIT)
    assert found.model == "S = M0 exp(-TE/T2)"
    assert found.map.value_ms == pytest.approx(T2_MS, rel=1e-3)


def test_t2_star_has_limits_of_its_own():
    """4 ms is no T2 that is looked for above, and a T2* all the same; 1 ms is only a T2*."""
    times = np.arange(2.0, 18, 2)
    truth = np.array([[1.0, 4.0, 20.0]])
    found = fit_slice(images(decay(times, truth), times), T2_STAR, FIT)
    assert found.map.value_ms == pytest.approx(truth, rel=1e-2)
    assert "T2*" in found.model
    as_t2 = fit_slice(images(decay(times, truth), times), T2_PREP, FIT).map
    assert np.isnan(as_t2.value_ms[0, 0])


def test_an_unknown_method_is_not_fitted():
    plain = images(inversion(T1_MS, MOLLI_MS), MOLLI_MS)
    found = fit_slice(plain, protocol(Method.UNKNOWN, "unknown"), FIT)
    assert found.reason == "The sequence is not known, so neither is the model of its signal."
    assert np.isnan(found.map.value_ms).all()


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ([0, *MOLLI_MS[1:]], r"Inversion times that cannot be used \(image 1: 0 ms\)"),
        ([np.nan, *MOLLI_MS[1:]], r"Inversion times that cannot be used \(image 1: nan ms\)"),
        ([100.0] * 8, "1 different ones in 8 images; the fit needs 4"),
        (MOLLI_MS[:7], "shape .7,. for 8 images"),
    ],
)
def test_times_that_cannot_be_used_leave_an_empty_map_with_the_reason(times, reason):
    held = images(inversion(T1_MS, MOLLI_MS), np.asarray(times))
    found = fit_slice(held, MOLLI, FIT)
    assert re.search(reason, found.reason)
    assert (found.map.reason == Reason.NOT_FITTED).all()


def test_predicted_signals_are_those_that_were_fitted():
    for signal, times, how in (
        (inversion(T1_MS, MOLLI_MS), MOLLI_MS, MOLLI),
        (recovery(0.93), SATURATION_MS, SASHA),
        (decay([0.0, 25, 45, 55]), np.array([0.0, 25, 45, 55]), T2_PREP),
    ):
        held = images(signal, times)
        found = predicted(fit_slice(held, how, FIT), how, held.times_ms)
        assert found == pytest.approx(np.abs(signal), abs=1.0)


def test_no_prediction_where_nothing_was_determined():
    signal = inversion(T1_MS, MOLLI_MS)
    signal[:, 0, 0] = 0
    fit = fit_slice(images(signal, MOLLI_MS), MOLLI, FIT)
    assert fit.map.reason[0, 0] == Reason.NO_SIGNAL
    shown = np.isfinite(predicted(fit, MOLLI, MOLLI_MS)).all(axis=0)
    assert shown.tolist() == [[False, True, True], [True] * 3]


@pytest.mark.parametrize(
    ("how", "times", "index"),
    [
        (MOLLI, MOLLI_MS, 4),
        (SASHA, [100.0, np.nan, 500], 1),
        (SASHA, [100.0, np.inf, 500], 1),
        (T2_PREP, [55.0, 0, 25], 1),
        (T2_STAR, [2.0, 4, 6], 0),
    ],
)
def test_the_image_with_the_most_signal(how, times, index):
    """Most recovered, or least decayed."""
    assert most_signal(images(np.ones((len(times), 1, 1)), times), how) == index


def test_slices_are_stacked_with_their_reasons():
    good = fit_slice(images(inversion(T1_MS, MOLLI_MS), MOLLI_MS), MOLLI, FIT)
    bad = fit_slice(images(inversion(T1_MS, MOLLI_MS), 0 * MOLLI_MS), MOLLI, FIT)
    found = stacked([good, bad])
    assert found.value_ms.shape == (2, 2, 3)
    counts = found.counts()
    assert (counts[Reason.DETERMINED], counts[Reason.NOT_FITTED]) == (6, 6)
