"""``make bench``: time per stage, peak memory, and the network's time an image, on this machine.

Wall-clock figures of a shared machine are noisy, so the command runs several times and the table
shows the fastest and the median.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cmr.inference import Segmenter
from phantom.settings import PhantomSettings
from phantom.study import write_study
from validation import PROJECT_ROOT
from validation.cohort.cine_path import model_for, read_settings

ERR = Console(stderr=True)
REAL_STUDY = PROJECT_ROOT.parent / "shared" / "data" / "bivme_cine"


@dataclass(frozen=True)
class Run:
    """One run of the command: seconds in all and per stage, peak resident memory."""

    wall_s: float
    peak_gb: float
    stages_s: dict[str, float]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m validation.bench", description=__doc__)
    parser.add_argument("--input", type=Path, help="study; default: the real cine, else a phantom")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = args.input or _default_study(Path(folder))
        output = Path(folder) / "results"
        runs = [
            _run(study, output) for _ in track(range(args.repeats), description="runs", console=ERR)
        ]
    console = Console()
    console.print(_table(runs))
    console.print(f"the network alone: {_network_ms(args.repeats):.1f} ms an image (fastest run)")
    return 0


def _network_ms(repeats: int) -> float:
    """Fastest mean time of one image in batches of the settings' size, one variant."""
    settings = read_settings(PROJECT_ROOT / "app.yaml")
    model = model_for(PROJECT_ROOT / "models", settings)
    with tempfile.TemporaryDirectory() as work:
        segmenter = Segmenter(model, settings.inference, Path(work))
        shape = (4 * settings.inference.batch_size, segmenter.input_channels, *model.matrix)
        images = np.random.default_rng(0).random(shape, np.float32)
        times_s = []
        for _ in range(repeats + 1):  # the first one warms up
            started = time.perf_counter()
            segmenter.run(images)
            times_s.append(time.perf_counter() - started)
    return 1000 * min(times_s[1:]) / len(images)


def _default_study(folder: Path) -> Path:
    if REAL_STUDY.is_dir():
        return REAL_STUDY
    write_study(folder / "study", PhantomSettings())
    return folder / "study"


def _run(study: Path, output: Path) -> Run:
    """One process, so that imports count; memory is the kernel's peak for that process."""
    command = [sys.executable, "-m", "app", "--input", str(study), "--output", str(output)]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"The application ended with exit code {process.returncode}.")
    stages = dict(line.split("\t") for line in lines if line.count("\t") == 1)
    return Run(wall_s, usage.ru_maxrss / 1e6, {k: float(v) for k, v in stages.items()})


def _table(runs: list[Run]) -> Table:
    table = Table(
        "stage", "fastest s", "median s", title=f"{len(runs)} runs, {os.cpu_count()} cores"
    )
    for name in runs[0].stages_s:
        _add(table, name, [run.stages_s[name] for run in runs])
    rest = [run.wall_s - sum(run.stages_s.values()) for run in runs]
    _add(table, "imports, model and graph", rest)
    _add(table, "whole command", [run.wall_s for run in runs])
    table.caption = f"peak memory {max(run.peak_gb for run in runs):.2f} GB"
    return table


def _add(table: Table, name: str, seconds: list[float]) -> None:
    table.add_row(name, f"{min(seconds):.2f}", f"{statistics.median(seconds):.2f}")


if __name__ == "__main__":
    sys.exit(main())
