"""Every way a run can fail: one line on stderr, metadata.json, no results, its exit code."""

import json
import shutil

import pydicom
import pytest

from app.main import main
from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("CINE-35")

BIRTH, NAME = "19560102", "Quaxtermann^Zebulon"


@pytest.fixture
def study(bivme, tmp_path):
    """Two images of the real study, with a conspicuous patient."""
    folder = tmp_path / "study"
    folder.mkdir()
    for number, path in enumerate(sorted(bivme.rglob("*.dcm"))[:2]):
        ds = pydicom.dcmread(path)
        ds.PatientName, ds.PatientID, ds.PatientBirthDate = NAME, "MRN4711", BIRTH
        ds.save_as(folder / f"Quaxtermann-{number}.dcm")
    return folder


def check_failure(capfd, output, code, expected, message):
    """One line on stderr, the same in metadata.json, nothing else in the output."""
    assert code == expected
    error = capfd.readouterr().err
    assert error.count("\n") == 1, error
    metadata = json.loads((output / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["exit_code"] == expected
    assert metadata["exception_message"] in error
    assert error.startswith(f"error: {metadata['exception']}: ")
    assert message in metadata["exception_message"]
    assert [p.name for p in output.iterdir()] == ["metadata.json"]
    for secret in ("quaxtermann", "zebulon", "mrn4711", BIRTH):
        assert secret not in (error + json.dumps(metadata)).lower()
    return metadata


def call(source, output, *extra):
    return main(["-i", str(source), "-o", str(output), *extra])


@pytest.mark.parametrize(
    ("extra", "message"),
    [(["--bogus"], "Unrecognized"), (["-l", "LOUD"], "invalid choice"), ([], "does not exist")],
)
def test_bad_usage(capfd, tmp_path, extra, message):
    code = call(tmp_path / "missing", tmp_path / "o", *extra)
    check_failure(capfd, tmp_path / "o", code, 2, message)


@pytest.mark.requirement("CINE-04")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("quality: [", "not a YAML file"),
        ("application: {}", "application.title: Field required"),
        ("- 1", "valid dictionary"),
    ],
)
def test_settings_that_do_not_fit(capfd, study, tmp_path, content, message):
    config = tmp_path / "app.yaml"
    config.write_text(content)
    code = call(study, tmp_path / "o", "-c", str(config))
    check_failure(capfd, tmp_path / "o", code, 2, message)


@pytest.mark.requirement("CINE-04")
def test_an_unknown_setting_is_refused(capfd, study, tmp_path):
    config = tmp_path / "app.yaml"
    text = (ROOT / "app.yaml").read_text(encoding="utf-8")
    config.write_text(text.replace("batch_size:", "batch_sice: 1\n  batch_size:"))
    code = call(study, tmp_path / "o", "-c", str(config))
    check_failure(capfd, tmp_path / "o", code, 2, "inference.batch_sice: Extra inputs")


@pytest.mark.parametrize("files", [{}, {"a.dcm": b"no DICOM", "b": b"\0" * 500, "c.txt": b"x"}])
def test_nothing_readable(capfd, tmp_path, files):
    source = tmp_path / "in"
    source.mkdir()
    for name, content in files.items():
        (source / name).write_bytes(content)
    code = call(source, tmp_path / "o")
    check_failure(capfd, tmp_path / "o", code, 3, f"{len(files)} files")


@pytest.mark.requirement("CINE-08")
def test_two_patients(capfd, study, tmp_path):
    path = study / "Quaxtermann-1.dcm"
    ds = pydicom.dcmread(path)
    ds.PatientID, ds.PatientName = "other", "Someone^Else"
    ds.save_as(path)
    check_failure(capfd, tmp_path / "o", call(study, tmp_path / "o"), 4, "more than one patient")


def test_no_applicable_series(capfd, study, tmp_path):
    code = call(study, tmp_path / "o")
    metadata = check_failure(capfd, tmp_path / "o", code, 5, "cine")
    assert len(metadata["series"]) >= 1
    assert all(series["reason"] for series in metadata["series"])


@pytest.mark.parametrize("fault", ["no folder", "no model", "damaged", "swapped"])
def test_a_model_that_is_missing_or_broken(capfd, study, tmp_path, fault):
    models = tmp_path / "models"
    if fault != "no folder":
        models.mkdir()
    if fault in ("damaged", "swapped"):
        shutil.copytree(ROOT / "models" / "cine_sax", models / "cine_sax")
        network = models / "cine_sax" / "1" / "model.onnx"
        content = network.read_bytes()
        network.write_bytes(content[:1000] if fault == "damaged" else content[:-1] + b"\1")
    code = call(study, tmp_path / "o", "-m", str(models))
    check_failure(capfd, tmp_path / "o", code, 6, "odel")


def test_an_output_that_cannot_be_written(capfd, study, tmp_path):
    (tmp_path / "o").write_text("a file")
    assert call(study, tmp_path / "o") == 7
    error = capfd.readouterr().err
    assert error.startswith("error: OutputError: ")
    assert error.count("\n") == 1
    assert (tmp_path / "o").read_text() == "a file"


def test_an_internal_error_says_where_and_quotes_nothing(capfd, study, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError(f"about {NAME}")

    monkeypatch.setattr("operators.series_selector.select", broken)
    code = call(study, tmp_path / "o")
    check_failure(capfd, tmp_path / "o", code, 1, "Unforeseen RuntimeError in tests.test_bad_input")


@pytest.mark.requirement("CINE-32")
def test_a_failure_withdraws_earlier_results_and_nothing_else(capfd, study, tmp_path):
    output = tmp_path / "o"
    output.mkdir()
    (output / "mine.txt").write_text("mine")
    (output / "results.json").write_text("{}")
    (output / "metadata.json").write_text(
        json.dumps({"application": "cmr-map", "files": ["results.json"]})
    )
    assert call(study, output) == 5
    capfd.readouterr()
    assert sorted(p.name for p in output.iterdir()) == ["metadata.json", "mine.txt"]


@pytest.mark.requirement("CINE-36")
def test_patient_names_in_paths_stay_out_of_the_report(capfd, bivme, study, tmp_path):
    """A damaged file named after the patient is counted, and its name is not repeated."""
    (study / "Quaxtermann_Zebulon.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    assert call(study, tmp_path / "o") == 5
    printed = capfd.readouterr()
    assert "quaxtermann" not in (printed.out + printed.err).lower()
