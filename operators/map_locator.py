"""Map locator: where the heart is in each acquisition, before its images are aligned."""

from __future__ import annotations

from typing import Any, ClassVar

from cmr.mapping.tissue_network import TissueNetwork
from dicomio.acquired_map import ReadMap
from operators.messages import LocatedMap, Maps
from operators.sdk import Fragment
from operators.step import Step


class MapLocator(Step):
    """``acquired`` → ``located``."""

    part: ClassVar[str] = "mapping"
    inputs = ("acquired",)
    output = "located"

    def __init__(self, fragment: Fragment, *, network: TissueNetwork, **kwargs: Any) -> None:
        self._network = network
        super().__init__(fragment, **kwargs)

    def run(self, acquired: Maps[ReadMap]) -> Maps[LocatedMap]:
        """Find the region that registration looks at."""
        return acquired.then(lambda read: LocatedMap(read, self._network.region(read.acquired)))
