"""Relaxation fit: a map of each acquisition, and which of its maps is measured."""

from __future__ import annotations

from typing import Any, ClassVar

from cmr.mapping.fitted import FittedMap, choose_map, fit_acquisition, keys_of
from cmr.mapping.settings import MappingSettings
from operators.messages import AlignedMap, FittedImages, Maps
from operators.sdk import Fragment
from operators.step import Step


class RelaxationFit(Step):
    """``aligned`` → ``fitted``."""

    part: ClassVar[str] = "mapping"
    inputs = ("aligned",)
    output = "fitted"

    def __init__(self, fragment: Fragment, *, settings: MappingSettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, **kwargs)

    def run(self, aligned: Maps[AlignedMap]) -> Maps[FittedImages]:
        """Fit and choose."""
        fits = aligned.then(
            lambda one: fit_acquisition(one.located.read.acquired, one.motion, self._settings)
        )
        keys = keys_of(fits.each)
        chosen = tuple(map(self._choose, aligned.each, fits.each, keys))
        return Maps(chosen, aligned.not_measured)

    def _choose(self, one: AlignedMap, fit: FittedMap, key: str) -> FittedImages:
        chosen = choose_map(fit, key, self._settings)
        read = one.located.read
        fitted = chosen.about.source == "fitted" or read.scanner_images is None
        images = read.source_images if fitted else read.scanner_images
        assert images is not None
        return FittedImages(chosen, images, one.located.region)
