"""Volumetry: volumes, function and mass of both ventricles."""

from __future__ import annotations

from typing import Any

from cmr.body import Subject
from cmr.volumetry import VolumetrySettings, measure
from operators.messages import MeasuredCine, SegmentedCine
from operators.sdk import Fragment
from operators.step import Step


class Volumetry(Step):
    """``cleaned`` → ``measured``."""

    inputs = ("cleaned",)
    output = "measured"

    def __init__(self, fragment: Fragment, *, settings: VolumetrySettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, **kwargs)

    def run(self, cine: SegmentedCine) -> MeasuredCine:
        """Measure the masks."""
        source = cine.images.source
        subject = Subject(source.height_cm, source.weight_kg)
        return MeasuredCine(cine, measure(cine.labels, subject, self._settings))
