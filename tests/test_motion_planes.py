"""Resampling against formulas, and what it does to noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cmr.motion.planes import edges, picture, shifted
from cmr.motion.register import Likeness, find_shift

pytestmark = pytest.mark.requirement("TIS-11")

SPACING_MM = (1.4, 1.9)
PIXELS = st.floats(-3, 3).map(lambda x: round(x, 3))


def smooth(shift_mm=(0.0, 0.0)):
    """Three Gaussians at least three pixels wide."""
    rows, cols = np.indices((70, 64))
    y, x = rows * SPACING_MM[0] - shift_mm[0], cols * SPACING_MM[1] - shift_mm[1]
    bumps = ((40, 50, 6, 1.0), (55, 70, 9, -0.6), (60, 40, 7, 0.8))
    return sum(h * np.exp(-((y - a) ** 2 + (x - b) ** 2) / (2 * s**2)) for a, b, s, h in bumps)


@settings(max_examples=25, deadline=None)
@given(row=PIXELS, col=PIXELS)
def test_a_shift_moves_a_smooth_image_as_its_formula_says(row, col):
    shift_mm = (row * SPACING_MM[0], col * SPACING_MM[1])
    found = shifted(smooth(shift_mm), shift_mm, SPACING_MM)
    inside = np.isfinite(found)
    assert inside[4:-4, 4:-4].all()
    np.testing.assert_allclose(found[inside], smooth()[inside], atol=2e-3)


@settings(max_examples=25, deadline=None)
@given(row=PIXELS, col=PIXELS)
def test_forth_and_back(row, col):
    shift_mm = np.array([row * SPACING_MM[0], col * SPACING_MM[1]])
    back = shifted(np.nan_to_num(shifted(smooth(), shift_mm, SPACING_MM)), -shift_mm, SPACING_MM)
    np.testing.assert_allclose(back[12:-12, 12:-12], smooth()[12:-12, 12:-12], atol=2e-3)


@settings(max_examples=10, deadline=None)
@given(row=PIXELS, col=PIXELS)
@pytest.mark.parametrize("likeness", list(Likeness))
def test_the_translation_of_a_smooth_image_is_found(likeness, row, col):
    shift_mm = (row * SPACING_MM[0], col * SPACING_MM[1])
    pictures = [picture(image, SPACING_MM) for image in (smooth(), smooth(shift_mm))]
    mask = picture(np.ones((70, 64), bool), SPACING_MM)
    found = find_shift(*pictures, mask, np.zeros(2), likeness)
    np.testing.assert_allclose(found, shift_mm, atol=0.15)


def test_complex_images_are_shifted_part_by_part():
    image = smooth() + 1j * smooth((5, 3))
    found = shifted(image, (1.0, -2.0), SPACING_MM)
    np.testing.assert_array_equal(found.real, shifted(image.real, (1.0, -2.0), SPACING_MM))
    np.testing.assert_array_equal(found.imag, shifted(image.imag, (1.0, -2.0), SPACING_MM))


def test_what_comes_from_outside_is_nan():
    found = shifted(smooth(), (2 * 1.4, -3 * 1.9), SPACING_MM)
    expected = np.zeros((70, 64), bool)
    expected[-2:], expected[:, :3] = True, True
    np.testing.assert_array_equal(np.isnan(found), expected)


def test_noise_left_at_half_a_pixel():
    """Of a cubic spline along each axis: the square of 0.87, against 0.71 of linear."""
    noise = np.random.default_rng(0).standard_normal((300, 300))
    found = shifted(noise, (0.5, 0.5), (1.0, 1.0))
    assert np.nanstd(found) == pytest.approx(0.757, abs=0.01)


def test_edges_are_the_same_when_contrast_inverts():
    image = ndimage.gaussian_filter((smooth() > 0.3) * 1.0, 1)
    np.testing.assert_allclose(edges(image), edges(5 - image), atol=1e-6)
