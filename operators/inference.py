"""Inference: the network on every image, its scores brought back to the patient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cmr.preprocess import PreprocessSettings
from cmr.segmentation import Network, centre_on_heart, segment
from operators.messages import PreparedCine, SegmentedCine
from operators.sdk import Fragment
from operators.step import Step


class Inference(Step):
    """``prepared`` → ``segmented``."""

    inputs = ("prepared",)
    output = "segmented"

    def __init__(
        self,
        fragment: Fragment,
        *,
        segmenter: Network,
        settings: PreprocessSettings,
        variants: int,
        **kwargs: Any,
    ) -> None:
        self._settings = settings
        self._segmenter = segmenter
        self._variants = variants
        super().__init__(fragment, **kwargs)

    def run(self, prepared: PreparedCine) -> SegmentedCine:
        """Segment every phase and slice."""
        model_input = centre_on_heart(prepared.model_input, self._segmenter, self._settings)
        found = segment(model_input, self._segmenter, self._variants)
        cine = SegmentedCine(prepared.images, model_input.centre, found.labels)
        if self._variants == 1:
            return cine
        return replace(cine, agreement=found.agreement, slice_agreement=found.slice_agreement)
