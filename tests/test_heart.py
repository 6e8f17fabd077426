import numpy as np
import pytest

from cmr.heart import CentreMethod, HeartSettings, locate_heart, motion_energy
from cmr.intensity import normalise
from tests.model_support import SETTINGS, acdc_patients, bivme_cine
from training.cases import read_acdc

pytestmark = pytest.mark.requirement("CINE-16")

HEART = SETTINGS.heart


def beating_disc(centre, shape=(160, 200), spacing=(1.5, 1.5), phases=20, slices=3):
    """Bright disc whose radius beats, on still tissue with noise; centre in pixels."""
    rng = np.random.default_rng(3)
    rows, cols = np.indices(shape)
    distance = np.hypot((rows - centre[0]) * spacing[0], (cols - centre[1]) * spacing[1])
    still = 0.3 + 0.2 * np.sin(rows / 9) * np.cos(cols / 7)
    images = []
    for t in range(phases):
        radius = 25 + 8 * np.cos(2 * np.pi * t / phases)
        images.append(np.where(distance < radius, 0.9, still))
    stack = np.repeat(np.array(images)[:, None], slices, 1)
    return (stack + rng.normal(0, 0.02, stack.shape)).astype(np.float32)


@pytest.mark.parametrize("centre", [(80.0, 100.0), (60.3, 130.7), (105.5, 70.25)])
@pytest.mark.parametrize("spacing", [(1.5, 1.5), (1.2, 1.8)])
def test_beating_disc_is_found(centre, spacing):
    found = locate_heart(beating_disc(centre, spacing=spacing), spacing, HEART)
    assert found.method == CentreMethod.MOTION
    assert found.reason == ""
    error = np.hypot((found.row - centre[0]) * spacing[0], (found.col - centre[1]) * spacing[1])
    # The prior draws a heart at the rim of the field a few millimetres to the middle.
    assert error < 6


def test_two_phases_are_enough():
    found = locate_heart(beating_disc((70, 110))[[0, 10]], (1.5, 1.5), HEART)
    assert found.method == CentreMethod.MOTION
    assert abs(found.row - 70) < 2
    assert abs(found.col - 110) < 2


def test_one_phase_falls_back_to_the_image_centre():
    found = locate_heart(beating_disc((70, 110))[:1], (1.5, 1.5), HEART)
    assert (found.row, found.col) == (79.5, 99.5)
    assert found.method == CentreMethod.IMAGE_CENTRE
    assert "one phase" in found.reason


def test_still_images_fall_back():
    still = np.repeat(beating_disc((70, 110))[:1], 20, axis=0)
    found = locate_heart(still, (1.5, 1.5), HEART)
    assert found.method == CentreMethod.IMAGE_CENTRE
    assert "no pixel changes" in found.reason


def test_noise_alone_falls_back():
    noise = np.random.default_rng(0).random((20, 4, 128, 128), np.float32)
    found = locate_heart(noise, (1.5, 1.5), HEART)
    assert found.method == CentreMethod.IMAGE_CENTRE
    assert "not concentrated" in found.reason


def test_energy_of_a_cosine_is_a_quarter_of_its_squared_amplitude():
    """A uniform pixel 0.5 + a cos has first harmonic a / 2."""
    t = np.arange(12)
    images = (0.5 + 0.3 * np.cos(2 * np.pi * t / 12)).reshape(-1, 1, 1, 1) * np.ones((1, 2, 9, 9))
    energy = motion_energy(images, np.array([1.0, 1.0]), 4.0)
    assert energy == pytest.approx(0.3**2 / 4, rel=1e-5)


@pytest.mark.requirement("CINE-04")
def test_settings_refuse_an_unknown_key():
    with pytest.raises(ValueError, match="Extra inputs"):
        HeartSettings(**HEART.model_dump(), guess=1)


@pytest.mark.real_data
def test_centre_of_every_acdc_heart(acdc):
    """80 patients, ED and ES alone: distance to the centroid of all labels, reach of the crop."""
    distances = []
    half_mm = np.array(SETTINGS.matrix) * SETTINGS.spacing_mm / 2
    for patient in acdc_patients(acdc):
        case = read_acdc(acdc, patient)
        spacing = case.images.geometry.pixel_spacing_mm
        images = normalise(case.images.data, SETTINGS.intensity)
        found = locate_heart(images, spacing, HEART)
        assert found.method == CentreMethod.MOTION
        from_centre = np.argwhere(case.labels.data > 0)[:, 2:] - [found.row, found.col]
        distances.append(np.hypot(*(from_centre.mean(0) * spacing)))
        assert (abs(from_centre * spacing) < half_mm).all(), patient
    assert np.median(distances) < 15
    assert max(distances) < 40


@pytest.mark.real_data
def test_centre_of_the_real_cine(bivme):
    """The left ventricle of the mid slices is around row 100, column 130 (read off the images)."""
    cine = bivme_cine(bivme)
    images = normalise(cine.data, SETTINGS.intensity)
    found = locate_heart(images, cine.geometry.pixel_spacing_mm, HEART)
    assert found.method == CentreMethod.MOTION
    assert np.hypot(found.row - 100, found.col - 130) * 1.41 < 15
