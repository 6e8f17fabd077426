"""What a person at a terminal sees at the end of a run; the same schema as ``results.json``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.letters import shown
from app.marks import SIGNS, Marks
from app.tables import NARROW, add_row, new_table, number
from cmr.records import Gate, Measured, Quantity, Status
from cmr.results import Heart, LeftVentricle, StudyResults
from cmr.results_mapping import Mapping, Region, map_title
from cmr.results_scar import METHOD_TITLES, Scar
from report.numbers import significant, unit_of

_STYLE = {Status.PASS: "green", Status.REVIEW: "yellow", Status.WITHHELD: "red"}
_KINDS = {
    "report": (".pdf", ".html"),
    "pictures": (".png", ".webp", ".gif"),
    "surfaces": (".stl", ".glb"),
}

_LONGEST_WORD = len("End-diastolic")


class Results:
    """Prints one study on a console."""

    def __init__(self, results: StudyResults, console: Console) -> None:
        self._results = results
        self._console = console
        self._marks = Marks(results)

    def show(self) -> None:
        """Print the measurements with their marks, what is missing and why, and the gates."""
        results = self._results
        self._say(f"Study {results.study_instance_uid}")
        self._say(results.application.notice, "bold")
        if results.cine is not None:
            self._console.print(self._cine())
            self._say(", ".join(_heart(results.cine.heart)))
        if results.mapping is not None:
            self._console.print(self._maps(results.mapping))
            for part, reason in results.mapping.not_measured.items():
                self._say(f"not measured, {part}: {reason}", "yellow")
        if results.scar is not None:
            self._console.print(self._scar(results.scar))
        for part, reason in results.refusals.items():
            self._say(f"not measured, {part}: {reason}", "yellow")
        for gate in self._marks.gates:
            self._say(f"{SIGNS[gate.status]} {_line(gate)}", _STYLE[gate.status])
        status = results.quality_status
        self._say(f"quality: {status.value}", _STYLE[status])

    def files(self, place: str) -> None:
        """Tell where the files are, by what they are for."""
        names = self._results.files
        self._say(f"Files in {place}: results.json, {_dicom(names)}")
        for what, suffixes in _KINDS.items():
            if found := [n for n in names if Path(n).suffix in suffixes]:
                self._say(f"  {what}: {', '.join(found)}")

    def _say(self, text: str, style: str = "") -> None:
        plain = shown(text, self._console.encoding)
        self._console.print(plain, style=style, markup=False, highlight=False)

    def _table(self, title: str, *headings: str) -> Table:
        table = new_table(title, self._console)
        for heading in headings:
            numbers = heading in ("LV", "RV", "value", "global", "septal", "blood")
            name = number(heading) if numbers else heading
            # So wide that a word of a title stays whole where the columns after it can be folded.
            width = None if numbers else _LONGEST_WORD if heading in ("quantity", "median") else 2
            table.add_column(name, no_wrap=numbers, overflow="fold", min_width=width)
        return table

    def _cine(self) -> Table:
        """LV and RV side by side; an RV cell is empty where only the LV has the quantity."""
        cine = self._results.cine
        assert cine is not None
        table = self._table("Short-axis cine", "quantity", "LV", "RV", "unit")
        for quantity in LeftVentricle.quantities():
            left = self._cell(cine.lv, "cine.lv", quantity)
            right = self._cell(cine.rv, "cine.rv", quantity)
            if left or right:
                row = (quantity.title, left, right, unit_of(quantity.unit))
                add_row(table, self._console, row)
        return table

    def _maps(self, mapping: Mapping) -> Table:
        """Medians of every map, with what it was made with where there is room."""
        wide = self._console.width >= NARROW
        more = ("blood",) if wide else ()
        about = ("AHA", "made") if wide else ()
        table = self._table("Tissue mapping", "median", "global", "septal", *more, "unit", *about)
        for key, one in mapping.maps.items():
            regions: dict[str, Region] = {"global": one.global_, "septal": one.septal}
            if wide:
                regions["blood"] = one.blood
            medians = [self._median(r, f"mapping.{key}.{name}") for name, r in regions.items()]
            measured = sum(any(True for _ in s.values()) for s in one.segments.values())
            made = (f"{measured}/16", f"{one.sequence}, {one.source}") if wide else ()
            unit = "%" if one.quantity == "ecv" else "ms"
            row = (map_title(key, one.quantity), *medians, unit, *made)
            add_row(table, self._console, row)
        return table

    def _scar(self, scar: Scar) -> Table:
        """Scar by the default method, and by the others beside it."""
        title = f"Late enhancement ({METHOD_TITLES[scar.method]})"
        table = self._table(title, "quantity", "value", "unit")
        for quantity in scar.quantities():
            if cell := self._cell(scar, "scar", quantity):
                row = (quantity.title, cell, unit_of(quantity.unit))
                add_row(table, self._console, row)
        for name, found in scar.methods.items():
            share = "-" if found.pct_lv_mass is None else f"{found.pct_lv_mass:.1f}"
            cell = number(share, self._marks.signs(f"scar.methods.{name}"))
            add_row(table, self._console, (f"- {METHOD_TITLES[name]}", cell, "% of LV mass"))
        return table

    def _cell(self, part: Measured, prefix: str, quantity: Quantity) -> str:
        """Number and mark; the mark alone for what a gate withholds; empty without either."""
        value = getattr(part, quantity.key, None)
        if value is not None:
            sign = self._marks.signs(f"{prefix}.{quantity.key}")
            return number(f"{value:.{quantity.decimals}f}", sign)
        known = any(q.key == quantity.key for q in part.quantities())
        kept = self._marks.of(f"{prefix}.{quantity.key}") is Status.WITHHELD
        return number("", SIGNS[Status.WITHHELD]) if known and kept else ""

    def _median(self, region: Region, key: str) -> str:
        (quantity,) = (q for q in region.quantities() if q.key.startswith("median_"))
        return self._cell(region, key, quantity) or number("-")


def _heart(heart: Heart) -> Iterator[str]:
    for quantity, value in heart.values():
        yield f"{quantity.title} {value:.{quantity.decimals}f} {unit_of(quantity.unit)}"


def _line(gate: Gate) -> str:
    """Verdict, name, figure against limit, and what the figure is."""
    figure = "undefined" if gate.figure is None else significant(gate.figure)
    limit = "" if gate.limit is None else f", limit {gate.limit:g}"
    unit = unit_of(gate.unit)
    return (
        f"{gate.status.value}, {gate.name}: {figure}{limit} {unit}".rstrip() + f". {gate.message}"
    )


def _dicom(names: Iterable[str]) -> str:
    count = sum(Path(name).suffix == ".dcm" for name in names)
    return f"{count} DICOM object{'' if count == 1 else 's'}"
