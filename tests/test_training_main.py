"""The four commands, one after the other, on a small data set."""

import json
import shutil

import pytest
import yaml

from cmr.model_store import open_model
from tests.training_support import PATIENTS, SMALL, SPLITS, config, write_data
from training import __main__ as command


@pytest.fixture
def arguments(tmp_path, monkeypatch):
    """Global options and a configuration file; small settings in place of app.yaml's."""
    folders = write_data(tmp_path)
    rows = [f"{patient},NOR,50,50" for patient in PATIENTS]
    header = "patient,group,lv_ef_pct,rv_ef_pct"
    (folders.acdc / "reference.csv").write_text("\n".join([header, *rows]))
    shutil.copytree(folders.acdc, tmp_path / "sunnybrook")
    settings = tmp_path / "cine_sax.yaml"
    settings.write_text(yaml.safe_dump(config(run={"epochs": 2}).model_dump(mode="json")))
    monkeypatch.setattr(command, "read_splits", lambda: SPLITS)
    monkeypatch.setattr(command, "_preprocessing", lambda: SMALL)

    def run(name: str) -> None:
        options = [f"--{key}={tmp_path / path}" for key, path in PATHS.items()]
        own = [] if name == "split" else [f"--config={settings}"]
        monkeypatch.setattr("sys.argv", ["training", *options, name, *own])
        command.main()

    return run


PATHS = {"data": ".", "work": "work", "models": "models"}


def test_train_export_evaluate(arguments, tmp_path):
    for name in ("train", "export", "evaluate"):
        arguments(name)
    metadata = open_model(tmp_path / "models", "cine_sax").metadata
    assert metadata.trained_on.startswith("ACDC (Bernard 2018): 2 patients at ED and ES")
    assert metadata.training["config"]["run"]["epochs"] == 2
    assert metadata.figures["ACDC, kept out"]["patients"] == 1
    assert metadata.figures["Sunnybrook, never trained on"]["patients"] == 4
    cases = json.loads((tmp_path / "work" / "cine_sax-cases.json").read_text("utf-8"))
    assert [row["patient"] for row in cases["ACDC, kept out"]] == ["p4"]
    card = (tmp_path / "models" / "cine_sax" / "README.md").read_text("utf-8")
    assert "**ACDC, kept out**, 1 patients" in card


def test_split_writes_where_the_commands_read(arguments, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "SPLITS_FILE", tmp_path / "splits.json")
    monkeypatch.setattr(command, "TEST_PATIENTS", 1)
    monkeypatch.setattr(command, "FOLDS", 3)
    arguments("split")
    written = json.loads((tmp_path / "splits.json").read_text("utf-8"))
    assert sorted([*written["test"], *(p for f in written["folds"] for p in f)]) == [*PATIENTS]


def test_no_command_is_bad_usage(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["training"])
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert "command" in capsys.readouterr().err
