"""Mapping quality: every gate of each map; what a gate withholds is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from cmr.gates_mapping import MappingLimits, ecv_gates, map_gates
from cmr.mapping.assemble import ecv_results, mapping_results, relaxation_results
from cmr.mapping.measure import MeasuredTissue
from cmr.mapping.plausible import PlausibleSettings
from cmr.records import Gate, Model
from cmr.results_mapping import EcvMapResults, RelaxationMapResults
from cmr.tissue.reference import ReferenceSettings
from cmr.volume import FloatArray
from dicomio.mapped_tissue import MappedTissue
from operators.messages import JudgedMaps, MeasuredEcv, MeasuredMap, MeasuredMaps
from operators.sdk import Fragment
from operators.step import Step
from pictures.map_page import MapPage


@dataclass(frozen=True, eq=False)
class _Judged:
    """One map on its ways out."""

    results: RelaxationMapResults | EcvMapResults
    mapped: MappedTissue
    page: MapPage
    gates: tuple[Gate, ...]


class MappingQuality(Step):
    """``with_ecv`` → ``judged_maps``."""

    part: ClassVar[str] = "mapping"
    inputs = ("with_ecv",)
    output = "judged_maps"

    def __init__(
        self,
        fragment: Fragment,
        *,
        limits: MappingLimits,
        plausible: PlausibleSettings,
        ranges: ReferenceSettings,
        model: Model,
        **kwargs: Any,
    ) -> None:
        self._limits = limits
        self._plausible = plausible
        self._ranges = ranges
        self._model = model
        super().__init__(fragment, **kwargs)

    def run(self, measured: MeasuredMaps) -> JudgedMaps:
        """Judge, then assemble what may be reported."""
        judged = [self._map(one) for one in measured.maps.each]
        if measured.ecv is not None:
            judged.append(self._ecv(measured.ecv))
        results = [one.results for one in judged]
        return JudgedMaps(
            mapped=tuple(one.mapped for one in judged),
            pages=tuple(one.page for one in judged),
            gates=tuple(gate for one in judged for gate in one.gates),
            results=mapping_results(results, measured.maps.not_measured, self._model),
        )

    def _map(self, one: MeasuredMap) -> _Judged:
        chosen = one.fitted.chosen
        about = chosen.about
        gates = map_gates(one.measured, about, one.cine, self._limits, self._plausible)
        results: RelaxationMapResults | EcvMapResults
        if about.quantity == "ecv":
            results = ecv_results(one.measured, about, gates, self._ranges, None, (), {})
        else:
            results = relaxation_results(one.measured, about, gates, self._ranges)
        fitted = chosen.fitted
        mapped = MappedTissue(
            key=about.key,
            kind=about.kind,
            contrast=about.contrast,
            results=results,
            images=one.fitted.images,
            values=None if fitted is None else fitted.value_ms.astype(np.float32),
            sd=None if fitted is None else fitted.sd_ms.astype(np.float32),
            labels=_labels(one.measured),
            segments=one.measured.aha.segments,
            segmented_on=about.key,
        )
        return _Judged(results, mapped, _page(mapped, one.measured, chosen.shown), gates)

    def _ecv(self, ecv: MeasuredEcv) -> _Judged:
        gates = ecv_gates(ecv.measured, ecv.about, ecv.found.overlap, self._limits)
        results = ecv_results(
            ecv.measured, ecv.about, gates, self._ranges,
            ecv.haematocrit, ecv.found.shifts, ecv.found.errors_pct,
        )  # fmt: skip
        tissue = ecv.found.tissue
        mapped = MappedTissue(
            key=ecv.about.key,
            kind=ecv.about.kind,
            contrast=ecv.about.contrast,
            results=results,
            images=ecv.images,
            values=tissue.values.astype(np.float32),
            sd=None if tissue.sd is None else tissue.sd.astype(np.float32),
            labels=_labels(ecv.measured),
            segments=ecv.measured.aha.segments,
            segmented_on=ecv.native_key,
        )
        return _Judged(results, mapped, _page(mapped, ecv.measured, ecv.shown), gates)


def _page(mapped: MappedTissue, measured: MeasuredTissue, shown: FloatArray) -> MapPage:
    values = measured.tissue.values
    return MapPage(
        mapped.key, mapped.title, mapped.results, values, shown, mapped.labels, mapped.segments
    )


def _labels(measured: MeasuredTissue) -> npt.NDArray[np.uint8]:
    return np.asarray(measured.heart.labels.data[0], np.uint8)
