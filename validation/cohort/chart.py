"""How charts look, and their way into the page: text stays text, marks differ in shape as well.

Colours are those of Okabe and Ito (2008), which the common forms of colour blindness tell apart.
Of two kinds of mark one is a hollow blue circle (end-diastole), the other a filled vermilion
triangle (end-systole).
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

INK, MUTED, GRID = "#1c2733", "#5b6875", "#e3e8ed"
BLUE, VERMILION = "#0072b2", "#d55e00"
# Matplotlib types its settings as a literal of 300 names, which a plain dictionary does not fit.
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}
MARKS: dict[bool, dict[str, Any]] = {
    False: {"marker": "o", "facecolors": "none", "edgecolors": BLUE},
    True: {"marker": "^", "facecolors": VERMILION, "edgecolors": VERMILION},
}
"""Hollow and filled marks."""


@dataclass(frozen=True)
class Chart:
    """A picture in SVG and the sentence that stands for it where it cannot be seen."""

    svg: str
    alt: str


def svg_of(figure: Figure, name: str) -> str:
    """SVG element whose ids are unique in a page of several, without the XML prologue."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    text = buffer.getvalue()
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text[text.index("<svg") :])
