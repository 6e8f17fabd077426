"""However a run ends, no part of a result is taken for a whole one: kills, signals, full disks."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.main import main
from app.publish import METADATA, report_failure, staging_folder
from tests.conftest import ROOT, require
from tests.dicom_factory import header, write
from tests.hostile_support import finish, start, write_quick_settings, write_small_study

pytestmark = pytest.mark.requirement("TRU-07")

NAMES = ["a.dcm", "results.json", "study-1/b.dcm"]
# Publishes three files; each step that changes the folder ends the process once its number is up.
PUBLISH = """
import os, signal, sys
from pathlib import Path
from app import publish
left = int(sys.argv[2])
def counted(real):
    def step(self, *args, **kwargs):
        global left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return real(self, *args, **kwargs)
    return step
output = Path(sys.argv[1])
with publish.staging_folder(output) as folder:
    results = folder / "results"
    for name in ("a.dcm", "results.json", "study-1/b.dcm"):
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_text("new")
    for name in ("unlink", "replace", "write_text"):
        setattr(Path, name, counted(getattr(Path, name)))
    publish.publish(results, output, {"application": "cmr-map"})
    left = -1
"""


def tree(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def publish_and_kill(output: Path, steps: int) -> int:
    command = [sys.executable, "-c", PUBLISH, str(output), str(steps)]
    return subprocess.run(command, cwd=ROOT, timeout=120, check=False).returncode


def earlier(output: Path) -> None:
    """What a run of another day published, and a file of the user."""
    output.mkdir()
    for name in ("old.dcm", "results.json", "mine.txt"):
        (output / name).write_text("old")
    listed = {"application": "cmr-map", "files": ["old.dcm", "results.json"]}
    (output / METADATA).write_text(json.dumps(listed))


def whole(output: Path) -> bool:
    """Is the set that metadata.json lists there, and nothing of another?"""
    listed = json.loads((output / METADATA).read_text())["files"]
    contents = {(output / name).read_text() for name in listed}
    return contents in ({"old"}, {"new"})


def test_a_run_killed_at_any_step_of_publishing_shows_all_or_nothing(tmp_path: Path) -> None:
    done = seen_absent = 0
    for steps in range(40):
        output = tmp_path / str(steps)
        earlier(output)
        code = publish_and_kill(output, steps)
        visible = (output / METADATA).is_file()
        seen_absent += not visible
        assert not visible or whole(output), (steps, tree(output))
        with staging_folder(output):
            pass
        left = [METADATA, "mine.txt"] if visible else ["mine.txt"]
        listed = json.loads((output / METADATA).read_text())["files"] if visible else []
        assert tree(output) == sorted([*left, *listed]), steps
        if code == 0:
            done = steps
            break
        assert code == -signal.SIGKILL
    assert done >= 8  # two lists, the earlier files, three new ones, the journal
    assert seen_absent >= 4


def test_a_failure_after_a_killed_run_leaves_nothing_of_it(tmp_path: Path) -> None:
    output = tmp_path / "o"
    earlier(output)
    assert publish_and_kill(output, 7) == -signal.SIGKILL
    assert any(name in tree(output) for name in NAMES)
    report_failure(output, {"application": "cmr-map", "files": []})
    assert [n for n in tree(output) if not n.startswith(".cmr-map-partial-")] == [
        METADATA,
        "mine.txt",
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_study(tmp_path_factory.mktemp("phantom") / "study")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_quick_settings(tmp_path_factory.mktemp("settings") / "app.yaml")


def wait_for(process: subprocess.Popen[str], stage: str) -> None:
    """Read what the run says until it has finished ``stage``."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(stage):
            return
    pytest.fail(f"the run ended before {stage}: {process.stderr and process.stderr.read()}")


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["study_reader", "seg_writer"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_no_result(
    study: Path, config: Path, tmp_path: Path, stage: str, number: signal.Signals
) -> None:
    output = tmp_path / "o"
    earlier(output)
    process = start(study, output, config)
    try:
        wait_for(process, stage)
        process.send_signal(number)
        _, error = process.communicate(timeout=590)
    finally:
        process.kill()
    if number is signal.SIGTERM:
        assert process.returncode == 143
        assert error == "error: Terminated: Stopped by a signal before the end.\n"
        assert tree(output) == [METADATA, "mine.txt"]
        metadata = json.loads((output / METADATA).read_text())
        assert (metadata["exit_code"], metadata["inference_status"]) == (143, False)
    else:
        assert process.returncode == -signal.SIGKILL
        hidden = [n for n in tree(output) if not n.startswith(".cmr-map-partial-")]
        assert hidden == [METADATA, "mine.txt", "old.dcm", "results.json"]
        assert whole(output)
        with staging_folder(output):
            pass
        assert not list(output.glob(".cmr-map-partial-*"))


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of its own; gives a function that mounts it with options."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = []

    def mount(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, check=False)
        require(done.returncode == 0, "the right to mount a file system")
        mounted.append(folder)
        return folder

    yield mount
    for one in mounted:
        subprocess.run(["umount", str(one)], check=True)


# The disk is full at once, while the objects are written, or while the last JSON is.
@pytest.mark.slow
@pytest.mark.parametrize("room_kb", [4, 48, 120])
def test_a_full_disk_is_said_and_leaves_no_result(
    study: Path, config: Path, small_disk, room_kb: int
) -> None:
    output = small_disk(f"size={room_kb}k")
    run = finish(study, output, config)
    error = run.stderr
    assert run.code == 7, error
    assert error.startswith("error: OutputError: ")
    assert error.count("\n") == 1
    assert "No space left on device" in error
    assert tree(output) in ([METADATA], [])


def test_a_disk_that_fills_up_in_an_operator_is_no_internal_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "ZQX^NAME.dcm")

    write(header(), tmp_path / "in" / "IM1")
    monkeypatch.setattr("operators.series_selector.select", full)
    assert main(["-i", str(tmp_path / "in"), "-o", str(tmp_path / "o"), "-l", "ERROR"]) == 7
    message = "The results cannot be written (No space left on device)."
    assert capfd.readouterr().err == f"error: OutputError: {message}\n"
    assert tree(tmp_path / "o") == [METADATA]


def test_an_output_that_is_read_only_is_said(study: Path, config: Path, small_disk) -> None:
    output = small_disk("ro,size=64k")
    process = start(study, output, config)
    _, error = process.communicate(timeout=590)
    assert process.returncode == 7
    assert (
        error
        == "error: OutputError: The output folder cannot be written (Read-only file system).\n"
    )


def test_a_disk_without_room_for_the_report_keeps_no_fragment_of_it(small_disk) -> None:
    output = small_disk("size=8k")
    (output / "old.dcm").write_text("old")
    with pytest.raises(OSError, match="No space"):
        (output / "full").write_bytes(bytes(1 << 16))
    with pytest.raises(OSError, match="No space"):
        report_failure(output, {"application": "cmr-map", "files": []})
    assert tree(output) == ["full", "old.dcm"]


def run_without_reader(study: Path, output: Path, config: Path, stdout: int):
    command = [sys.executable, "-m", "app", "-i", study, "-o", output, "-c", config]
    return subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=590,
        check=False,
    )


@pytest.fixture(params=["closed pipe", "full disk"])
def deaf(request: pytest.FixtureRequest):
    """A standard output that takes nothing."""
    if request.param == "full disk":
        target = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, target = os.pipe()
        os.close(reader)
    yield target
    os.close(target)


@pytest.mark.slow
def test_results_stay_where_nobody_reads_what_is_printed(
    study: Path, config: Path, tmp_path: Path, deaf: int
) -> None:
    """They were withdrawn by the failure to print a table of them."""
    run = run_without_reader(study, tmp_path / "o", config, deaf)
    assert (run.returncode, run.stderr) == (0, "")
    metadata = json.loads((tmp_path / "o" / METADATA).read_text())
    assert metadata["inference_status"] is True
    assert tree(tmp_path / "o") == sorted([METADATA, *metadata["files"]])


def test_a_refusal_keeps_its_code_where_nobody_reads(
    config: Path, tmp_path: Path, deaf: int
) -> None:
    (tmp_path / "in").mkdir()
    run = run_without_reader(tmp_path / "in", tmp_path / "o", config, deaf)
    assert run.returncode == 3
    assert run.stderr.startswith("error: NothingReadable: ")
    assert run.stderr.count("\n") == 1


def test_a_signal_while_results_are_moved_waits_for_the_end() -> None:
    code = """
import os, signal, time
from app.ending import Ending, end_on_signals
ending = Ending()
end_on_signals(ending, lambda: 143)
ending.claim()
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(0.5)
print("whole")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.returncode, done.stdout) == (0, "whole\n")


def test_a_signal_reaches_a_run_that_is_in_foreign_code() -> None:
    """``Thread.join`` holds the main thread as Holoscan does; a Python handler would wait."""
    code = """
import threading
from app.ending import Ending, end_on_signals
end_on_signals(Ending(), lambda: 143)
print("ready", flush=True)
threading.Thread(target=threading.Event().wait).start()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    started = time.monotonic()
    process.terminate()
    assert process.wait(timeout=60) == 143, time.monotonic() - started


def test_a_signal_ends_a_run_whose_report_fails() -> None:
    """The thread died of a broken pipe, and the run waited for it for ever."""
    code = """
import os, signal, time
from app.ending import Ending, end_on_signals
ending = Ending()
def act():
    raise BrokenPipeError
end_on_signals(ending, act)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(1)
ending.claim()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 143
