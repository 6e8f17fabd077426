"""What is known of the scar of a phantom, in the slices that were imaged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from cmr.results_scar import TransmuralityClass
from cmr.volume import FloatArray, StackGeometry
from phantom.heart import MYOCARDIAL_DENSITY_G_ML
from phantom.mapping_heart import LEVELS, Level, MappedSlice
from phantom.scar_chords import Chords
from phantom.scar_lesion import Damage
from phantom.scar_sample import WallArea

_CLASSES: tuple[tuple[float, TransmuralityClass], ...] = (
    (0.5, "0"),
    (25.5, "1-25"),
    (50.5, "26-50"),
    (75.5, "51-75"),
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SegmentScarTruth(_Frozen):
    """One AHA segment; transmurality is the mean over all radii, also of those without scar."""

    wall_g: float
    scar_pct: float
    transmurality_pct: float
    transmurality_class: TransmuralityClass


class SliceScarTruth(_Frozen):
    """One slice; scar has core, gray zone and no-reflow in it.

    ``level`` and ``insertion_deg``, the polar angle of the anterior RV insertion about the LV axis
    from the middle of the septum, are None without LV cavity.
    """

    level: Level | None
    insertion_deg: float | None
    wall_mm2: float
    scar_mm2: float
    gray_mm2: float
    no_reflow_mm2: float


class LayerTruth(_Frozen):
    """Share of the scar in each third of the wall."""

    endocardial_pct: float
    midwall_pct: float
    epicardial_pct: float


class ScarTruth(_Frozen):
    """Of the points that the images are made from, not of label masks.

    Masses are areas times the length each slice stands for
    (:attr:`cmr.volume.StackGeometry.slice_extents_mm`) at 1.05 g/ml; NaN for a single slice. Shares
    are of the LV mass. Scar is core and gray zone together; core has no-reflow in it. ``layers`` is
    None without scar.
    """

    inversion_ms: float
    lv_mass_g: float
    scar_mass_g: float
    scar_pct: float
    core_pct: float
    gray_pct: float
    no_reflow_g: float
    no_reflow_pct: float
    layers: LayerTruth | None
    segments: dict[int, SegmentScarTruth]
    segments_over_50: int
    slices: tuple[SliceScarTruth, ...]


def scar_truth(
    geometry: StackGeometry,
    places: Sequence[MappedSlice | None],
    areas: Sequence[WallArea],
    chords: Sequence[Chords],
    inversion_ms: float,
) -> ScarTruth:
    """Sums over the slices: one of ``places`` and ``areas`` for each, chords where it has any."""
    grams = _grams_per_mm2(geometry)
    # A single slice stands for no length: its shares are those of its areas.
    weights = np.ones(1) if geometry.n_slices == 1 else grams
    damage = weights @ np.array([area.damage_mm2 for area in areas])
    shares = 100 * damage / damage.sum()
    damage_g = grams @ np.array([area.damage_mm2 for area in areas])
    segments = _segments(areas, chords, grams, weights)
    return ScarTruth(
        inversion_ms=inversion_ms,
        lv_mass_g=float(damage_g.sum()),
        scar_mass_g=float(damage_g[Damage.GRAY :].sum()),
        scar_pct=float(shares[Damage.GRAY :].sum()),
        core_pct=float(shares[Damage.CORE :].sum()),
        gray_pct=float(shares[Damage.GRAY]),
        no_reflow_g=float(damage_g[Damage.NO_REFLOW]),
        no_reflow_pct=float(shares[Damage.NO_REFLOW]),
        layers=_layers(weights @ np.array([area.layers_mm2 for area in areas])),
        segments=segments,
        segments_over_50=sum(s.transmurality_pct > 50 for s in segments.values()),
        slices=tuple(_slice(*one) for one in zip(places, areas, strict=True)),
    )


def transmurality_class(pct: float) -> TransmuralityClass:
    """Class of a percentage rounded to whole ones."""
    return next((name for limit, name in _CLASSES if pct < limit), "76-100")


def _grams_per_mm2(geometry: StackGeometry) -> FloatArray:
    return np.asarray(geometry.slice_extents_mm * MYOCARDIAL_DENSITY_G_ML / 1000)


def _segments(
    areas: Sequence[WallArea], chords: Sequence[Chords], grams: FloatArray, weights: FloatArray
) -> dict[int, SegmentScarTruth]:
    """Those that the imaged slices hold."""
    areas_mm2 = np.array([area.segments_mm2 for area in areas])
    weighted = np.tensordot(weights, areas_mm2, 1)
    wall_g = np.tensordot(grams, areas_mm2, 1).sum(axis=1)
    share = np.concatenate([c.share for c in chords]) if chords else np.zeros(0)
    number = np.concatenate([c.segment for c in chords]) if chords else np.zeros(0)
    found = {}
    for n in np.unique(number).astype(int):
        pct = 100 * float(share[number == n].mean())
        found[int(n)] = SegmentScarTruth(
            wall_g=float(wall_g[n]),
            scar_pct=float(100 * weighted[n, Damage.GRAY :].sum() / weighted[n].sum()),
            transmurality_pct=pct,
            transmurality_class=transmurality_class(pct),
        )
    return found


def _layers(thirds: FloatArray) -> LayerTruth | None:
    if not thirds.any():
        return None
    inner, middle, outer = 100 * thirds / thirds.sum()
    return LayerTruth(
        endocardial_pct=float(inner), midwall_pct=float(middle), epicardial_pct=float(outer)
    )


def _slice(place: MappedSlice | None, area: WallArea) -> SliceScarTruth:
    damage = area.damage_mm2
    return SliceScarTruth(
        level=LEVELS[place.level] if place else None,
        insertion_deg=float(np.rad2deg(place.insertion)) if place else None,
        wall_mm2=float(damage.sum()),
        scar_mm2=float(damage[Damage.GRAY :].sum()),
        gray_mm2=float(damage[Damage.GRAY]),
        no_reflow_mm2=float(damage[Damage.NO_REFLOW]),
    )
