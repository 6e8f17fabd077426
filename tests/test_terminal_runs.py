"""The whole command as it is seen: on a terminal, in a log, quiet, verbose, and stopped."""

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from dicomio.results_json import read_results
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.conftest import ROOT
from tests.hostile_support import SMALL, finish, write_quick_settings, write_small_study

pytestmark = [pytest.mark.requirement("REP-05"), pytest.mark.slow]

CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
SHOW_CURSOR = "\x1b[?25h"
# The application with an error of a library in the graph, whose text quotes a header.
QUOTING = """
import sys
import dicomio.selection
def quote(*_): raise ValueError("ZQ0001X^JANE\\nZQ0002X")
dicomio.selection.select = quote
from app.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    return write_small_study(tmp_path_factory.mktemp("phantom") / "study")


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    return write_quick_settings(tmp_path_factory.mktemp("settings") / "app.yaml")


class Terminal:
    """A pseudo-terminal of 80 columns, and a command on it."""

    def __init__(self, *arguments: object, **env: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOLOSCAN", "CMR_MAP"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", *map(str, arguments)],
            cwd=ROOT,
            env={**kept, "TERM": "xterm-256color", "COLUMNS": "80", **env},
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
        )
        os.close(theirs)
        self.raw = ""

    def read_until(self, text: str | None) -> None:
        """Read until this text has been written, or to the end."""
        while text is None or text not in self.raw:
            # Linux tells the end of a pseudo-terminal with an error.
            with contextlib.suppress(OSError):
                if chunk := os.read(self._ours, 65536):
                    self.raw += chunk.decode("utf-8", "replace")
                    continue
            break

    def end(self) -> tuple[int, str]:
        """Exit code, and what stood on standard error."""
        self.read_until(None)
        _, error = self.process.communicate(timeout=300)
        os.close(self._ours)
        return self.process.returncode, error.decode()

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in re.split(r"[\r\n]+", CODES.sub("", self.raw))]


def test_a_terminal_sees_bars_then_numbers_then_files(study, config, tmp_path):
    terminal = Terminal("-i", study, "-o", tmp_path / "out", "-c", config)
    assert terminal.end() == (0, "")
    results = read_results(tmp_path / "out" / "results.json")
    steps = [n for n, line in enumerate(terminal.lines) if line.startswith("run ")]
    total = re.search(r" (\d+)/(\d+) ", terminal.lines[steps[-1]])
    assert total[1] == total[2]
    assert any(line.startswith("✓ inference") for line in terminal.lines[: steps[-1]])
    assert any(line.startswith("· mapping reader") for line in terminal.lines)
    after = "\n".join(terminal.lines[steps[-1] :])
    assert f"Study {results.study_instance_uid}" in after
    for value in (results.cine.lv.edv_ml, results.cine.rv.edv_ml):
        assert f"{value:.2f}" in after
    assert str(tmp_path / "out") in after.replace("\n", "")
    assert terminal.raw.count(SHOW_CURSOR) == 1
    assert "[info]" not in terminal.raw


def test_a_stopped_run_gives_the_terminal_back(study, config, tmp_path):
    terminal = Terminal("-i", study, "-o", tmp_path / "out", "-c", config)
    try:
        terminal.read_until("inference")
        terminal.process.send_signal(signal.SIGINT)
        code, error = terminal.end()
    finally:
        terminal.process.kill()
    assert code == 143
    assert error.startswith("error: Terminated: ")
    assert error.count("\n") == 1
    assert SHOW_CURSOR in terminal.raw
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["metadata.json"]


def test_a_log_has_a_line_a_stage_and_the_tables_of_every_study(config, tmp_path):
    source = tmp_path / "in"
    write_study(source / "a", PhantomSettings(seed=3, decoys=False, **SMALL))
    write_study(source / "b", PhantomSettings(seed=3, decoys=False, **SMALL | {"slices": 7}))
    run = finish(source, tmp_path / "out", config)
    assert (run.code, run.stderr) == (0, "")
    assert "\x1b" not in run.stdout
    stages = re.findall(r"^(\w+)\t(\d+\.\d{3})$", run.stdout, re.MULTILINE)
    names = [name for name, _ in stages]
    assert names.count("study_reader") == 1
    assert names.count("inference") == names.count("results_writer") == 2
    assert float(dict(stages)["inference"]) > 0
    for n in (1, 2):
        assert f"Series found of study {n} of 2" in run.stdout
        uid = read_results(tmp_path / "out" / f"study-{n}" / "results.json").study_instance_uid
        assert f"Study {uid}" in run.stdout
        assert f"Files in the output folder/study-{n}:" in run.stdout
    assert str(tmp_path) not in run.stdout


def test_a_quiet_run_says_nothing_and_writes_the_same_files(study, config, tmp_path):
    run = finish(study, tmp_path / "out", config, "--quiet")
    assert (run.code, run.stdout, run.stderr) == (0, "", "")
    assert {"results.json", "metadata.json", "result.json"} <= set(run.files())
    refused = finish(tmp_path, tmp_path / "out", config, "-q")
    assert (refused.code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: UsageError: The output folder lies in the input")


def test_a_verbose_run_shows_holoscan_on_standard_output(study, config, tmp_path):
    run = finish(study, tmp_path / "out", config, "-v")
    assert (run.code, run.stderr) == (0, "")
    assert "[greedy_scheduler.cpp" in run.stdout
    assert re.search(r"^inference\t", run.stdout, re.MULTILINE)


def test_holoscan_never_has_the_text_of_an_error(study, tmp_path):
    """At its most talkative it logs what operators raise."""
    env = {"HOLOSCAN_LOG_LEVEL": "DEBUG", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", QUOTING, "-i", study, "-o", tmp_path / "out", "-v"],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1
    assert "Exception occurred for operator: 'series_selector'" in done.stdout
    assert "ZQ000" not in done.stdout + done.stderr
    assert done.stderr.startswith("error: ValueError: Unforeseen ValueError in __main__, line ")
    assert done.stderr.count("\n") == 1
    metadata = json.loads((tmp_path / "out" / "metadata.json").read_text())
    assert metadata["exception"] == "ValueError"


def test_a_reader_that_goes_away_costs_no_results(study, config, tmp_path):
    output = tmp_path / "out"
    command = [sys.executable, "-m", "app", "-i", study, "-o", output, "-c", config]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        error = process.stderr.read()
    assert (process.returncode, error) == (0, b"")
    assert read_results(output / "results.json").cine is not None
