"""Everything measured on a cine, and its settings."""

from __future__ import annotations

from dataclasses import dataclass

from cmr.body import Subject
from cmr.cine_reference import CineReferenceSettings
from cmr.settings import Section
from cmr.tissue.aha import AhaSettings
from cmr.volume import Volume4D
from cmr.volumetry import CineMeasurement, VolumetrySettings, measure
from cmr.wall.motion import WallMotion, WallMotionSettings, measure_wall_motion


class CineSettings(Section):
    """Section ``cine`` of ``app.yaml``: the wall, and ranges of healthy people."""

    wall: WallMotionSettings
    reference: CineReferenceSettings


@dataclass(frozen=True, eq=False)
class MeasuredHeart:
    """Volumes and function, the wall, and whose heart it is."""

    volumes: CineMeasurement
    wall: WallMotion
    subject: Subject


def measure_heart(
    labels: Volume4D,
    subject: Subject,
    volumetry: VolumetrySettings,
    aha: AhaSettings,
    wall: WallMotionSettings,
) -> MeasuredHeart:
    """Measure labels ``(t, z, row, col)``.

    Raises
    ------
    NoApplicableSeries
        No phase holds LV.
    """
    volumes = measure(labels, subject, volumetry)
    motion = measure_wall_motion(
        labels,
        volumes.phases.ed,
        volumes.phases.es,
        base_first=volumes.base_first,
        aha=aha,
        settings=wall,
    )
    return MeasuredHeart(volumes, motion, subject)
