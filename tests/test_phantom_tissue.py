"""Contrast: limits of the bSSFP signal, order of tissues, ranges that are complete."""

import numpy as np
import pytest
from pydantic import ValidationError

from phantom.appearance import Appearance, load_appearance
from phantom.late import late_signals
from phantom.tissue import Contrast, Tissue, draw_contrast

pytestmark = pytest.mark.requirement("CINE-37")

CONTRAST = Contrast(field_strength_t=1.5, flip_deg=60.0, tr_ms=3.0)


def test_signal_approaches_the_short_tr_limit():
    # For TR << T2: M0 sin a / ((T1/T2 + 1) - cos a (T1/T2 - 1)), here T1/T2 = 5 and a = 60:
    # 0.86603 / (6 - 0.5 * 4) = 0.21651.
    short = Contrast(field_strength_t=1.5, flip_deg=60.0, tr_ms=1e-3)
    assert short.signal(1000.0, 200.0, 1.0) == pytest.approx(0.21651, rel=1e-4)


def test_signal_is_half_the_magnetisation_at_best():
    # T1 = T2 and 90 degrees: M0 / 2 in the limit of short TR.
    assert Contrast(1.5, 90.0, 1e-3).signal(500.0, 500.0, 1.0) == pytest.approx(0.5, rel=1e-4)


def test_nothing_without_protons_or_flip():
    assert CONTRAST.signal(1000.0, 50.0, 0.0) == 0
    assert Contrast(1.5, 0.0, 3.0).signal(1000.0, 50.0, 1.0) == pytest.approx(0)


@pytest.mark.parametrize("seed", range(10))
def test_tissues_have_the_order_of_a_balanced_image(seed):
    _, signals = draw_contrast(load_appearance(), np.random.default_rng(seed))
    assert signals[Tissue.BLOOD] == pytest.approx(1)
    assert signals[Tissue.FAT] < 0
    assert 0.15 < signals[Tissue.MYOCARDIUM] < 0.5
    assert abs(signals[Tissue.FAT]) > signals[Tissue.LIVER] > signals[Tissue.LUNG]
    assert signals[Tissue.LUNG] < signals[Tissue.MUSCLE] < signals[Tissue.BLOOD]


def test_late_image_nulls_healthy_myocardium():
    signals = late_signals(load_appearance())
    assert signals[Tissue.MYOCARDIUM] == pytest.approx(0, abs=1e-6)
    assert signals[Tissue.BLOOD] == pytest.approx(1)


def test_every_tissue_has_values():
    assert set(load_appearance().tissues) == {t.name.lower() for t in Tissue}


def test_a_range_upside_down_is_refused():
    values = load_appearance().model_dump()
    values["heart"]["edv_ml"] = (230.0, 90.0)
    with pytest.raises(ValidationError, match="lower bound first"):
        Appearance.model_validate(values)
