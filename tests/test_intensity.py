import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

from cmr.intensity import IntensitySettings, central, equalise, normalise

pytestmark = pytest.mark.requirement("CINE-14")

SETTINGS = IntensitySettings(low_percentile=1, high_percentile=99)


def test_percentiles_of_a_ramp_become_0_and_1_and_the_rest_is_clipped():
    ramp = np.arange(101.0).reshape(1, 101)
    out = normalise(ramp, IntensitySettings(low_percentile=10, high_percentile=90))
    assert np.allclose(out[0, :11], 0)
    assert np.allclose(out[0, 90:], 1)
    assert np.allclose(out[0, 10:91], np.arange(81) / 80, atol=1e-6)


@pytest.mark.parametrize("value", [0, 7, -3.5, np.nan, np.inf])
def test_image_without_contrast_becomes_0(value):
    assert not normalise(np.full((2, 8, 8), value, np.float32), SETTINGS).any()


def test_values_that_are_not_finite_become_0_and_do_not_move_the_others():
    image = np.linspace(10, 20, 10_000).reshape(100, 100)
    broken = image.copy()
    broken[40, 40], broken[60, 60] = np.nan, np.inf
    out = normalise(broken, SETTINGS)
    assert out[40, 40] == out[60, 60] == 0
    good = np.isfinite(broken)
    assert np.allclose(out[good], normalise(image, SETTINGS)[good], atol=1e-3)


def test_each_image_is_scaled_alone():
    rng = np.random.default_rng(0)
    images = rng.random((2, 3, 16, 16))
    together = normalise(images, SETTINGS)
    assert np.array_equal(together[1, 2], normalise(images[1, 2], SETTINGS))


def test_stretching_to_the_scale_of_acdc_changes_nothing():
    """ACDC was min-max scaled to 0-4095 per slice and rounded; scanner values were not."""
    rng = np.random.default_rng(1)
    scanner = rng.gamma(2, 120, (3, 64, 64))
    low = scanner.min((1, 2), keepdims=True)
    acdc = np.round(4095 * (scanner - low) / (scanner.max((1, 2), keepdims=True) - low))
    assert np.allclose(normalise(scanner, SETTINGS), normalise(acdc, SETTINGS), atol=1e-3)


@given(
    hnp.arrays(np.float32, (6, 7), elements=st.floats(-1e4, 1e4, width=32)),
    st.floats(0.01, 100),
    st.floats(-1e3, 1e3),
)
def test_linear_map_of_the_grey_values_changes_nothing(image, gain, offset):
    exact = image.astype(np.float64)
    # A contrast near the rounding of the map itself proves nothing.
    if np.ptp(exact) > 1e-2 and np.ptp(np.percentile(exact, [1, 99])) > 1e-2:
        mapped = normalise(gain * exact + offset, SETTINGS)
        assert np.allclose(mapped, normalise(exact, SETTINGS), atol=1e-4)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float64])
def test_full_range_of_every_pixel_type(dtype):
    kind = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else np.finfo(np.float32)
    image = np.array([[kind.min, kind.max], [kind.min, kind.max]], dtype)
    out = normalise(image, SETTINGS)
    assert out.dtype == np.float32
    assert np.array_equal(out, [[0, 1], [0, 1]])


def test_percentiles_must_ascend():
    with pytest.raises(ValidationError, match="low_percentile must be below"):
        IntensitySettings(low_percentile=60, high_percentile=40)


@pytest.mark.parametrize(
    ("length", "fraction", "kept"),
    [(10, 1, (0, 10)), (10, 0.6, (2, 8)), (112, 0.72, (16, 96)), (11, 0.5, (3, 8))],
)
def test_the_middle_of_rows_and_columns(length, fraction, kept):
    """Of 112 pixels, 16 are left out on either side."""
    rows, cols = central((3, 5, length, 100), fraction)
    assert (rows.start, rows.stop) == kept
    assert (cols.start, cols.stop) == (round(50 - 50 * fraction), round(50 + 50 * fraction))


def test_percentiles_of_the_middle_whatever_lies_outside():
    """A ramp of 11 to 20 in the middle; fat of 1000 beside it becomes 1, air 0."""
    image = np.full((20, 20), 1000.0)
    image[5:15, 5:15] = np.arange(11, 21)
    image[0] = -50
    out = normalise(image, IntensitySettings(low_percentile=0, high_percentile=100), 0.5)
    assert np.allclose(out[5:15, 5:15], np.arange(10) / 9, atol=1e-6)
    assert (out[1:5] == 1).all()
    assert not out[0].any()


def test_values_outside_the_middle_do_not_count_and_those_inside_must():
    """Nothing finite in the middle is no image; NaN outside changes nothing."""
    image = np.random.default_rng(0).random((20, 20))
    plain = normalise(image, SETTINGS, 0.5)
    image[0] = np.nan
    assert np.array_equal(normalise(image, SETTINGS, 0.5)[5:15], plain[5:15])
    image[5:15, 5:15] = np.nan
    assert not normalise(image, SETTINGS, 0.5).any()


@given(
    image=hnp.arrays(np.float64, (6, 7), elements=st.integers(0, 12).map(float)),
    power=st.floats(0.2, 3.0),
)
def test_ranks_do_not_know_an_ascending_map(image, power):
    found = equalise(image)
    assert np.array_equal(equalise(100 + 5 * image**power), found)
    # As many are darker as are brighter, equal ones half: the mean is a half.
    assert found.mean() == pytest.approx(0.5)
    assert 0 < found.min() <= found.max() < 1


def test_ranks_are_counted_in_the_middle():
    """1 to 100 in the middle; outside, darker than all is 0, brighter than all 1."""
    image = np.full((20, 20), 1000.0)
    image[5:15, 5:15] = np.arange(1, 101).reshape(10, 10)
    image[0] = -50
    found = equalise(np.stack([image, 2 * image]), 0.5)
    assert np.array_equal(found[0], found[1])
    assert np.allclose(found[0, 5:15, 5:15].ravel(), (np.arange(100) + 0.5) / 100)
    assert (found[0, 1:5] == 1).all()
    assert not found[0, 0].any()
