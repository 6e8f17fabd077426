"""Two runs at a time on one output folder: the second is refused and harms nothing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.alone import alone_in
from app.ending import Ending
from app.main import main, stop
from app.publish import METADATA, publish, staging_folder
from cmr.errors import OutputBusy
from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("TRU-07")

# A run that has begun, and goes on when it is told to.
HOLD = """
import sys
from pathlib import Path
from app.alone import alone_in
from app.ending import Ending
from app.publish import publish, staging_folder
output = Path(sys.argv[1])
with alone_in(output), staging_folder(output) as folder:
    results = folder / "results"
    results.mkdir()
    (results / "sr.dcm").write_text("first")
    print("begun", flush=True)
    sys.stdin.readline()
    publish(results, output, {"application": "cmr-map", "inference_status": True})
"""
BUSY = "error: OutputBusy: Another run works in the output folder; give each its own.\n"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def first(output: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(output)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    yield process
    process.kill()
    process.communicate()


def finish(process: subprocess.Popen) -> int:
    process.communicate("go on\n", timeout=60)
    return process.returncode


def tree(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def second(source: Path, output: Path, *extra: str) -> int:
    source.mkdir(exist_ok=True)
    return main(["-i", str(source), "-o", str(output), "-l", "ERROR", *extra])


def test_a_second_run_is_refused_and_the_first_is_whole(first, output, tmp_path, capfd) -> None:
    before = tree(output)
    assert second(tmp_path / "in", output) == 7
    assert capfd.readouterr().err == BUSY
    assert tree(output) == before
    assert finish(first) == 0
    assert tree(output) == [METADATA, "sr.dcm"]
    assert second(tmp_path / "in", output) == 3, "free again"
    assert tree(output) == [METADATA]


def test_a_bad_call_does_not_report_into_the_folder_of_another_run(
    first, output, tmp_path, capfd
) -> None:
    before = tree(output)
    assert second(tmp_path / "in", output, "--no-such-flag") == 2
    assert capfd.readouterr().err.startswith("error: UsageError: ")
    assert stop(["-i", str(tmp_path / "in"), "-o", str(output)], Ending()) == 143
    assert tree(output) == before
    assert finish(first) == 0
    assert json.loads((output / METADATA).read_text())["inference_status"] is True


def test_a_killed_run_keeps_nobody_out(first, output, tmp_path) -> None:
    os.kill(first.pid, signal.SIGKILL)
    first.wait(60)
    assert second(tmp_path / "in", output) == 3
    assert tree(output) == [METADATA]


def test_the_thread_that_ends_a_run_reports_where_the_run_works(output, tmp_path) -> None:
    with alone_in(output), staging_folder(output):
        assert stop(["-i", str(tmp_path / "in"), "-o", str(output)], Ending()) == 143
        assert json.loads((output / METADATA).read_text())["exit_code"] == 143


def test_the_same_folder_by_another_name(first, output, tmp_path) -> None:
    link = tmp_path / "link"
    link.symlink_to(output)
    with pytest.raises(OutputBusy), alone_in(link):
        pass


def test_a_file_system_without_locks_keeps_nobody_out(output, monkeypatch) -> None:
    def unknown(*_: object) -> None:
        raise OSError(9, "Bad file descriptor")  # NFS

    monkeypatch.setattr("fcntl.flock", unknown)
    with alone_in(output), staging_folder(output) as folder:
        (folder / "results").mkdir()
        publish(folder / "results", output, {"application": "cmr-map"})
    assert tree(output) == [METADATA]
