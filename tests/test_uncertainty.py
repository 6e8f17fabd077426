import pytest

from validation.cohort.records import CaseRow
from validation.uncertainty import case_agreement, uncertainty

pytestmark = pytest.mark.requirement("NET-12")


def row(number, dice, agreement):
    return CaseRow(
        case=str(number),
        overlap={"dice.lv.ed": dice, "dice.lv.es": dice, "hd95_mm.lv.ed": 4.0},
        agreement={"agreement.lv.ed": agreement, "agreement.lv.es": agreement},
    )


def test_means_of_a_case():
    one = CaseRow(
        case="a",
        overlap={"dice.lv.ed": 0.9, "dice.rv.ed": 0.7, "hd95_mm.lv.ed": 99},
        agreement={"agreement.lv.ed": 0.9, "agreement.rv.ed": float("nan")},
    )
    assert one.mean_dice == pytest.approx(0.8)
    assert case_agreement(one) == pytest.approx(45)


def test_agreement_in_the_order_of_dice():
    found = uncertainty([row(n, 0.75 + n / 100, 0.90 + n / 1000) for n in range(20)])["cases"]
    assert found["spearman"] == 1
    assert (found["n"], found["poor"], found["reviewed"], found["poor_reviewed"]) == (20, 5, 2, 2)
    assert found["limit_pct"] == pytest.approx(90.19)
    assert found["dice_reviewed"] == pytest.approx(0.755)


def test_worked_by_hand():
    """Ranks 1 2 3 4 5 against 2 1 4 3 5: rho = 1 - 6 * 4 / (5 * 24) = 0.8."""
    pairs = zip((0.5, 0.6, 0.7, 0.8, 0.9), (0.92, 0.91, 0.94, 0.93, 0.95), strict=True)
    found = uncertainty([row(n, dice, agreement) for n, (dice, agreement) in enumerate(pairs)])
    patients = found["cases"]
    assert patients["spearman"] == 0.8
    assert (patients["reviewed"], patients["poor"], patients["poor_reviewed"]) == (1, 3, 1)


def test_a_poor_contour_shows_where_the_mean_of_the_case_hides_it():
    """0.95 and 0.79 have the mean 0.87; a structure that is not found has no agreement."""
    poor = CaseRow(
        case="a",
        overlap={"dice.lv.ed": 0.95, "dice.lv.es": 0.79, "hd95_mm.lv.ed": 3},
        agreement={"agreement.lv.ed": 0.96, "agreement.lv.es": float("nan")},
    )
    rows = [poor, *(row(n, 0.9 + n / 100, 0.95 + n / 100) for n in range(4))]
    found = uncertainty(rows)
    assert found["cases"]["poor"] == 0
    contours = found["contours"]
    assert (contours["n"], contours["poor"], contours["poor_reviewed"]) == (10, 1, 1)
    assert contours["dice_reviewed"] == 0.79
