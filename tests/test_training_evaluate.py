import math

import numpy as np
import pytest

from cmr.labels import Label
from tests.model_support import volume
from tests.training_support import write_patient
from training.card import _figures
from training.cases import read_acdc
from training.evaluate import acdc_rows, ejection_fraction, summary, volumes_ml


@pytest.fixture
def data(tmp_path):
    """Two patients whose true ejection fractions are written beside them."""
    lines = ["patient,group,lv_ef_pct,rv_ef_pct"]
    for seed, patient in enumerate(("a", "b")):
        write_patient(tmp_path, patient, seed)
        labels = read_acdc(tmp_path, patient).labels.data
        counts = {k: [(phase == k).sum() for phase in labels] for k in (1, 3)}
        lv, rv = (100 * (1 - counts[k][1] / counts[k][0]) for k in (3, 1))
        lines.append(f"{patient},NOR,{lv},{rv}")
    (tmp_path / "reference.csv").write_text("\n".join(lines))
    return tmp_path


def labels_of(folder, cine):
    """The true labels of the case that these images belong to."""
    for patient in ("a", "b"):
        case = read_acdc(folder, patient)
        if np.array_equal(case.images.data, cine.data):
            return case.labels
    raise AssertionError


def test_the_truth_scores_1_and_has_no_ef_error(data):
    found = summary(list(acdc_rows(data, ["a", "b"], lambda cine: labels_of(data, cine))))
    assert found["patients"] == 2
    for name in ("rv", "myo", "lv"):
        assert found[f"{name}_dice"] == found[f"{name}_dice_ed"] == found[f"{name}_dice_es"] == 1
    assert found["lv_ef_error"] == pytest.approx(0, abs=1e-3)
    assert found["rv_ef_error"] == pytest.approx(0, abs=1e-3)


def test_ed_given_for_both_phases_costs_es_dice_and_the_whole_ef(data):
    def frozen(cine):
        true = labels_of(data, cine)
        return true.with_data(np.repeat(true.data[:1], 2, 0))

    rows = list(acdc_rows(data, ["a"], frozen))
    found = summary(rows)
    assert found["lv_dice_ed"] == 1
    assert 0.5 < found["lv_dice_es"] < 0.9
    assert found["lv_dice"] == pytest.approx((1 + found["lv_dice_es"]) / 2, abs=1e-4)
    true_ef = float((data / "reference.csv").read_text().splitlines()[1].split(",")[2])
    assert rows[0]["lv_ef_error"] == pytest.approx(-true_ef)
    assert found["lv_ef_error"] == pytest.approx(true_ef, abs=1e-3)


def test_volume_and_ejection_fraction_by_hand():
    data = np.zeros((2, 3, 10, 10), np.uint8)
    data[0, :, :5, :4] = 3  # 60 voxels of 1.5 x 2 x 10 mm
    data[1, :, :5, :1] = 3
    labels = volume(data, (1.5, 2.0))
    assert volumes_ml(labels, Label.LV) == pytest.approx([1.8, 0.45])
    assert ejection_fraction(1.8, 0.45) == pytest.approx(75)
    assert math.isnan(ejection_fraction(0, 0))


def test_table_of_the_card():
    figures = {
        "Set": {
            "patients": 3,
            "lv_dice_ed": 0.95,
            "lv_dice_es": 0.9,
            "lv_dice": 0.925,
            "lv_ef_error": 3.14,
        }
    }
    text = _figures(figures)
    assert "**Set**, 3 patients" in text
    assert "| LV Dice | 0.950 | 0.900 | 0.925 |" in text
    assert "| LV EF error | | | 3.1 |" in text
    assert "RV" not in text
