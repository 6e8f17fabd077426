"""The manifest of a validation run: which images or results belong to which reference masks.

A CSV file. Each task has columns of its own (:class:`ManifestForm`); every further one makes
subgroups. ``result`` (finished masks) may stand in place of ``image``.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from cmr.errors import UsageError

SOURCES = ("image", "result")
RESERVED = ("", "status", "reason", "gates", "seconds", "undefined")
Cells = dict[str, str]


@dataclass(frozen=True)
class ManifestRow:
    """One row.

    Parameters
    ----------
    image, result
        The NIfTI stack to segment, or finished masks; one of them is None.
    reference
        The expert's masks.
    """

    image: Path | None
    result: Path | None
    reference: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every path of the row."""
        return tuple(p for p in (self.image, self.result, self.reference) if p is not None)

    @property
    def said(self) -> tuple[Any, ...]:
        """What a result depends on beside the files; plain types."""
        return ()


R = TypeVar("R", bound=ManifestRow)


@dataclass(frozen=True)
class ManifestForm(Generic[R]):
    """What the manifest of a task looks like.

    Parameters
    ----------
    required
        Columns that have to be there, beside one of :data:`SOURCES`.
    optional
        Columns with a meaning that may be left out.
    read
        From the cells of a row and the manifest's folder to the name of the part of the case that
        the row describes (empty where a case has one row) and the row. Raises :class:`RowError`.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    read: Callable[[Cells, Path], tuple[str, R]]


@dataclass(frozen=True)
class ManifestCase(Generic[R]):
    """All rows of one case; ``problem`` says why it cannot be measured, empty when it can."""

    case: str
    parts: dict[str, R]
    subgroups: dict[str, str]
    problem: str

    @property
    def has_images(self) -> bool:
        """Whether a network has to run."""
        return any(part.image is not None for part in self.parts.values())


class RowError(Exception):
    """A row that cannot be used."""


def require(condition: bool, problem: str) -> None:
    """Raise :class:`RowError` where the condition does not hold."""
    if not condition:
        raise RowError(problem)


def given_paths(
    cells: Cells, folder: Path, further: Sequence[str] = (), part: str = ""
) -> Mapping[str, Path]:
    """Paths of a row by column: one of :data:`SOURCES`, ``reference``, and ``further`` if given.

    Raises
    ------
    RowError
        One is missing or cannot be read; the text begins with ``part``.
    """
    of = f"{part}: " if part else ""
    kinds = (*SOURCES, "reference", *further)
    given = {name: folder / cells[name] for name in kinds if cells.get(name)}
    require("reference" in given, f"{of}no reference")
    require(("image" in given) != ("result" in given), f"{of}give an image or a result")
    for kind, path in given.items():
        require(_is_readable(path), f"{of}{kind} missing or not readable: {path}")
    return given


def read_manifest(path: Path, form: ManifestForm[R]) -> list[ManifestCase[R]]:
    """Read the cases in the order of their first rows.

    A row that cannot be used makes its case one with a problem, so that it is counted.

    Raises
    ------
    UsageError
        The file cannot be read, lacks a column, has one twice, or has no rows.
    """
    columns, rows = _read_rows(path, form.required)
    further = [c for c in columns if c not in (*form.required, *SOURCES, *form.optional)]
    cases: dict[str, list[Cells]] = {}
    for number, row in enumerate(rows, 1):
        cases.setdefault(row.get("case") or f"row {number}", []).append(row)
    return [_case(name, group, further, path.parent, form) for name, group in cases.items()]


def _read_rows(path: Path, required: Sequence[str]) -> tuple[Sequence[str], list[Cells]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets write a mark
            lines = [[cell.strip() for cell in line] for line in csv.reader(file) if any(line)]
    except OSError as error:
        raise UsageError(f"Manifest {path}: cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"Manifest {path}: not a CSV file in UTF-8.") from error
    columns = lines[0] if lines else []
    _check_columns(path, columns, required)
    if len(lines) < 2:
        raise UsageError(f"Manifest {path}: no rows below the header.")
    return columns, [_as_row(columns, cells) for cells in lines[1:]]


def _check_columns(path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in columns]
    if not set(SOURCES) & set(columns):
        missing.append("image (or result)")
    if missing:
        raise UsageError(
            f"Manifest {path}: no column {', '.join(missing)}; the comma-separated header is "
            f"{','.join(columns) or 'empty'}."
        )
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise UsageError(f"Manifest {path}: column '{', '.join(twice)}' twice.")
    if taken := sorted({*RESERVED} & {*columns}):
        raise UsageError(
            f"Manifest {path}: column '{', '.join(taken)}' has a name that the results use; "
            "rename it."
        )


def _as_row(columns: Sequence[str], cells: Sequence[str]) -> Cells:
    row = dict(zip(columns, cells, strict=False))
    if len(cells) != len(columns):
        row[""] = (
            f"{len(cells)} cells, expected {len(columns)}: put a cell that holds commas in quotes"
        )
    return row


def _case(
    name: str, rows: Sequence[Cells], further: Sequence[str], folder: Path, form: ManifestForm[R]
) -> ManifestCase[R]:
    subgroups = {c: value for c in further if (value := rows[0].get(c))}
    parts: dict[str, R] = {}
    problem = ""
    try:
        for row in rows:
            require("" not in row, row.get("", ""))
            require(bool(row["case"]), "no case name")
            part, read = form.read(row, folder)
            require(part not in parts, f"phase {part} twice" if part else "two rows of this name")
            parts[part] = read
        for column in further:
            values = sorted({row[column] for row in rows})
            require(len(values) == 1, f"{column} differs between the rows: {', '.join(values)}")
        sources = {part.image is None for part in parts.values()}
        require(len(sources) == 1, "an image in one row and a result in another")
    except RowError as error:
        problem = str(error)
    return ManifestCase(name, parts, subgroups, problem)


def _is_readable(path: Path) -> bool:
    try:
        return os.access(path, os.R_OK)
    except ValueError:  # a zero byte in the name
        return False
