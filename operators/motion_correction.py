"""Motion correction: source images of a slice aligned with each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from cmr.mapping.motion import align_acquisition
from cmr.mapping.settings import MappingSettings
from operators.messages import AlignedMap, LocatedMap, Maps
from operators.sdk import Fragment
from operators.step import Step


class MotionCorrection(Step):
    """``located`` → ``aligned``."""

    part: ClassVar[str] = "mapping"
    inputs = ("located",)
    output = "aligned"

    def __init__(self, fragment: Fragment, *, settings: MappingSettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, **kwargs)

    def run(self, located: Maps[LocatedMap]) -> Maps[AlignedMap]:
        """Align, and say by how much."""
        return located.then(self._align)

    def _align(self, one: LocatedMap) -> AlignedMap:
        aligned, motion = align_acquisition(
            one.read.acquired, one.region, self._settings.motion, self._settings.fit
        )
        read = replace(one.read, acquired=aligned)
        return AlignedMap(replace(one, read=read), motion)
