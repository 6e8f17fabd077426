"""Volumetry: volumes, function and mass of both ventricles, and the wall of the left one."""

from __future__ import annotations

from typing import Any

from cmr.cine import measure_heart
from cmr.tissue.aha import AhaSettings
from cmr.volumetry import VolumetrySettings
from cmr.wall.motion import WallMotionSettings
from operators.messages import MeasuredCine, SegmentedCine
from operators.sdk import Fragment
from operators.step import Step


class Volumetry(Step):
    """``cleaned`` → ``measured``."""

    inputs = ("cleaned",)
    output = "measured"

    def __init__(
        self,
        fragment: Fragment,
        *,
        settings: VolumetrySettings,
        aha: AhaSettings,
        wall: WallMotionSettings,
        **kwargs: Any,
    ) -> None:
        self._settings = settings
        self._aha = aha
        self._wall = wall
        super().__init__(fragment, **kwargs)

    def run(self, cine: SegmentedCine) -> MeasuredCine:
        """Measure the masks."""
        subject = cine.images.source.subject
        heart = measure_heart(cine.labels, subject, self._settings, self._aha, self._wall)
        return MeasuredCine(cine, heart)
