"""Pixel sizes told by discs whose size is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.scar.usual_size import USUAL_SD_MM, usual_spacing_mm

pytestmark = pytest.mark.requirement("SCAR-02")

# SD along a diameter of a disc is half its radius.
RADIUS_MM = 2 * USUAL_SD_MM
factors = st.floats(0.5, 2.0)


def heart(spacing_mm, radii_mm=(RADIUS_MM,), at=(63.3, 60.8), size=128):
    """``(z, size, size)`` discs of these radii, sampled at this distance of rows and columns."""
    rows, cols = np.indices((size, size))
    distance = np.hypot((rows - at[0]) * spacing_mm[0], (cols - at[1]) * spacing_mm[1])
    return np.stack([distance < radius for radius in radii_mm])


@given(rows_mm=st.floats(0.9, 2.5), cols_mm=st.floats(0.9, 2.5), wrong=st.tuples(factors, factors))
@settings(max_examples=60, deadline=None)
def test_a_round_heart_of_the_usual_size_tells_its_pixels(rows_mm, cols_mm, wrong):
    """Whatever the file says."""
    found = usual_spacing_mm(heart((rows_mm, cols_mm)), (rows_mm * wrong[0], cols_mm * wrong[1]))
    assert found == pytest.approx((rows_mm, cols_mm), rel=0.02)


def test_a_large_heart_is_made_a_usual_one():
    """1.3 times too large: every pixel counts for less."""
    found = usual_spacing_mm(heart((1.5, 1.5), [1.3 * RADIUS_MM]), (1.5, 1.5))
    assert found == pytest.approx((1.5 / 1.3, 1.5 / 1.3), rel=0.02)


def test_the_largest_slice_tells_the_size_and_all_large_ones_the_shape():
    """The apex and one slice cut askew have no say in the ratio of the axes."""
    stack = heart((1.5, 1.5), [0.3 * RADIUS_MM, 0.8 * RADIUS_MM, RADIUS_MM, 0.95 * RADIUS_MM])
    stack[0, :, :60] = False
    stack[1] &= np.indices(stack[1].shape)[0] < 75
    assert usual_spacing_mm(stack, (3.0, 1.5)) == pytest.approx((1.5, 1.5), rel=0.03)


@pytest.mark.parametrize(
    "disc",
    [
        np.zeros((2, 64, 64), bool),
        heart((1.5, 1.5), [4.0]),  # 22 pixels
        heart((4.5, 1.5), size=160),  # 4.5 times what the file says
    ],
)
def test_nothing_to_tell_or_impossible_leaves_what_is_given(disc):
    assert usual_spacing_mm(disc, (1.0, 1.25)) == (1.0, 1.25)


def test_a_line_of_pixels_is_no_zero_by_zero():
    line = np.zeros((1, 128, 128), bool)
    line[0, 64, 20:100] = True
    assert np.isfinite(usual_spacing_mm(line, (1.0, 1.0))).all()
