"""What a run prints: golden texts, looked at by eye, and that they fit the terminal."""

import io
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from app.series_table import series_table
from app.terminal import Results
from report.numbers import unit_of
from tests.terminal_sample import SERIES, printed, whole_study

pytestmark = pytest.mark.requirement("CINE-44", "REP-05")

GOLDEN = Path(__file__).parent / "golden"
COLOURED = re.compile(r"\x1b\[[0-9;]*m")


def show_all(console: Console) -> None:
    console.print(series_table(SERIES, "Series found", console))
    shown = Results(whole_study(), console)
    shown.show()
    shown.files("the output folder")


@pytest.mark.parametrize(
    ("name", "width", "encoding"),
    [
        ("terminal-80.txt", 80, "utf-8"),
        ("terminal-40.txt", 40, "utf-8"),
        ("terminal-80-ascii.txt", 80, "ascii"),
    ],
)
def test_the_text_is_the_one_that_was_looked_at(name, width, encoding):
    text = printed(show_all, width, encoding)
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 57, 80, 132])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(width, encoding):
    text = printed(show_all, width, encoding)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    for number in ("151.26", "160.17", "120.55", "55.9", "1001.3", "33.1", "18.5", "21.05"):
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", text), number


def test_colour_is_left_out_where_it_is_not_wanted(monkeypatch):
    def text(env):
        stream = io.StringIO()
        Results(whole_study(), Console(file=stream, force_terminal=True, _environ=env)).show()
        return stream.getvalue()

    plain = {"TERM": "xterm-256color"}
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", text(plain))
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", text(plain | {"NO_COLOR": "1"}))
    assert COLOURED.sub("", text(plain)) == COLOURED.sub("", text(plain | {"NO_COLOR": "1"}))


def test_a_withheld_number_has_a_cross_and_one_that_is_undefined_nothing():
    rows = {line.split("  ")[0].strip(): line for line in printed(show_all).splitlines()
            for line in [line.strip()]}  # fmt: skip
    assert re.findall(r"[\d.]+|[▲✕]", rows["Ejection fraction"]) == ["✕", "55.9", "▲"]
    assert "Stroke volume" not in rows
    assert re.findall(r"[\d.]+|[▲✕]", rows["Scar mass"]) == ["21.05"]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("{H.B.}/min", "/min"), ("1", ""), ("ml/m2", "ml/m²"), ("{slices}", ""), ("{SD}", "SD")],
)
def test_units_as_people_write_them(unit, expected):
    assert unit_of(unit) == expected
