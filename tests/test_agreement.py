"""Agreement against published worked examples and by invariants."""

from dataclasses import asdict
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from validation.cohort.agreement import agreement, icc_2_1

pytestmark = pytest.mark.requirement("VAL-02")

# Shrout & Fleiss, Psychological Bulletin 1979;86:420, table 2: six targets, four judges. Their
# table 3 gives BMS 11.24, JMS 32.49, EMS 1.02; their table 4 ICC(2,1) = .29.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)
# Bland & Altman, Lancet 1986;1:307, table 1, first reading of each meter, peak expiratory flow in
# l/min: r = 0.94, mean difference -2.1, SD 38.8.
LARGE_METER = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI_METER = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]

# Hundredths, so that sums of squares stay far from rounding.
VALUES = st.integers(-20_000, 20_000).map(lambda i: i / 100)
RATINGS = arrays(
    float, array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6), elements=VALUES
).filter(lambda r: not isnan(icc_2_1(r)))


def compare(measured, reference):
    return agreement(np.array(measured, float), np.array(reference, float))


def test_icc_of_shrout_and_fleiss():
    by_their_mean_squares = (11.24 - 1.02) / (11.24 + 3 * 1.02 + 4 * (32.49 - 1.02) / 6)
    assert round(by_their_mean_squares, 2) == 0.29
    assert icc_2_1(SHROUT_FLEISS) == pytest.approx(by_their_mean_squares, abs=5e-4)


def test_limits_of_agreement_of_bland_and_altman():
    found = compare(LARGE_METER, MINI_METER)
    assert found.n == 17
    assert round(found.bias, 1) == -2.1
    assert round(found.sd, 1) == 38.8
    assert round(found.pearson_r, 2) == 0.94
    # The paper takes 2 SD from rounded figures: -79.7 to 75.5; with 1.96 both move in by 1.55.
    assert found.loa_low == pytest.approx(-79.7 + 0.04 * 38.8, abs=0.15)
    assert found.loa_high == pytest.approx(75.5 - 0.04 * 38.8, abs=0.15)
    assert found.undefined() == {}


def test_figures_worked_by_hand():
    """Differences 3, -1, 1, -3: mean 0, absolute mean 2, SD sqrt(20 / 3)."""
    found = compare([103, 119, 141, 157], [100, 120, 140, 160])
    sd = (20 / 3) ** 0.5
    assert (found.bias, found.mae, found.n) == (0, 2, 4)
    assert found.sd == pytest.approx(sd)
    assert (found.loa_low, found.loa_high) == (
        pytest.approx(-1.96 * sd),
        pytest.approx(1.96 * sd),
    )


def test_the_sign_is_measured_minus_reference():
    assert compare([12, 13], [10, 10]).bias == 2.5


def test_a_constant_offset_lowers_the_icc_and_not_the_correlation():
    """Values 0, 10, 20 against 10 more: BMS 200, JMS 150, EMS 0; 200 / (200 + 2 * 150 / 3)."""
    found = compare([10, 20, 30], [0, 10, 20])
    assert found.pearson_r == pytest.approx(1)
    assert found.icc_2_1 == pytest.approx(2 / 3)


def test_a_pair_with_an_undefined_value_is_left_out_and_counted_out():
    with_gaps = compare([1, nan, 5, 9, nan], [2, 4, nan, 7, nan])
    assert with_gaps.n == 2
    assert asdict(with_gaps) == pytest.approx(asdict(compare([1, 9], [2, 7])), nan_ok=True)


@pytest.mark.filterwarnings("error")
def test_nothing_is_known_of_no_case():
    found = compare([], [])
    figures = asdict(found)
    assert figures.pop("n") == 0
    assert all(isnan(value) for value in figures.values())
    assert found.undefined()["bias"] == "n = 0, needs 1"


@pytest.mark.filterwarnings("error")
def test_one_case_has_a_difference_and_no_spread():
    found = compare([7], [10])
    assert (found.bias, found.mae, found.n) == (-3, 3, 1)
    assert found.undefined() == {
        "sd": "n = 1, needs 2",
        "loa_low": "n = 1, needs 2",
        "loa_high": "n = 1, needs 2",
        "pearson_r": "n = 1, needs 3",
        "icc_2_1": "n = 1, needs 2",
    }


@pytest.mark.filterwarnings("error")
def test_two_cases_have_no_correlation():
    found = compare([1, 4], [1, 2])
    assert found.sd == pytest.approx(2**0.5)
    assert found.undefined() == {"pearson_r": "n = 2, needs 3"}


@pytest.mark.filterwarnings("error")
def test_without_any_variation_correlations_are_undefined():
    found = compare([0.1] * 7, [0.1] * 7)
    assert (found.bias, found.sd, found.mae) == (0, 0, 0)
    assert found.undefined() == dict.fromkeys(("pearson_r", "icc_2_1"), "the values do not vary")
    assert isnan(compare([1, 2, 3], [5, 5, 5]).pearson_r)


@pytest.mark.parametrize("ratings", [np.ones((0, 2)), np.ones((1, 2)), np.eye(3)[:, :1]])
def test_icc_needs_two_targets_and_two_judges(ratings):
    assert isnan(icc_2_1(ratings))


def test_icc_without_targets_or_judges_that_differ_is_undefined():
    assert isnan(icc_2_1(np.array([[1.0, 2.0], [2.0, 1.0]])))


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match=r"measured \(2,\), reference \(3,\)"):
        compare([1, 2], [1, 2, 3])


@given(RATINGS, VALUES, st.floats(0.1, 10))
def test_icc_knows_neither_origin_nor_unit(ratings, offset, factor):
    assert icc_2_1(ratings * factor + offset) == pytest.approx(icc_2_1(ratings), abs=1e-6)


@given(RATINGS, st.randoms())
def test_icc_knows_no_order_of_targets_or_judges(ratings, random):
    rows, cols = ([*range(size)] for size in ratings.shape)
    random.shuffle(rows)
    random.shuffle(cols)
    assert icc_2_1(ratings[rows][:, cols]) == pytest.approx(icc_2_1(ratings), abs=1e-9)


@given(RATINGS)
def test_icc_is_at_most_1_and_1_for_judges_who_agree(ratings):
    assert icc_2_1(ratings) <= 1 + 1e-9
    same = np.repeat(ratings[:, :1], 3, axis=1)
    if np.ptp(same) > 0:
        assert icc_2_1(same) == pytest.approx(1)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=3, max_size=8))
def test_exchanging_the_sides_turns_the_sign_alone(pairs):
    a, b = np.array(pairs).T
    there, back = agreement(a, b), agreement(b, a)
    assert (there.bias, there.sd, there.mae) == pytest.approx((-back.bias, back.sd, back.mae))
    assert there.loa_low == pytest.approx(-back.loa_high)
    assert (there.pearson_r, there.icc_2_1) == pytest.approx(
        (back.pearson_r, back.icc_2_1), nan_ok=True
    )
    assert there.mae >= abs(there.bias) - 1e-9
