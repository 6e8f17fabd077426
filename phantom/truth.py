"""What is known of a phantom: analytic volumes, and those of its masks on the imaging grid."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from cmr.labels import Label
from cmr.volume import FloatArray, Volume4D
from phantom.heart import MYOCARDIAL_DENSITY_G_ML, HeartShape
from phantom.mapping_truth import MappingTruth
from phantom.scar_truth import ScarTruth
from phantom.wall_truth import MotionTruth


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VentricleTruth(_Frozen):
    """Volumes of one ventricle."""

    edv_ml: float
    esv_ml: float
    sv_ml: float
    ef_pct: float


class HeartTruth(_Frozen):
    """Both ventricles; curves have one entry a phase."""

    lv: VentricleTruth
    rv: VentricleTruth
    mass_ed_g: float
    lv_curve_ml: tuple[float, ...]
    rv_curve_ml: tuple[float, ...]


class Phases(_Frozen):
    """Cardiac phases, counted from 0."""

    count: int
    ed: int
    es: int


class Truth(_Frozen):
    """Everything known of a phantom study.

    ``continuous`` holds the analytic volumes of the heart. ``discretised`` sums the true masks
    of the imaged slices, each area times the length its slice stands for
    (:attr:`cmr.volume.StackGeometry.slice_extents_mm`); undefined (NaN) for a single slice.
    ``motion`` has rates and the wall from the formulas of the heart. ``mapping`` and ``scar`` are
    None without such acquisitions.
    """

    seed: int
    continuous: HeartTruth
    discretised: HeartTruth
    phases: Phases
    heart_rate_bpm: float
    height_cm: float | None
    weight_kg: float | None
    slices: int
    papillary_muscles: Literal["in cavity"] = "in cavity"
    motion: MotionTruth | None = None
    mapping: MappingTruth | None = None
    scar: ScarTruth | None = None


def continuous_truth(shape: HeartShape, phases: Phases) -> HeartTruth:
    """Closed-form volumes; mass at 1.05 g/ml."""
    lv_ml, rv_ml = shape.volumes_ml(np.arange(phases.count) / phases.count)
    return _heart_truth(lv_ml, rv_ml, shape.mass_g, phases)


def discretised_truth(labels: Volume4D, phases: Phases) -> HeartTruth:
    """Volumes of the masks."""
    lv_ml = label_volumes_ml(labels, Label.LV)
    rv_ml = label_volumes_ml(labels, Label.RV)
    myocardium_ml = label_volumes_ml(labels, Label.MYOCARDIUM)
    mass_ed_g = float(myocardium_ml[phases.ed]) * MYOCARDIAL_DENSITY_G_ML
    return _heart_truth(lv_ml, rv_ml, mass_ed_g, phases)


def label_volumes_ml(labels: Volume4D, label: Label) -> FloatArray:
    """``(t,)`` volume of one label."""
    areas_mm2 = np.count_nonzero(labels.data == label, axis=(2, 3)) * labels.geometry.pixel_area_mm2
    return np.asarray(areas_mm2 @ labels.geometry.slice_extents_mm / 1000)


def _heart_truth(
    lv_ml: FloatArray, rv_ml: FloatArray, mass_ed_g: float, phases: Phases
) -> HeartTruth:
    return HeartTruth(
        lv=_ventricle(lv_ml, phases),
        rv=_ventricle(rv_ml, phases),
        mass_ed_g=mass_ed_g,
        lv_curve_ml=tuple(map(float, lv_ml)),
        rv_curve_ml=tuple(map(float, rv_ml)),
    )


def _ventricle(curve_ml: FloatArray, phases: Phases) -> VentricleTruth:
    edv_ml, esv_ml = float(curve_ml[phases.ed]), float(curve_ml[phases.es])
    ef_pct = 100 * (edv_ml - esv_ml) / edv_ml if edv_ml > 0 else float("nan")
    return VentricleTruth(edv_ml=edv_ml, esv_ml=esv_ml, sv_ml=edv_ml - esv_ml, ef_pct=ef_pct)
