"""The environment that the application gives to libraries, seen from a process of its own."""

import os
import resource
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("CINE-36")

# No folder can be made below it, not even by root, as in a read-only container.
READ_ONLY = "/proc"
DRAW = """
from pictures.bullseye import Bullseye, bullseye_figure
from pictures.colours import ColourScale
from pictures.page import png_of
scale = ColourScale("magma", 800, 1300, "ms")
assert png_of(bullseye_figure([Bullseye("T1", {1: 1000.0}, scale, 0)], "")).startswith(b"\\x89PNG")
"""
QUIETEN = """
import sys
from pathlib import Path
from app.process import quieten
quieten(Path(sys.argv[1]))
"""


def run(code, workdir, home):
    hidden = ("HOME", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    kept = {k: v for k, v in os.environ.items() if k not in hidden}
    return subprocess.run(
        [sys.executable, "-c", code, str(workdir)],
        cwd=ROOT,
        env=kept | ({"HOME": home} if home else {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.mark.parametrize("home", [None, READ_ONLY])
def test_pictures_are_drawn_without_a_home_and_without_a_word(tmp_path, home):
    quiet = QUIETEN + DRAW + "assert 'matplotlib.pyplot' not in sys.modules\n"
    done = run(quiet, tmp_path / "work", home)
    assert (done.stdout, done.stderr) == ("", "")
    assert (tmp_path / "work" / "matplotlib").is_dir()


def test_without_that_environment_matplotlib_complains(tmp_path):
    """Else the test above would prove nothing."""
    assert "MPLCONFIGDIR" in run(DRAW, tmp_path, READ_ONLY).stderr


MEGABYTE = 1024 * 1024
TELL = "import resource; print('soft', resource.getrlimit(resource.RLIMIT_STACK)[0] // 2**20)"
# The module as it stands, where a stand-in for the application lies, which tells its stack.
START = f"""
import runpy, sys
process = runpy.run_path(sys.argv[1])
process["raise_stack_limit"](["--option"])
{TELL}
"""


@pytest.mark.requirement("PKG-05")
@pytest.mark.parametrize(
    ("soft_mb", "hard_mb", "soft_after_mb", "told", "again"),
    [(8, 64, 32, False, True), (8, 8, 8, True, False), (40, 64, 40, False, False)],
    ids=["raised", "forbidden", "enough"],
)
def test_the_stack_is_raised_or_it_is_said(tmp_path, soft_mb, hard_mb, soft_after_mb, told, again):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text(f"import sys; print(sys.argv[1:]); {TELL}")
    limits = (soft_mb * MEGABYTE, hard_mb * MEGABYTE)
    done = subprocess.run(
        [sys.executable, "-c", START, str(ROOT / "app" / "process.py")],
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, limits),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ("--ulimit stack=33554432" in done.stdout) == told
    assert ("['--option']" in done.stdout) == again
    assert done.stdout.splitlines()[-1] == f"soft {soft_after_mb}"


CLOSED = """
import os, sys
from pathlib import Path
from app.process import open_closed_streams, quieten
open_closed_streams()
with open(sys.argv[1], "w") as file:
    os.write(2, b"chatter of a library")
    file.write("results")
quieten(Path(sys.argv[1]).parent, chatter=True)
print("an error", file=sys.stderr)
"""


def test_a_closed_standard_error_is_no_fault_and_no_files_number(tmp_path):
    file = tmp_path / "results.json"
    command = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", CLOSED, str(file)]
    assert subprocess.run(command, cwd=ROOT, timeout=120, check=False).returncode == 0
    assert file.read_text() == "results"
