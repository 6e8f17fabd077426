"""Extracellular volume of a study: post-contrast T1 brought onto the native map, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Mask, lv_disc
from cmr.grids import same_frame
from cmr.mapping.heart import HeartOnMap
from cmr.mapping.measure import MeasuredTissue, TissueValues
from cmr.motion.native_grid import on_native_grid, orientation_refusal
from cmr.motion.post import PostAlignment, align_post
from cmr.motion.settings import MotionSettings
from cmr.overlap import dice_of_masks
from cmr.results_mapping import PostShift
from cmr.tissue.ecv import T1, T1Pair, extracellular_volume
from cmr.tissue.haematocrit import Haematocrit
from cmr.tissue.regions import MapStatistics, measure_regions
from cmr.tissue.settings import TissueSettings
from cmr.tissue.statistics import RegionStatistics
from cmr.volume import FloatArray, StackGeometry

_DECIMALS = 2
_HALF = 0.5
_OTHER_FRAME = "Native and post-contrast slices have different frames of reference."


@dataclass(frozen=True, eq=False)
class T1Map:
    """A T1 map with its heart.

    Parameters
    ----------
    shown
        ``(z, row, col)`` images by which the two maps are registered: each slice's image with the
        most signal, or the map where there are no source images.
    """

    measured: MeasuredTissue
    shown: FloatArray

    @property
    def geometry(self) -> StackGeometry:
        """Of the map."""
        return self.measured.heart.labels.geometry


@dataclass(frozen=True, eq=False)
class EcvMap:
    """ECV on the grid of the native map.

    Attributes
    ----------
    tissue
        In %; ``r2`` is the worse of the two fits.
    shifts
        What was done to the post-contrast slice at each native one.
    errors_pct
        Standard error of each region by its path in the results.
    overlap
        ``(z,)`` Dice of the LV discs found on both maps after registration; NaN where one has none.
    post_slices
        Index of the post-contrast slice at each native one; None without.
    reason
        Why there is no ECV; empty where there is.
    """

    tissue: TissueValues
    shifts: tuple[PostShift, ...]
    errors_pct: Mapping[str, float]
    overlap: FloatArray
    post_slices: tuple[int | None, ...]
    reason: str


def ecv_map(  # noqa: PLR0913
    native: T1Map,
    post: T1Map,
    region: Mask,
    haematocrit: Haematocrit,
    motion: MotionSettings,
    settings: TissueSettings,
) -> EcvMap:
    """ECV of every pixel of the native map that has a post-contrast slice at its place.

    Parameters
    ----------
    region
        ``(row, col)`` of the native map: where the heart is.
    """
    placed = [
        _place(native, post, z, region, motion, settings.ecv.max_slice_distance_mm)
        for z in range(native.geometry.n_slices)
    ]
    brought_r2 = np.stack([p.r2 for p in placed])
    post_values = TissueValues(
        values=np.stack([p.values for p in placed]),
        sd=np.stack([p.sd for p in placed]),
        r2=brought_r2,
    )
    before, heart = native.measured, native.measured.heart
    after_r2 = None if post.measured.tissue.r2 is None else brought_r2
    after = measure_regions(
        post_values.values, after_r2, heart.labels, before.aha, settings.regions
    )
    blood = T1Pair.of_regions(before.statistics.blood, after.blood)
    pixels = T1Pair(_t1(before.tissue), _t1(post_values))
    found = extracellular_volume(pixels, blood, haematocrit, settings.ecv)

    def error_pct(one: RegionStatistics, other: RegionStatistics) -> float:
        pair = T1Pair.of_regions(one, other)
        sd = extracellular_volume(pair, blood, haematocrit, settings.ecv).sd_fraction
        return 100 * float(np.asarray(sd))

    return EcvMap(
        tissue=TissueValues(
            100 * found.fraction, 100 * found.sd_fraction, _worse(before.tissue.r2, brought_r2)
        ),
        shifts=tuple(p.shift for p in placed),
        errors_pct={
            path: error_pct(one, other) for path, one, other in _regions(before.statistics, after)
        },
        overlap=np.array([p.overlap for p in placed]),
        post_slices=tuple(p.index for p in placed),
        reason=_without_post(placed) or found.reason,
    )


@dataclass(frozen=True, eq=False)
class _Placed:
    """One post-contrast slice on a native one."""

    values: FloatArray
    sd: FloatArray
    r2: FloatArray
    shift: PostShift
    overlap: float
    index: int | None


def _without_post(placed: Sequence[_Placed]) -> str:
    """Why no slice has a post-contrast one; empty where any has."""
    if any(p.index is not None for p in placed):
        return ""
    why = dict.fromkeys(p.shift.reason for p in placed)
    return " ".join(["No post-contrast slice can be laid on a native one.", *why])


def _place(  # noqa: PLR0913
    native: T1Map,
    post: T1Map,
    z: int,
    region: Mask,
    motion: MotionSettings,
    max_distance_mm: float,
) -> _Placed:
    here = native.geometry.take_slices([z])
    if not same_frame(here, post.geometry):
        return _absent(here, _OTHER_FRAME)
    middle = here.to_patient_mm(0, (here.shape[0] - 1) / 2, (here.shape[1] - 1) / 2)
    away_mm = np.abs((post.geometry.positions_mm - middle) @ post.geometry.normal)
    nearest = int(away_mm.argmin())
    if away_mm[nearest] > max_distance_mm:
        reason = f"The nearest post-contrast slice lies {away_mm[nearest]:.1f} mm away."
        return _absent(here, reason)
    there = post.geometry.take_slices([nearest])
    refusal = orientation_refusal(here, there, motion.post.max_angle_deg)
    if refusal:
        return _absent(here, refusal)
    found = align_post(native.shown[z], here, post.shown[nearest], there, region, motion)
    tissue = post.measured.tissue

    def brought(values: FloatArray | None) -> FloatArray:
        if values is None:
            return np.full(here.shape, np.nan)
        return on_native_grid(values[nearest], there, here, found.shift_mm)

    return _Placed(
        brought(tissue.values),
        brought(tissue.sd),
        brought(tissue.r2),
        PostShift(
            applied=found.applied,
            reason=found.reason,
            row_shift_mm=round(float(found.shift_mm[0]), _DECIMALS),
            column_shift_mm=round(float(found.shift_mm[1]), _DECIMALS),
        ),
        _overlap(native.measured.heart, z, post.measured.heart, nearest, found),
        nearest,
    )


def _absent(here: StackGeometry, reason: str) -> _Placed:
    nothing = np.full(here.shape, np.nan)
    shift = PostShift(applied=False, reason=reason, row_shift_mm=None, column_shift_mm=None)
    return _Placed(nothing, nothing, nothing, shift, float("nan"), None)


def _overlap(
    native: HeartOnMap, z: int, post: HeartOnMap, nearest: int, found: PostAlignment
) -> float:
    """Dice of the discs that both epicardia enclose, the later one brought as its values."""
    here = native.labels.geometry.take_slices([z])
    there = post.labels.geometry.take_slices([nearest])
    own, other = lv_disc(native.labels.data[0, z]), lv_disc(post.labels.data[0, nearest])
    if not (own.any() and other.any()):
        return float("nan")
    carried = on_native_grid(other.astype(np.float64), there, here, found.shift_mm) > _HALF
    return dice_of_masks(own, carried)


def _t1(tissue: TissueValues) -> T1:
    """Without SD the error of a pixel is unknown."""
    sd = np.full(tissue.values.shape, np.nan) if tissue.sd is None else tissue.sd
    return T1(tissue.values, sd)


def _worse(one: FloatArray | None, other: FloatArray) -> FloatArray | None:
    """The lower R² of two fits; None where neither map came with one."""
    known = np.isfinite(other).any()
    if one is None:
        return other if known else None
    return np.minimum(one, other) if known else one


def _regions(
    native: MapStatistics, post: MapStatistics
) -> Iterator[tuple[str, RegionStatistics, RegionStatistics]]:
    """Each region of the results but the blood, on both maps."""
    yield "global", native.whole, post.whole
    yield "septal", native.septal, post.septal
    for k, region in native.segments.items():
        yield f"segments.{k}", region, post.segments[k]
    for z, (one, other) in enumerate(zip(native.slices, post.slices, strict=True)):
        yield f"slices.{z}.wall", one.wall, other.wall
        for k, region in one.segments.items():
            yield f"slices.{z}.segments.{k}", region, other.segments[k]
