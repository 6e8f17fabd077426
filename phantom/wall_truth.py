"""Wall and rates of the digital heart from its formulas, not from masks or fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from scipy.spatial import cKDTree

from cmr.labels import Label
from cmr.volume import FloatArray, StackGeometry
from phantom.heart import HeartShape, TruncatedEllipsoid, Ventricles
from phantom.mapping_heart import MappedSlice, insertion_angle, slice_depths_mm
from phantom.render import Scene
from phantom.scar_heart import slice_levels

_RAYS = 1440
_REACH_MM = 120.0
_HALVINGS = 40


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RatesTruth(_Frozen):
    """Largest slopes of the volume curve of one ventricle; times from ED and from ES."""

    peak_ejection_rate_ml_s: float
    peak_filling_rate_ml_s: float
    time_to_peak_ejection_ms: float
    time_to_peak_filling_ms: float


class WallRegionTruth(_Frozen):
    """One AHA segment, over the imaged slices that hold it at both ED and ES."""

    thickness_ed_mm: float
    thickness_es_mm: float
    thickening_pct: float
    regional_ef_pct: float


class MotionTruth(_Frozen):
    """Rates of both ventricles, and the wall by AHA segment."""

    lv: RatesTruth
    rv: RatesTruth
    segments: dict[int, WallRegionTruth]


def motion_truth(
    scene: Scene, geometry: StackGeometry, labels: npt.NDArray[np.uint8]
) -> MotionTruth:
    """Truth of a stack.

    Parameters
    ----------
    labels
        ``(2, z, row, col)`` true masks at ED and ES, which tell the slices that hold the LV and
        with them the levels.
    """
    shape = scene.shape
    lv, rv = (
        _rates(shape, stroke)
        for stroke in (shape.edv_ml - shape.esv_ml, shape.rv_edv_ml - shape.rv_esv_ml)
    )
    return MotionTruth(lv=lv, rv=rv, segments=_segments(scene, geometry, labels))


def _rates(shape: HeartShape, stroke_ml: float) -> RatesTruth:
    ejection, filling = shape.cycle.steepest()
    return RatesTruth(
        peak_ejection_rate_ml_s=stroke_ml * ejection.slope / shape.rr_ms * 1000,
        peak_filling_rate_ml_s=stroke_ml * filling.slope / shape.rr_ms * 1000,
        time_to_peak_ejection_ms=ejection.after * shape.rr_ms,
        time_to_peak_filling_ms=filling.after * shape.rr_ms,
    )


@dataclass(frozen=True, eq=False)
class _Section:
    """One slice at one phase, by AHA segment."""

    thickness_mm: dict[int, float]
    area_mm2: dict[int, float]


def _segments(
    scene: Scene, geometry: StackGeometry, labels: npt.NDArray[np.uint8]
) -> dict[int, WallRegionTruth]:
    depths_mm = slice_depths_mm(scene, geometry)
    held = (labels == Label.LV).any(axis=(2, 3))
    levels = slice_levels(depths_mm, geometry.slice_extents_mm, held[0])
    phases = (scene.shape.at(0.0), scene.shape.at(scene.shape.cycle.systole_share))
    pairs: list[tuple[_Section, _Section]] = []
    for z in np.flatnonzero(held.all(axis=0)):
        level, depth_mm = levels[z], float(depths_mm[z])
        if level is None:
            continue
        place = MappedSlice(level, insertion_angle(phases[0], depth_mm))
        sections = [_section(v, scene, geometry, depth_mm, place) for v in phases]
        if sections[0] is not None and sections[1] is not None:
            pairs.append((sections[0], sections[1]))
    found = {}
    for k in sorted({k for ed, _ in pairs for k in ed.thickness_mm}):
        mine = [(ed, es) for ed, es in pairs if k in ed.thickness_mm]
        found[k] = _region(k, mine)
    return found


def _region(k: int, pairs: list[tuple[_Section, _Section]]) -> WallRegionTruth:
    ed_mm, es_mm = (
        float(np.mean([pair[phase].thickness_mm[k] for pair in pairs])) for phase in (0, 1)
    )
    ed_mm2, es_mm2 = (sum(pair[phase].area_mm2[k] for pair in pairs) for phase in (0, 1))
    return WallRegionTruth(
        thickness_ed_mm=ed_mm,
        thickness_es_mm=es_mm,
        thickening_pct=100 * (es_mm - ed_mm) / ed_mm,
        regional_ef_pct=100 * (1 - es_mm2 / ed_mm2),
    )


def _section(
    ventricles: Ventricles,
    scene: Scene,
    geometry: StackGeometry,
    depth_mm: float,
    place: MappedSlice,
) -> _Section | None:
    """Borders of the wall in the middle of a slice; None where no whole ring surrounds a cavity.

    Thickness is the distance of each border from the other, the mean of both ways.
    """
    inner, outer = (
        _border(surface, ventricles, scene, geometry, depth_mm)
        for surface in (ventricles.endocardium, ventricles.epicardium)
    )
    if min(inner[:, 2].min(), outer[:, 2].min()) < ventricles.base_mm:
        return None
    if float(ventricles.endocardium.section_radius_mm(np.array(depth_mm))) <= 0:
        return None
    centre = inner.mean(axis=0)
    across: dict[int, list[float]] = {k: [] for k in place.numbers}
    for one, other in ((inner, outer), (outer, inner)):
        away, nearest = cKDTree(other).query(one)
        middle = (one + other[nearest]) / 2 - centre
        step_mm = np.linalg.norm(np.roll(one, -1, axis=0) - one, axis=1)
        segment = place.segments(middle[:, 0], middle[:, 1])
        for k in place.numbers:
            across[k].append(float(np.average(away[segment == k], weights=step_mm[segment == k])))
    return _Section(
        {k: float(np.mean(both)) for k, both in across.items()}, _areas(inner - centre, place)
    )


def _areas(border: FloatArray, place: MappedSlice) -> dict[int, float]:
    """Area of the sector of each segment: triangles from the centre to the border."""
    following = np.roll(border, -1, axis=0)
    triangle = np.linalg.norm(np.cross(border, following), axis=1) / 2
    middle = (border + following) / 2
    segment = place.segments(middle[:, 0], middle[:, 1])
    return {k: float(triangle[segment == k].sum()) for k in place.numbers}


def _border(
    surface: TruncatedEllipsoid,
    ventricles: Ventricles,
    scene: Scene,
    geometry: StackGeometry,
    depth_mm: float,
) -> FloatArray:
    """``(n, 3)`` points in heart coordinates where rays in the plane meet a surface.

    Halving: along a ray from the axis, what is inside comes before what is outside.
    """
    axes, stretch = scene.pose.axes, 1 + ventricles.shape.ellipticity
    angle = np.arange(_RAYS) * 2 * np.pi / _RAYS
    right, down = axes @ geometry.row_cosine, axes @ geometry.column_cosine
    rays = np.multiply.outer(np.cos(angle), right) + np.multiply.outer(np.sin(angle), down)
    low, high = np.zeros(_RAYS), np.full(_RAYS, _REACH_MM)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        u, v, w = (middle[:, None] * rays + [0, 0, depth_mm]).T
        inside = np.hypot(u / stretch, v * stretch) < surface.section_radius_mm(w)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.asarray(low[:, None] * rays + [0, 0, depth_mm])
