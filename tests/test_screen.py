"""What is published stays, whatever becomes of the screen; what is logged finds its place."""

import io
import logging
import sys

import pytest

from app import main as entry
from app.cli import parse
from app.screen import Screen

pytestmark = pytest.mark.requirement("REP-05")


@pytest.fixture
def request_of(tmp_path):
    (tmp_path / "in").mkdir()
    return lambda *flags: parse(["-i", str(tmp_path / "in"), "-o", str(tmp_path / "o"), *flags], {})


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("flags", "env", "bars"),
    [
        ([], {"TERM": "xterm"}, True),
        ([], {"TERM": "dumb"}, False),
        (["-v"], {"TERM": "xterm"}, False),
        (["-l", "DEBUG"], {"TERM": "xterm"}, False),
        (["-l", "WARN"], {"TERM": "xterm"}, False),
    ],
)
def test_bars_stand_for_the_lines_of_the_stages(request_of, monkeypatch, flags, env, bars):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", env["TERM"])
    screen = Screen(request_of(*flags))
    screen.watcher().started("inference")
    logging.getLogger("cmr.stage").info("inference\t1.000")
    logging.getLogger("cmr.header").warning("A header [is] odd.")
    screen.close()
    text = sys.stdout.getvalue()
    assert ("\x1b[?25l" in text) is bars
    assert ("inference\t1.000" in text) is (flags in (["-v"], ["-l", "DEBUG"], []) and not bars)
    assert "A header [is] odd." in text


def test_numbers_that_cannot_be_shown_are_not_taken_back(tmp_path, monkeypatch, capsys):
    def fault(*_):
        raise ValueError("DOE^JANE")

    monkeypatch.setattr(entry, "_measure", lambda *_: [])
    monkeypatch.setattr(Screen, "show", fault)
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "metadata.json").write_text("whole")
    (tmp_path / "in").mkdir()
    assert entry.main(["-i", str(tmp_path / "in"), "-o", str(tmp_path / "o")]) == 0
    assert (tmp_path / "o" / "metadata.json").read_text() == "whole"
    shown = capsys.readouterr()
    assert "they are in results.json" in shown.out
    assert "DOE" not in shown.out + shown.err
