"""The report as a reader sees it: sections of a few kinds of blocks, every text final.

Both writers, PDF and HTML, set this and nothing else. Numbers are formatted and sentences
translated here, so that the two cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mark = Literal["", "pass", "review", "withheld"]
Kind = Literal["values", "segments", "plain", "gates"]


@dataclass(frozen=True)
class Fact:
    """A name and what it is; ``mark`` where a part was not measured."""

    label: str
    text: str
    mark: Mark = ""


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    note
        Small, behind the text, such as the letter of a footnote.
    drawing
        SVG of :mod:`report.drawings`; empty for none.
    """

    text: str = ""
    note: str = ""
    mark: Mark = ""
    drawing: str = ""


@dataclass(frozen=True)
class Column:
    """Head of a column.

    Attributes
    ----------
    share
        Of the width; 0 for as much as the text needs.
    label
        Before each cell where there is no room for heads, instead of the title.
    """

    title: str
    number: bool = False
    share: float = 0
    label: str = ""


@dataclass(frozen=True)
class Row:
    """Cells in the order of the columns; ``strong`` sets the first row of a group apart."""

    cells: tuple[Cell, ...]
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under one head, and the footnotes of their cells by letter; those of all have none."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    kind: Kind = "plain"
    footnotes: tuple[Fact, ...] = ()
    block: Literal["table"] = "table"


@dataclass(frozen=True)
class Facts:
    """Names and what they are, in ``columns`` columns."""

    facts: tuple[Fact, ...]
    columns: int = 1
    title: str = ""
    block: Literal["facts"] = "facts"


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str
    title: str = ""
    mark: Mark = ""
    block: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Picture:
    """A file in the study's folder.

    Attributes
    ----------
    width_px, height_px
        Of the file.
    mime
        Such as ``image/png``.
    moving
        Stands in the HTML alone.
    """

    file: str
    title: str
    description: str
    width_px: int
    height_px: int
    mime: str
    moving: bool = False


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side, none higher than ``height_mm`` in print."""

    pictures: tuple[Picture, ...]
    height_mm: float
    block: Literal["pictures"] = "pictures"


@dataclass(frozen=True)
class Beside:
    """Tables and facts with a tall picture at their side."""

    blocks: tuple[Table | Facts, ...]
    picture: Picture
    height_mm: float
    block: Literal["beside"] = "beside"


@dataclass(frozen=True)
class Marked:
    """A gate in one line: what it is, its figure and its limit."""

    mark: Mark
    title: str
    figure: str
    limit: str


@dataclass(frozen=True)
class GateList:
    """Gates that passed, in several columns."""

    gates: tuple[Marked, ...]
    title: str
    block: Literal["gates"] = "gates"


Block = Table | Facts | Paragraph | Pictures | Beside | GateList


@dataclass(frozen=True)
class Section:
    """A part of the report under its own head."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Tile:
    """A key number; ``note`` says where it lies."""

    label: str
    value: str
    unit: str
    note: str = ""
    drawing: str = ""


@dataclass(frozen=True, repr=False)  # a traceback must not show a name
class Report:
    """All of it.

    Attributes
    ----------
    headline
        Verdict of the quality gates in one line, with its mark.
    running_head
        Short, at the top of each further page: whose report it is. Apart, so that a name that is
        written from the right leaves the rest in its place.
    about
        What made it, at the foot of each page.
    mark_words
        Word for each mark.
    """

    language: str
    title: str
    research: str
    notice: str
    page_of: str
    running_head: tuple[str, ...]
    about: str
    identity: tuple[Fact, ...]
    headline: Fact
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    mark_words: dict[str, str] = field(default_factory=dict)
    mark_drawings: dict[str, str] = field(default_factory=dict)
