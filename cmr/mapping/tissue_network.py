"""The network that sees every contrast, with all that it needs to find hearts on maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.anatomy import Mask
from cmr.cleanup import CleanUpSettings
from cmr.mapping.acquired import AcquiredMap
from cmr.mapping.contrasts import source_contrasts
from cmr.mapping.fitted import ChosenMap
from cmr.mapping.heart import HeartOnMap, HeartOnMapSettings, find_heart, heart_disc, prepare
from cmr.preprocess import PreprocessSettings
from cmr.segmentation import Network
from cmr.volume import StackGeometry


@dataclass(frozen=True, eq=False)
class TissueNetwork:
    """A network and its settings."""

    network: Network
    variants: int
    preprocessing: PreprocessSettings
    clean_up: CleanUpSettings
    settings: HeartOnMapSettings

    def heart(self, chosen: ChosenMap) -> HeartOnMap:
        """The heart on a map, from all contrasts of its acquisition."""
        return self.find(chosen.contrasts, chosen.geometry, self.variants)

    def region(self, acquired: AcquiredMap) -> Mask:
        """``(row, col)`` disc about the heart, before anything is aligned or fitted."""
        found = self.find(*source_contrasts(acquired), variants=1)
        return heart_disc(found, self.settings.region_radius_mm)

    def find(
        self, contrasts: npt.NDArray[np.float32], geometry: StackGeometry, variants: int
    ) -> HeartOnMap:
        """Find the heart on images ``(contrasts, z, row, col)`` of one stack."""
        # Contrasts are views as good as mirrored images: only a lone one is mirrored.
        variants = variants if len(contrasts) == 1 else 1
        prepared = prepare(contrasts, geometry, self.network, self.preprocessing)
        return find_heart(prepared, self.network, variants, self.clean_up, self.settings)
