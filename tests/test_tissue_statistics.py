"""Statistics worked by hand; every pixel of a region accounted for."""

import numpy as np
import pytest

from cmr.tissue.statistics import StatisticsSettings, describe, no_value

pytestmark = pytest.mark.requirement("TIS-16")

SETTINGS = StatisticsSettings(min_r2=0.9, min_pixels=4)


def test_by_hand():
    values = np.array([1.0, 2, 4, 9, np.nan, 100, 50, 7])
    r2 = np.array([0.99, 0.95, 0.9, 0.96, np.nan, 0.5, np.nan, 1.0])
    region = np.array([True] * 7 + [False])
    found = describe(values, r2, region, SETTINGS)
    # Used: 1, 2, 4, 9; squares of deviations from 4: 9 + 4 + 0 + 25 = 38, over 3.
    assert (found.median, found.mean) == (3, 4)
    assert found.sd == pytest.approx(np.sqrt(38 / 3))
    assert (found.pixels, found.undetermined_pixels, found.poor_fit_pixels) == (4, 1, 2)
    assert found.left_out_fraction == pytest.approx(3 / 7)
    assert found.r2 == pytest.approx((0.99 + 0.95 + 0.9 + 0.96 + 0.5) / 5)
    assert found.reason == ""


def test_a_map_without_goodness_of_fit():
    found = describe(np.array([1.0, 2, 3, np.inf, 4]), None, np.ones(5, bool), SETTINGS)
    assert (found.median, found.pixels, found.undetermined_pixels) == (2.5, 4, 1)
    assert np.isnan(found.r2)


def test_too_few_pixels_are_counted_but_make_no_value():
    found = describe(np.array([1.0, 2, 3, np.nan]), None, np.ones(4, bool), SETTINGS)
    assert np.isnan([found.median, found.mean, found.sd, found.median_error]).all()
    assert (found.pixels, found.undetermined_pixels) == (3, 1)
    assert found.reason == "3 of 4 pixels can be used; 4 are needed."


def test_an_empty_region():
    found = describe(np.zeros(3), None, np.zeros(3, bool), SETTINGS)
    assert found.reason == "0 of 0 pixels can be used; 4 are needed."
    assert np.isnan([found.median, found.left_out_fraction, found.median_error]).all()
    nothing = no_value("why")
    assert (nothing.reason, nothing.pixels) == ("why", 0)
    assert np.isnan([nothing.median, nothing.median_error]).all()


def test_error_of_the_median_by_simulation():
    rng = np.random.default_rng(0)
    draws = rng.normal(1000, 40, (4000, 101))
    expected = np.std(np.median(draws, axis=1))
    found = describe(draws[0], None, np.ones(101, bool), SETTINGS)
    assert found.median_error / found.sd * 40 == pytest.approx(expected, rel=0.05)
