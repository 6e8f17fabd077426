"""Scar finder: the LV on late enhancement, and its scar by the network and by every method."""

from __future__ import annotations

from typing import Any, ClassVar

from cmr.errors import NoApplicableSeries
from cmr.mapping.cine_contours import carried_labels
from cmr.scar.find import find_scar
from cmr.scar.look import ScarNetworks
from cmr.scar.settings import ScarSettings
from dicomio.late_pixels import LateStackImages
from operators.messages import FoundLate, JudgedCine, Refusal
from operators.sdk import Fragment
from operators.step import Step


class ScarFinder(Step):
    """``late_images``, ``judged`` → ``found_scar``; ``judged`` may be refused."""

    part: ClassVar[str] = "scar"
    inputs = ("late_images", "judged")
    optional = ("judged",)
    output = "found_scar"

    def __init__(
        self, fragment: Fragment, *, networks: ScarNetworks, settings: ScarSettings, **kwargs: Any
    ) -> None:
        self._networks = networks
        self._settings = settings
        super().__init__(fragment, **kwargs)

    def run(self, images: LateStackImages, judged: JudgedCine | Refusal) -> FoundLate:
        """Find; a stack without an LV is refused."""
        known = None
        if isinstance(judged, JudgedCine):
            geometry, phase = images.volume.geometry, images.cycle_phase
            known = carried_labels(judged.contours, geometry, phase)
        found = find_scar(images, self._networks, self._settings, known)
        if found.heart.reason:
            raise NoApplicableSeries(found.heart.reason)
        return FoundLate(images, found)
