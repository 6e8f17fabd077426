"""What a person at a terminal sees at the end of a run; the same schema as ``results.json``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from cmr.records import Gate, Measured, Status
from cmr.results import StudyResults
from cmr.results_mapping import Mapping, Region, map_title
from cmr.results_scar import METHOD_TITLES, Scar

_STYLE = {Status.PASS: "green", Status.REVIEW: "yellow", Status.WITHHELD: "red"}


def show(results: StudyResults, console: Console) -> None:
    """Print the measurements, the quality gates that did not pass, and the series used."""
    used = [d for d in results.series if d.used]
    console.print(f"Study {results.study_instance_uid}")
    console.print(f"  {len(used)} of {len(results.series)} series used")
    if results.cine is not None:
        console.print(_measurements(results))
    if results.mapping is not None:
        console.print(_maps(results.mapping))
        for part, reason in results.mapping.not_measured.items():
            console.print(f"  not measured, {part}: {reason}", style="yellow", markup=False)
    if results.scar is not None:
        console.print(_scar(results.scar))
    for part, reason in results.refusals.items():
        console.print(f"  not measured, {part}: {reason}", style="yellow", markup=False)
    for gate in results.quality:
        if gate.status is not Status.PASS:
            console.print(f"  {_line(gate)}", markup=False, highlight=False)
    status = results.quality_status
    console.print(f"  quality: {status.value}", style=_STYLE[status])


def _line(gate: Gate) -> str:
    """Verdict, name, figure against limit, and what the figure is."""
    figure = "undefined" if gate.figure is None else f"{gate.figure:.4g}"
    limit = "" if gate.limit is None else f", limit {gate.limit:g}"
    unit = "" if gate.unit == "1" or gate.unit.startswith("{") else f" {gate.unit}"
    return f"{gate.status.value}, {gate.name}: {figure}{limit}{unit}. {gate.message}"


def _measurements(results: StudyResults) -> Table:
    table = Table("quantity", "value", "unit", title="Short-axis cine", title_justify="left")
    table.columns[1].justify = "right"
    for row in _rows(results):
        table.add_row(*row)
    return table


def _maps(mapping: Mapping) -> Table:
    """Medians of every map, with what it was made with."""
    names = ("map", "global", "septal", "blood", "unit", "segments", "sequence")
    table = Table(*names, title="Tissue mapping", title_justify="left")
    for column in table.columns[:-1]:
        column.no_wrap = True
    for key, one in mapping.maps.items():
        regions: tuple[Region, ...] = (one.global_, one.septal, one.blood)
        medians = [_median(region) for region in regions]
        made = f"{one.sequence}, {one.source}"
        unit = "%" if one.quantity == "ecv" else "ms"
        measured = sum(_median(region) != "-" for region in one.segments.values())
        title = map_title(key, one.quantity)
        table.add_row(title, *medians, unit, f"{measured} of 16", made)
    return table


def _scar(scar: Scar) -> Table:
    """Scar by the default method, and by the others beside it."""
    title = f"Late enhancement ({METHOD_TITLES[scar.method].lower()})"
    table = Table("quantity", "value", "unit", title=title, title_justify="left")
    table.columns[1].justify = "right"
    for quantity, value in scar.values():
        unit = "" if quantity.unit == "1" else quantity.unit
        table.add_row(quantity.title, f"{value:.{quantity.decimals}f}", unit)
    others = ((METHOD_TITLES[name], m.pct_lv_mass) for name, m in scar.methods.items())
    for name, share in others:
        table.add_row(f"  {name}", "-" if share is None else f"{share:.1f}", "% of LV mass")
    return table


def _median(region: Region) -> str:
    found = [f"{v:.{q.decimals}f}" for q, v in region.values() if q.key.startswith("median_")]
    return found[0] if found else "-"


def _rows(results: StudyResults) -> Iterator[tuple[str, str, str]]:
    assert results.cine is not None
    parts: tuple[tuple[str, Measured], ...] = (
        ("LV", results.cine.lv),
        ("RV", results.cine.rv),
        ("", results.cine.heart),
    )
    for name, part in parts:
        for quantity in part.quantities():
            value = getattr(part, quantity.key)
            if value is not None:
                title = f"{name} {quantity.title[:1].lower()}{quantity.title[1:]}".strip()
                yield title, f"{value:.{quantity.decimals}f}", quantity.unit
