"""Figures of the network for any contrast, from scores worked by hand, and the card they make."""

import numpy as np
import pytest

from cmr.model_store import open_model
from tests.conftest import ROOT
from tests.model_support import SETTINGS
from tests.training_support import write_patient
from training.config import read_config
from training.export import write_metadata
from validation.tissue_figures import lge_figures, synthesised_figures
from validation.tissue_scores import CINE, LGE, MEAN, Score, score_acdc, score_emidec

pytestmark = pytest.mark.requirement("TIS-12")


def score(case, state, contrast, wall, field_t=1.5, phase="ed"):
    return Score(case, phase, field_t, state, contrast, (0.5, wall, 0.9))


SYNTHESISED = [
    score(case, state, contrast, wall + shift, field_t)
    for case, shift in (("a", 0.0), ("b", -0.1))
    for state in ("native", "post")
    for contrast, wall in (("IR 300 ms", 0.8), ("T1 map", 0.9), (MEAN, 0.95))
    for field_t in (1.5, 3.0)
] + [score("a", "", CINE, 0.91, 0), score("b", "", CINE, 0.89, 0)]
REAL = [score(case, "", LGE, wall, 0, "") for case, wall in (("N1", 0.8), ("N2", 0.9), ("P1", 0.7))]


def test_figures_by_hand():
    found = synthesised_figures(SYNTHESISED)
    assert found["patients"] == 2
    # Patients have 0.85 and 0.75: mean 0.8, SD of the mean 0.05, 12.706 of it on either side.
    assert found["pooled"]["myo"] == 0.8
    assert found["pooled"]["worst"] == 0.75
    assert found["pooled"]["high"] == pytest.approx(0.8 + 12.706 * 0.05, abs=1e-3)
    assert found["pooled"]["rv"] == 0.5
    assert found["averaged"] == {"native": 0.9, "post": 0.9}
    assert found["cine"]["myo"] == 0.9
    assert [(row["state"], row["contrast"]) for row in found["contrasts"]][:2] == [
        ("native", "IR 300 ms"),
        ("native", "T1 map"),
    ]
    assert found["contrasts"][0]["3 T"] == {"mean": 0.75, "worst": 0.7}


def test_lge_figures_by_hand():
    found = lge_figures(REAL)
    # SD 0.1, of the mean 0.0577, 4.303 of it on either side.
    assert (found["cases"], found["myo"], found["worst"]) == (3, 0.8, 0.7)
    assert found["low"] == pytest.approx(0.8 - 4.303 * 0.0577, abs=1e-3)
    assert found["by_case"]["N2"] == 0.9


def metadata():
    config = read_config(ROOT / "training" / "tissue_sax.yaml")
    cine = open_model(ROOT / "models", "cine_sax").metadata
    training = cine.training | {"config": config.model_dump(mode="json")}
    return cine.model_copy(update={"name": "tissue_sax", "training": training})


def test_card_shows_the_figures(tmp_path):
    figures = {"synthesised": synthesised_figures(SYNTHESISED), "lge": lge_figures(REAL)}
    write_metadata(tmp_path, metadata().model_copy(update={"figures": figures}))
    card = (tmp_path / "README.md").read_text("utf-8")
    for text in (
        "# tissue_sax",
        "| native | IR 300 ms | 0.750 (0.70) | 0.750 (0.70) |",
        "myocardium 0.800 (95 % interval over patients",
        "native\n0.900, post-contrast 0.900",
        "3 cases, real LGE, 3-D: myocardium 0.800",
        "fold 0 of\n`training/emidec_splits.json`",
        "| Input `image` | (batch, 1, 192, 192) float32, 0–1 |",
    ):
        assert text in card
    assert "{" not in card


def test_a_card_without_figures_says_so(tmp_path):
    write_metadata(tmp_path, metadata().model_copy(update={"figures": {}}))
    assert "Not measured yet" in (tmp_path / "README.md").read_text("utf-8")


class Threshold:
    """Bright is cavity, middling wall."""

    input_channels = 1

    def run(self, images):
        grey = images[:, 0]
        wall, cavity = (grey > 0.3) & (grey < 0.8), grey >= 0.8
        return 20.0 * np.stack([~wall & ~cavity, 0 * grey, wall, cavity], 1).astype(np.float32)


def test_an_eccentric_heart_is_found_and_scored_on_its_own_grid(tmp_path):
    label = np.zeros((3, 256, 256), np.uint8)
    label[:, 140:210, 90:160] = 2
    label[:, 155:195, 105:145] = 1
    np.savez(tmp_path / "N001.npz", image=np.choose(label, [0, 200, 100]), label=label)
    (found,) = score_emidec(tmp_path, "N001", Threshold(), SETTINGS)
    assert found.dice[1] > 0.93
    assert found.dice[2] > 0.93
    assert np.isnan(found.dice[0])


def test_every_contrast_of_a_patient_is_scored_once_and_both_fields_are_there(tmp_path):
    write_patient(tmp_path, "patient007", 0)
    scores = score_acdc(tmp_path, "patient007", Threshold(), SETTINGS)
    keys = [(s.phase, s.field_t, s.state, s.contrast) for s in scores]
    assert len(keys) == len(set(keys)) == 2 * (1 + 9 + 6)
    # 7 is odd: ED has the second field, ES the first.
    assert {(phase, field) for phase, field, state, _ in keys if state} == {
        ("ed", 3.0),
        ("es", 1.5),
    }
    again = score_acdc(tmp_path, "patient007", Threshold(), SETTINGS)
    assert repr(again) == repr(scores)
