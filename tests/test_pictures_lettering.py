"""Lines of Chinese text break where a printer would break them."""

import pytest

from pictures.lettering import LABEL, wrapped
from texts.words import table

pytestmark = pytest.mark.requirement("REP-10")

CLOSING, OPENING = "，。；：、）！？％", "（"
HARD = "限值 12（mm）。实测 3 mm，共 LV，好（是）"
TEXTS = sorted({HARD} | {row["zh"] for row in table().values()})


@pytest.mark.parametrize("width_in", [0.8, 1.0, 1.7])
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one(width_in):
    for text in TEXTS:
        lines = wrapped(text, width_in, LABEL).lines
        assert "".join("".join(lines).split()) == "".join(text.split())
        assert not [line for line in lines[1:] if line[0] in CLOSING], lines
        assert not [line for line in lines[:-1] if line[-1] in OPENING], lines
        assert all(LABEL.width_in(line) <= width_in for line in lines)
