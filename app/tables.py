"""How the tables of a run look: a rule below the headings, and little else."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.letters import shown

NARROW = 60
"""Columns below which a table leaves out what can be left out."""

_DIGITS = 7


def new_table(title: str, console: Console) -> Table:
    """An empty table, with less space between its columns on a narrow terminal."""
    narrow = console.width < NARROW
    return Table(
        title=title,
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=not narrow,
        pad_edge=not narrow,
        padding=(0, 0 if narrow else 1),
    )


def add_row(table: Table, console: Console, cells: Iterable[str], style: str = "") -> None:
    """A row of plain text: brackets and colons in a cell are no markup of rich."""
    table.add_row(*(Text(shown(cell, console.encoding)) for cell in cells), style=style)


def number(text: str, mark: str = " ") -> str:
    """A cell, or a heading, of a column of numbers and their marks.

    Such columns are set flush left: rich drops the space that stands for no mark elsewhere.
    """
    return f"{text:>{_DIGITS}} {mark}"
