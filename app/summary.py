"""``--summary``: one table over the output folders of many runs, as CSV and as a page."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from app.cli import SummaryRequest
from app.publish import NEXT
from app.summary_page import page
from app.summary_rows import Row, State, rows_of
from cmr.errors import NothingReadable, OutputError

CSV, HTML = "summary.csv", "summary.html"
_FIRST = ("folder", "study_instance_uid", "state", "quality", "review", "withheld", "reason")


def summarise(request: SummaryRequest) -> list[str]:
    """Write both files; what to tell of them, a line each.

    Raises
    ------
    NothingReadable
        No folder holds anything of a run.
    OutputError
        The files cannot be written.
    """
    # A study of several names, as of a folder and of what it holds, is one study.
    found = (row for folder in request.folders for row in _rows(folder))
    rows = list({row.folder.resolve(): row for row in found}.values())
    if all(row.state is State.EMPTY for row in rows):
        raise NothingReadable(
            f"None of {len(rows)} folders holds results.json or metadata.json. Name output folders "
            "of this application."
        )
    names = _names([row.folder for row in rows])
    try:
        request.output.mkdir(parents=True, exist_ok=True)
        _write(request.output / CSV, csv_text(rows, names))
        _write(request.output / HTML, page(rows, names))
    except OSError as error:
        message = f"The summary cannot be written ({error.strerror}). {NEXT}"
        raise OutputError(message) from error
    return _told(rows, names)


def csv_text(rows: Sequence[Row], names: Sequence[str]) -> str:
    """A line a row; columns are the paths of all measured values in ``results.json``."""
    places = {path: place for row in rows for path, (place, _, _) in row.values.items()}
    paths = sorted(places, key=lambda path: places[path])
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, [*_FIRST, *paths], restval="", lineterminator="\n")
    writer.writeheader()
    for row, name in zip(rows, names, strict=True):
        texts = (name, row.uid, row.state, row.status or "", " ".join(row.review),
                 " ".join(row.withheld), row.reason)  # fmt: skip
        first = dict(zip(_FIRST, map(_harmless, texts), strict=True))
        numbers = {path: json.dumps(value) for path, (_, _, value) in row.values.items()}
        writer.writerow(first | numbers)
    return buffer.getvalue()


def _rows(folder: Path) -> list[Row]:
    try:
        return list(rows_of(folder))
    except OSError as error:
        return [Row(folder, State.BROKEN, f"The folder cannot be read ({error.strerror}).")]


def _names(folders: Sequence[Path]) -> list[str]:
    """Short names that tell the folders apart: what differs in their paths."""
    whole = [folder.resolve() for folder in folders]
    parents = {folder.parent for folder in whole}
    base = Path(os.path.commonpath(parents))
    return [str(folder.relative_to(base)) for folder in whole]


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula, on one line."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return f"'{line}" if line[:1] in ("=", "+", "-", "@") else line


def _write(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.partial")
    try:
        aside.write_text(text, encoding="utf-8", errors="replace")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _told(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    counts = Counter(row.state for row in rows)
    total = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    faults = [
        f"{row.state}: {name}: {row.reason}"
        for row, name in zip(rows, names, strict=True)
        if row.state is not State.MEASURED
    ]
    return [*faults, f"{total}; {CSV} and {HTML} are in the output folder"]
