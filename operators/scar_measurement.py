"""Scar measurement: how much scar, where and how deep, by AHA segment."""

from __future__ import annotations

from typing import Any, ClassVar

from cmr.known import known_median
from cmr.mapping.cine_contours import check_contours, extent_of
from cmr.scar.measure import measure_scar
from cmr.scar.settings import ScarSettings
from cmr.tissue.aha import AhaSettings, find_segments
from operators.messages import FoundLate, JudgedCine, MeasuredLate, Refusal
from operators.sdk import Fragment
from operators.step import Step


class ScarMeasurement(Step):
    """``found_scar``, ``judged`` → ``measured_scar``; ``judged`` may be refused."""

    part: ClassVar[str] = "scar"
    inputs = ("found_scar", "judged")
    output = "measured_scar"
    optional = ("judged",)

    def __init__(
        self,
        fragment: Fragment,
        *,
        settings: ScarSettings,
        aha: AhaSettings,
        density_g_ml: float,
        **kwargs: Any,
    ) -> None:
        self._settings = settings
        self._aha = aha
        self._density_g_ml = density_g_ml
        super().__init__(fragment, **kwargs)

    def run(self, late: FoundLate, judged: JudgedCine | Refusal) -> MeasuredLate:
        """Measure, with the ends of the LV that the cine tells."""
        labels, phase = late.found.heart.labels, late.images.cycle_phase
        extent = check = None
        if isinstance(judged, JudgedCine):
            cine = judged.contours
            extent = extent_of(cine, labels.geometry, known_median(phase))
            check = check_contours(labels, cine, phase)
        segments = find_segments(labels, self._aha, extent)
        measured = measure_scar(late.found, segments, check, self._settings, self._density_g_ml)
        return MeasuredLate(late.images, measured)
