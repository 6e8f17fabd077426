"""``make demo``: a phantom study of known truth through the application, figure by figure."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cmr.results import Cine, StudyResults
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


@dataclass(frozen=True)
class _Row:
    """One quantity; ``imaged`` is that of the true masks, None where only the heart is known."""

    name: str
    unit: str
    measured: float | None
    imaged: float | None
    continuous: float

    def cells(self) -> tuple[str, ...]:
        """Measured, true and the difference from the imaged truth, else from the continuous."""
        imaged = "" if self.imaged is None else f"{self.imaged:.1f} {self.unit}"
        continuous = f"{self.continuous:.1f} {self.unit}"
        if self.measured is None:
            return self.name, "withheld", imaged, "", continuous
        true = self.continuous if self.imaged is None else self.imaged
        off = f"{self.measured - true:+.1f}"
        off += "" if self.unit == "%" else f" ({100 * (self.measured - true) / true:+.1f} %)"
        return self.name, f"{self.measured:.1f} {self.unit}", imaged, off, continuous


def _table(results: StudyResults, truth: Truth) -> Table:
    """Measured against the true masks on the imaging grid, and against the continuous heart."""
    table = Table("quantity", "measured", "true, imaged", "difference", "true, continuous")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in (*_volumes(results, truth), *_motion(results, truth)):
        table.add_row(*row.cells())
    return table


def _volumes(results: StudyResults, truth: Truth) -> Iterator[_Row]:
    assert results.cine is not None
    for (name, unit, measured), imaged, continuous in zip(
        _measured(results.cine), _true(truth.discretised), _true(truth.continuous), strict=True
    ):
        yield _Row(name, unit, measured, imaged, continuous)


def _measured(cine: Cine) -> Iterator[tuple[str, str, float | None]]:
    for name, side in (("LV", cine.lv), ("RV", cine.rv)):
        yield f"{name} EDV", "ml", side.edv_ml
        yield f"{name} ESV", "ml", side.esv_ml
        yield f"{name} EF", "%", side.ef_pct
    yield "LV mass, ED", "g", cine.lv.mass_ed_g


def _true(heart: HeartTruth) -> Iterator[float]:
    for side in (heart.lv, heart.rv):
        yield from (side.edv_ml, side.esv_ml, side.ef_pct)
    yield heart.mass_ed_g


def _motion(results: StudyResults, truth: Truth) -> Iterator[_Row]:
    """Rates of both ventricles, and means over the AHA segments that both know."""
    assert results.cine is not None
    motion, wall = truth.motion, results.cine.wall
    if motion is None or wall is None:
        return
    for name, side, known in (
        ("LV", results.cine.lv, motion.lv),
        ("RV", results.cine.rv, motion.rv),
    ):
        ejection, filling = known.peak_ejection_rate_ml_s, known.peak_filling_rate_ml_s
        yield _Row(f"{name} peak ejection", "ml/s", side.peak_ejection_rate_ml_s, None, ejection)
        yield _Row(f"{name} peak filling", "ml/s", side.peak_filling_rate_ml_s, None, filling)
    for title, key, unit in (
        ("Wall thickness, ED", "thickness_ed_mm", "mm"),
        ("Wall thickness, ES", "thickness_es_mm", "mm"),
        ("Wall thickening", "thickening_pct", "%"),
        ("Regional EF", "regional_ef_pct", "%"),
    ):
        found = {k: getattr(one, key) for k, one in wall.segments.items()}
        both = [k for k in motion.segments if found[k] is not None]
        if both:
            measured = mean(found[k] for k in both)
            known_mean = mean(getattr(motion.segments[k], key) for k in both)
            yield _Row(f"{title}, {len(both)} segments", unit, measured, None, known_mean)


if __name__ == "__main__":
    sys.exit(main())
