"""The 16 segments of the American Heart Association in short-axis slices.

Cerqueira et al., Circulation 2002;105:539. Six segments of 60 degrees at the basal and mid level,
four of 90 degrees at the apical one. Segment 17 needs a long-axis view and is not made here.

Seen from the apex, segments follow each other counter-clockwise. That is the positive sense about
the direction to the apex, whatever way the pixel grid is turned or mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cmr.anatomy import Labels
from cmr.labels import Label
from cmr.settings import Section
from cmr.tissue.insertion import InsertionSettings, RvArc, find_arc, lv_centre
from cmr.tissue.levels import Level, LevelSettings, LvExtent, find_levels
from cmr.tissue.long_axis import ApexSide, LongAxisSettings, find_apex_side
from cmr.volume import FloatArray, StackGeometry, Volume4D

Numbers = npt.NDArray[np.uint8]

SEGMENTS = range(1, 17)
SEPTAL_SEGMENTS = (2, 3, 8, 9, 14)
NO_CONTACT = "The right ventricle lies on the wall in no slice, so there is no reference angle."

# From the anterior insertion to the middle of the septum: one of its two 60-degree segments.
_HALF_SEPTUM_DEG = 60.0
# Segments in their order from the first border, and where that border lies.
_AROUND = {
    Level.BASAL: ((2, 3, 4, 5, 6, 1), 0.0),
    Level.MID: ((8, 9, 10, 11, 12, 7), 0.0),
    # Four of 90 degrees, the septal one centred on the middle of the septum.
    Level.APICAL: ((14, 15, 16, 13), _HALF_SEPTUM_DEG - 45.0),
}


class AhaSettings(Section):
    """How reference angle, apex and levels are found."""

    insertion: InsertionSettings
    long_axis: LongAxisSettings
    levels: LevelSettings


@dataclass(frozen=True)
class ReferenceAngle:
    """Where the anterior RV insertion of a slice lies.

    Attributes
    ----------
    angle_deg
        In the slice plane, as in :mod:`cmr.tissue.insertion`.
    method
        ``mid-septum``: 60 degrees before the middle of the arc, whose ends are not believed.
    from_slice
        The slice whose arc was used: this one, or the nearest that has one.
    """

    angle_deg: float
    method: Literal["anterior RV insertion", "mid-septum"]
    from_slice: int


@dataclass(frozen=True, eq=False)
class AhaSlice:
    """One slice; ``reason`` says why it has no segments and is empty where it has."""

    level: Level | None
    reference: ReferenceAngle | None
    reason: str


@dataclass(frozen=True, eq=False)
class AhaSegments:
    """Segments of one stack.

    Attributes
    ----------
    segments
        ``(z, row, col)`` uint8: 1 to 16 on the myocardium, 0 elsewhere.
    slices
        One a slice of the stack.
    level_method
        How levels were told.
    apex
        Side of the apex and the evidence for it; None where it was not looked for.
    reason
        Why there are no segments at all; empty otherwise.
    """

    segments: Numbers
    slices: tuple[AhaSlice, ...]
    level_method: str
    apex: ApexSide | None
    reason: str


def find_segments(
    labels: Volume4D, settings: AhaSettings, extent: LvExtent | None = None
) -> AhaSegments:
    """Divide the myocardium of labels ``(1, z, row, col)`` into AHA segments.

    The angle is taken about the centroid of the LV cavity of each slice and counted from its
    anterior RV insertion. Slices without a wide enough RV arc take the angle of the nearest slice
    that has one. Where no arc shows its ends, the middle of the septum is the reference.

    Parameters
    ----------
    extent
        Ends of the LV, such as :func:`cmr.tissue.levels.lv_extent` of the cine.

    Raises
    ------
    ValueError
        More than one phase.
    """
    if labels.n_phases != 1:
        raise ValueError(f"Labels of {labels.n_phases} phases, expected 1.")
    data, geometry = np.asarray(labels.data[0], np.uint8), labels.geometry
    arcs = [find_arc(s, geometry.pixel_spacing_mm, settings.insertion) for s in data]
    if not any(arcs):
        return no_segments(data, NO_CONTACT)
    septum = mid_septum_lps(arcs, geometry)
    apex = find_apex_side(data, geometry, septum, extent, settings.long_axis)
    if not apex.sign:
        return no_segments(data, apex.reason, apex)
    levels = find_levels(data, geometry, apex.sign, extent, settings.levels)
    references = reference_angles(arcs, geometry, apex.sign, settings.insertion)
    slices = tuple(
        AhaSlice(level, reference, reason)
        for level, reference, reason in zip(
            levels.of_slice, references, levels.reasons, strict=True
        )
    )
    painted = [_paint(s, x, geometry, apex.sign) for s, x in zip(data, slices, strict=True)]
    nowhere = "" if any(levels.of_slice) else "; ".join(sorted(set(levels.reasons)))
    return AhaSegments(np.stack(painted), slices, levels.method, apex, nowhere)


def no_segments(data: Labels, reason: str, apex: ApexSide | None = None) -> AhaSegments:
    """No segments on labels ``(z, row, col)``, and why."""
    slices = (AhaSlice(None, None, reason),) * len(data)
    return AhaSegments(np.zeros(data.shape, np.uint8), slices, "", apex, reason)


def absent(segment: int, reason: str) -> str:
    """Why a segment is missing: ``AhaSegments.reason``, or that no slice has it."""
    return reason or f"Segment {segment} is on none of the slices."


def direction_lps(angle_deg: float, geometry: StackGeometry) -> FloatArray:
    """``(3,)`` patient direction of an angle in the slice plane."""
    angle = np.deg2rad(angle_deg)
    return np.asarray(np.cos(angle) * geometry.row_cosine + np.sin(angle) * geometry.column_cosine)


def mid_septum_lps(arcs: Sequence[RvArc | None], geometry: StackGeometry) -> FloatArray:
    """``(3,)`` sum of the directions from the LV centre to the middle of the septum."""
    held = [direction_lps(arc.middle_deg, geometry) for arc in arcs if arc]
    return np.asarray(np.sum(held, axis=0))


def reference_angles(
    arcs: Sequence[RvArc | None],
    geometry: StackGeometry,
    apex_sign: int,
    settings: InsertionSettings,
) -> tuple[ReferenceAngle, ...]:
    """Reference angle of every slice from ``arcs``, at least one of which is there."""
    present = {z: arc for z, arc in enumerate(arcs) if arc}
    believed = {
        z: arc
        for z, arc in present.items()
        if settings.min_arc_deg <= arc.width_deg <= settings.max_arc_deg
    }
    away_mm = np.abs(np.subtract.outer(geometry.slice_positions_mm, geometry.slice_positions_mm))
    pool = believed or present

    def nearest(z: int) -> ReferenceAngle:
        # In mm, so that a slice just as far on the other side counts as that; the wider arc wins.
        source = min(pool, key=lambda k: (round(away_mm[k, z]), -pool[k].width_deg))
        arc = pool[source]
        if not believed:
            angle = arc.middle_deg - apex_sign * _HALF_SEPTUM_DEG
            return ReferenceAngle(angle, "mid-septum", source)
        angle = arc.start_deg if apex_sign > 0 else arc.end_deg
        return ReferenceAngle(angle, "anterior RV insertion", source)

    return tuple(nearest(z) for z in range(len(arcs)))


def segments_of(labels: Labels, geometry: StackGeometry, aha: AhaSegments) -> Numbers:
    """Divide other labels ``(z, row, col)`` of the same slices, such as those of another phase.

    Levels, reference angles and the side of the apex are those of ``aha``; the centre is that of
    these labels.

    Returns
    -------
    numpy.ndarray
        As :attr:`AhaSegments.segments`.
    """
    if aha.apex is None or not aha.apex.sign:
        return np.zeros(labels.shape, np.uint8)
    pairs = zip(labels, aha.slices, strict=True)
    return np.stack([_paint(s, x, geometry, aha.apex.sign) for s, x in pairs])


def segments_about(
    down_mm: FloatArray, right_mm: FloatArray, described: AhaSlice, apex_sign: int
) -> Numbers:
    """Segment of points of a slice, 0 where it has none.

    Parameters
    ----------
    down_mm, right_mm
        From the centre of the LV, along increasing rows and columns.
    apex_sign
        Of :class:`cmr.tissue.long_axis.ApexSide`.
    """
    if described.level is None or described.reference is None:
        return np.zeros(np.shape(down_mm), np.uint8)
    angle = np.rad2deg(np.arctan2(down_mm, right_mm)) - described.reference.angle_deg
    numbers, first_border = _AROUND[described.level]
    turn = np.mod(apex_sign * angle - first_border, 360) / 360
    around = np.array(numbers, np.uint8)
    return np.asarray(around[(turn * len(numbers)).astype(int) % len(numbers)])


def _paint(labels: Labels, described: AhaSlice, geometry: StackGeometry, apex_sign: int) -> Numbers:
    """``(row, col)`` segment numbers of one slice."""
    out = np.zeros(labels.shape, np.uint8)
    wall = labels == Label.MYOCARDIUM
    if not (labels == Label.LV).any():
        return out
    row, col = np.nonzero(wall)
    centre = lv_centre(labels)
    down, right = (
        (i - c) * s for i, c, s in zip((row, col), centre, geometry.pixel_spacing_mm, strict=True)
    )
    out[wall] = segments_about(down, right, described, apex_sign)
    return out
