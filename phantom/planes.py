"""Where the images lie: short-axis stack, long-axis planes, scouts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.volume import FloatArray, StackGeometry
from phantom.appearance import ScanRanges, draw
from phantom.body import HeartPose
from phantom.heart import HeartShape
from phantom.settings import PhantomSettings

_LONG_AXIS_THICKNESS_MM = 6.0
# Angle of the long-axis planes about the LV axis, from the middle of the RV.
_LONG_AXIS_VIEWS_DEG = {"4ch": 20.0, "2ch": 80.0, "3ch": -40.0}
_SCOUT_THICKNESS_MM = 8.0
_SCOUT_SPACING_MM = 1.8
_SCOUT_DIRECTIONS = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}


@dataclass(frozen=True)
class Planning:
    """How the operator placed the stack: angles in radians, lengths in mm."""

    tilt: float
    tilt_direction: float
    in_plane_turn: float
    off_centre_mm: tuple[float, float]
    start: float

    @property
    def margin_share(self) -> float:
        """First slice above the base, in slice pitches: 0.6 to 1.6."""
        return 0.6 + self.start


def draw_planning(ranges: ScanRanges, rng: np.random.Generator) -> Planning:
    """One way to plan the stack; the slice offset against the base is random."""
    return Planning(
        tilt=np.deg2rad(draw(rng, ranges.tilt_deg)),
        tilt_direction=rng.uniform(-np.pi, np.pi),
        in_plane_turn=np.deg2rad(draw(rng, ranges.in_plane_turn_deg)),
        off_centre_mm=(draw(rng, ranges.off_centre_mm), draw(rng, ranges.off_centre_mm)),
        start=rng.uniform(0, 1),
    )


def short_axis_stack(
    settings: PhantomSettings, pose: HeartPose, shape: HeartShape, planning: Planning
) -> StackGeometry:
    """The complete stack, before slices go missing; ascending along its normal."""
    steps_mm = slice_steps_mm(settings, shape, planning)
    return short_axis_slices(settings, pose, shape, planning, steps_mm, settings.slice_shifts_mm)


def short_axis_slices(  # noqa: PLR0913 - who, how, where
    settings: PhantomSettings,
    pose: HeartPose,
    shape: HeartShape,
    planning: Planning,
    steps_mm: FloatArray,
    given_shifts_mm: tuple[float, ...] = (),
) -> StackGeometry:
    """Short-axis slices ``steps_mm`` below the end-diastolic base, along the planned axis."""
    normal = -_tilted(pose, planning)
    row_cosine, column_cosine = _image_axes(normal, planning.in_plane_turn)
    matrix, spacing = settings.matrix, settings.pixel_spacing_mm
    for _ in range(settings.quarter_turns):
        row_cosine, column_cosine = column_cosine, -row_cosine
        matrix, spacing = (matrix[1], matrix[0]), (spacing[1], spacing[0])
    if settings.mirrored:
        row_cosine = -row_cosine
    middle = pose.to_patient(np.array([0.0, 0.0, 0.45 * shape.length_mm]))
    centre = middle + planning.off_centre_mm[0] * row_cosine
    centre = centre + planning.off_centre_mm[1] * column_cosine
    towards_base = (steps_mm - 0.45 * shape.length_mm)[:, None] * -normal
    centres = centre + towards_base
    stack_normal = np.cross(row_cosine, column_cosine)
    centres = centres[np.argsort(centres @ stack_normal)]
    shifts_mm = np.zeros(len(centres))
    given = given_shifts_mm[: len(centres)]
    shifts_mm[: len(given)] = given
    centres = centres + shifts_mm[:, None] * stack_normal
    return _geometry(centres, row_cosine, column_cosine, matrix, spacing, settings.thickness_mm)


def _tilted(pose: HeartPose, planning: Planning) -> FloatArray:
    """Direction towards the apex as the operator saw it."""
    u, v, w = pose.axes
    aside = np.cos(planning.tilt_direction) * u + np.sin(planning.tilt_direction) * v
    return np.asarray(np.cos(planning.tilt) * w + np.sin(planning.tilt) * aside)


def slice_steps_mm(settings: PhantomSettings, shape: HeartShape, planning: Planning) -> FloatArray:
    """Positions along the axis from the end-diastolic base, apex positive."""
    pitch_mm = settings.thickness_mm + settings.gap_mm
    first_mm = -planning.margin_share * pitch_mm
    if settings.slices is not None:
        return first_mm + pitch_mm * np.arange(settings.slices)
    count = int(np.ceil((shape.length_mm + 0.5 * pitch_mm - first_mm) / pitch_mm)) + 1
    return first_mm + pitch_mm * np.arange(count)


def _image_axes(normal: FloatArray, turn: float) -> tuple[FloatArray, FloatArray]:
    """Axes of an image seen from the apex, without a front-back part before the turn."""
    row = np.array([normal[2], 0.0, -normal[0]])
    row = row / np.linalg.norm(row)
    row = row if row[0] > 0 else -row
    column = np.cross(normal, row)
    turned = np.cos(turn) * row + np.sin(turn) * column
    return turned, np.cross(normal, turned)


def long_axis_planes(
    settings: PhantomSettings, pose: HeartPose, shape: HeartShape
) -> dict[str, StackGeometry]:
    """One slice each through the LV axis: 2-, 3- and 4-chamber views."""
    u, v, w = pose.axes
    centre = pose.to_patient(np.array([0.0, 0.0, 0.4 * shape.length_mm]))
    planes = {}
    for view, degrees in _LONG_AXIS_VIEWS_DEG.items():
        angle = np.deg2rad(degrees)
        across = np.cos(angle) * u + np.sin(angle) * v
        planes[view] = _geometry(
            centre[None],
            -across,
            w,
            settings.matrix,
            settings.pixel_spacing_mm,
            _LONG_AXIS_THICKNESS_MM,
        )
    return planes


def scout_planes(pose: HeartPose, shape: HeartShape) -> dict[str, StackGeometry]:
    """Axial, coronal and sagittal planes through the heart."""
    centre = pose.to_patient(np.array([0.0, 0.0, 0.4 * shape.length_mm]))
    return {
        view: _geometry(
            centre[None],
            np.array(row),
            np.array(column),
            (208, 208),
            (_SCOUT_SPACING_MM, _SCOUT_SPACING_MM),
            _SCOUT_THICKNESS_MM,
        )
        for view, (row, column) in _SCOUT_DIRECTIONS.items()
    }


def _geometry(  # noqa: PLR0913 - the fields of a stack
    centres_mm: FloatArray,
    row_cosine: FloatArray,
    column_cosine: FloatArray,
    matrix: tuple[int, int],
    spacing_mm: tuple[float, float],
    thickness_mm: float,
) -> StackGeometry:
    """Stack of images whose middles lie at ``(z, 3)`` points."""
    corner = (
        centres_mm
        - (matrix[1] - 1) / 2 * spacing_mm[1] * row_cosine
        - (matrix[0] - 1) / 2 * spacing_mm[0] * column_cosine
    )
    return StackGeometry(
        positions_mm=corner,
        row_cosine=row_cosine,
        column_cosine=column_cosine,
        pixel_spacing_mm=spacing_mm,
        shape=matrix,
        slice_thickness_mm=thickness_mm,
    )
