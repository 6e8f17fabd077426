"""Scar quality: every gate of late enhancement; what a gate withholds is left out."""

from __future__ import annotations

from typing import Any, ClassVar

from cmr.gates_scar import ScarLimits, scar_gates
from cmr.records import Model
from cmr.scar.assemble import ScarOrigin, scar_results
from cmr.scar.settings import ScarSettings
from dicomio.late_scar import LateScar
from dicomio.late_source import late_record
from operators.messages import JudgedScar, MeasuredLate
from operators.sdk import Fragment
from operators.step import Step


class ScarQuality(Step):
    """``measured_scar`` → ``judged_scar``."""

    part: ClassVar[str] = "scar"
    inputs = ("measured_scar",)
    output = "judged_scar"

    def __init__(
        self,
        fragment: Fragment,
        *,
        limits: ScarLimits,
        settings: ScarSettings,
        model: Model,
        heart_model: Model,
        **kwargs: Any,
    ) -> None:
        self._limits = limits
        self._settings = settings
        self._model = model
        self._heart_model = heart_model
        super().__init__(fragment, **kwargs)

    def run(self, late: MeasuredLate) -> JudgedScar:
        """Judge, then assemble what may be reported."""
        measured, found = late.measured, late.measured.found
        gates = scar_gates(measured, self._limits, self._settings)
        stack = late_record(late.images.source, late.images.zero)
        results = scar_results(measured, gates, ScarOrigin(stack, self._model, self._heart_model))
        zone = found.gray_zones[found.gray_definition]
        scar = LateScar(
            images=late.images.source.images,
            results=results,
            ventricle=measured.ventricle,
            scar=found.scar.scar,
            core=zone.core,
            gray=zone.gray,
            no_reflow=found.scar.no_reflow,
        )
        surfaces = {m.structure: measured.surfaces[m.structure] for m in results.meshes}
        return JudgedScar(scar, found.images.values, surfaces, gates)
