"""The series of a study as a run shows them: what each was taken for, used or why not.

Nothing of a header stands in it: kinds and reasons are the application's own words.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from app.tables import NARROW, add_row, new_table
from cmr.results import SeriesDecision


def series_table(decisions: Sequence[SeriesDecision], title: str, console: Console) -> Table:
    """A row a series, in the order of the study."""
    table = new_table(title, console)
    table.add_column("#", justify="right")
    table.add_column("taken for")
    table.add_column("images used", justify="right", no_wrap=console.width >= NARROW)
    table.add_column("why", overflow="fold")
    for number, one in enumerate(decisions, 1):
        used = f"{one.images_used if one.used else 0} of {one.images}"
        row = (str(number), one.kind, used, one.reason)
        add_row(table, console, row, "" if one.used else "dim")
    return table
