"""Scar on late enhancement: what the network sees, and what every classical method sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Labels
from cmr.labels import Label
from cmr.results_scar import GrayDefinition, ScarMethod
from cmr.scar.gray_zone import CoreAndGray
from cmr.scar.heart import LateHeart, find_late_heart
from cmr.scar.images import LateImages
from cmr.scar.islands import without_islands
from cmr.scar.labels import ENHANCED, ScarLabel
from cmr.scar.look import ScarNetworks
from cmr.scar.masks import ScarMask
from cmr.scar.methods import classical_scar
from cmr.scar.remote import RemoteMyocardium
from cmr.scar.settings import ScarSettings
from cmr.wall.left_ventricle import LeftVentricle


@dataclass(frozen=True, eq=False)
class FoundScar:
    """Everything that was found on one stack, before it is measured.

    Parameters
    ----------
    images, heart, left_ventricle
        The stack and its LV; without AHA segments yet.
    methods
        The network first, then the classical ones.
    gray_zones, remote
        What the classical methods rest on and give besides.
    default, gray_definition
        Method and definition of the headline numbers.
    """

    images: LateImages
    heart: LateHeart
    left_ventricle: LeftVentricle
    methods: Mapping[ScarMethod, ScarMask]
    gray_zones: Mapping[GrayDefinition, CoreAndGray]
    remote: RemoteMyocardium
    default: ScarMethod
    gray_definition: GrayDefinition

    @property
    def network(self) -> ScarMask:
        """What the network sees."""
        return self.methods["network"]

    @property
    def scar(self) -> ScarMask:
        """By the default method."""
        return self.methods[self.default]


def find_scar(
    images: LateImages,
    networks: ScarNetworks,
    settings: ScarSettings,
    cine: Labels | None = None,
) -> FoundScar:
    """Find the LV and its scar; ``cine`` as in :func:`cmr.scar.heart.find_late_heart`.

    Raises
    ------
    ModelError
        A network does not take these images, or gives scores that are not finite.
    """
    heart = find_late_heart(images, networks, cine)
    labels = np.asarray(heart.labels.data[0])
    left_ventricle = LeftVentricle(
        cavity=labels == Label.LV,
        wall=labels == Label.MYOCARDIUM,
        segments=np.zeros_like(labels),
        geometry=images.volume.geometry,
    )
    classical = classical_scar(images, left_ventricle, settings)
    return FoundScar(
        images=images,
        heart=heart,
        left_ventricle=left_ventricle,
        methods={
            "network": network_scar(heart, left_ventricle, settings),
            **classical.methods,
        },
        gray_zones=classical.gray_zones,
        remote=classical.remote,
        default=settings.default,
        gray_definition=settings.gray_definition,
    )


def network_scar(
    heart: LateHeart, left_ventricle: LeftVentricle, settings: ScarSettings
) -> ScarMask:
    """Infarct and no-reflow of the network, islands too small left out."""
    seen = np.isin(heart.scar, ENHANCED)
    # The network knows the rim: an island counts whole.
    scar = without_islands(seen, left_ventricle.wall, left_ventricle, settings.islands)
    return ScarMask(
        scar=scar,
        no_reflow=scar & (heart.scar == ScarLabel.NO_REFLOW),
        weight=scar.astype(float),
        thresholds=np.full(len(scar), np.nan),
    )
