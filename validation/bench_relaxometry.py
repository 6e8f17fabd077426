"""``python -m validation.bench_relaxometry``: T1 maps of 256 x 256 pixels beside other fits.

Every method fits the same simulated MOLLI images in a process of its own, so that its memory is
its own too. ``scipy.optimize.curve_fit`` fits some of the pixels, and its time is scaled to all of
them. mrpro (PyPI) is left out where it is not installed; its model knows neither lost signs nor
uncertainty, so it gets signed images and gives T1 alone, as ``curve_fit`` does here.
"""

from __future__ import annotations

import argparse
import json
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

Images = npt.NDArray[np.floating[Any]]


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
    "ours, NumPy, magnitudes": (_ours, False),
    "ours, NumPy, signed": (_ours, True),
    "ours, PyTorch, magnitudes": (_ours_torch, False),
    "scipy.optimize.curve_fit": (_scipy, True),
    "mrpro": (_mrpro, True),
}


def _settings() -> FitSettings:
    content = yaml.safe_load((PROJECT_ROOT / "app.yaml").read_text("utf-8"))
    return FitSettings.model_validate(content["mapping"]["fit"])


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def measure(name: str, n_images: int) -> dict[str, float]:
    """Fastest and median time for all pixels, memory, and median error of one method."""
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
        "processor s": scale * min(cpus_s),
        "MB peak": _peak_mb(),
        "MB added": _peak_mb() - before_mb,
        "median error ms": float(np.median(np.abs(found - series.t1_ms)[fitted])),
    }


def _measure_if_present(name: str, n_images: int) -> dict[str, float]:
    """:func:`measure`; nothing where mrpro or what it needs cannot be imported."""
    try:
        return measure(name, n_images)
    except (ImportError, RuntimeError) as error:  # torchvision raises the latter
        sys.stderr.write(f"{name}: {error}\n")
        return {}


def main() -> int:
    """Measure each method in its own process and print the table."""
    parser = argparse.ArgumentParser(prog="python -m validation.bench_relaxometry")
    parser.add_argument("--method", choices=METHODS, help="this one alone, as JSON")
    parser.add_argument("--images", type=int, choices=SCHEMES_MS, default=8)
    args = parser.parse_args()
    if args.method:
        sys.stdout.write(json.dumps(_measure_if_present(args.method, args.images)))
        return 0
    table = Table("method", title=f"T1 map, {SHAPE[0]} x {SHAPE[1]} pixels, {args.images} images")
    rows = {name: _in_own_process(name, args.images) for name in METHODS}
    for column in next(iter(rows.values())):
        table.add_column(column, justify="right")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:.2f}" for value in row.values()))
    table.caption = f"curve_fit: {_SCIPY_PIXELS} pixels, times scaled to all; no row: not installed"
    Console().print(table)
    return 0


def _in_own_process(name: str, n_images: int) -> dict[str, float]:
    """Result of :func:`_measure_if_present`."""
    command = [sys.executable, "-m", "validation.bench_relaxometry", "--method", name]
    done = subprocess.run(
        [*command, "--images", str(n_images)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    row: dict[str, float] = json.loads(done.stdout)
    return row


if __name__ == "__main__":
    sys.exit(main())
