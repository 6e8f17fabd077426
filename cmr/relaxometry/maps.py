"""Images of any shape in, maps out: leave out what cannot be fitted, work in batches."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial

import numpy as np
import numpy.typing as npt

from cmr.errors import FitError
from cmr.relaxometry.arrays import Array, namespace, to_numpy
from cmr.relaxometry.result import Reason, RelaxationMap
from cmr.relaxometry.settings import FitSettings
from cmr.relaxometry.solution import Solution, judge

Solver = Callable[[Array], Solution]

# Pixels that are fitted at a time; with 11 images and 60 time constants about 20 MB.
_BATCH = 4096


def make_map(
    images: Array, mask: npt.NDArray[np.bool_] | None, solver: Solver, settings: FitSettings
) -> RelaxationMap:
    """Apply ``solver`` to the pixels of ``images`` ``(n, ...)`` inside ``mask`` ``(...)``.

    Raises
    ------
    FitError
        The mask has another shape than an image.
    """
    shape = tuple(images.shape[1:])
    if mask is not None and mask.shape != shape:
        raise FitError(f"Mask {mask.shape} for images of {shape}: expected the same shape.")
    flat = images.reshape(images.shape[0], -1)
    reason = _refused(flat, mask)
    maps = {f.name: np.full(reason.size, np.nan) for f in fields(RelaxationMap)}
    kept = np.flatnonzero(reason == Reason.DETERMINED)
    if kept.size:
        solution = _in_batches(solver, flat, kept)
        with np.errstate(invalid="ignore", over="ignore"):
            reason[kept] = judge(solution, settings)
            found = {**vars(solution), "sd_ms": solution.unit_sd_ms * solution.noise}
        determined = reason[kept] == Reason.DETERMINED
        for name, values in maps.items():
            values[kept[determined]] = found[name][determined]
    maps["reason"] = reason
    return RelaxationMap(**{name: values.reshape(shape) for name, values in maps.items()})


def _in_batches(solver: Solver, flat: Array, kept: npt.NDArray[np.intp]) -> Solution:
    """All pixels ``kept``; NumPy's batches side by side, as PyTorch uses all cores by itself."""
    batches = np.array_split(kept, max(1, -(-kept.size // _BATCH)))
    one_batch = partial(_solve, solver, flat)
    if isinstance(flat, np.ndarray) and len(batches) > 1:
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
            parts = list(threads.map(one_batch, batches))
    else:
        parts = [one_batch(batch) for batch in batches]
    names = [item.name for item in fields(Solution)]
    return Solution(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})


def _solve(solver: Solver, flat: Array, batch: npt.NDArray[np.intp]) -> Solution:
    """One batch, in host memory.

    Degenerate pixels divide by zero; they end as NaN or infinite and get a reason.
    """
    xp = namespace(flat)
    chosen = flat[:, xp.asarray(batch, device=flat.device)]
    with np.errstate(all="ignore"):
        solution = solver(xp.asarray(chosen, dtype=xp.float64))
    return solution.in_host_memory()


def _refused(flat: Array, mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.uint8]:
    xp = namespace(flat)
    reason = np.zeros(flat.shape[1], np.uint8)
    reason[to_numpy((flat == 0).all(0))] = Reason.NO_SIGNAL
    reason[to_numpy(~xp.isfinite(flat).all(0))] = Reason.NOT_FINITE
    if mask is not None:
        reason[~mask.reshape(-1)] = Reason.NO_SIGNAL
    return reason
