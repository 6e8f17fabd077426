"""Alignment of source images against hearts whose displacement and T1 or T2 are known."""

import numpy as np
import pytest
import SimpleITK

from cmr.motion.series import align_series
from cmr.relaxometry.polarity import restore_signs
from cmr.relaxometry.t1 import fit_molli
from tests.motion_heart import (
    MOTION,
    SPACING_MM,
    TIMES_MS,
    disc,
    fit,
    make,
    model,
    sector_medians,
    true_sectors,
)
from tests.relaxometry_support import FIT

pytestmark = pytest.mark.requirement("TIS-11")


def aligned(study, images=None, settings=MOTION):
    images = study.magnitude if images is None else images
    return align_series(images, study.reference, disc(), SPACING_MM, model(study.kind), settings)


@pytest.mark.parametrize(
    ("kind", "snr"),
    [("native", 40), ("native", 20), ("post", 40), ("post", 20), ("t2", 40), ("t2", 20)],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_displacements_are_found_next_to_a_still_chest_wall(kind, snr, seed):
    study = make(kind, snr, seed=seed)
    found = aligned(study)
    assert found.applied
    assert found.notes == ()
    assert study.shift_errors_px(found.shifts_mm).max() <= 0.3
    assert found.residual_after_pct < 0.9 * found.residual_before_pct


def test_saturation_recovery_with_little_signal_in_the_first_images():
    study = make("sasha", 40)
    errors = study.shift_errors_px(aligned(study).shifts_mm)
    # Saturation times of 100 to 260 ms: 8 to 20 % of the signal.
    assert errors[[0, *range(4, 10)]].max() <= 0.3
    assert errors.max() <= 0.7


@pytest.mark.parametrize("kind", ["native", "post", "sasha", "t2"])
def test_segments_return_to_the_truth(kind):
    """Without noise: what is left is resampling and wrong shifts."""
    study = make(kind, seed=1)
    truth = true_sectors(kind)
    moved = sector_medians(fit(kind, study.magnitude).value_ms)
    assert np.abs(moved / truth - 1).max() > 0.015
    found = sector_medians(fit(kind, aligned(study).images).value_ms)
    np.testing.assert_allclose(found, truth, rtol=0.01)


@pytest.mark.parametrize("kind", ["native", "post"])
@pytest.mark.parametrize("snr", [40, 20])
def test_segments_return_to_the_truth_with_noise(kind, snr):
    study = make(kind, snr, seed=2)
    found = sector_medians(fit(kind, aligned(study).images).value_ms)
    np.testing.assert_allclose(found, true_sectors(kind), rtol=0.01 if snr == 40 else 0.02)


@pytest.mark.parametrize("kind", ["sasha", "t2"])
def test_noisy_segments_return_to_those_of_a_still_heart(kind):
    """The noise of these fits moves a segment by 1 to 2 % even in a still heart."""
    study = make(kind, 40, seed=2)
    found = sector_medians(fit(kind, aligned(study).images).value_ms)
    still = sector_medians(fit(kind, study.still).value_ms)
    np.testing.assert_allclose(found, still, rtol=0.03)


@pytest.mark.parametrize("kind", ["native", "post", "sasha", "t2"])
@pytest.mark.parametrize("snr", [None, 40, 20])
def test_still_images_are_not_touched(kind, snr):
    study = make(kind, snr, largest_px=0)
    found = aligned(study)
    assert not found.applied
    assert found.images.tobytes() == study.magnitude.tobytes()
    assert not found.shifts_mm.any()
    assert found.residual_before_pct == found.residual_after_pct
    assert found.reason.endswith(".")


def test_images_that_do_not_move_among_those_that_do_are_not_resampled():
    study, still = make("native", 40), make("native", 40, largest_px=0)
    images = np.concatenate([study.magnitude[:4], still.magnitude[4:]])
    found = aligned(study, images)
    assert found.applied
    assert not found.shifts_mm[4:].any()
    assert found.images[4:].tobytes() == images[4:].tobytes()


def test_complex_images_keep_their_signs():
    study = make("native", 40)
    found = aligned(study, study.complex)
    assert study.shift_errors_px(found.shifts_mm).max() <= 0.3
    times = TIMES_MS["native"]
    signed = restore_signs(np.abs(found.images), np.angle(found.images), times)
    t1_ms = fit_molli(signed, times, FIT, signed=True).value_ms
    np.testing.assert_allclose(sector_medians(t1_ms), true_sectors("native"), rtol=0.01)


def test_an_image_of_noise_alone_stays_and_is_named():
    study = make("native", 40)
    images = study.magnitude
    images[1] = np.abs(np.random.default_rng(0).standard_normal(images[1].shape)) * 30
    found = aligned(study, images)
    assert not found.shifts_mm[1].any()
    assert "Image 2 stays where it is: its structures are" in " ".join(found.notes)


def test_a_shift_beyond_the_limit_is_not_applied():
    study = make("native", 40)
    settings = MOTION.model_copy(update={"max_shift_mm": 3.0})
    found = aligned(study, settings=settings)
    far = np.hypot(*study.shifts_mm.T) > 3.5
    assert far.any()
    assert not found.shifts_mm[far].any()
    for number in np.flatnonzero(far) + 1:
        assert any(note.startswith(f"Image {number} stays where it is: ") for note in found.notes)


def test_no_gain_no_change():
    settings = MOTION.model_copy(update={"min_gain_pct": 99.0})
    study = make("native", 40)
    found = aligned(study, settings=settings)
    assert not found.applied
    assert found.images.tobytes() == study.magnitude.tobytes()
    assert "no more than smoothing of noise" in found.reason


def test_switched_off_means_one_fit_and_no_change():
    calls = []
    study = make("t2", 40)

    def counted(images):
        calls.append(images.shape)
        return model("t2")(images)

    settings = MOTION.model_copy(update={"enabled": False})
    found = align_series(study.magnitude, 0, disc(), SPACING_MM, counted, settings)
    assert calls == [(3, 1, int(disc().sum()))]
    assert (found.applied, found.reason) == (False, "Motion correction is switched off.")
    assert found.images.tobytes() == study.magnitude.tobytes()
    assert found.residual_before_pct == found.residual_after_pct > 1


def test_every_run_and_any_number_of_threads_give_the_same_bits():
    study = make("post", 20)
    before = SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads()
    try:
        results = []
        for threads in (1, 2, 4, 4):
            SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
            found = aligned(study)
            results.append(found.images.tobytes() + found.shifts_mm.tobytes())
    finally:
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
    assert len(set(results)) == 1
