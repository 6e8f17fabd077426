"""Body surface area and heart rate against published formulae worked by hand."""

from math import isnan, nan

import numpy as np
import pytest

from cmr.body import Subject, bsa_m2, describe_body
from tests.heart_masks import VOLUMETRY

pytestmark = pytest.mark.requirement("CINE-23")

BODY = VOLUMETRY.body


@pytest.mark.parametrize(
    ("height", "weight", "formula", "expected"),
    [
        (180, 80, "Mosteller", 2.0),  # sqrt(14400 / 3600)
        (160, 90, "Mosteller", 2.0),  # sqrt(14400 / 3600)
        (100, 100, "DuBois", 1.43340),  # 0.007184 * 100 ** 1.15 = 0.007184 * 199.526
    ],
)
def test_bsa(height, weight, formula, expected):
    assert bsa_m2(height, weight, formula) == pytest.approx(expected, rel=1e-4)


def test_dubois_chart_value():
    # DuBois nomogram: 170 cm and 70 kg make 1.81 m2; Mosteller gives 1.82.
    assert round(bsa_m2(170, 70, "DuBois"), 2) == 1.81
    assert round(bsa_m2(170, 70, "Mosteller"), 2) == 1.82


def test_heart_rate_is_from_mean_rr_of_known_slices():
    body = describe_body(Subject(180, 80), np.array([800, 1200, nan, 0]), BODY)
    assert body.heart_rate_bpm == pytest.approx(60)
    assert body.missing == {}


@pytest.mark.parametrize(
    ("rr", "reason"), [([nan, 0], "not in the study"), ([1.0, 90_000], "outside 250 to 3000 ms")]
)
def test_no_heart_rate_has_a_reason(rr, reason):
    body = describe_body(Subject(180, 80), np.array(rr), BODY)
    assert isnan(body.heart_rate_bpm)
    assert reason in body.missing["heart_rate_bpm"]


@pytest.mark.parametrize(
    ("subject", "key", "reason"),
    [
        (Subject(nan, 80), "height_cm", "height is not in the study"),
        (Subject(180, 0), "weight_kg", "weight is not in the study"),
        (Subject(1.8, 80), "height_cm", "height 1.8 cm is outside 40 to 250 cm"),
        (Subject(-180, 80), "height_cm", "height -180 cm is outside"),
        (Subject(180, float("inf")), "weight_kg", "weight is not in the study"),
    ],
)
def test_no_surface_area_without_usable_size(subject, key, reason):
    body = describe_body(subject, np.array([1000.0]), BODY)
    assert isnan(body.bsa_m2)
    assert reason in body.missing[key]
    assert reason in body.missing["bsa_m2"]
