"""Map segmentation: the heart on each map, from all contrasts of its acquisition."""

from __future__ import annotations

from typing import Any, ClassVar

from cmr.mapping.tissue_network import TissueNetwork
from operators.messages import FittedImages, Maps, SegmentedMap
from operators.sdk import Fragment
from operators.step import Step


class MapSegmentation(Step):
    """``fitted`` → ``segmented``."""

    part: ClassVar[str] = "mapping"
    inputs = ("fitted",)
    output = "segmented"

    def __init__(self, fragment: Fragment, *, network: TissueNetwork, **kwargs: Any) -> None:
        self._network = network
        super().__init__(fragment, **kwargs)

    def run(self, fitted: Maps[FittedImages]) -> Maps[SegmentedMap]:
        """Segment every map."""
        return fitted.then(lambda one: SegmentedMap(one, self._network.heart(one.chosen)))
