"""From measurement and gates to the results schema: withheld numbers out, reasons in.

The only place where measured numbers are rounded, so that every output shows the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeVar

import numpy as np

from cmr.gates_agreement import agreement_record
from cmr.gates_anatomy import ambiguous_base
from cmr.gates_stack import coarse_pitch
from cmr.labels import Label
from cmr.records import Gate, Measured, Model
from cmr.results import (
    Agreement,
    BasalSlice,
    Cine,
    CleanUpChange,
    Curve,
    Heart,
    LeftVentricle,
    Phases,
    SliceAreas,
    Stack,
    Ventricle,
)
from cmr.results_cine import Wall
from cmr.volume import FloatArray
from cmr.volumetry import CineMeasurement, Function, sound_volumes_ml

_VOLUME_DECIMALS = 2
_TIME_DECIMALS = 1
_AREA_DECIMALS = 1
_POSITION_DECIMALS = 2
_RATES = (
    "peak_ejection_rate_ml_s",
    "peak_filling_rate_ml_s",
    "time_to_peak_ejection_ms",
    "time_to_peak_filling_ms",
)

AnyMeasured = TypeVar("AnyMeasured", bound=Measured)


@dataclass(frozen=True, eq=False)
class MaskOrigin:
    """Where the masks come from.

    Parameters
    ----------
    model
        The network.
    changes
        What clean-up changed.
    agreement
        ``(t, 3)`` of :class:`cmr.segmentation.Segmentation`; None where no variants were compared.
    """

    model: Model
    changes: Sequence[CleanUpChange] = ()
    agreement: FloatArray | None = None


def cine_results(
    measurement: CineMeasurement,
    gates: Sequence[Gate],
    stack: Stack,
    masks: MaskOrigin,
    wall: Wall | None = None,
) -> Cine:
    """Results of the cine, ready to be written.

    A number that a gate withholds or that is undefined is absent, and its key stands in
    ``withheld`` of the same object with the reason.
    """
    m = measurement
    kept_back = withheld_reasons(gates)
    return Cine(
        lv=fill(LeftVentricle, m.lv, "cine.lv", kept_back, _undefined(m, m.lv)),
        rv=fill(Ventricle, m.rv, "cine.rv", kept_back, _undefined(m, m.rv)),
        heart=fill(Heart, m.body, "cine.heart", kept_back, m.body.missing, bsa_formula=_formula(m)),
        phases=Phases(count=m.n_phases, ed=m.phases.ed, es=m.phases.es),
        curve=_curve(m, kept_back),
        slices=[] if "cine.slices" in kept_back else slice_areas(m),
        basal_slice=None if "cine.basal_slice" in kept_back else basal_slice(m, tuple(gates)),
        papillary_muscles="in cavity",
        volume_method="sum of segmented areas x slice extent",
        stack=stack,
        model=masks.model,
        agreement=_agreement(m, masks),
        clean_up=list(masks.changes),
        wall=wall,
    )


def withheld_reasons(gates: Sequence[Gate]) -> dict[str, str]:
    """Dotted key of every number that gates withhold, with all their messages."""
    reasons: dict[str, str] = {}
    for gate in gates:
        for key in gate.withholds:
            text = _reason(gate)
            reasons[key] = f"{reasons[key]} {text}" if key in reasons else text
    return reasons


def _reason(gate: Gate) -> str:
    figure, limit = (
        "none" if value is None else f"{value:g}" for value in (gate.figure, gate.limit)
    )
    return f"{gate.name}: {gate.message} Found {figure}, limit {limit} ({gate.unit})."


def fill(
    kind: type[AnyMeasured],
    source: object,
    prefix: str,
    kept_back: Mapping[str, str],
    undefined: Mapping[str, str],
    **others: Any,
) -> AnyMeasured:
    """Copy the measured fields of ``kind`` from the attributes of ``source``, rounded.

    Parameters
    ----------
    prefix
        Dotted path of the object, such as ``cine.lv``.
    kept_back
        Reasons by dotted key, from :func:`withheld_reasons`.
    undefined
        Reasons by key for attributes that are NaN.
    others
        Further fields of ``kind`` that are not measured.
    """
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for quantity in kind.quantities():
        value = float(getattr(source, quantity.key))
        reason = kept_back_reason(f"{prefix}.{quantity.key}", kept_back)
        if reason:
            reasons[quantity.key] = reason
        elif isfinite(value):
            values[quantity.key] = round(value, quantity.decimals)
        else:
            reasons[quantity.key] = undefined.get(quantity.key, "not defined for these masks")
    return kind(**values, withheld=reasons, **others)


def kept_back_reason(key: str, kept_back: Mapping[str, str]) -> str:
    """Reason for a dotted key or for what it is part of; empty where there is none."""
    parts = key.split(".")
    parents = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((kept_back[parent] for parent in parents if parent in kept_back), "")


def _agreement(m: CineMeasurement, masks: MaskOrigin) -> Agreement | None:
    if masks.agreement is None:
        return None
    return agreement_record(masks.agreement, m.phases)


def _undefined(m: CineMeasurement, side: Function) -> dict[str, str]:
    """Reasons for numbers of one ventricle that may be missing."""
    return _needs_body(m) | dict.fromkeys(_RATES, side.rates.reason)


def _needs_body(m: CineMeasurement) -> dict[str, str]:
    """Reasons for numbers that need heart rate or body surface area."""
    missing = m.body.missing
    reasons: dict[str, str] = {}
    for key in (q.key for q in LeftVentricle.quantities()):
        rate = missing.get("heart_rate_bpm") if key.startswith(("co_", "ci_")) else None
        area = missing.get("bsa_m2") if key.startswith("ci_") or "_index_" in key else None
        causes = [cause for cause in (rate, area) if cause]
        if causes:
            reasons[key] = "; ".join(causes)
    return reasons


def _formula(m: CineMeasurement) -> str | None:
    return m.body.bsa_formula if isfinite(m.body.bsa_m2) else None


def _curve(m: CineMeasurement, kept_back: Mapping[str, str]) -> Curve:
    """Volumes over the cycle; null in phases that were left out, and where withheld."""

    def volumes(label: Label, key: str) -> list[float | None]:
        sound = sound_volumes_ml(m.volumes_ml[label], m.phases)
        shown = f"cine.curve.{key}" not in kept_back
        return _rounded(sound if shown else np.full_like(sound, np.nan), _VOLUME_DECIMALS)

    return Curve(
        time_ms=_rounded(m.times_ms, _TIME_DECIMALS),
        lv_ml=volumes(Label.LV, "lv_ml"),
        rv_ml=volumes(Label.RV, "rv_ml"),
        myocardium_ml=volumes(Label.MYOCARDIUM, "myocardium_ml"),
        lv_fitted_ml=_fitted(m.lv, "lv", kept_back),
        rv_fitted_ml=_fitted(m.rv, "rv", kept_back),
    )


def _fitted(side: Function, name: str, kept_back: Mapping[str, str]) -> list[float | None]:
    """Fitted volumes, withheld with the curve or with the rates that they are there for."""
    keys = (f"cine.curve.{name}_ml", f"cine.{name}.peak_ejection_rate_ml_s")
    shown = not any(kept_back_reason(key, kept_back) for key in keys)
    fitted = side.rates.fitted_ml
    return _rounded(fitted if shown else np.full_like(fitted, np.nan), _VOLUME_DECIMALS)


def _rounded(values: FloatArray, decimals: int) -> list[float | None]:
    return [round(float(v), decimals) if isfinite(v) else None for v in values]


def slice_areas(m: CineMeasurement) -> list[SliceAreas]:
    """Areas of every stack position at ED and ES, base first."""
    positions = m.geometry.slice_positions_mm
    order = range(m.geometry.n_slices)
    return [
        SliceAreas(
            position_mm=round(float(positions[z] - positions[0]), _POSITION_DECIMALS),
            extent_mm=round(float(m.geometry.slice_extents_mm[z]), _POSITION_DECIMALS),
            **_areas_at(m, z),
        )
        for z in (order if m.base_first else reversed(order))
    ]


def _areas_at(m: CineMeasurement, z: int) -> dict[str, float]:
    return {
        f"{label.name.lower()}_{name}_mm2": round(
            float(m.areas_mm2[label][phase, z]), _AREA_DECIMALS
        )
        for label in Label
        if label is not Label.BACKGROUND
        for name, phase in (("ed", m.phases.ed), ("es", m.phases.es))
    }


def basal_slice(m: CineMeasurement, gates: tuple[Gate, ...]) -> BasalSlice:
    """LV volumes with and without the most basal slice of ED and of ES.

    The slice is doubtful when a gate on the base asks for review or the pitch is coarse.
    """
    reasons = ambiguous_base(gates)
    if coarse_pitch(gates):
        reasons.append(f"Slices are {m.geometry.pitch_mm:.1f} mm apart.")
    ed, es = (
        m.slice_volume_ml(phase, m.slices_from_base(phase)[0])
        for phase in (m.phases.ed, m.phases.es)
    )
    volumes = {
        "lv_edv_with_ml": m.lv.edv_ml,
        "lv_edv_without_ml": m.lv.edv_ml - ed,
        "lv_esv_with_ml": m.lv.esv_ml,
        "lv_esv_without_ml": m.lv.esv_ml - es,
    }
    return BasalSlice(
        doubtful=bool(reasons),
        reason=" ".join(reasons) or "The base is clear.",
        **{key: round(value, _VOLUME_DECIMALS) for key, value in volumes.items()},
    )
