"""Gates on the stack and the sampling of the cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.gate import LV_KEYS, RV_KEYS, Finding, review, withhold
from cmr.records import Gate, Status
from cmr.settings import Section
from cmr.volume import FloatArray
from cmr.volumetry import CineMeasurement


class StackLimits(Section):
    """Limits on geometry and time."""

    min_positions: int
    max_pitch_mm: float
    max_gap_ratio: float
    min_phases: int
    max_frame_spacing_ms: float


@dataclass(frozen=True, eq=False)
class Provenance:
    """What happened to the images before they were measured.

    Parameters
    ----------
    left_out
        A sentence for each stack position without usable images.
    centre_fallback
        Why the crop is not centred by motion; empty when it is.
    agreement
        ``(t, 3)`` of :class:`cmr.segmentation.Segmentation`; None where no variants were compared.
    """

    left_out: tuple[str, ...] = ()
    centre_fallback: str = ""
    agreement: FloatArray | None = None


COMPLETE = Provenance()


def stack_gates(m: CineMeasurement, limits: StackLimits) -> tuple[Gate, ...]:
    """Judge stack positions, pitch, evenness of gaps, number of phases, time between phases."""
    checks = (_positions, _pitch, _gaps, _phase_count, _frame_spacing)
    return tuple(check(m, limits) for check in checks)


def _positions(m: CineMeasurement, limits: StackLimits) -> Gate:
    n, least = m.geometry.n_slices, limits.min_positions
    message = f"The stack has {n} positions; volumes need {least}."
    finding = Finding("stack_positions", n, least, "{slices}", message)
    return withhold(finding, (*LV_KEYS, *RV_KEYS), good=n >= least)


def _pitch(m: CineMeasurement, limits: StackLimits) -> Gate:
    pitch, limit = m.geometry.pitch_mm, limits.max_pitch_mm
    if np.isnan(pitch):
        message = "A single slice has no pitch, so there is no volume."
        finding = Finding("slice_pitch", pitch, limit, "mm", message)
        return withhold(finding, (*LV_KEYS, *RV_KEYS, "cine.slices"), good=False)
    message = "Distance of neighbouring slices; where it is large, one basal slice decides volumes."
    return review(Finding("slice_pitch", pitch, limit, "mm", message), good=pitch <= limit)


def _gaps(m: CineMeasurement, limits: StackLimits) -> Gate:
    gaps, limit = m.geometry.gaps_mm, limits.max_gap_ratio
    ratio = float(gaps.max() / gaps.min()) if gaps.size else float("nan")
    message = "Largest over smallest distance of neighbouring slices; a missing slice gives 2."
    return review(Finding("slice_gaps", ratio, limit, "1", message), good=ratio <= limit)


def _phase_count(m: CineMeasurement, limits: StackLimits) -> Gate:
    least = limits.min_phases
    message = "Number of phases; with few, the true ED or ES may fall between two."
    finding = Finding("phase_count", m.n_phases, least, "{phases}", message)
    return review(finding, good=m.n_phases >= least)


def _frame_spacing(m: CineMeasurement, limits: StackLimits) -> Gate:
    spacing, limit = m.frame_spacing_ms, limits.max_frame_spacing_ms
    message = "Time between neighbouring phases."
    return review(Finding("frame_spacing", spacing, limit, "ms", message), good=spacing <= limit)


def provenance_gates(provenance: Provenance) -> tuple[Gate, ...]:
    """Judge whether the images are all there and whether motion showed where the heart is."""
    lost = len(provenance.left_out)
    message = " ".join(provenance.left_out) or "Stack positions without usable images."
    complete = Finding("slices_left_out", lost, 0, "{slices}", message)
    found = not provenance.centre_fallback
    message = provenance.centre_fallback or "Crop centred on the motion of the heart."
    centre = Finding("heart_located", float(found), 1, "1", message)
    return review(complete, good=lost == 0), review(centre, good=found)


def coarse_pitch(gates: tuple[Gate, ...]) -> bool:
    """Tell whether the pitch is what one basal slice decides the volume by."""
    return any(g.name == "slice_pitch" and g.status is not Status.PASS for g in gates)
