"""Random tissues and the signals and maps that follow from them.

Ranges are wide on purpose: field strengths of 1.5 T and 3 T, scar, oedema, iron, fast and slow
wash-out. Healthy values lie inside (../shared/reference/quantification.md: Gottbrecht 2019,
Hanson 2020, Rosmini 2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor


class Tissue(IntEnum):
    """Column of a tissue; the first six in the order of their grey level in a cine."""

    AIR = 0
    LUNG = 1
    MUSCLE = 2
    LIVER = 3
    BLOOD = 4
    FAT = 5
    RV_BLOOD = 6
    SCAR = 7


AROUND = 6
# Lowest and highest value of each tissue, in the order of the columns, RV blood apart.
_NATIVE_T1_MS = ((500, 3000), (600, 1600), (800, 1500), (450, 1000), (1400, 2200), (200, 450))
_POST_T1_MS = ((500, 3000), (250, 800), (280, 700), (200, 550), (150, 520), (180, 420))
_T2_MS = ((5, 300), (20, 80), (35, 70), (25, 60), (120, 280), (50, 140))
_DENSITY = ((0.0, 0.03), (0.03, 0.25), (0.6, 1.0), (0.6, 1.0), (0.75, 1.0), (0.7, 1.3))
# Scar after contrast, oedema before; both take up more water than the wall around.
_SCAR_T1_FACTOR, _SCAR_T2_FACTOR = {True: (0.5, 0.9), False: (1.0, 1.35)}, (1.0, 1.6)
_RV_SD = 0.02


@dataclass(frozen=True)
class Tissues:
    """``(n, 8)`` T1 and T2 in ms and density relative to blood, a row for each image."""

    t1_ms: Tensor
    t2_ms: Tensor
    density: Tensor


def draw_tissues(count: int, rng: torch.Generator) -> Tissues:
    """Half of the images are native, half after contrast."""
    post = torch.rand(count, 1, generator=rng) < 0.5
    t1 = torch.where(post, _uniform(_POST_T1_MS, count, rng), _uniform(_NATIVE_T1_MS, count, rng))
    scar = torch.where(
        post,
        _uniform((_SCAR_T1_FACTOR[True],), count, rng),
        _uniform((_SCAR_T1_FACTOR[False],), count, rng),
    )
    t2 = _uniform(_T2_MS, count, rng)
    oedema = _uniform((_SCAR_T2_FACTOR,), count, rng)
    return Tissues(
        _complete(t1, scar, rng),
        _complete(t2, oedema, rng),
        _complete(_uniform(_DENSITY, count, rng), torch.ones(count, 1), rng),
    )


def _complete(around: Tensor, scar: Tensor, rng: torch.Generator) -> Tensor:
    """RV blood is nearly LV blood, scar is changed muscle."""
    right = around[:, Tissue.BLOOD, None] * (1 + torch.randn(scar.shape, generator=rng) * _RV_SD)
    return torch.cat([around, right, around[:, Tissue.MUSCLE, None] * scar], 1)


def inversion_recovery(tissues: Tissues, rng: torch.Generator) -> Tensor:
    """``(n, 8)`` signed signals at random times, half of them near the wall's null."""
    count = len(tissues.t1_ms)
    drive = _numbers(0.55, 1.0, count, rng)
    magnetisation = _readout(tissues, rng)
    wide = torch.exp(_numbers(math.log(80), math.log(5000), count, rng))
    of_wall = (tissues.t1_ms * drive)[:, Tissue.MUSCLE, None]
    null = of_wall * math.log(2) * _numbers(0.7, 1.5, count, rng)
    times_ms = torch.where(torch.rand(count, 1, generator=rng) < 0.5, wide, null)
    efficiency = _numbers(0.85, 1.0, count, rng)
    return inverted(magnetisation, tissues.t1_ms, times_ms, drive, efficiency)


def inverted(
    magnetisation: Tensor, t1_ms: Tensor, times_ms: Tensor, drive: Tensor, efficiency: Tensor
) -> Tensor:
    """``A - B exp(-TI/T1*)`` with ``A = M T1*/T1`` and ``B = A + E M`` (Look-Locker).

    ``drive`` is T1*/T1, 1 without a readout that disturbs the recovery; E is the efficiency of the
    inversion.
    """
    steady = magnetisation * drive
    whole = steady + efficiency * magnetisation
    return steady - whole * torch.exp(-times_ms / (t1_ms * drive))


def saturation_recovery(tissues: Tissues, rng: torch.Generator) -> Tensor:
    """``(n, 8)`` ``M (1 - exp(-TS/T1))`` at random times."""
    times_ms = torch.exp(_numbers(math.log(80), math.log(5000), len(tissues.t1_ms), rng))
    return saturated(_readout(tissues, rng), tissues.t1_ms, times_ms)


def saturated(magnetisation: Tensor, t1_ms: Tensor, times_ms: Tensor) -> Tensor:
    """``M (1 - exp(-TS/T1))``."""
    return magnetisation * (1 - torch.exp(-times_ms / t1_ms))


def decay(tissues: Tissues, rng: torch.Generator) -> Tensor:
    """``(n, 8)`` ``M exp(-TE/T2)``; T2* of multi-echo images is a fraction of T2."""
    count = len(tissues.t2_ms)
    star = torch.rand(count, 1, generator=rng) < 0.4
    share = torch.where(star, _numbers(0.1, 0.9, count, rng), torch.ones(count, 1))
    echo_ms = torch.where(star, _numbers(1, 20, count, rng), _numbers(0, 90, count, rng))
    return decayed(_readout(tissues, rng), tissues.t2_ms * share, echo_ms)


def decayed(magnetisation: Tensor, time_constant_ms: Tensor, echo_ms: Tensor) -> Tensor:
    """``M exp(-TE/T)``."""
    return magnetisation * torch.exp(-echo_ms / time_constant_ms)


def _readout(tissues: Tissues, rng: torch.Generator) -> Tensor:
    weight = _numbers(0, 0.5, len(tissues.t1_ms), rng)
    return tissues.density * (tissues.t2_ms / tissues.t1_ms) ** weight


def _numbers(low: float, high: float, count: int, rng: torch.Generator) -> Tensor:
    return torch.rand(count, 1, generator=rng) * (high - low) + low


def _uniform(bounds: tuple[tuple[float, float], ...], count: int, rng: torch.Generator) -> Tensor:
    low, high = torch.tensor(bounds, dtype=torch.float32).T
    return torch.rand(count, len(bounds), generator=rng) * (high - low) + low
