"""``make demo``: a phantom study of known truth through the application, figure by figure."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cmr.results import StudyResults
from dicomio.results_json import RESULTS, read_results
from phantom.settings import PhantomSettings
from phantom.study import plane_count, write_study
from phantom.truth import HeartTruth, Truth
from validation import PROJECT_ROOT


def main() -> int:
    """Write, run, compare."""
    parser = argparse.ArgumentParser(prog="python -m validation.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="made anew")
    parser.add_argument("--seed", type=int, default=0, help="which heart")
    args = parser.parse_args()
    console = Console()
    study, results = args.folder / "study", args.folder / "results"
    for folder in (study, results):
        shutil.rmtree(folder, ignore_errors=True)
    truth = _write(study, args.seed, console)
    (args.folder / "truth.json").write_text(truth.model_dump_json(indent=2), encoding="utf-8")
    command = [sys.executable, "-m", "app", "--input", str(study.resolve())]
    command += ["--output", str(results.resolve()), "--model", "models"]
    code = subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode
    if code == 0:
        console.print(_table(read_results(results / RESULTS), truth))
        console.print(f"study {study}, truth {args.folder / 'truth.json'}, results {results}")
        console.print("Research use only. Not a medical device.", style="bold")
    return code


def _write(study: Path, seed: int, console: Console) -> Truth:
    settings = PhantomSettings(seed=seed)
    with Progress(console=console) as progress:
        task = progress.add_task("Imaging a digital heart", total=plane_count(settings))
        return write_study(study, settings, lambda: progress.advance(task))


def _table(results: StudyResults, truth: Truth) -> Table:
    """Measured against the true masks on the imaging grid, and against the continuous heart."""
    table = Table("quantity", "measured", "true, imaged", "difference", "true, continuous")
    for column in table.columns[1:]:
        column.justify = "right"
    for (name, unit, measured), imaged, continuous in zip(
        _measured(results), _true(truth.discretised), _true(truth.continuous), strict=True
    ):
        if measured is None:
            table.add_row(name, "withheld", f"{imaged:.1f} {unit}", "", f"{continuous:.1f}")
            continue
        table.add_row(
            name,
            f"{measured:.1f} {unit}",
            f"{imaged:.1f} {unit}",
            f"{measured - imaged:+.1f}" + ("" if unit == "%" else _percent(measured, imaged)),
            f"{continuous:.1f} {unit}",
        )
    return table


def _percent(measured: float, true: float) -> str:
    return f" ({100 * (measured - true) / true:+.1f} %)"


def _measured(results: StudyResults) -> Iterator[tuple[str, str, float | None]]:
    assert results.cine is not None
    for name, side in (("LV", results.cine.lv), ("RV", results.cine.rv)):
        yield f"{name} EDV", "ml", side.edv_ml
        yield f"{name} ESV", "ml", side.esv_ml
        yield f"{name} EF", "%", side.ef_pct
    yield "LV mass, ED", "g", results.cine.lv.mass_ed_g


def _true(heart: HeartTruth) -> Iterator[float]:
    for side in (heart.lv, heart.rv):
        yield from (side.edv_ml, side.esv_ml, side.ef_pct)
    yield heart.mass_ed_g


if __name__ == "__main__":
    sys.exit(main())
