"""The whole command on finished masks, which need no network; the shipped one on real data."""

import csv
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from cmr.labels import Label
from tests.conftest import ROOT, shared_path
from tests.validation_support import write
from validation.cohort import command, jobs
from validation.cohort.command import ValidationRequest, main, validate
from validation.cohort.jobs import code_sha256
from validation.cohort.runner import cluster

HEADER = "case,phase,result,reference,structures,vendor"
AFFINE = np.array([[-1.5, 0, 0, 30], [0, -1.5, 0, 40], [0, 0, 10, -20], [0, 0, 0, 1.0]])
LENIENT = """criteria:
  - {key: failures, statistic: n, limit: 1, sense: at_most, source: test}
  - {key: cine.dice.lv.ed, statistic: mean, limit: 0.6, sense: at_least, source: test}
"""


def write_mask(path: Path, count: int) -> None:
    """3 slices with so many LV voxels each, of 22.5 mm3."""
    data = np.zeros((3, 100), np.uint8)
    data[:, :count] = Label.LV
    write(path, data.reshape(3, 10, 10), AFFINE)


@pytest.fixture(scope="module")
def client():
    with cluster(None, 1) as client:
        yield client


@pytest.fixture(autouse=True)
def shared_cluster(request, monkeypatch):
    """One worker for all tests of this process, as it takes long to import what a case needs."""

    @contextmanager
    def started(scheduler, workers):
        assert (scheduler, workers) == (None, 1)
        yield request.getfixturevalue("client")

    monkeypatch.setattr(command, "cluster", started)


@pytest.fixture
def folder(tmp_path):
    """Two cases: ``good`` finds the truth, ``half`` finds half of it at ED."""
    for name, count in (("full", 40), ("part", 20)):
        write_mask(tmp_path / f"{name}.nii.gz", count)
    rows = [
        "good,ed,full.nii.gz,full.nii.gz,lv,GE",
        "good,es,part.nii.gz,part.nii.gz,lv,GE",
        "half,ed,part.nii.gz,full.nii.gz,lv,Siemens",
        "half,es,part.nii.gz,part.nii.gz,lv,Siemens",
    ]
    write_manifest(tmp_path, rows)
    (tmp_path / "criteria.yaml").write_text(LENIENT)
    return tmp_path


def write_manifest(folder, rows):
    (folder / "cases.csv").write_text("\n".join([HEADER, *rows]))


def run(folder, *more):
    arguments = ["--task", "cine", "--manifest", str(folder / "cases.csv")]
    arguments += ["--output", str(folder / "out"), "--workers", "1"]
    if "--criteria" not in more:
        arguments += ["--criteria", str(folder / "criteria.yaml")]
    return main([*arguments, *more])


def summary(folder):
    return json.loads((folder / "out" / "summary.json").read_text())


@pytest.mark.requirement("VAL-05")
def test_figures_files_and_exit_code_of_a_run_that_passes(folder, capsys):
    assert run(folder) == 0
    found = summary(folder)
    # Dice of half: 2 * 20 / (20 + 40).
    dice = found["cine"]["dice"]["lv"]["ed"]
    assert (dice["n"], dice["min"]) == (2, pytest.approx(2 / 3))
    assert dice["mean"] == pytest.approx(5 / 6)
    # 40 voxels in 3 slices are 2.7 ml; half finds 1.35 ml, good is right: bias -1.35 / 2.
    assert found["cine"]["lv"]["edv_ml"]["bias"] == pytest.approx(-0.675)
    assert found["subgroups"]["vendor"]["GE"]["cine"]["dice"]["lv"]["ed"]["mean"] == 1
    assert (found["task"], found["cases"], found["passed"]) == ("cine", 2, True)
    assert found["run"]["model"] is None
    assert found["run"]["command"].startswith("python -m validation --task cine --manifest ")
    with (folder / "out" / "cases.csv").open(newline="") as file:
        good, half = csv.DictReader(file)
    assert (good["case"], good["status"], good["vendor"]) == ("good", "ok", "GE")
    assert float(half["dice.lv.ed"]) == pytest.approx(2 / 3, abs=1e-5)
    assert float(half["lv.edv_ml"]) == pytest.approx(1.35)
    assert float(half["lv.edv_ml.reference"]) == pytest.approx(2.7)
    assert "<html" in (folder / "out" / "report.html").read_text("utf-8")
    assert not [p for p in (folder / "out").rglob("*") if "good" in p.name or "half" in p.name]
    assert "passed" in capsys.readouterr().out


@pytest.mark.requirement("VAL-05")
def test_a_criterion_that_does_not_hold_is_exit_code_1(folder, capsys):
    strict = folder / "strict.yaml"
    strict.write_text(LENIENT.replace("0.6", "0.9"))
    assert run(folder, "--criteria", str(strict)) == 1
    assert summary(folder)["passed"] is False
    assert "not passed" in capsys.readouterr().out


@pytest.mark.requirement("VAL-03")
def test_broken_cases_are_counted_each_with_a_line(folder, capsys):
    (folder / "text.nii.gz").write_text("no image")
    rows = (folder / "cases.csv").read_text().splitlines()[1:]
    write_manifest(
        folder,
        [
            "gone,ed,gone.nii.gz,full.nii.gz,lv,GE",
            *rows,
            "text,ed,full.nii.gz,text.nii.gz,lv,GE",
        ],
    )
    assert run(folder) == 1
    found = summary(folder)
    assert found["failures"]["n"] == 2
    assert [f["case"] for f in found["failures"]["cases"]] == ["gone", "text"]
    assert found["cine"]["dice"]["lv"]["ed"]["n"] == 2
    lines = capsys.readouterr().err.splitlines()
    assert sum("gone: failed: ed: result missing" in line for line in lines) == 1
    assert sum("text: failed: ed: NIfTI file" in line for line in lines) == 1


@pytest.mark.requirement("VAL-07")
def test_a_second_run_takes_up_what_is_left(folder, monkeypatch, capsys):
    (folder / "part.nii.gz").rename(folder / "away")
    assert run(folder) == 1
    assert summary(folder)["failures"]["n"] == 2
    (folder / "away").rename(folder / "part.nii.gz")
    assert run(folder) == 0
    before = {p: p.stat().st_mtime_ns for p in (folder / "out").rglob("row.json")}
    assert len(before) == 2

    def no_cluster(*arguments):
        raise AssertionError("nothing is left to run")

    monkeypatch.setattr(command, "cluster", no_cluster)
    capsys.readouterr()
    assert run(folder) == 0
    assert "2 of 2 cases are kept" in capsys.readouterr().err
    assert summary(folder)["cine"]["dice"]["lv"]["ed"]["mean"] == pytest.approx(5 / 6)


def test_rows_of_a_longer_manifest_before_are_not_returned(folder):
    assert run(folder) == 0
    rows = (folder / "cases.csv").read_text().splitlines()[1:3]
    write_manifest(folder, rows)
    paths = {"manifest": folder / "cases.csv", "output": folder / "out"}
    found = validate(ValidationRequest("test", "cine", **paths, workers=1))
    assert [row.case for row in found.rows] == ["good"]
    assert found.passed is False  # one case has no SD, which the default criteria ask for
    assert summary(folder)["run"]["command"] == "test"


def test_a_changed_file_is_measured_again(folder):
    assert run(folder) == 0
    os.utime(folder / "part.nii.gz", ns=(1, 1))
    write_mask(folder / "part.nii.gz", 30)
    assert run(folder) == 0
    # 2 * 30 / (30 + 40)
    assert summary(folder)["cine"]["dice"]["lv"]["ed"]["min"] == pytest.approx(6 / 7)


def row_keys(folder):
    return [json.loads(p.read_text())["key"] for p in sorted((folder / "out").rglob("row.json"))]


@pytest.mark.requirement("VAL-07")
def test_changed_code_measures_again(folder, monkeypatch, capsys):
    assert run(folder) == 0
    before = row_keys(folder)
    monkeypatch.setattr(command, "code_sha256", lambda: "other")
    assert run(folder) == 0
    assert "kept" not in capsys.readouterr().err
    assert len({*before, *row_keys(folder)}) == 4


def test_the_codes_digest_follows_names_and_content_of_its_files(tmp_path):
    for name in ("cmr/a.py", "cmr/deep/b.py", "validation/cohort/c.py", "training/nifti.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    seen = [code_sha256(tmp_path)]
    (tmp_path / "cmr" / "notes.txt").write_text("no code")
    (tmp_path / "validation" / "bench.py").write_text("the project's own evidence")
    assert code_sha256(tmp_path) == seen[0]
    for name in ("cmr/deep/b.py", "validation/cohort/c.py", "training/nifti.py"):
        (tmp_path / name).write_text("two")
        seen.append(code_sha256(tmp_path))
    (tmp_path / "cmr/a.py").rename(tmp_path / "cmr/d.py")
    seen.append(code_sha256(tmp_path))
    assert len({*seen}) == 5


def test_the_digest_is_of_files_that_are_there():
    assert all(any(ROOT.glob(pattern)) for pattern in jobs._CODE)


@pytest.mark.requirement("VAL-05")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"manifest": "gone.csv"}, "gone.csv: cannot be read"),
        ({"criteria": "gone.yaml"}, "gone.yaml: cannot be read"),
        ({"config": "gone.yaml"}, "gone.yaml: cannot be read"),
        ({"config": "criteria.yaml"}, "criteria.yaml: not those of the application"),
        ({"output": "cases.csv"}, "cases.csv: cannot be made"),
    ],
)
def test_what_cannot_be_run_is_exit_code_2_with_one_line(folder, change, message, capsys):
    paths = {"manifest": "cases.csv", "criteria": "criteria.yaml", "output": "out"} | change
    options = [part for k, v in paths.items() for part in (f"--{k}", str(folder / v))]
    assert main(["--task", "cine", *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_missing_model_is_named_before_anything_runs(folder, capsys):
    write_manifest(folder, ["a,ed,full.nii.gz,full.nii.gz,lv,GE"])
    text = (folder / "cases.csv").read_text().replace("result", "image")
    (folder / "cases.csv").write_text(text)
    assert run(folder, "--model", str(folder / "none")) == 2
    assert "no folder" in capsys.readouterr().err
    assert not (folder / "out").exists()


@pytest.mark.parametrize("options", [["--task", "lge"], ["--workers", "0"], []])
def test_a_wrong_command_line_is_exit_code_2(folder, options):
    with pytest.raises(SystemExit, match="2"):
        run(folder, *options, *([] if options else ["--unknown"]))


@pytest.mark.real_data
@pytest.mark.slow
def test_the_shipped_network_on_a_real_patient(tmp_path):
    data = shared_path("data/acdc")
    rows = [
        f'p,{p},{data}/patient001_{p}.nii.gz,{data}/patient001_{p}_label.nii.gz,"rv,myo,lv"'
        for p in ("ed", "es")
    ]
    manifest = tmp_path / "cases.csv"
    manifest.write_text("\n".join(["case,phase,image,reference,structures", *rows]))
    options = ["--task", "cine", "--manifest", manifest]
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "validation", *options, "--output", out, "--workers", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads((out / "summary.json").read_text())
    # One patient has no SD, so the default criteria on SD cannot hold.
    assert (done.returncode, found["failures"]["n"]) == (1, 0)
    assert found["cine"]["dice"]["lv"]["ed"]["mean"] > 0.85
    assert found["cine"]["lv"]["ef_pct"]["mae"] < 15
    assert found["run"]["model"]["name"] == "cine_sax"
    assert done.stderr.strip().count("\n") == 0, done.stderr
