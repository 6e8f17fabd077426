"""Gates on the shape of the masks: ring, image edge, order of slices, basal slice."""

from __future__ import annotations

from math import nan

import numpy as np

from cmr.anatomy import PhaseAnatomy
from cmr.gate import LV_KEYS, Finding, review, withhold
from cmr.labels import Label
from cmr.records import Gate, Status
from cmr.settings import Section
from cmr.volumetry import CineMeasurement


class AnatomyLimits(Section):
    """Limits on the shape of the masks."""

    min_mid_coverage_pct: float
    max_border_voxels: int
    max_area_kink_pct: float
    max_empty_slices: int
    min_base_coverage_pct: float
    max_base_step_pct: float
    max_base_descent_mm: float
    max_rv_above_base: int
    max_base_changes: int


BASE_GATES = ("base_coverage", "base_step", "base_descent", "rv_above_base", "base_changes")


def anatomy_gates(m: CineMeasurement, limits: AnatomyLimits) -> tuple[Gate, ...]:
    """Judge the ring at mid-ventricle, the image edge, the order of slices and the base."""
    return (_mid_ring(m, limits), *_shape(m, limits), *_base(m, limits))


def mid_coverage_pct(m: CineMeasurement) -> float:
    """Least share of the LV outline that is myocardium in the middle third, ED and ES."""
    worst = [
        anatomy.coverage[_middle_third(m.slices_from_base(phase))].min()
        for phase, anatomy in _both(m)
    ]
    return 100 * float(min(worst))


def area_kink_pct(m: CineMeasurement) -> float:
    """Largest departure of LV + wall area from the mean of both neighbours, over the largest."""
    ed = m.phases.ed
    area = (m.areas_mm2[Label.LV] + m.areas_mm2[Label.MYOCARDIUM])[ed][m.slices_from_base(ed)]
    if len(area) < 3:
        return nan
    kink = np.abs(area[1:-1] - (area[:-2] + area[2:]) / 2)
    return 100 * float(kink.max() / area.max())


def empty_slices(m: CineMeasurement) -> int:
    """Slices without RV or wall between two that have it, at ED and at ES together.

    Such a gap in the LV keeps the phase from being ED or ES at all.
    """
    count = 0
    for label in (Label.RV, Label.MYOCARDIUM):
        for phase, _ in _both(m):
            held = np.flatnonzero(m.areas_mm2[label][phase] > 0)
            count += int(held[-1] - held[0] + 1 - held.size) if held.size else 0
    return count


def base_coverage_pct(m: CineMeasurement) -> float:
    """Share of the outline that is myocardium in the most basal LV slice, least of ED and ES."""
    return 100 * float(min(a.coverage[m.slices_from_base(phase)[0]] for phase, a in _both(m)))


def base_step_pct(m: CineMeasurement) -> float:
    """Area of LV and wall in the most basal slice against the next one at ED, difference."""
    ed = m.phases.ed
    held = m.slices_from_base(ed)[:2]
    if len(held) < 2:
        return nan
    area = (m.areas_mm2[Label.LV] + m.areas_mm2[Label.MYOCARDIUM])[ed][held]
    return 100 * float(abs(area[0] - area[1]) / area[1])


def base_descent_mm(m: CineMeasurement) -> float:
    """How far the most basal LV slice moves towards the apex from ED to ES."""
    ed, es = (m.slices_from_base(phase)[0] for phase, _ in _both(m))
    positions = m.geometry.slice_positions_mm
    return float(positions[es] - positions[ed]) * (1 if m.base_first else -1)


def rv_above_base(m: CineMeasurement) -> int:
    """Slices with RV beyond the most basal LV slice, the most of ED and ES.

    In no expert mask of ACDC does the RV go on where the LV has ended, and in four of five it
    begins in the LV's most basal slice at ED: without that slice it would stick out.
    """
    return max(_rv_above(m, phase) for phase, _ in _both(m))


def _rv_above(m: CineMeasurement, phase: int) -> int:
    z = m.slices_from_base(phase)[0]
    rv = m.areas_mm2[Label.RV][phase]
    return int(np.count_nonzero(rv[:z] if m.base_first else rv[z + 1 :]))


def base_changes(m: CineMeasurement) -> int:
    """How often over the cycle LV appears or disappears at the basal position of ED.

    Twice when the base moves down into systole and back; never when it stays.
    """
    z = m.slices_from_base(m.phases.ed)[0]
    held = m.areas_mm2[Label.LV][:, z] > 0
    return int(np.count_nonzero(held != np.roll(held, 1)))


def _both(m: CineMeasurement) -> tuple[tuple[int, PhaseAnatomy], ...]:
    return (m.phases.ed, m.ed_anatomy), (m.phases.es, m.es_anatomy)


def _middle_third(slices: list[int]) -> list[int]:
    cut = len(slices) // 3
    return slices[cut : len(slices) - cut]


def _mid_ring(m: CineMeasurement, limits: AnatomyLimits) -> Gate:
    figure, limit = mid_coverage_pct(m), limits.min_mid_coverage_pct
    message = (
        "Least share of the LV outline that is myocardium in the middle third; "
        "elsewhere the LV touches background or RV."
    )
    finding = Finding("mid_ventricular_ring", figure, limit, "%", message)
    return withhold(finding, LV_KEYS, good=figure >= limit)


def _shape(m: CineMeasurement, limits: AnatomyLimits) -> tuple[Gate, ...]:
    findings = (
        Finding(
            "image_border",
            max(m.ed_anatomy.border_voxels, m.es_anatomy.border_voxels),
            limits.max_border_voxels,
            "{voxels}",
            "Labelled voxels on the edge of the image; the heart may be cut off.",
        ),
        Finding(
            "area_kink",
            area_kink_pct(m),
            limits.max_area_kink_pct,
            "%",
            "Largest departure of a slice's LV and wall area at ED from the mean of its "
            "neighbours, share of the largest slice.",
        ),
        Finding(
            "empty_slices",
            empty_slices(m),
            limits.max_empty_slices,
            "{slices}",
            "Slices without RV or wall between two that have it, at ED and ES.",
        ),
    )
    return tuple(review(f, good=f.figure <= f.limit) for f in findings)


def _base(m: CineMeasurement, limits: AnatomyLimits) -> tuple[Gate, ...]:
    coverage = Finding(
        "base_coverage",
        base_coverage_pct(m),
        limits.min_base_coverage_pct,
        "%",
        "Share of the LV outline that is myocardium in the most basal slice.",
    )
    others = (
        Finding(
            "base_step",
            base_step_pct(m),
            limits.max_base_step_pct,
            "%",
            "Difference in LV and wall area of the most basal slice at ED to the next.",
        ),
        Finding(
            "rv_above_base",
            rv_above_base(m),
            limits.max_rv_above_base,
            "{slices}",
            "Slices with RV above the most basal LV slice, at ED or at ES.",
        ),
        Finding(
            "base_changes",
            base_changes(m),
            limits.max_base_changes,
            "{changes}",
            "Times over the cycle that LV appears or disappears at the basal position.",
        ),
    )
    descent = Finding(
        "base_descent",
        base_descent_mm(m),
        limits.max_base_descent_mm,
        "mm",
        "Movement of the most basal LV slice towards the apex from ED to ES.",
    )
    return (
        review(coverage, good=coverage.figure >= coverage.limit),
        review(descent, good=0 <= descent.figure <= descent.limit),
        *(review(f, good=f.figure <= f.limit) for f in others),
    )


def ambiguous_base(gates: tuple[Gate, ...]) -> list[str]:
    """Messages of the gates that doubt the basal slice; empty when it is clear."""
    return [g.message for g in gates if g.name in BASE_GATES and g.status is not Status.PASS]
