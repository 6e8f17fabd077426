"""Quality: every gate with its figure and limit; what a gate withholds is left out."""

from __future__ import annotations

from typing import Any

from cmr.assemble import MaskOrigin, cine_results
from cmr.cine_reference import CineReferenceSettings, with_ranges
from cmr.gates_stack import Provenance
from cmr.quality import QualitySettings, judge
from cmr.records import Model
from cmr.wall.assemble import wall_results
from dicomio.source import stack_record
from operators.messages import JudgedCine, MeasuredCine
from operators.sdk import Fragment
from operators.step import Step


class Quality(Step):
    """``measured`` → ``judged``."""

    inputs = ("measured",)
    output = "judged"

    def __init__(
        self,
        fragment: Fragment,
        *,
        settings: QualitySettings,
        ranges: CineReferenceSettings,
        model: Model,
        **kwargs: Any,
    ) -> None:
        self._settings = settings
        self._ranges = ranges
        self._model = model
        super().__init__(fragment, **kwargs)

    def run(self, measured: MeasuredCine) -> JudgedCine:
        """Judge, then assemble what may be reported."""
        cine = measured.cine
        source = cine.images.source
        provenance = Provenance(source.left_out, cine.centre.reason, cine.agreement)
        gates = judge(measured.measurement, self._settings, provenance)
        origin = MaskOrigin(self._model, cine.changes, cine.agreement)
        heart = measured.heart
        wall = wall_results(heart.wall, source.geometry, gates, base_first=heart.volumes.base_first)
        found = cine_results(heart.volumes, gates, stack_record(source), origin, wall)
        return JudgedCine(measured, gates, with_ranges(found, heart.subject, self._ranges))
