"""``summary.html``: a table of many studies that stands alone, and asks no host for anything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.marks import SIGNS
from app.summary_rows import Row, State
from app.thumbnails import thumbnails
from cmr.records import Quantity
from report.numbers import unit_of
from texts.pages import page_templates

_TEMPLATES = Path(__file__).parent / "templates"
HEADINGS: dict[str, str] = {
    "cine.lv.edv_ml": "LV EDV",
    "cine.lv.esv_ml": "LV ESV",
    "cine.lv.ef_pct": "LV EF",
    "cine.lv.mass_ed_g": "LV mass",
    "cine.rv.edv_ml": "RV EDV",
    "cine.rv.esv_ml": "RV ESV",
    "cine.rv.ef_pct": "RV EF",
    "mapping.native_t1.global.median_ms": "Native T1",
    "mapping.post_t1.global.median_ms": "Post T1",
    "mapping.t2.global.median_ms": "T2",
    "mapping.t2_star.global.median_ms": "T2*",
    "mapping.ecv.global.median_pct": "ECV",
    "scar.mass_g": "Scar",
    "scar.pct_lv_mass": "Scar share",
}
"""The numbers of the page, by their path in ``results.json``; the CSV has all."""


@dataclass(frozen=True)
class Column:
    """A number of the page."""

    path: str
    heading: str
    quantity: Quantity

    @property
    def unit(self) -> str:
        """As people write it."""
        return unit_of(self.quantity.unit)

    def value(self, row: Row) -> float | None:
        """The number of a study; None where it has none."""
        found = row.values.get(self.path)
        return None if found is None else found[2]

    def text(self, row: Row) -> str:
        """As it is shown."""
        value = self.value(row)
        return "" if value is None else f"{value:.{self.quantity.decimals}f}"


@dataclass(frozen=True)
class Line:
    """A row as the page shows it."""

    row: Row
    name: str
    pictures: list[tuple[str, str]]

    @property
    def sign(self) -> str:
        """Mark of the quality; nothing where all gates passed."""
        return SIGNS[self.row.status].strip() if self.row.status else ""


def page(rows: Sequence[Row], names: Sequence[str]) -> str:
    """The whole page; everything that comes from a file is escaped by Jinja."""
    lines = [
        Line(row, name, thumbnails(row.folder) if row.state is State.MEASURED else [])
        for row, name in zip(rows, names, strict=True)
    ]
    script = (_TEMPLATES / "sort.js").read_text(encoding="utf-8")
    return (
        page_templates(_TEMPLATES)
        .get_template("summary.html.j2")
        .render(
            lines=lines,
            columns=list(_columns(rows)),
            counts=[(s, n) for s in State if (n := sum(row.state is s for row in rows))],
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _columns(rows: Sequence[Row]) -> Iterator[Column]:
    """Those that any study has."""
    for path, heading in HEADINGS.items():
        found = next((row.values[path] for row in rows if path in row.values), None)
        if found is not None:
            yield Column(path, heading, found[1])
