"""Time per stage, peak memory, and the network's time an image, on this machine: ``make bench``.

Two studies: a cine, and a phantom with cine and tissue mapping. Wall-clock figures of a shared
machine are noisy, so each runs several times and the tables show the fastest and the median.
"""

from __future__ import annotations

import argparse
import json
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
from dicomio.haematocrit import SIDE_FILE
from phantom.mapping_settings import MappingSettings
from phantom.settings import PhantomSettings
from phantom.study import write_study
from validation import PROJECT_ROOT
from validation.cohort.cine_path import model_for, read_settings

ERR = Console(stderr=True)
REAL_STUDY = PROJECT_ROOT.parent / "shared" / "data" / "bivme_cine"
# Source images against each other, down and along: enough for registration to move them.
_BREATHING_MM = 3.0


@dataclass(frozen=True)
class Run:
    """One run of the command: seconds in all and per stage, peak resident memory."""

    wall_s: float
    processor_s: float
    peak_gb: float
    stages_s: dict[str, float]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m validation.bench", description=__doc__)
    parser.add_argument("--input", type=Path, help="this study alone")
    parser.add_argument("--model", type=Path, default=PROJECT_ROOT / "models")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        for name, study in _studies(args.input, Path(folder)).items():
            runs = [
                _run(study.resolve(), Path(folder) / "results", args.model.resolve())
                for _ in track(range(args.repeats), description=name, console=ERR)
            ]
            console.print(_table(name, runs))
    milliseconds = _network_ms(args.model, args.repeats)
    console.print(f"the network of the cine alone: {milliseconds:.1f} ms an image (fastest run)")
    return 0


def _network_ms(models: Path, repeats: int) -> float:
    """Fastest mean time of one image in batches of the settings' size, one variant."""
    settings = read_settings(PROJECT_ROOT / "app.yaml")
    model = model_for(models, settings)
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


def _studies(chosen: Path | None, folder: Path) -> dict[str, Path]:
    """Study folders by name: the one that was asked for, else a cine and a mapping study."""
    if chosen is not None:
        return {"study": chosen}
    cine = REAL_STUDY if REAL_STUDY.is_dir() else _phantom(folder / "cine", None)
    return {
        "short-axis cine": cine,
        "short-axis cine and tissue mapping, phantom": _phantom(
            folder / "mapping", MappingSettings(breathing_mm=_BREATHING_MM)
        ),
    }


def _phantom(folder: Path, mapping: MappingSettings | None) -> Path:
    """Write a phantom study, with its haematocrit where it has maps, so that ECV is computed."""
    write_study(folder, PhantomSettings(mapping=mapping))
    if mapping is not None:
        content = json.dumps({"haematocrit": mapping.haematocrit})
        (folder / SIDE_FILE).write_text(content, encoding="utf-8")
    return folder


def _run(study: Path, output: Path, models: Path) -> Run:
    """One process, so that imports count; memory is the kernel's peak for that process."""
    command = [sys.executable, "-m", "app", "--input", str(study), "--output", str(output)]
    command += ["--model", str(models)]
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
    return Run(
        wall_s=wall_s,
        processor_s=usage.ru_utime + usage.ru_stime,
        peak_gb=usage.ru_maxrss / 1e6,
        stages_s={k: float(v) for k, v in stages.items()},
    )


def _table(name: str, runs: list[Run]) -> Table:
    title = f"{name}: {len(runs)} runs, {os.cpu_count()} cores"
    table = Table("stage", "fastest s", "median s", title=title)
    for stage in runs[0].stages_s:
        _add(table, stage, [run.stages_s[stage] for run in runs])
    rest = [run.wall_s - sum(run.stages_s.values()) for run in runs]
    _add(table, "imports, model and graph", rest)
    _add(table, "whole command", [run.wall_s for run in runs])
    _add(table, "whole command, processor time", [run.processor_s for run in runs])
    table.caption = f"peak memory {max(run.peak_gb for run in runs):.2f} GB"
    return table


def _add(table: Table, name: str, seconds: list[float]) -> None:
    table.add_row(name, f"{min(seconds):.2f}", f"{statistics.median(seconds):.2f}")


if __name__ == "__main__":
    sys.exit(main())
