"""Relaxation times of every tissue before and after contrast, with an exact ECV."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.volume import FloatArray
from phantom.appearance import Appearance
from phantom.late import UPTAKE
from phantom.mapping_settings import MappingSettings, RelaxationTimes
from phantom.tissue import Tissue

# One more tissue than the chest has.
LESION = len(Tissue)
_MAPPED = [Tissue.BLOOD, Tissue.MYOCARDIUM, LESION]

# Rounded from the pooled healthy T1 and T2 of Gottbrecht 2019 and Hanson 2020 (wall); blood T1 with
# synthetic haematocrits near 0.42; T2* as usually reported for healthy septa. 1.5 T, then 3 T.
_TYPICAL_WALL = (
    RelaxationTimes(t1_ms=1000, t2_ms=50, t2_star_ms=35),
    RelaxationTimes(t1_ms=1160, t2_ms=46, t2_star_ms=26),
)
_TYPICAL_BLOOD = (
    RelaxationTimes(t1_ms=1600, t2_ms=250, t2_star_ms=120),
    RelaxationTimes(t1_ms=1850, t2_ms=200, t2_star_ms=80),
)


@dataclass(frozen=True, eq=False)
class MappedTissues:
    """``(tissues + 1,)`` values, in the order of ``Tissue``, then the lesion.

    ``ecv_fraction`` is NaN for tissue in which no extracellular volume is prescribed; that of blood
    is its plasma, ``1 - haematocrit``. ``density`` is relative to water.
    """

    t1_ms: FloatArray
    post_t1_ms: FloatArray
    t2_ms: FloatArray
    t2_star_ms: FloatArray
    ecv_fraction: FloatArray
    density: FloatArray


def mapped_tissues(
    appearance: Appearance, field_strength_t: float, settings: MappingSettings
) -> MappedTissues:
    """Tissues of one study.

    After contrast ``1/T1 = 1/T1_native + k (1/T1_blood,post - 1/T1_blood,native)`` with the
    partition coefficient ``k = ECV / (1 - haematocrit)``: the ECV formula solved for T1. T2 and T2*
    are native ones. T2* of tissue for which none is given has the wall's field inhomogeneity,
    ``1/T2* = 1/T2 + R2'``.

    Raises
    ------
    ValueError
        Blood whose T1 does not fall after contrast, or a lesion whose T2 exceeds its T1.
    """
    field = appearance.scan.field_strength_t.index(field_strength_t)
    wall = settings.myocardium or _TYPICAL_WALL[field]
    blood = settings.blood or _TYPICAL_BLOOD[field]
    values = [appearance.tissues[tissue.name.lower()] for tissue in Tissue]
    values.append(values[Tissue.MYOCARDIUM])
    t1_ms = np.array([v.t1_ms[field] for v in values])
    t2_ms = np.array([v.t2_ms[field] for v in values])
    t1_ratio, t2_ratio = 1.0, 1.0
    if settings.lesion:
        t1_ratio, t2_ratio = settings.lesion.t1_ratio, settings.lesion.t2_ratio
    t1_ms[_MAPPED] = blood.t1_ms, wall.t1_ms, wall.t1_ms * t1_ratio
    t2_ms[_MAPPED] = blood.t2_ms, wall.t2_ms, wall.t2_ms * t2_ratio
    if t2_ms[LESION] > t1_ms[LESION]:
        raise ValueError("lesion: expected T2 below T1")
    t2_star_ms = 1 / (1 / t2_ms + 1 / wall.t2_star_ms - 1 / wall.t2_ms)
    t2_star_ms[Tissue.BLOOD] = blood.t2_star_ms
    ecv_fraction = _ecv_fraction(settings)
    return MappedTissues(
        t1_ms=t1_ms,
        post_t1_ms=_post_t1_ms(t1_ms, ecv_fraction, settings),
        t2_ms=t2_ms,
        t2_star_ms=t2_star_ms,
        ecv_fraction=ecv_fraction,
        density=np.array([v.density for v in values]),
    )


def _ecv_fraction(settings: MappingSettings) -> FloatArray:
    ecv = np.full(len(Tissue) + 1, np.nan)
    ecv[Tissue.BLOOD] = 1 - settings.haematocrit
    ecv[Tissue.MYOCARDIUM] = settings.ecv_fraction
    ecv[LESION] = settings.lesion.ecv_fraction if settings.lesion else settings.ecv_fraction
    return ecv


def _post_t1_ms(
    t1_ms: FloatArray, ecv_fraction: FloatArray, settings: MappingSettings
) -> FloatArray:
    change = 1 / settings.blood_post_t1_ms - 1 / t1_ms[Tissue.BLOOD]
    if change <= 0:
        raise ValueError(
            f"blood: T1 {t1_ms[Tissue.BLOOD]:g} ms before and {settings.blood_post_t1_ms:g} ms "
            "after contrast; expected it to fall"
        )
    uptake = np.array([*(UPTAKE.get(tissue, 0.0) for tissue in Tissue), 0.0])
    known = np.isfinite(ecv_fraction)
    uptake[known] = ecv_fraction[known] / (1 - settings.haematocrit)
    return np.asarray(1 / (1 / t1_ms + uptake * change))
