"""The environment that the application gives to libraries, seen from a process of its own."""

import os
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
