"""Clean-up: masks that an anatomy could have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cmr.cleanup import CleanUpSettings, clean
from operators.messages import SegmentedCine
from operators.sdk import Fragment
from operators.step import Step


class CleanUp(Step):
    """``segmented`` → ``cleaned``."""

    inputs = ("segmented",)
    output = "cleaned"

    def __init__(self, fragment: Fragment, *, settings: CleanUpSettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, **kwargs)

    def run(self, cine: SegmentedCine) -> SegmentedCine:
        """Clean the masks and record what changed."""
        cleaned = clean(cine.labels, self._settings)
        return replace(cine, labels=cleaned.labels, changes=cleaned.changes)
