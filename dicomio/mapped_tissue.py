"""One map of a study with everything that its DICOM objects are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.mapping.terms import Contrast, MapKind
from cmr.results_mapping import EcvMapResults, PostShift, SliceMotion, TissueMap, map_title
from dicomio.source import ImageSource


@dataclass(frozen=True, eq=False)
class MappedTissue:
    """A map, its masks and its measurements, on the grid of ``images.geometry``.

    Attributes
    ----------
    key
        Unique in the study: ``"native_t1"``, ``"ecv"``, ``"t1-2"``; enters file names and UIDs.
    images
        What the map was made from: source images, or the scanner's own map.
    values, sd
        ``(z, row, col)`` of the fitted map, in ms, or % for ECV; NaN where undefined. It is written
        even where ``results.source`` is ``"scanner"``, which tells that the scanner's map of these
        pixels was measured. None where nothing was fitted to these pixels.
    labels
        ``(z, row, col)``, :class:`cmr.labels.Label`; all 0 where no heart was found.
    segments
        ``(z, row, col)``: AHA 1 to 16 on the myocardium, 0 elsewhere.
    segmented_on
        Key of the map whose SEG holds these segments. ECV shares those of the native T1 map.
    """

    key: str
    kind: MapKind
    contrast: Contrast
    results: TissueMap[Any]
    images: ImageSource
    values: npt.NDArray[np.float32] | None
    sd: npt.NDArray[np.float32] | None
    labels: npt.NDArray[np.uint8]
    segments: npt.NDArray[np.uint8]
    segmented_on: str

    @property
    def title(self) -> str:
        """What people call it; with a number where the study has several of its kind."""
        return map_title(self.key, self.results.quantity)

    @property
    def moved(self) -> tuple[bool, ...]:
        """By slice, whether source images were shifted onto each other."""
        results = self.results
        steps: list[list[SliceMotion] | list[PostShift]] = []
        # A fit beside the scanner's map is of other images than these.
        if results.source == "fitted" and results.fit and results.fit.motion:
            steps.append(results.fit.motion)
        if isinstance(results, EcvMapResults) and results.post_shift:
            steps.append(results.post_shift)
        n_slices = self.images.geometry.n_slices
        return tuple(any(step[z].applied for step in steps) for z in range(n_slices))
