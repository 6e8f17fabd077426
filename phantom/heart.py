"""Shape of the ventricles: truncated ellipsoids and a crescent whose volumes are prescribed.

Heart coordinates ``(u, v, w)`` in mm: ``w`` runs along the LV axis from the end-diastolic base
(0) to the apex, ``u`` points from the LV axis to the middle of the RV, ``v`` completes a
right-handed frame. In the short-axis plane ``u`` is shrunk and ``v`` stretched by the same
factor, which leaves every area as it is; in that frame sections of the LV are circles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from cmr.volume import FloatArray
from phantom.appearance import HeartRanges, draw
from phantom.motion import CycleShape, end_systolic_phase

MYOCARDIAL_DENSITY_G_ML = 1.05
_MM3_PER_ML = 1000.0
_EJECTION_MS_PER_BPM = 1.7
# Profile of the RV along its length: exponents chosen for a full base and a tapered apex.
_DEPTH_POWER = 0.8
_QUADRATURE_POINTS = 200
# Ridges around the cavity, 2-4 mm wide at end-diastole; their turn along the axis, radians a mm.
_TRABECULAE_AROUND = (20, 35)
_TRABECULAR_TWIST = (-0.15, 0.15)


@dataclass(frozen=True)
class HeartShape:
    """What stays the same over the cycle. Angles in radians, lengths in mm, volumes in ml."""

    edv_ml: float
    esv_ml: float
    myocardium_ml: float
    rv_edv_ml: float
    rv_esv_ml: float
    cycle: CycleShape
    heart_rate_bpm: float
    length_mm: float
    truncation: float
    apex_wall_mm: float
    apex_thickening: float
    mapse_mm: float
    ellipticity: float
    rv_half_angle: float
    rv_skew: float
    rv_length_share: float
    tapse_mm: float
    rv_base_mm: float
    rv_wall_mm: float
    fat_mm: float
    fat_angles: tuple[float, float]
    papillary_ml: tuple[float, float]
    papillary_angles: tuple[float, float]
    trabecular_ml: float
    trabecular_waves: tuple[int, float, float]

    @property
    def mass_g(self) -> float:
        """Myocardial mass (1.05 g/ml), the same in every phase."""
        return self.myocardium_ml * MYOCARDIAL_DENSITY_G_ML

    @property
    def rr_ms(self) -> float:
        """Mean length of a cardiac cycle."""
        return 60000.0 / self.heart_rate_bpm

    def at(self, cycle_time: float) -> Ventricles:
        """Both ventricles at a share of the cycle."""
        return Ventricles(self, float(self.cycle.fullness(cycle_time)))

    def volumes_ml(self, cycle_times: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Analytic LV and RV cavity volumes."""
        fullness = self.cycle.fullness(cycle_times)
        lv = self.esv_ml + (self.edv_ml - self.esv_ml) * fullness
        rv = self.rv_esv_ml + (self.rv_edv_ml - self.rv_esv_ml) * fullness
        return lv, rv


@dataclass(frozen=True)
class TruncatedEllipsoid:
    """Ellipsoid of revolution about the LV axis, cut by the base plane.

    Parameters
    ----------
    base_mm
        Position of the base plane.
    length_mm
        From the base plane to the apex.
    volume_mm3
        Volume below the base plane; gives the radius.
    truncation
        Base plane above the centre, as a share of the long half-axis.
    """

    base_mm: float
    length_mm: float
    volume_mm3: float
    truncation: float

    @property
    def half_axis_mm(self) -> float:
        """Long half-axis."""
        return self.length_mm / (1 + self.truncation)

    @property
    def centre_mm(self) -> float:
        """Position of the ellipsoid's centre on the axis."""
        return self.base_mm + self.truncation * self.half_axis_mm

    @cached_property
    def radius_mm(self) -> float:
        """Short half-axis, from ``V = pi a^2 l (2/3 + s - s^3/3)``."""
        s = self.truncation
        return float(
            np.sqrt(self.volume_mm3 / (np.pi * self.half_axis_mm * (2 / 3 + s - s**3 / 3)))
        )

    def section_radius_mm(self, w: FloatArray) -> FloatArray:
        """Radius of the section at ``w``; 0 beyond the apex, that of the base above it."""
        x = (np.maximum(w, self.base_mm) - self.centre_mm) / self.half_axis_mm
        return np.asarray(self.radius_mm * np.sqrt(np.clip(1 - x * x, 0, None)))


@cache
def _quadrature() -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre points and weights on 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_QUADRATURE_POINTS)
    return (nodes + 1) / 2, weights / 2


@dataclass(frozen=True)
class RvCrescent:
    """RV cavity: a layer on the LV epicardium over part of its girth, tapering to the RV apex.

    Its outer border lies ``depth x along(x) x (1 - d^4)(1 + k d)`` outside the epicardium, where
    ``x`` runs from 0 (base) to 1 (apex) and ``d`` from -1 to 1 over the angle it covers. The
    area at ``x``, the integral of ``((R + b)^2 - R^2) / 2`` over angle for a border ``b``, is
    ``8/5 R D h + (32/45 + 32/231 k^2) D^2 h`` with epicardial radius ``R``, half angle ``h`` and
    local depth ``D``, so that a volume fixes the depth by a quadratic.
    """

    epicardium: TruncatedEllipsoid
    base_mm: float
    length_mm: float
    half_angle: float
    skew: float
    volume_mm3: float

    def along(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Relative depth and half angle at ``x``; both 0 outside 0 to 1."""
        inside = (x >= 0) & (x <= 1)
        x = np.where(inside, x, 1.0)
        depth = (1 - x * x) ** _DEPTH_POWER
        angle = self.half_angle * np.sqrt(1 - x**4)
        return np.where(inside, depth, 0), np.where(inside, angle, 0)

    @cached_property
    def depth_mm(self) -> float:
        """Greatest distance of the RV free wall from the septum, at the base."""
        x, weights = _quadrature()
        share, angle = self.along(x)
        radius = self.epicardium.section_radius_mm(self.base_mm + x * self.length_mm)
        step = weights * self.length_mm
        linear = float(np.sum(step * 8 / 5 * radius * share * angle))
        square = float(np.sum(step * (32 / 45 + 32 / 231 * self.skew**2) * share**2 * angle))
        root = np.sqrt(linear**2 + 4 * square * self.volume_mm3)
        return float((root - linear) / (2 * square))

    def border_mm(self, w: FloatArray, angle: FloatArray) -> FloatArray:
        """Thickness of the layer at ``w`` and polar angle about the LV axis."""
        share, half_angle = self.along((w - self.base_mm) / self.length_mm)
        d = np.clip(angle / np.maximum(half_angle, 1e-3), -1, 1)
        return np.asarray(self.depth_mm * share * (1 - d**4) * (1 + self.skew * d))


@dataclass(frozen=True)
class Ventricles:
    """Both ventricles at one instant; ``fullness`` is 1 at end-diastole, 0 at end-systole."""

    shape: HeartShape
    fullness: float

    @property
    def base_mm(self) -> float:
        """LV base plane; moves towards the apex in systole."""
        return self.shape.mapse_mm * (1 - self.fullness)

    @cached_property
    def epicardium(self) -> TruncatedEllipsoid:
        """Outer surface of the LV; its apex stays in place."""
        volume_ml = self.lv_ml + self.shape.myocardium_ml
        return TruncatedEllipsoid(
            self.base_mm,
            self.shape.length_mm - self.base_mm,
            volume_ml * _MM3_PER_ML,
            self.shape.truncation,
        )

    @cached_property
    def endocardium(self) -> TruncatedEllipsoid:
        """Inner surface of the LV."""
        shape = self.shape
        apex_wall_mm = shape.apex_wall_mm * (1 + shape.apex_thickening * (1 - self.fullness))
        return TruncatedEllipsoid(
            self.base_mm,
            shape.length_mm - self.base_mm - apex_wall_mm,
            self.lv_ml * _MM3_PER_ML,
            shape.truncation,
        )

    @cached_property
    def crescent(self) -> RvCrescent:
        """RV cavity; its apex stays in place."""
        shape = self.shape
        base_mm = shape.rv_base_mm + shape.tapse_mm * (1 - self.fullness)
        return RvCrescent(
            self.epicardium,
            base_mm,
            shape.rv_length_share * shape.length_mm - base_mm,
            shape.rv_half_angle,
            shape.rv_skew,
            self.rv_ml * _MM3_PER_ML,
        )

    @property
    def lv_ml(self) -> float:
        """LV cavity volume, papillary muscles and trabeculae included."""
        return self.shape.esv_ml + (self.shape.edv_ml - self.shape.esv_ml) * self.fullness

    @property
    def rv_ml(self) -> float:
        """RV cavity volume."""
        shape = self.shape
        return shape.rv_esv_ml + (shape.rv_edv_ml - shape.rv_esv_ml) * self.fullness


def draw_heart(
    ranges: HeartRanges,
    rng: np.random.Generator,
    phases: int,
    edv_ml: float | None = None,
    ef_pct: float | None = None,
) -> HeartShape:
    """One heart from the ranges.

    End-systole is moved to the nearest of the ``phases`` equal steps of the cycle, so that the
    smallest volume is one of the imaged ones.
    """
    drawn_edv_ml, drawn_ef_pct = draw(rng, ranges.edv_ml), draw(rng, ranges.ef_pct)
    edv_ml = drawn_edv_ml if edv_ml is None else edv_ml
    ef_pct = drawn_ef_pct if ef_pct is None else ef_pct
    # A stream of its own, so that the hearts drawn before trabeculae were added stay the same.
    inner = rng.spawn(1)[0]
    stroke_ml = edv_ml * ef_pct / 100
    rv_edv_ml = edv_ml * draw(rng, ranges.rv_edv_ratio)
    apex_wall_mm = draw(rng, ranges.apex_wall_mm)
    size_mm = (edv_ml * _MM3_PER_ML) ** (1 / 3)
    mapse_mm = draw(rng, ranges.mapse_at_ef60_mm) * ef_pct / 60
    heart_rate_bpm = draw(rng, ranges.heart_rate_bpm)
    ejection_ms = draw(rng, ranges.ejection_intercept_ms) - _EJECTION_MS_PER_BPM * heart_rate_bpm
    es = end_systolic_phase(ejection_ms * heart_rate_bpm / 60000, phases)
    myocardium_ml = edv_ml * draw(rng, ranges.mass_to_volume_g_ml) / MYOCARDIAL_DENSITY_G_ML
    return HeartShape(
        edv_ml=edv_ml,
        esv_ml=edv_ml - stroke_ml,
        myocardium_ml=myocardium_ml,
        rv_edv_ml=rv_edv_ml,
        rv_esv_ml=rv_edv_ml - stroke_ml * draw(rng, ranges.rv_sv_ratio),
        cycle=CycleShape(es / phases, draw(rng, ranges.early_filling_share)),
        heart_rate_bpm=heart_rate_bpm,
        length_mm=size_mm * draw(rng, ranges.length_to_size) + apex_wall_mm,
        truncation=draw(rng, ranges.truncation),
        apex_wall_mm=apex_wall_mm,
        apex_thickening=draw(rng, ranges.apex_thickening),
        mapse_mm=mapse_mm,
        ellipticity=draw(rng, ranges.ellipticity),
        rv_half_angle=np.deg2rad(draw(rng, ranges.rv_half_angle_deg)),
        rv_skew=draw(rng, ranges.rv_skew),
        rv_length_share=draw(rng, ranges.rv_length_share),
        tapse_mm=mapse_mm * draw(rng, ranges.tapse_ratio),
        rv_base_mm=draw(rng, ranges.rv_base_mm),
        rv_wall_mm=draw(rng, ranges.rv_wall_mm),
        fat_mm=draw(rng, ranges.epicardial_fat_mm),
        fat_angles=(rng.uniform(-1.2, 1.2), rng.uniform(-np.pi, np.pi)),
        papillary_ml=(draw(rng, ranges.papillary_ml), draw(rng, ranges.papillary_ml)),
        papillary_angles=(2.2 + rng.uniform(-0.2, 0.2), -2.2 + rng.uniform(-0.2, 0.2)),
        trabecular_ml=myocardium_ml * draw(inner, ranges.trabecular_share),
        trabecular_waves=(
            int(inner.integers(*_TRABECULAE_AROUND)),
            inner.uniform(-np.pi, np.pi),
            inner.uniform(*_TRABECULAR_TWIST),
        ),
    )
