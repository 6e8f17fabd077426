"""Map measurement: every AHA segment of each map, and the contours of the cine beside its own."""

from __future__ import annotations

from typing import Any, ClassVar

from cmr.known import known_median
from cmr.mapping.about import BLOOD_DIFFERS
from cmr.mapping.cine_contours import CineContours, check_contours, extent_of
from cmr.mapping.measure import measure_tissue
from cmr.tissue.settings import TissueSettings
from operators.messages import JudgedCine, Maps, MeasuredMap, Refusal, SegmentedMap
from operators.sdk import Fragment
from operators.step import Step


class MapMeasurement(Step):
    """``segmented``, ``judged`` → ``measured``. A study without a cine has maps all the same."""

    part: ClassVar[str] = "mapping"
    inputs = ("segmented", "judged")
    output = "measured"
    optional = ("judged",)

    def __init__(self, fragment: Fragment, *, settings: TissueSettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, **kwargs)

    def run(self, segmented: Maps[SegmentedMap], judged: JudgedCine | Refusal) -> Maps[MeasuredMap]:
        """Measure every map."""
        cine = None
        if isinstance(judged, JudgedCine):
            cine = judged.contours
        return segmented.then(lambda one: self._measure(one, cine))

    def _measure(self, one: SegmentedMap, cine: CineContours | None) -> MeasuredMap:
        chosen, heart = one.fitted.chosen, one.heart
        extent = check = None
        if cine is not None and not heart.reason:
            extent = extent_of(cine, chosen.geometry, known_median(chosen.cycle_phase))
            check = check_contours(heart.labels, cine, chosen.cycle_phase)
        measured = measure_tissue(
            chosen.tissue,
            heart,
            extent,
            self._settings,
            blood_differs=chosen.about.quantity in BLOOD_DIFFERS,
        )
        return MeasuredMap(one.fitted, measured, check)
