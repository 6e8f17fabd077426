"""Late reader: pixels of the late-enhancement stack of a study."""

from __future__ import annotations

from typing import ClassVar

from dicomio.late_pixels import LateStackImages, read_late
from operators.messages import SelectedStudy
from operators.step import Step


class LateReader(Step):
    """``selected`` → ``late_images``."""

    part: ClassVar[str] = "scar"
    inputs = ("selected",)
    output = "late_images"

    def run(self, selected: SelectedStudy) -> LateStackImages:
        """Read the stack that was chosen."""
        return read_late(selected.selection.late.required())
