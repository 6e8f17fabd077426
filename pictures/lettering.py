"""Text that stays inside the page: measured and broken into lines before it is drawn.

The fonts are those of ``texts``, so that the fonts of the machine change nothing. A text with signs
that Noto Sans lacks, such as Chinese ones, is set in Noto Sans CJK as a whole. Texts may come from
a DICOM header: no sign in them is taken for mathematics.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import LoadFlags

from pictures.page import DPI
from texts.fonts import BOLD, EAST_ASIAN, REGULAR

INK, MUTED = "#1c2733", "#5b6875"
_POINTS_PER_IN = 72
# FreeType measures in these parts of a pixel.
_SUBPIXELS = 64
_LEADING = 1.35
# From the top of a line to its baseline, in sizes of the type.
_ASCENT = 1.0
# A line may end after each Chinese or Japanese sign, but not after an opening mark nor before a
# closing one.
_EAST = "\u2e80-\u9fff\uff00-\uffef"
_OPENING, _CLOSING = "（【《", "，。；：、）】》！？％"
_TOKEN = re.compile(f"(\\s*)([{_OPENING}]*(?:[^\\s{_EAST}]+|[{_EAST}])[{_CLOSING}]*|[{_OPENING}])")


@dataclass(frozen=True)
class Lettering:
    """Size in points, weight and colour of a text."""

    size_pt: float
    bold: bool = False
    colour: str = INK

    def font(self, text: str) -> FontProperties:
        """The font that has the signs of ``text``."""
        return FontProperties(fname=_font_file(text, self.bold), size=self.size_pt)

    @property
    def line_in(self) -> float:
        """Distance of two baselines."""
        return self.size_pt * _LEADING / _POINTS_PER_IN

    def width_in(self, text: str) -> float:
        """Width of ``text`` on one line."""
        return _width_in(text, self.size_pt, self.bold)


TITLE = Lettering(10, bold=True)
LABEL = Lettering(8)
SMALL = Lettering(7, colour=MUTED)


@dataclass(frozen=True)
class Block:
    """Lines of text in one lettering."""

    lines: tuple[str, ...]
    lettering: Lettering

    @property
    def height_in(self) -> float:
        """Of all lines."""
        return len(self.lines) * self.lettering.line_in

    def draw(
        self,
        page: Figure,
        x_in: float,
        top_in: float,
        align: Literal["left", "center", "right"] = "left",
    ) -> None:
        """Draw the lines from ``top_in`` downwards."""
        width, height = page.get_size_inches()
        style = self.lettering
        for n, line in enumerate(self.lines):
            baseline = top_in + n * style.line_in + _ASCENT * style.size_pt / _POINTS_PER_IN
            page.text(
                x_in / width,
                1 - baseline / height,
                line,
                fontproperties=style.font(line),
                color=style.colour,
                ha=align,
                va="baseline",
                parse_math=False,
            )


def wrapped(text: str, width_in: float, lettering: Lettering) -> Block:
    """``text`` in lines of at most ``width_in``; a word longer than a line is cut."""

    def fits(line: str) -> bool:
        return lettering.width_in(line) <= width_in

    lines: list[str] = []
    for gap, word in _tokens(_drawable(text, lettering)):
        if lines and fits(lines[-1] + gap + word):
            lines[-1] += gap + word
        else:
            lines += _pieces(word, fits)
    return Block(tuple(lines), lettering)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """What stays together on a line, each after the blank before it."""
    for gap, word in _TOKEN.findall(text):
        yield " " if gap else "", word


def _pieces(word: str, fits: Callable[[str], bool]) -> list[str]:
    pieces = [""]
    for sign in [word] if fits(word) else word:
        if pieces[-1] and not fits(pieces[-1] + sign):
            pieces.append("")
        pieces[-1] += sign
    return pieces


@lru_cache(maxsize=4096)
def _width_in(text: str, size_pt: float, bold: bool) -> float:
    font = get_font(_font_file(text, bold))
    font.set_size(size_pt, DPI)
    # As matplotlib draws it: hinting moves each sign to whole pixels.
    font.set_text(text, flags=LoadFlags.DEFAULT)
    return float(font.get_width_height()[0] / _SUBPIXELS / DPI)


def _drawable(text: str, lettering: Lettering) -> str:
    """``text`` with a question mark for each sign that the font lacks, which would warn."""
    font = get_font(_font_file(text, lettering.bold))
    return "".join(c if c.isspace() or font.get_char_index(ord(c)) else "?" for c in text)


def _font_file(text: str, bold: bool) -> Path:
    """The one that lacks the fewest signs."""
    files = (BOLD if bold else REGULAR, EAST_ASIAN)
    return min(files, key=lambda file: _lacking(file, text))


def _lacking(file: Path, text: str) -> int:
    font = get_font(file)
    return sum(not font.get_char_index(ord(c)) for c in text if not c.isspace())
