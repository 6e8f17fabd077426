"""The bars of a run, told by hand what its operators tell: they end full whatever is skipped."""

import io
import re

import pytest
from rich.console import Console

from app.progress import Bars, Lines
from cmr.errors import NoApplicableSeries, NotInStudy
from operators.messages import Refusal
from tests.terminal_sample import SERIES

pytestmark = pytest.mark.requirement("REP-05")

CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
STEPS = ("series_selector", "inference", "mapping_reader", "map_locator", "results_writer")
SHOW_CURSOR = "\x1b[?25h"


class Screen:
    """A terminal that keeps what is written to it."""

    def __init__(self, width=80, encoding="utf-8", **env):
        self._stream = io.TextIOWrapper(io.BytesIO(), encoding, errors="cmr-map.spelt")
        environment = {"TERM": "xterm-256color", **env}
        self.console = Console(
            file=self._stream, force_terminal=True, width=width, height=30, _environ=environment
        )

    @property
    def raw(self) -> str:
        self._stream.flush()
        return self._stream.buffer.getvalue().decode(self._stream.encoding)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in re.split(r"[\r\n]+", CODES.sub("", self.raw))]


def tell(watcher, studies, refusals=()):
    """What a run of five steps tells, the map's two handed on as ``refusals``, one a study."""
    watcher.composed(len(STEPS))
    watcher.started("study_reader")
    watcher.finished("study_reader", 0.5, None)
    watcher.studies(studies)
    for study in range(studies):
        for stage in STEPS:
            watcher.started(stage)
            if stage == "series_selector":
                watcher.series(SERIES)
            skipped = refusals[study] if stage.startswith("map") and refusals else None
            watcher.finished(stage, 1.25, skipped)
    watcher.close()


def test_a_study_without_maps_ends_full():
    screen = Screen()
    absent = Refusal("mapping", NotInStudy("The study holds no mapping series."))
    tell(Bars(screen.console), 1, [absent])
    assert screen.lines[-2].startswith("run ")
    assert " 6/6 " in screen.lines[-2]
    assert "· mapping reader         The study holds no mapping series." in screen.lines
    assert "✓ inference                  1.25 s" in screen.lines
    assert not [line for line in screen.lines if line.startswith(("✓ map", "· map loc"))]


def test_several_studies_end_full_and_each_has_its_table():
    screen = Screen()
    each = [Refusal("mapping", NoApplicableSeries(f"Reason {n}.")) for n in (1, 2, 3)]
    tell(Bars(screen.console), 3, each)
    assert " 16/16 " in screen.lines[-2]
    for n in (1, 2, 3):
        assert f"Series found of study {n} of 3" in screen.lines
        assert screen.lines.count(f"· mapping reader         Reason {n}.") == 1


def test_how_far_a_run_is_only_grows():
    screen = Screen()
    tell(Bars(screen.console), 2)
    told = [int(n) for n in re.findall(r" (\d+)/11 ", CODES.sub("", screen.raw))]
    assert told == sorted(told)
    assert told[-1] == 11


def test_the_cursor_is_given_back_where_a_run_ends_in_between():
    screen = Screen()
    bars = Bars(screen.console)
    bars.composed(5)
    bars.started("inference")
    assert not screen.raw.endswith(SHOW_CURSOR)
    bars.close()
    assert SHOW_CURSOR in screen.raw
    bars.close()
    assert screen.raw.count(SHOW_CURSOR) == 1


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_bars_fit_the_terminal(width, encoding):
    screen = Screen(width, encoding)
    tell(Bars(screen.console), 1)
    assert max(map(len, screen.lines)) <= width
    assert " 6/6 " in screen.lines[-2]
    assert "inference" in CODES.sub("", screen.raw)


def test_without_a_terminal_there_are_tables_and_no_bars():
    stream = io.StringIO()
    tell(Lines(Console(file=stream, width=80, _environ={})), 1)
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().count("Series found") == 1
    assert "inference" not in stream.getvalue()  # the log has a line for it


@pytest.mark.parametrize("reason", ["[bold]a [b] c[/b] [/]", "taken for :heart: at 1:2:3"])
def test_a_reason_is_no_markup(reason):
    stream = io.StringIO()
    series = [SERIES[0].model_copy(update={"reason": reason})]
    Lines(Console(file=stream, width=120, _environ={})).series(series)
    assert reason in stream.getvalue()
