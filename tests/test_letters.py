"""Letters that a terminal lacks: spelt, never a fault."""

import io
import os
import subprocess
import sys

import pytest

from app.letters import make_safe, shown
from app.outlet import Outlet
from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("REP-05")


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("Slices lie ≥ 12 mm apart, 3°", "ascii", "Slices lie >= 12 mm apart, 3 deg"),
        ("Slices lie ≥ 12 mm apart, 3°", "latin-1", "Slices lie >= 12 mm apart, 3°"),
        ("Müller × Łukasz", "ascii", "Muller x ?ukasz"),
        ("▲ 12 ✕ 心", "cp1252", "! 12 x ?"),
        ("▲ 12 ✕ 心", "utf-8", "▲ 12 ✕ 心"),
        ("a\udcffb", "utf-8", "a?b"),  # of a file name that is no UTF-8
        ("\x1b[2Jgone\r\nx", "utf-8", "?[2Jgone??x"),
    ],
)
def test_what_is_shown(text, encoding, expected):
    assert shown(text, encoding) == expected


def test_a_stream_that_was_made_safe_takes_every_letter():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with pytest.raises(UnicodeEncodeError):
        stream.write("≥")
    make_safe(stream)
    stream.write("≥ ü 心")
    stream.flush()
    assert stream.buffer.getvalue() == b">= u ?"


GONE = """
import sys
from app.outlet import Outlet
outlet = Outlet(sys.stdout)
outlet.write("x" * 100_000)
outlet.flush()
print("still here", file=sys.stderr)
"""


@pytest.mark.parametrize("target", ["/dev/full", None])
def test_output_that_nobody_takes_is_no_fault(target):
    """A full disk under a log, and a reader that has gone."""
    stdout = os.open(target, os.O_WRONLY) if target else subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", GONE], cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE
    ) as process:
        if process.stdout:
            process.stdout.close()
        assert process.stderr.read() == b"still here\n"
    assert process.returncode == 0


def test_whatever_else_a_stream_can_do_the_outlet_can():
    stream = io.StringIO()
    outlet = Outlet(stream)
    assert outlet.write("abc") == 3
    assert (stream.getvalue(), outlet.isatty()) == ("abc", False)


def test_a_stream_that_was_closed_is_no_fault(tmp_path):
    stream = (tmp_path / "log").open("w")
    stream.close()
    other = (tmp_path / "other").open("w")  # may have the number of the first
    Outlet(stream).write("abc")
    Outlet(stream).flush()
    other.write("x")
    other.close()
    assert (tmp_path / "other").read_text() == "x"
