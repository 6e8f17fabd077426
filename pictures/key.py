"""The key that names lines and fills of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pictures.lettering import SMALL
from pictures.lines import Line, add_line
from pictures.page import axes_at

_UNDER_SAMPLE = "#59626c"
_SAMPLE_IN = (0.26, 0.11)
_LINE_IN = 0.17


@dataclass(frozen=True)
class Fill:
    """Colour of an area."""

    colour: str
    opacity: float = 1.0


Key = Sequence[tuple[str, Line | Fill]]


def key_height_in(key: Key, columns: int) -> float:
    """Of all its rows."""
    return -(-len(key) // columns) * _LINE_IN


def draw_key(
    page: Figure, key: Key, left_in: float, top_in: float, columns_in: Sequence[float]
) -> None:
    """Name lines and fills row by row, in columns of the given widths."""
    width, height = sum(columns_in), key_height_in(key, len(columns_in))
    axes = axes_at(page, left_in, top_in, width, height)
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    wide, high = _SAMPLE_IN
    for n, (name, look) in enumerate(key):
        row, column = divmod(n, len(columns_in))
        left, middle = sum(columns_in[:column]), (row + 0.5) * _LINE_IN
        corner = (left, middle - high / 2)
        if isinstance(look, Line) or look.opacity < 1:
            axes.add_patch(Rectangle(corner, wide, high, facecolor=_UNDER_SAMPLE, linewidth=0))
        if isinstance(look, Line):
            add_line(axes, [[(left, middle), (left + wide, middle)]], look)
        else:
            sample = Rectangle(corner, wide, high, facecolor=look.colour, linewidth=0)
            sample.set_alpha(look.opacity)
            axes.add_patch(sample)
        axes.text(
            left + wide + 0.06,
            middle,
            name,
            va="center_baseline",
            fontproperties=SMALL.font(name),
            color=SMALL.colour,
        )
