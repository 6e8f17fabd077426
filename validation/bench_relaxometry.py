"""T1 maps of 256 x 256 pixels beside other fits: ``make bench``.

Every method fits the same simulated MOLLI images in a process of its own, so that its memory is
its own too. ``scipy.optimize.curve_fit`` fits some of the pixels, and its time is scaled to all of
them. mrpro (PyPI) is left out, with the reason, where it is not installed; it may stand in another
environment, as it pins other packages than this project: ``--mrpro-python``. Its model knows
neither lost signs nor uncertainty, so it gets signed images and gives T1 alone, as ``curve_fit``
does here.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from rich.console import Console
from rich.table import Table

from cmr.relaxometry.settings import FitSettings
from cmr.relaxometry.t1 import fit_molli
from validation import PROJECT_ROOT

SHAPE = (256, 256)
SNR = 40
SCHEMES_MS = {
    8: [100, 1100, 2100, 3100, 4100, 180, 1180, 2180],  # 5(3)3
    11: [100, 1100, 2100, 180, 1180, 2180, 260, 1260, 2260, 3260, 4260],  # 3(3)3(3)5
}
_SCIPY_PIXELS = 500
_REPEATS = 3

MRPRO = "mrpro"

Images = npt.NDArray[np.floating[Any]]
# Figures of a method, or why there are none.
Answer = dict[str, float] | str


@dataclass(frozen=True)
class Series:
    """Images ``(n, row, col)`` of known T1 ``(row, col)``, magnitude or signed."""

    images: Images
    times_ms: Images
    t1_ms: Images
    signed: bool


def simulate(n_images: int, *, signed: bool) -> Series:
    """T1 from 300 to 2000 ms at random, no pixel without signal, Rician noise."""
    rng = np.random.default_rng(0)
    times = np.array(SCHEMES_MS[n_images], float)
    t1 = rng.uniform(300, 2000, SHAPE)
    signal = 1000 * (1 - 1.9 * np.exp(-0.9 * times[:, None, None] / t1))
    noise = rng.standard_normal((2, *signal.shape)) * 1000 / SNR
    magnitude = np.hypot(signal + noise[0], noise[1])
    return Series(signal + noise[0] if signed else magnitude, times, t1, signed)


def _ours(series: Series) -> Images:
    return fit_molli(series.images, series.times_ms, _settings(), signed=series.signed).value_ms


def _ours_torch(series: Series) -> Images:
    import torch

    images = torch.from_numpy(series.images)
    return fit_molli(images, series.times_ms, _settings(), signed=series.signed).value_ms


def _scipy(series: Series) -> Images:
    from scipy.optimize import curve_fit

    t1 = np.full(series.t1_ms.size, np.nan)
    for pixel, signal in enumerate(series.images.reshape(len(series.times_ms), -1).T):
        if pixel == _SCIPY_PIXELS:
            break
        a, b, tau = curve_fit(
            lambda t, a, b, tau: a - b * np.exp(-t / tau),
            series.times_ms,
            signal,
            [1000, 2000, 1000],
        )[0]
        t1[pixel] = tau * (b / a - 1)
    return t1.reshape(SHAPE)


def _mrpro(series: Series) -> Images:
    """Best entry of a dictionary as the start of its L-BFGS, all pixels in one problem."""
    import torch

    operators = import_module("mrpro.operators")
    images = torch.as_tensor(series.images / 1000)
    model = operators.models.MOLLI(torch.as_tensor(series.times_ms / 1000))
    dictionary = operators.DictionaryMatchOp(model, 0, batch_size=16384)
    ratio = torch.linspace(0.6, 1.1, 6, dtype=images.dtype)[:, None]
    dictionary.append(torch.ones(1), ratio, torch.linspace(0.1, 3, 100, dtype=images.dtype))
    objective = operators.functionals.L2NormSquared(images) @ model
    lbfgs = import_module("mrpro.algorithms.optimizers").lbfgs
    best = lbfgs(objective, dictionary(images), max_iterations=200, max_evaluations=400)
    return np.asarray(1000 * best[2])


METHODS: dict[str, tuple[Callable[[Series], Images], bool]] = {
    "ours, magnitudes": (_ours, False),
    "ours, signed": (_ours, True),
    "ours, PyTorch": (_ours_torch, False),
    "scipy, curve_fit": (_scipy, True),
    MRPRO: (_mrpro, True),
}


def _settings() -> FitSettings:
    content = yaml.safe_load((PROJECT_ROOT / "app.yaml").read_text("utf-8"))
    return FitSettings.model_validate(content["mapping"]["fit"])


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def measure(name: str, n_images: int) -> dict[str, float]:
    """Fastest and median time for all pixels, memory, and median absolute error of one method."""
    method, signed = METHODS[name]
    series = simulate(n_images, signed=signed)
    before_mb, walls_s, cpus_s = _peak_mb(), [], []
    for _ in range(_REPEATS):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        found = method(series)
        walls_s.append(time.perf_counter() - wall_s)
        cpus_s.append(time.process_time() - cpu_s)
    fitted = np.isfinite(found)
    scale = found.size / _SCIPY_PIXELS if method is _scipy else 1.0
    return {
        "fastest s": scale * min(walls_s),
        "median s": scale * statistics.median(walls_s),
        "CPU s": scale * min(cpus_s),
        "MB peak": _peak_mb(),
        "MB added": _peak_mb() - before_mb,
        "error ms": float(np.median(np.abs(found - series.t1_ms)[fitted])),
    }


def _answer(name: str, n_images: int) -> Answer:
    """:func:`measure`, or why not where mrpro or what it needs cannot be imported."""
    try:
        return measure(name, n_images)
    except (ImportError, RuntimeError) as error:  # torchvision raises the latter
        return str(error).splitlines()[0]


def main() -> int:
    """Measure each method in its own process and print a table for each scheme."""
    parser = argparse.ArgumentParser(prog="python -m validation.bench_relaxometry")
    parser.add_argument("--method", choices=METHODS, help="this one alone, as JSON")
    parser.add_argument("--images", type=int, choices=SCHEMES_MS, nargs="*", default=[*SCHEMES_MS])
    parser.add_argument("--mrpro-python", default=sys.executable, help="interpreter with mrpro")
    args = parser.parse_args()
    if args.method:
        sys.stdout.write(json.dumps(_answer(args.method, args.images[0])))
        return 0
    for n_images in args.images:
        answers = {
            name: _in_own_process(
                args.mrpro_python if name == MRPRO else sys.executable, name, n_images
            )
            for name in METHODS
        }
        Console().print(_table(n_images, answers))
    return 0


def _table(n_images: int, answers: dict[str, Answer]) -> Table:
    title = f"T1 map, {SHAPE[0]} x {SHAPE[1]} pixels, {n_images} images, {os.cpu_count()} cores"
    table = Table("method", title=title)
    measured = {name: found for name, found in answers.items() if not isinstance(found, str)}
    for column in next(iter(measured.values())):
        table.add_column(column, justify="right")
    for name, row in measured.items():
        table.add_row(name, *(f"{value:.2f}" for value in row.values()))
    absent = [
        f"{name} left out: {found}" for name, found in answers.items() if name not in measured
    ]
    scaled = f"curve_fit: {_SCIPY_PIXELS} pixels, times scaled to all"
    table.caption = "; ".join([scaled, *absent])
    return table


def _in_own_process(python: str, name: str, n_images: int) -> Answer:
    """Result of :func:`_answer`; mrpro's interpreter may lack what this module needs."""
    command = [python, "-m", "validation.bench_relaxometry", "--method", name]
    done = subprocess.run(
        [*command, "--images", str(n_images)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if name == MRPRO else None,
        text=True,
        check=name != MRPRO,
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    answer: Answer = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    sys.exit(main())
