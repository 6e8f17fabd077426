"""Tissues, the parts of the heart made of them, and their balanced steady-state signal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from cmr.labels import Label
from phantom.appearance import Appearance, draw


class Tissue(IntEnum):
    """What a point is made of. Names match ``tissues`` of ``appearance.yaml``."""

    AIR = 0
    LUNG = 1
    FAT = 2
    MUSCLE = 3
    BONE = 4
    MARROW = 5
    LIVER = 6
    SPLEEN = 7
    STOMACH = 8
    FLUID = 9
    BLOOD = 10
    MYOCARDIUM = 11


class Part(IntEnum):
    """Part of the heart that a point lies in; ``NONE`` is outside the heart."""

    NONE = 0
    LV_CAVITY = 1
    PAPILLARY = 2
    LV_WALL = 3
    RV_CAVITY = 4
    RV_WALL = 5
    ATRIUM = 6
    VESSEL = 7
    THIN_WALL = 8
    FAT = 9
    TRABECULAE = 10


_TISSUE_OF_PART = {
    Part.NONE: Tissue.AIR,
    Part.LV_CAVITY: Tissue.BLOOD,
    Part.PAPILLARY: Tissue.MYOCARDIUM,
    Part.LV_WALL: Tissue.MYOCARDIUM,
    Part.RV_CAVITY: Tissue.BLOOD,
    Part.RV_WALL: Tissue.MYOCARDIUM,
    Part.ATRIUM: Tissue.BLOOD,
    Part.VESSEL: Tissue.BLOOD,
    Part.THIN_WALL: Tissue.MYOCARDIUM,
    Part.FAT: Tissue.FAT,
    Part.TRABECULAE: Tissue.MYOCARDIUM,
}

# Papillary muscles and trabeculae count in the cavity and the RV wall is not labelled, as in ACDC.
_LABEL_OF_PART = {
    Part.LV_CAVITY: Label.LV,
    Part.PAPILLARY: Label.LV,
    Part.TRABECULAE: Label.LV,
    Part.LV_WALL: Label.MYOCARDIUM,
    Part.RV_CAVITY: Label.RV,
}

PART_TISSUES: npt.NDArray[np.uint8] = np.array([_TISSUE_OF_PART[p] for p in Part], np.uint8)
PART_LABELS: npt.NDArray[np.uint8] = np.array(
    [_LABEL_OF_PART.get(p, Label.BACKGROUND) for p in Part], np.uint8
)


@dataclass(frozen=True)
class Contrast:
    """A balanced SSFP protocol: ``flip_deg``, true ``tr_ms``, echo at half of it."""

    field_strength_t: float
    flip_deg: float
    tr_ms: float

    @property
    def te_ms(self) -> float:
        """Echo time."""
        return self.tr_ms / 2

    def signal(self, t1_ms: float, t2_ms: float, density: float) -> float:
        """Steady-state signal on resonance, in units of the magnetisation of water.

        ``M0 sin a (1 - E1) / (1 - (E1 - E2) cos a - E1 E2) exp(-TE/T2)``, ``E = exp(-TR/T)``
        (Freeman and Hill 1971; Scheffler and Lehnhardt 2003).
        """
        angle = np.deg2rad(self.flip_deg)
        e1, e2 = np.exp(-self.tr_ms / t1_ms), np.exp(-self.tr_ms / t2_ms)
        steady = np.sin(angle) * (1 - e1) / (1 - (e1 - e2) * np.cos(angle) - e1 * e2)
        return float(density * steady * np.exp(-self.te_ms / t2_ms))


def draw_contrast(
    appearance: Appearance, rng: np.random.Generator
) -> tuple[Contrast, npt.NDArray[np.float32]]:
    """A protocol and the ``(tissues,)`` signed signals it gives, blood 1.

    Fat is negative: off resonance by 220 Hz (1.5 T) it lies in the neighbouring passband with
    opposite phase at these TR, so that fat and water cancel in shared pixels.
    """
    scan = appearance.scan
    field = int(rng.integers(2))
    contrast = Contrast(
        scan.field_strength_t[field], draw(rng, scan.flip_deg[field]), draw(rng, scan.tr_ms)
    )
    signals = np.zeros(len(Tissue), np.float32)
    for tissue in Tissue:
        values = appearance.tissues[tissue.name.lower()]
        t1_ms = values.t1_ms[field] * draw(rng, appearance.tissue_variation)
        t2_ms = values.t2_ms[field] * draw(rng, appearance.tissue_variation)
        signals[tissue] = contrast.signal(t1_ms, t2_ms, values.density)
    signals[Tissue.BLOOD] *= draw(rng, scan.inflow)
    signals[Tissue.FAT] *= -1
    return contrast, signals / signals[Tissue.BLOOD]
