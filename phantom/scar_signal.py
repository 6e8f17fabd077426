"""Signed late-enhancement signals of every tissue, damaged wall among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray
from phantom.appearance import Appearance
from phantom.late import UPTAKE, after_contrast_ms, inverted, nulling_ms
from phantom.scar_lesion import Damage, DamageMap
from phantom.scar_settings import ScarSettings
from phantom.tissue import Tissue


@dataclass(frozen=True, eq=False)
class LateContrast:
    """Signals over that of blood: ``(tissues + 3,)``, ``Tissue``, then damage from gray on."""

    signals: FloatArray
    inversion_ms: float

    def of(self, damage: Damage) -> float:
        """Signal of wall."""
        wall = np.array([Tissue.MYOCARDIUM], np.uint8)
        return float(self.signals[with_damage(wall, np.array([damage], np.uint8))[0]])


def with_damage(tissue: npt.NDArray[np.uint8], damage: DamageMap) -> npt.NDArray[np.uint8]:
    """Tissue numbers for :attr:`LateContrast.signals`."""
    return np.where(damage > Damage.HEALTHY, damage + np.uint8(len(Tissue) - 1), tissue)


def late_contrast(
    appearance: Appearance, field_strength_t: float, settings: ScarSettings
) -> LateContrast:
    """``1 - 2 exp(-TI/T1)`` with TI ``1 + ti_offset`` times the one that nulls healthy wall.

    Damaged wall has the native T1 and the density of healthy wall.
    """
    field = appearance.scan.field_strength_t.index(field_strength_t)
    values = [appearance.tissues[tissue.name.lower()] for tissue in Tissue]
    values += [values[Tissue.MYOCARDIUM]] * 3
    native_ms = np.array([value.t1_ms[field] for value in values])
    damaged = settings.gray_uptake, settings.core_uptake, settings.no_reflow_uptake
    uptake = np.array([*(UPTAKE.get(tissue, 0.0) for tissue in Tissue), *damaged])
    t1_ms = after_contrast_ms(native_ms, uptake)
    inversion_ms = (1 + settings.ti_offset) * nulling_ms(t1_ms)
    signals = inverted(np.array([value.density for value in values]), t1_ms, inversion_ms)
    return LateContrast(signals / signals[Tissue.BLOOD], inversion_ms)
