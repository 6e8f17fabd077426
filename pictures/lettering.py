"""Text that stays inside the page: measured and broken into lines before it is drawn.

The fonts are the files that come with matplotlib, so that the fonts of the machine change nothing.
Texts may come from a DICOM header: no sign in them is taken for mathematics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import LoadFlags

from pictures.page import DPI

INK, MUTED = "#1c2733", "#5b6875"
_POINTS_PER_IN = 72
# FreeType measures in these parts of a pixel.
_SUBPIXELS = 64
_LEADING = 1.35
# From the top of a line to its baseline, in sizes of the type.
_ASCENT = 0.98


@dataclass(frozen=True)
class Lettering:
    """Size in points, weight and colour of a text."""

    size_pt: float
    bold: bool = False
    colour: str = INK

    @cached_property
    def font(self) -> FontProperties:
        """DejaVu Sans from the file that comes with matplotlib."""
        return FontProperties(fname=_font_file(self.bold), size=self.size_pt)

    @property
    def line_in(self) -> float:
        """Distance of two baselines."""
        return self.size_pt * _LEADING / _POINTS_PER_IN

    def width_in(self, text: str) -> float:
        """Width of ``text`` on one line."""
        font = get_font(_font_file(self.bold))
        font.set_size(self.size_pt, DPI)
        # As matplotlib draws it: hinting moves each sign to whole pixels.
        font.set_text(text, flags=LoadFlags.DEFAULT)
        return font.get_width_height()[0] / _SUBPIXELS / DPI


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
                fontproperties=style.font,
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
    for word in _drawable(text, lettering).split():
        if lines and fits(f"{lines[-1]} {word}"):
            lines[-1] += f" {word}"
        else:
            lines += _pieces(word, fits)
    return Block(tuple(lines), lettering)


def _pieces(word: str, fits: Callable[[str], bool]) -> list[str]:
    pieces = [""]
    for sign in [word] if fits(word) else word:
        if pieces[-1] and not fits(pieces[-1] + sign):
            pieces.append("")
        pieces[-1] += sign
    return pieces


def _drawable(text: str, lettering: Lettering) -> str:
    """``text`` with a question mark for each sign that the font lacks, which would warn."""
    font = get_font(_font_file(lettering.bold))
    return "".join(c if c.isspace() or font.get_char_index(ord(c)) else "?" for c in text)


def _font_file(bold: bool) -> Path:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(mpl.get_data_path(), "fonts", "ttf", name)
