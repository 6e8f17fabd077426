"""Figures of the scar network's cross-validation, and the command that writes its card."""

import json
from pathlib import Path

import pytest

from cmr.errors import ModelError
from cmr.model_store import Metadata, open_model
from tests.conftest import ROOT
from tests.scar_rows import ROWS
from training.card_scar import CROSS_VALIDATION
from training.config import read_config
from training.export import write_metadata
from validation import scar_figures
from validation.scar_figures import check_folds, figures
from validation.whole_run import RunError

pytestmark = pytest.mark.requirement("SCAR-24")


def test_figures_worked_by_hand():
    found = figures(ROWS)
    assert found["cases"] == 6
    assert {k: (v["mean"], v["min"], v["n"]) for k, v in found["dice"].items()} == {
        "myo": (pytest.approx(4.9 / 6, abs=1e-4), 0.7, 6),
        "infarct": (0.5, 0.1, 3),
        "mvo": (0.5, 0.5, 1),
    }
    share = found["infarct_pct"]
    assert (share["bias"], share["mae"], share["n"]) == (-1, 3, 6)
    called = found["classification"]
    assert called["specificity"] == pytest.approx(2 / 3)
    assert called["sensitivity"] == pytest.approx(2 / 3)
    assert (called["false_positive_cases"], called["false_negative_cases"]) == (["N3"], ["P3"])


def test_folds_and_groups_worked_by_hand():
    found = figures(ROWS)
    assert found["folds"] == {
        "0": {"cases": 3, "myo": 0.8333, "infarct": 0.7, "mvo": 0.5, "mae": 2, "specificity": 1},
        "1": {"cases": 3, "myo": 0.8, "infarct": 0.1, "mvo": None, "mae": 4, "specificity": 0.5},
    }
    assert found["groups"]["P"]["myo"] == 0.8
    assert found["groups"]["P"]["specificity"] is None
    assert found["groups"]["N"]["infarct"] is None


def test_what_was_wanted_comes_from_the_acceptance_criteria():
    wanted = {(w["key"], w["statistic"]): w for w in figures(ROWS)["wanted"]}
    assert {key: (w["limit"], w["passed"]) for key, w in wanted.items()} == {
        ("scar.dice.myo", "mean"): (0.84, False),
        ("scar.dice.infarct", "mean"): (0.66, False),
        ("scar.infarct_pct", "mae"): (5, True),
        ("scar.classification", "specificity"): (0.8, False),
    }


def metadata(fold):
    """Of a scar network of this project's configuration; the files beside it are not made."""
    config = read_config(ROOT / "training" / "scar_sax.yaml").model_dump(mode="json")
    config["lge"]["fold"] = fold
    other = open_model(ROOT / "models", "tissue_sax").metadata
    training = {"epoch": 120, "parameters": 1, "config": config}
    return other.model_copy(
        update={"name": "scar_sax", "training": training, "figures": {}, "sha256": "0" * 64}
    )


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Networks of five folds and the shipped one; the run itself is a stand-in."""
    for fold in range(5):
        folder = tmp_path / f"fold-{fold}" / "models" / "scar_sax"
        folder.mkdir(parents=True)
        write_metadata(folder, metadata(fold))
    (tmp_path / "models" / "scar_sax").mkdir(parents=True)
    write_metadata(tmp_path / "models" / "scar_sax", metadata(None))

    class Opened:
        def __init__(self, root, name):
            text = (Path(root) / name / "metadata.json").read_text("utf-8")
            self.metadata = Metadata.model_validate_json(text)

    monkeypatch.setattr(scar_figures, "open_model", Opened)
    return tmp_path


def command(folder):
    folds = str(folder / "fold-{fold}" / "models")
    return [
        *("--data", str(folder), "--models", str(folder / "models"), "--folds", folds),
        *("--work", str(folder / "work"), "--workers", "1"),
    ]


def test_networks_that_have_seen_their_fold_are_refused(repository):
    pattern = str(repository / "fold-{fold}" / "models")
    check_folds(pattern, "scar_sax")
    write_metadata(repository / "fold-3" / "models" / "scar_sax", metadata(2))
    with pytest.raises(ModelError, match="trained with fold 2 kept out, expected 3"):
        check_folds(pattern, "scar_sax")
    write_metadata(repository / "fold-3" / "models" / "scar_sax", metadata(None))
    with pytest.raises(ModelError, match="trained with fold None kept out, expected 3"):
        check_folds(pattern, "scar_sax")


def test_one_command_converts_runs_and_writes_the_card(repository, monkeypatch):
    asked = []

    def convert(data, output, models):
        asked.append((data, models))
        return output / "cases.csv"

    def run_whole(request):
        asked.append((request.task, request.manifest, request.model, request.workers))
        return ROWS

    monkeypatch.setattr(scar_figures, "convert", convert)
    monkeypatch.setattr(scar_figures, "run_whole", run_whole)
    assert scar_figures.main(command(repository)) == 0
    assert asked == [
        (repository / "emidec", str(repository / "fold-{fold}" / "models")),
        ("scar", repository / "work" / "nifti" / "cases.csv", repository / "models", 1),
    ]
    folder = repository / "models" / "scar_sax"
    written = json.loads((folder / "metadata.json").read_text("utf-8"))["figures"]
    assert written == json.loads(json.dumps({CROSS_VALIDATION: figures(ROWS)}))
    assert "| Infarct, Dice | 3 | ≥ 0.660 | 0.500" in (folder / "README.md").read_text("utf-8")


def test_without_all_cases_there_is_no_card(repository, monkeypatch, capsys):
    folder = repository / "models" / "scar_sax"
    before = (folder / "README.md").read_bytes()

    def run_whole(request):
        raise RunError("cases.csv: P1: broken")

    monkeypatch.setattr(scar_figures, "convert", lambda *_, **__: repository / "cases.csv")
    monkeypatch.setattr(scar_figures, "run_whole", run_whole)
    assert scar_figures.main(command(repository)) == 2
    assert capsys.readouterr().err == "cases.csv: P1: broken\n"
    assert (folder / "README.md").read_bytes() == before
