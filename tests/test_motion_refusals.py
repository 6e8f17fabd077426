"""Images and regions that cannot be registered: nothing is changed, and the reason is given."""

import numpy as np
import pytest
import SimpleITK

from cmr.errors import GeometryError
from cmr.motion.series import align_series
from tests.motion_heart import MOTION, SPACING_MM, disc, make, model

pytestmark = pytest.mark.requirement("TIS-11")

IMAGES = make("native", 40).magnitude


def one_pixel():
    region = np.zeros(disc().shape, bool)
    region[64, 64] = True
    return region


def corner():
    region = np.zeros(disc().shape, bool)
    region[-12:, -12:] = True
    return region


def spoilt(value):
    images = IMAGES.copy()
    images[2, 3, 4] = value
    return images


@pytest.mark.parametrize(
    ("images", "region", "reason"),
    [
        (0 * IMAGES, disc(), "The images are zero in the whole region."),
        (IMAGES, one_pixel(), "Registration needs 100 pixels; the region has 1."),
        (IMAGES, np.zeros_like(disc()), "Registration needs 100 pixels; the region has 0."),
        (spoilt(np.nan), disc(), "Image 3 has pixels that are NaN"),
        (spoilt(np.inf), disc(), "Image 3 has pixels that are NaN or infinite."),
        (IMAGES * np.exp(1j * np.full(IMAGES.shape, np.nan)), disc(), "Image 1 has pixels"),
        (np.ones_like(IMAGES), disc(), "Only 0 pixels of the region can be fitted"),
        (IMAGES * disc(20), corner(), "The images are zero in the whole region."),
    ],
)
def test_nothing_is_changed_and_the_reason_is_given(images, region, reason):
    found = align_series(images, 4, region, SPACING_MM, model("native"), MOTION)
    assert not found.applied
    assert found.images is images
    assert not found.shifts_mm.any()
    assert found.reason.startswith(reason)


def test_noise_alone_is_left_alone():
    noise = np.abs(np.random.default_rng(0).standard_normal(IMAGES.shape))
    found = align_series(noise, 4, disc(), SPACING_MM, model("native"), MOTION)
    assert not found.applied
    assert found.images is noise


def test_what_simpleitk_throws_becomes_a_reason(monkeypatch):
    def broken(*_):
        raise RuntimeError("itk::ERROR: no samples")

    monkeypatch.setattr(SimpleITK.ImageRegistrationMethod, "Execute", broken)
    found = align_series(IMAGES, 4, disc(), SPACING_MM, model("native"), MOTION)
    assert not found.applied
    assert found.images is IMAGES
    assert len(found.notes) == len(IMAGES) - 1
    assert found.notes[0] == "Image 1 stays where it is: no shift of up to 15 mm is found."


def test_a_region_of_another_shape_is_an_error():
    with pytest.raises(GeometryError, match=r"region \(136, 128\): expected"):
        align_series(IMAGES, 4, disc().T, SPACING_MM, model("native"), MOTION)
