"""The commands, one after the other, on a small data set."""

import json

import pytest
import yaml

from cmr.model_store import open_model
from tests.training_support import PATIENTS, SMALL, SPLITS, config, stages, write_data
from training import __main__ as command

pytestmark = pytest.mark.requirement("NET-01")


@pytest.fixture
def arguments(tmp_path, monkeypatch):
    """Global options and a configuration file; small settings in place of app.yaml's."""
    folders = write_data(tmp_path)
    rows = [f"{patient},NOR,50,50" for patient in PATIENTS]
    header = "patient,group,lv_ef_pct,rv_ef_pct"
    (folders.acdc / "reference.csv").write_text("\n".join([header, *rows]))
    settings = tmp_path / "cine_sax.yaml"
    settings.write_text(
        yaml.safe_dump(config(run={"stages": stages(2), "fold": None}).model_dump(mode="json"))
    )
    monkeypatch.setattr(command, "read_splits", lambda: SPLITS)
    monkeypatch.setattr(command, "_preprocessing", lambda: SMALL)

    values = {
        "data": tmp_path,
        "work": tmp_path / "work",
        "config": settings,
        "models": tmp_path / "models",
        "jobs": 1,
    }

    def run(name: str) -> None:
        options = [f"--{key}={values[key]}" for key in TAKEN[name]]
        monkeypatch.setattr("sys.argv", ["training", name, *options])
        command.main()

    return run


TAKEN = {
    "split": ["data"],
    "split-emidec": ["data"],
    "train": ["data", "work", "config"],
    "cross-validate": ["data", "work", "config", "jobs"],
    "compare": ["data", "work", "config", "jobs"],
    "export": ["data", "work", "config", "models"],
}


def test_train_and_export(arguments, tmp_path):
    for name in ("train", "export"):
        arguments(name)
    metadata = open_model(tmp_path / "models", "cine_sax").metadata
    assert metadata.trained_on.startswith("ACDC (Bernard 2018): 3 patients at ED and ES; see")
    assert metadata.input.channels == 3
    assert metadata.training["config"]["run"]["stages"][0]["epochs"] == 2
    assert metadata.training["validation_fold"] is None
    card = (tmp_path / "models" / "cine_sax" / "README.md").read_text("utf-8")
    assert "epoch 2 of 2, on all patients of all folds; no epoch was selected" in card
    assert "Not measured yet" in card


def test_cross_validation_leaves_each_fold_out_once(arguments, tmp_path):
    arguments("cross-validate")
    for fold, patients in enumerate(SPLITS.folds):
        folder = tmp_path / "work" / f"cine_sax-fold-{fold}"
        metadata = open_model(folder / "models", "cine_sax").metadata
        assert f"{3 - len(patients)} patients at ED and ES, {len(patients)} others" in (
            metadata.trained_on
        )
        assert metadata.training["validation_fold"] == fold


def test_comparison_pairs_patients_with_what_is_shipped(arguments, tmp_path, monkeypatch):
    changes = {"as shipped": {}, "each slice alone": {"network": {"slices": 1}}}
    content = {
        "folds": [0, 1],
        "run": {"stages": stages(1), "validate_every": 1},
        "changes": changes,
    }
    (tmp_path / "comparison.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.setattr(command, "COMPARISON", tmp_path / "comparison.yaml")
    arguments("compare")
    shipped, alone = json.loads((tmp_path / "work" / "comparison.json").read_text("utf-8"))
    assert (shipped["change"], shipped["patients"], shipped["epochs"]) == ("as shipped", 3, 1)
    assert "plain_difference" not in shipped
    difference = alone["plain"] - shipped["plain"]
    assert alone["plain_difference"] == pytest.approx(difference, abs=2e-4)


def test_split_writes_where_the_commands_read(arguments, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "SPLITS_FILE", tmp_path / "splits.json")
    monkeypatch.setattr(command, "TEST_PATIENTS", 1)
    monkeypatch.setattr(command, "FOLDS", 3)
    arguments("split")
    written = json.loads((tmp_path / "splits.json").read_text("utf-8"))
    assert sorted([*written["test"], *(p for f in written["folds"] for p in f)]) == [*PATIENTS]


def test_split_of_emidec_spreads_normals_and_infarcts(arguments, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "EMIDEC_SPLITS", tmp_path / "emidec_splits.json")
    (tmp_path / "emidec").mkdir()
    for name in (f"{group}{n:03d}" for group in "NP" for n in range(5)):
        (tmp_path / "emidec" / f"{name}.npz").touch()
    arguments("split-emidec")
    folds = json.loads((tmp_path / "emidec_splits.json").read_text("utf-8"))["folds"]
    assert [sorted(case[0] for case in fold) for fold in folds] == [["N", "P"]] * 5


@pytest.mark.parametrize(
    ("name", "option"),
    [("split", "work"), ("train", "jobs"), ("cross-validate", "models"), ("export", "jobs")],
)
def test_an_option_is_refused_where_it_is_not_used(name, option, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["training", name, f"--{option}=1"])
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert f"--{option}" in capsys.readouterr().err


def test_no_command_is_bad_usage(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["training"])
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert "command" in capsys.readouterr().err
