"""Confidence intervals: by every possible draw, and published values."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.cohort.intervals import mean_interval, share_interval

pytestmark = pytest.mark.requirement("VAL-02")


def every_draw(values):
    """Percentiles 2.5 and 97.5 of the means of all equally likely draws with replacement."""
    means = [np.mean(draw) for draw in product(values, repeat=len(values))]
    return np.percentile(means, [2.5, 97.5])


@pytest.mark.parametrize(
    "values", [(0.6, 0.7, 0.8, 0.9), (0.0, 0.5, 0.9, 0.9, 1.0), (3.0, -2.0, 8.5, 1.0, 0.5, 4.0)]
)
def test_the_interval_of_a_mean_is_that_of_all_possible_draws(values):
    # The drawn percentile varies by a step between neighbouring means, here below 5 % of the range.
    step = 0.05 * np.ptp(values)
    assert mean_interval(np.array(values)) == pytest.approx(tuple(every_draw(values)), abs=step)


def test_equal_values_have_no_width_and_one_has_no_interval():
    assert mean_interval(np.full(5, 0.8)) == pytest.approx((0.8, 0.8))
    for values in ([], [0.8]):
        assert all(math.isnan(end) for end in mean_interval(np.array(values)))


@given(st.permutations([0.1, 0.5, 0.7, 0.72, 0.9]))
def test_the_order_of_the_cases_does_not_matter(values):
    assert mean_interval(np.array(values)) == mean_interval(np.array([0.1, 0.5, 0.7, 0.72, 0.9]))


@pytest.mark.parametrize(
    ("hits", "n", "expected"),
    [
        # Newcombe, Stat Med 1998;17:857, table I, method 3 (score without continuity correction).
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_the_interval_of_a_share_is_wilsons(hits, n, expected):
    assert share_interval(hits, n) == pytest.approx(expected, abs=6e-5)


def test_a_share_of_nothing_has_none():
    assert all(math.isnan(end) for end in share_interval(0, 0))
