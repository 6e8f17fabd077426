"""The shipped network for any contrast, on real images and patients that it never saw."""

import numpy as np
import pytest

from cmr.inference import Segmenter
from cmr.model_store import open_model
from tests.conftest import ROOT, shared_path
from tests.model_support import INFERENCE, SETTINGS
from training.emidec import SPLITS_FILE
from training.splits import read_splits
from validation.tissue_scores import score_emidec

pytestmark = pytest.mark.requirement("TIS-12")

FOLDER = open_model(ROOT / "models", "tissue_sax")
# Mean 3-D Dice of the myocardium. Wanted: 0.82; reached: the card. The bound keeps it from getting
# worse.
LEAST = 0.80


def test_it_sees_what_the_application_makes():
    FOLDER.check_preprocessing(SETTINGS)
    assert FOLDER.metadata.input.channels == 1
    assert "EMIDEC" in FOLDER.metadata.licence
    assert "non-commercial" in FOLDER.metadata.licence


def test_those_kept_out_are_named_and_were_no_part():
    training = FOLDER.metadata.training
    assert training["config"]["lge"]["fold"] == 0
    assert training["config"]["run"]["fold"] is None
    assert len(FOLDER.metadata.figures["lge"]["by_case"]) == 15
    assert set(FOLDER.metadata.figures["lge"]["by_case"]) == set(read_splits(SPLITS_FILE).folds[0])


@pytest.mark.real_data
@pytest.mark.slow
def test_myocardium_in_late_enhancement_never_seen(tmp_path):
    folder = shared_path("data/emidec")
    network = Segmenter(FOLDER, INFERENCE, tmp_path)
    cases = read_splits(SPLITS_FILE).folds[0]
    wall = [score_emidec(folder, case, network, SETTINGS)[0].dice[1] for case in cases]
    assert np.mean(wall) >= LEAST
