"""From measured scar and gates to the results schema: withheld numbers out, reasons in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from types import SimpleNamespace

import numpy as np

from cmr.anatomy import Mask
from cmr.assemble import fill, kept_back_reason, withheld_reasons
from cmr.known import known_median
from cmr.records import Gate, Model
from cmr.results_scar import (
    GrayZone,
    LateStack,
    Layers,
    MeshFile,
    MethodResult,
    Remote,
    Scar,
    ScarMethod,
    ScarSegment,
    ScarSlice,
    TerritoryScar,
)
from cmr.scar.amounts import Amount
from cmr.scar.measure import MeasuredScar, ZoneAmounts
from cmr.scar.segments import SegmentScar

_POSITION_DECIMALS, _AREA_DECIMALS, _GREY_DECIMALS, _VOLUME_DECIMALS = 2, 1, 2, 3
_NO_ZONE = "there is neither core nor gray zone"
_DEFAULT_REASON = (
    "Of all methods it is nearest to the truth of digital infarcts: within 1 % of LV mass, in "
    "magnitude and PSIR, wherever in the wall. What is less bright than half of the maximum "
    "counts as gray zone, not as scar."
)

Reasons = Mapping[str, str]


@dataclass(frozen=True)
class ScarOrigin:
    """What the results say of images and networks."""

    stack: LateStack
    model: Model
    heart_model: Model


def scar_results(measured: MeasuredScar, gates: Sequence[Gate], origin: ScarOrigin) -> Scar:
    """Results of late enhancement, ready to be written."""
    kept_back = withheld_reasons(gates)
    found = measured.found
    zones = {
        name: _zone(z, f"scar.gray_zones.{name}", kept_back) for name, z in measured.zones.items()
    }
    values, why = _headline(measured)
    return fill(
        Scar,
        SimpleNamespace(**values),
        "scar",
        kept_back,
        why,
        method=found.default,
        method_reason=_DEFAULT_REASON,
        gray_definition=measured.gray_definition,
        methods={name: _method(measured, name, kept_back) for name in measured.methods},
        gray_zones=zones,
        remote=_remote(measured, kept_back),
        layers=fill(
            Layers, measured.depth.layers, "scar.layers", kept_back, measured.depth.layers.reasons
        ),
        territories=_territories(measured, kept_back),
        segments={
            k: _segment(segment, f"scar.segments.{k}", kept_back)
            for k, segment in measured.depth.segments.items()
        },
        slices=_slices(measured, kept_back),
        stack=origin.stack,
        meshes=_meshes(measured, kept_back),
        notes=_notes(measured, kept_back),
        model=origin.model,
        heart_model=origin.heart_model,
    )


def _headline(measured: MeasuredScar) -> tuple[dict[str, float], dict[str, str]]:
    """Values of the scar itself, and the reasons for those that are NaN."""
    zone = measured.zones[measured.gray_definition]
    parts: dict[str, tuple[Amount, str]] = {
        "mass_g": (measured.headline, "mass_g"),
        "pct_lv_mass": (measured.headline, "pct_lv_mass"),
        "lv_mass_g": (measured.whole, "mass_g"),
        "core_pct": (zone.core, "pct_lv_mass"),
        "gray_pct": (zone.gray, "pct_lv_mass"),
        "mvo_g": (measured.no_reflow, "mass_g"),
        "mvo_pct": (measured.no_reflow, "pct_lv_mass"),
    }
    values = {key: float(getattr(amount, name)) for key, (amount, name) in parts.items()}
    why = {key: amount.reasons.get(name, "") for key, (amount, name) in parts.items()}
    values["segments_over_50"] = measured.depth.over_50.value
    why["segments_over_50"] = measured.depth.over_50.reason
    return values, why


def _method(measured: MeasuredScar, name: ScarMethod, kept_back: Reasons) -> MethodResult:
    mask, amount = measured.found.methods[name], measured.methods[name]
    path = f"scar.methods.{name}"
    thresholds = [_grey(value) for value in mask.thresholds]
    return fill(
        MethodResult, amount, path, kept_back, amount.reasons, thresholds=thresholds, note=mask.note
    )


def _zone(zone: ZoneAmounts, path: str, kept_back: Reasons) -> GrayZone:
    core, gray = zone.core, zone.gray
    both = core.pct_lv_mass + gray.pct_lv_mass
    values = {
        "core_g": core.mass_g,
        "core_pct": core.pct_lv_mass,
        "gray_g": gray.mass_g,
        "gray_pct": gray.pct_lv_mass,
        "gray_of_scar_pct": 100 * gray.pct_lv_mass / both if both > 0 else float("nan"),
    }
    why = {
        **{f"core_{key}": core.reasons.get(name, "") for key, name in _AMOUNT.items()},
        **{f"gray_{key}": gray.reasons.get(name, "") for key, name in _AMOUNT.items()},
        "gray_of_scar_pct": core.reasons.get("pct_lv_mass", _NO_ZONE),
    }
    return fill(GrayZone, SimpleNamespace(**values), path, kept_back, why)


_AMOUNT = {"g": "mass_g", "pct": "pct_lv_mass"}


def _remote(measured: MeasuredScar, kept_back: Reasons) -> Remote:
    remote = measured.found.remote
    with_wall: Mask = np.asarray(measured.ventricle.wall.any((1, 2)))
    mean, sd = (known_median(values[with_wall]) for values in (remote.mean, remote.sd))
    why = dict.fromkeys(("mean", "sd"), remote.reason)
    return fill(
        Remote,
        SimpleNamespace(mean=mean, sd=sd),
        "scar.remote",
        kept_back,
        why,
        pixels=remote.pixels,
        slices_refused=remote.refused,
    )


def _territories(measured: MeasuredScar, kept_back: Reasons) -> dict[str, TerritoryScar]:
    told = not kept_back_reason("scar.territories", kept_back)
    return {
        name: fill(
            TerritoryScar,
            one.amount,
            f"scar.territories.{name}",
            kept_back,
            one.amount.reasons,
            segments=list(one.segments),
            segments_with_scar=one.segments_with_scar if told else None,
        )
        for name, one in measured.depth.territories.of.items()
    }


def _segment(segment: SegmentScar, path: str, kept_back: Reasons) -> ScarSegment:
    told = not kept_back_reason(f"{path}.transmurality_class", kept_back)
    return fill(
        ScarSegment,
        segment,
        path,
        kept_back,
        segment.reasons,
        transmurality_class=segment.transmurality_class if told else None,
        chords=segment.chords,
    )


def _slices(measured: MeasuredScar, kept_back: Reasons) -> list[ScarSlice]:
    told = not kept_back_reason("scar.slices", kept_back)
    ventricle, geometry = measured.ventricle, measured.ventricle.geometry
    along = geometry.slice_positions_mm
    areas = (
        np.asarray(share.sum((1, 2)) * geometry.pixel_area_mm2)
        for share in (ventricle.wall, measured.found.scar.weight)
    )
    return [
        ScarSlice(
            position_mm=round(float(at - along[0]), _POSITION_DECIMALS),
            level=None if aha.level is None else aha.level.value,
            reason=aha.reason,
            wall_mm2=round(float(wall), _AREA_DECIMALS),
            scar_mm2=round(float(scar), _AREA_DECIMALS) if told else None,
        )
        for at, aha, wall, scar in zip(along, measured.aha.slices, *areas, strict=True)
    ]


def _meshes(measured: MeasuredScar, kept_back: Reasons) -> list[MeshFile]:
    return [
        MeshFile(
            structure=name,
            file=mesh_name(name),
            volume_ml=round(surface.volume_ml, _VOLUME_DECIMALS),
            mask_volume_ml=round(surface.mask_volume_ml, _VOLUME_DECIMALS),
            closed=surface.closed,
        )
        for name, surface in measured.surfaces.items()
        if not kept_back_reason(f"scar.meshes.{name}", kept_back)
    ]


def mesh_name(structure: str) -> str:
    """Name of the STL file of a structure."""
    return f"scar-{structure}.stl"


def _notes(measured: MeasuredScar, kept_back: Reasons) -> list[str]:
    elsewhere = measured.depth.territories.elsewhere.pct_lv_mass
    notes = [measured.aha.reason, measured.no_surfaces]
    if elsewhere > 0 and not kept_back_reason("scar.notes", kept_back):
        notes.append(f"Scar outside all AHA segments: {elsewhere:.1f} % of LV mass.")
    return [note for note in notes if note]


def _grey(value: float) -> float | None:
    return round(float(value), _GREY_DECIMALS) if isfinite(value) else None
