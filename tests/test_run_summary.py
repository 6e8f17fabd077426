"""``--summary``: the CSV against results.json, and folders that hold something else."""

import csv
import json
import os
import subprocess
import sys

import pytest

from app.main import main
from cmr.dotted import measured_values
from tests.conftest import ROOT
from tests.hostile_support import finish, write_quick_settings, write_small_study
from tests.summary_sample import HOSTILE, failed, folders, measured

pytestmark = pytest.mark.requirement("REP-06")


def summary(output, *sources):
    """Rows of the CSV by folder; an empty cell is left out."""
    assert main(["--summary", *map(str, sources), "-o", str(output), "-q"]) == 0
    assert sorted(p.name for p in output.iterdir()) == ["summary.csv", "summary.html"]
    with (output / "summary.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["folder"]: {key: value for key, value in row.items() if value}
            for row in csv.DictReader(file, strict=True)
        }


def leaves(node, path=""):
    """Every number of a JSON file by its path, by a walk that knows no schema."""
    if isinstance(node, dict | list):
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in pairs:
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield path, node


def check_numbers(row, path):
    """Every number of the row is the one of the file; how many there are."""
    written = dict(leaves(json.loads(path.read_text(encoding="utf-8"))))
    numbers = {key: value for key, value in row.items() if "." in key}
    for key, value in numbers.items():
        assert json.loads(value) == written[key], key
    return len(numbers)


def test_a_row_for_everything_that_was_named(tmp_path):
    sources = folders(tmp_path / "runs")
    rows = summary(tmp_path / "out", *sources)
    assert {name: (row["state"], row.get("quality")) for name, row in rows.items()} == {
        "two/study-1": ("measured", "withheld"),
        "two/study-2": ("measured", "withheld"),
        "one": ("measured", "withheld"),
        "failed": ("failed", None),
        "broken": ("broken", None),
        "empty": ("without results", None),
    }
    assert rows["one"]["study_instance_uid"] == "1.2.826.1"
    assert rows["one"]["review"] == "rv_above_base native_t1_fit"
    assert rows["one"]["withheld"] == "lv_ef_range"
    assert rows["failed"]["reason"].startswith("NothingReadable: Input: <script>")
    assert "does not follow the schema" in rows["broken"]["reason"]


def test_the_numbers_are_those_of_results_json(tmp_path):
    sources = folders(tmp_path / "runs")
    rows = summary(tmp_path / "out", *sources)
    counts = {
        name: check_numbers(rows[name], tmp_path / "runs" / name / "results.json")
        for name in ("one", "two/study-1", "two/study-2")
    }
    # LV: volume and mass; RV: volume and EF; heart rate and body surface.
    assert counts["two/study-1"] == 6
    assert counts["one"] == counts["two/study-1"] + counts["two/study-2"]
    for key in ("cine.lv.edv_ml", "mapping.native_t1.global.median_ms", "scar.methods.sd2.mass_g",
                "mapping.ecv.segments.2.sd_pct", "scar.segments.16.scar_pct"):  # fmt: skip
        assert key in rows["one"]


def test_columns_stand_in_the_order_of_the_schema_whoever_comes_first(tmp_path):
    sources = folders(tmp_path / "runs")
    headings = []
    for number, order in enumerate((sources, sources[::-1])):
        summary(tmp_path / str(number), *order)
        text = (tmp_path / str(number) / "summary.csv").read_text(encoding="utf-8")
        headings.append(text.splitlines()[0].split(","))
    assert headings[0] == headings[1]
    parts = [heading.split(".")[0] for heading in headings[0] if "." in heading]
    assert list(dict.fromkeys(parts)) == ["cine", "mapping", "scar"]
    segments = [h for h in headings[0] if h.startswith("mapping.native_t1.segments.")]
    numbers = [int(h.split(".")[3]) for h in segments]
    assert numbers == sorted(numbers)


def test_every_measured_value_has_a_path_that_is_in_the_file(tmp_path):
    results = measured(tmp_path / "run")
    written = dict(leaves(json.loads((tmp_path / "run" / "results.json").read_text())))
    found = {path: value for _, path, _, value in measured_values(results)}
    assert found.items() <= written.items()
    last = {path.rsplit(".", 1)[1] for path in set(written) - set(found)}
    # What is left is no measurement: counts, places, limits, grids.
    assert not {key for key in last if key.endswith(("_ml", "_g", "_ms", "_pct"))} - {"figure"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not follow the schema"),
        (b"\xff\xfe\x00", "does not follow the schema"),
        (b"[" * 200_000, "does not follow the schema"),
        (b'{"study_instance_uid": "DOE^JANE"}', "does not follow the schema"),
        (b'{"schema_version": "0.1 DOE^JANE"}', "is not of schema 1."),
        (b" " * (32 * 1024 * 1024 + 1), "larger than 32 MB"),
    ],
    ids=["empty", "no text", "deep", "other", "version", "large"],
)
def test_a_results_json_that_is_none_is_a_row_that_says_so(tmp_path, content, reason):
    folder = tmp_path / "runs" / "broken"
    folder.mkdir(parents=True)
    (folder / "results.json").write_bytes(content)
    rows = summary(tmp_path / "out", folder)
    assert rows["broken"]["state"] == "broken"
    assert reason in rows["broken"]["reason"]
    assert "DOE" not in (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("uid", ["DOE^JANE", "1.2.3\n", "1" * 65, ""])
def test_a_uid_that_is_none_is_not_taken_over(tmp_path, uid):
    measured(tmp_path / "runs" / "one", uid)
    rows = summary(tmp_path / "out", tmp_path / "runs" / "one")
    assert rows["one"]["state"] == "broken"
    assert "study_instance_uid" not in rows["one"]


def test_a_pipe_is_not_waited_for(tmp_path):
    (tmp_path / "runs").mkdir()
    os.mkfifo(tmp_path / "runs" / "results.json")
    rows = summary(tmp_path / "out", tmp_path / "runs")
    assert "no plain file" in rows["runs"]["reason"]


@pytest.mark.parametrize("content", ["[1]", "{}", "{", '{"inference_status": true}'])
def test_a_metadata_json_that_tells_of_no_failure_is_broken(tmp_path, content):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metadata.json").write_text(content)
    assert summary(tmp_path / "out", tmp_path / "run")["run"]["state"] == "broken"


def test_a_spreadsheet_takes_no_cell_for_a_formula(tmp_path):
    measured(tmp_path / "runs" / "=1+2")
    failed(tmp_path / "runs" / "b")
    rows = summary(tmp_path / "out", tmp_path / "runs" / "=1+2", tmp_path / "runs" / "b")
    assert list(rows) == ["'=1+2", "b"]


def test_folders_of_the_same_name_are_told_apart(tmp_path):
    sources = [tmp_path / where / "out" for where in ("a", "b")]
    for source in sources:
        measured(source)
    assert list(summary(tmp_path / "sum", *sources)) == ["a/out", "b/out"]


def test_nothing_of_a_run_anywhere_is_a_failure_that_writes_nothing(tmp_path, capfd):
    (tmp_path / "a").mkdir()
    code = main(["--summary", str(tmp_path / "a"), "-o", str(tmp_path / "out")])
    assert code == 3
    error = capfd.readouterr().err
    assert error.startswith("error: NothingReadable: None of 1 folders holds results.json")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_summary_that_fails_leaves_the_results_of_its_output_alone(tmp_path):
    """A failed run would withdraw them."""
    measured(tmp_path / "run")
    listed = {"application": "cmr-map", "files": ["results.json"]}
    (tmp_path / "run" / "metadata.json").write_text(json.dumps(listed))
    (tmp_path / "a").mkdir()
    before = sorted(p.name for p in (tmp_path / "run").iterdir())
    assert main(["--summary", str(tmp_path / "a"), "-o", str(tmp_path / "run")]) == 3
    assert main(["--summary", str(tmp_path / "no"), "-o", str(tmp_path / "run")]) == 2
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == before


def test_an_output_that_cannot_be_written_is_said(tmp_path, capfd):
    measured(tmp_path / "run")
    (tmp_path / "out").write_text("a file")
    assert main(["--summary", str(tmp_path / "run"), "-o", str(tmp_path / "out")]) == 7
    assert "The summary cannot be written (File exists)" in capfd.readouterr().err


def test_what_is_told_names_every_fault(tmp_path, capfd):
    sources = folders(tmp_path / "runs")
    assert main(["--summary", *map(str, sources), "-o", str(tmp_path / "out")]) == 0
    told = capfd.readouterr().out.splitlines()
    assert told[-1].startswith("3 measured, 1 failed, 1 broken, 1 without results; summary.csv")
    assert [line.split(": ")[:2] for line in told[:-1]] == [
        ["failed", "failed"],
        ["broken", "broken"],
        ["without results", "empty"],
    ]
    assert HOSTILE[:20] in told[0]


def test_neither_the_sdk_nor_a_network_is_loaded(tmp_path):
    measured(tmp_path / "run")
    code = (
        "import sys; from app.main import main; code = main(sys.argv[1:]);"
        "heavy = {'holoscan', 'monai', 'torch', 'onnxruntime', 'matplotlib', 'pydicom', 'scipy'};"
        "print(heavy & set(sys.modules)); sys.exit(code)"
    )
    arguments = ["--summary", str(tmp_path / "run"), "-o", str(tmp_path / "out"), "-q"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")


def test_a_study_named_twice_counts_once(tmp_path):
    measured(tmp_path / "run" / "study-1")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    names = ("run", "run/study-1", "run/../run", "link")
    assert len(summary(tmp_path / "out", *(tmp_path / name for name in names))) == 1
    lines = (tmp_path / "out" / "summary.csv").read_text("utf-8").splitlines()
    assert len(lines) == 2


def test_a_closed_standard_output_is_no_fault(tmp_path):
    measured(tmp_path / "run")
    command = [sys.executable, "-m", "app", "--summary", tmp_path / "run", "-o", tmp_path / "out"]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *map(str, command)]
    done = subprocess.run(closed, cwd=ROOT, stderr=subprocess.PIPE, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "out" / "summary.csv").read_text("utf-8").startswith("folder,")


@pytest.mark.slow
def test_real_outputs_of_the_application(tmp_path):
    """A phantom measured, an empty input refused, and both in one table."""
    config = write_quick_settings(tmp_path / "app.yaml")
    study = write_small_study(tmp_path / "study")
    (tmp_path / "nothing").mkdir()
    done = [
        finish(source, tmp_path / "runs" / source.name, config, "-q").code
        for source in (study, tmp_path / "nothing")
    ]
    assert done == [0, 3]
    runs = [tmp_path / "runs" / name for name in ("study", "nothing")]
    rows = summary(tmp_path / "out", *runs)
    assert check_numbers(rows["study"], runs[0] / "results.json") >= 28
    assert rows["nothing"]["reason"].startswith("NothingReadable: Input: none of 0 files")
