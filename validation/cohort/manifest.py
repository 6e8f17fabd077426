"""The manifest of a validation run: which images or results belong to which reference masks.

One row a case and phase::

    case,phase,image,reference,structures,vendor
    p1,ed,p1_ed.nii.gz,p1_ed_label.nii.gz,"rv,myo,lv",Siemens
    p1,es,p1_es.nii.gz,p1_es_label.nii.gz,"rv,myo,lv",Siemens

``result`` (finished masks) may stand in place of ``image``. Every further column makes subgroups.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cmr.errors import UsageError
from cmr.labels import PHASES, Label
from validation.cohort.records import STRUCTURE_NAMES

REQUIRED = ("case", "phase", "reference", "structures")
SOURCES = ("image", "result")
RESERVED = ("", "status", "reason", "gates", "seconds")
_LABELS = {name: label for label, name in STRUCTURE_NAMES.items()}
_Row = dict[str, str]


@dataclass(frozen=True)
class ManifestPhase:
    """One row.

    Parameters
    ----------
    phase
        ``ed`` or ``es``.
    image, result
        The NIfTI stack to segment, or finished masks; one of them is None.
    reference
        The expert's masks.
    structures
        What the reference holds.
    """

    phase: str
    image: Path | None
    result: Path | None
    reference: Path
    structures: tuple[Label, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every path of the row."""
        return tuple(p for p in (self.image, self.result, self.reference) if p is not None)


@dataclass(frozen=True)
class ManifestCase:
    """All rows of one case; ``problem`` says why it cannot be measured, empty when it can."""

    case: str
    phases: dict[str, ManifestPhase]
    subgroups: dict[str, str]
    problem: str


def read_manifest(path: Path) -> list[ManifestCase]:
    """Read the cases in the order of their first rows.

    A row that cannot be used makes its case one with a problem, so that it is counted.

    Raises
    ------
    UsageError
        The file cannot be read, lacks a column, has one twice, or has no rows.
    """
    columns, rows = _read_rows(path)
    further = [c for c in columns if c not in (*REQUIRED, *SOURCES)]
    cases: dict[str, list[_Row]] = {}
    for number, row in enumerate(rows, 1):
        cases.setdefault(row.get("case") or f"row {number}", []).append(row)
    return [_case(name, group, further, path.parent) for name, group in cases.items()]


def _read_rows(path: Path) -> tuple[Sequence[str], list[_Row]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets write a mark
            lines = [[cell.strip() for cell in line] for line in csv.reader(file) if any(line)]
    except OSError as error:
        raise UsageError(f"Manifest {path}: cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"Manifest {path}: not a CSV file in UTF-8.") from error
    columns = lines[0] if lines else []
    _check_columns(path, columns)
    if len(lines) < 2:
        raise UsageError(f"Manifest {path}: no rows below the header.")
    return columns, [_as_row(columns, cells) for cells in lines[1:]]


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
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


def _as_row(columns: Sequence[str], cells: Sequence[str]) -> _Row:
    row = dict(zip(columns, cells, strict=False))
    if len(cells) != len(columns):
        row[""] = f"{len(cells)} cells, expected {len(columns)}: put structures in quotes"
    return row


def _case(name: str, rows: Sequence[_Row], further: Sequence[str], folder: Path) -> ManifestCase:
    subgroups = {c: value for c in further if (value := rows[0].get(c))}
    phases: dict[str, ManifestPhase] = {}
    problem = ""
    try:
        for row in rows:
            phase = _phase(row, folder)
            _require(phase.phase not in phases, f"phase {phase.phase} twice")
            phases[phase.phase] = phase
        for column in further:
            values = sorted({row[column] for row in rows})
            _require(len(values) == 1, f"{column} differs between the rows: {', '.join(values)}")
        sources = {phase.image is None for phase in phases.values()}
        _require(len(sources) == 1, "an image in one row and a result in another")
    except _RowError as error:
        problem = str(error)
    return ManifestCase(name, phases, subgroups, problem)


def _phase(row: _Row, folder: Path) -> ManifestPhase:
    _require("" not in row, row.get("", ""))
    _require(bool(row["case"]), "no case name")
    phase = row["phase"].lower()
    _require(phase in PHASES, f"unknown phase '{row['phase']}', expected {' or '.join(PHASES)}")
    given = {name: folder / row[name] for name in (*SOURCES, "reference") if row.get(name)}
    _require("reference" in given, f"{phase}: no reference")
    _require(("image" in given) != ("result" in given), f"{phase}: give an image or a result")
    for kind, path in given.items():
        _require(_is_readable(path), f"{phase}: {kind} missing or not readable: {path}")
    structures = _structures(row["structures"], phase)
    image, result = given.get("image"), given.get("result")
    return ManifestPhase(phase, image, result, given["reference"], structures)


def _structures(text: str, phase: str) -> tuple[Label, ...]:
    names = re.findall(r"[^\s,;]+", text.lower())
    unknown = [name for name in names if name not in _LABELS]
    expected = ", ".join(_LABELS)
    _require(not unknown, f"{phase}: unknown structure '{', '.join(unknown)}', expected {expected}")
    _require(bool(names), f"{phase}: no structures, expected some of {expected}")
    return tuple(sorted({_LABELS[name] for name in names}))


def _is_readable(path: Path) -> bool:
    try:
        return os.access(path, os.R_OK)
    except ValueError:  # a zero byte in the name
        return False


class _RowError(Exception):
    """A row that cannot be used."""


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise _RowError(problem)
