"""The classical methods side by side, all within one wall and with the same rules round them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import ndimage

from cmr.anatomy import Mask
from cmr.components import DIAGONAL_IN_PLANE
from cmr.results_scar import GrayDefinition, ScarMethod
from cmr.scar.ewa import weights
from cmr.scar.gray_zone import CoreAndGray, core_and_gray
from cmr.scar.images import LateImages
from cmr.scar.islands import without_islands
from cmr.scar.masks import ScarMask
from cmr.scar.no_reflow import find_no_reflow
from cmr.scar.remote import RemoteMyocardium, find_remote
from cmr.scar.rim import inside
from cmr.scar.settings import IslandSettings, ScarSettings
from cmr.scar.thresholds import Rule, Wall, above_sd, half_maximum, mixture, otsu
from cmr.volume import FloatArray
from cmr.wall.left_ventricle import LeftVentricle

RULES: Mapping[ScarMethod, Rule] = MappingProxyType(
    {
        "sd2": above_sd(2),
        "sd3": above_sd(3),
        "sd4": above_sd(4),
        "sd5": above_sd(5),
        "sd6": above_sd(6),
        "fwhm": half_maximum,
        "otsu": otsu,
        "gmm": mixture,
        "ewa": mixture,
    }
)
GRAY_DEFINITIONS: tuple[GrayDefinition, ...] = ("sd_2_3", "yan", "schmidt")
NOTHING = "Nothing in the wall stands out from remote myocardium."
WEIGHTED = "Pixels count by their share of scar, so the mass is less than that of the mask."


@dataclass(frozen=True, eq=False)
class ClassicalScar:
    """Every method, every gray zone, and the remote that they rest on."""

    methods: Mapping[ScarMethod, ScarMask]
    gray_zones: Mapping[GrayDefinition, CoreAndGray]
    remote: RemoteMyocardium


def classical_scar(
    images: LateImages, left_ventricle: LeftVentricle, settings: ScarSettings
) -> ClassicalScar:
    """Apply every method to one stack."""
    values = images.values
    inner = inside(left_ventricle, settings.islands.border_px)
    remote = find_remote(values, left_ventricle, inner, settings.remote)
    if remote.reason:
        empty = np.zeros_like(inner)
        return ClassicalScar(
            {name: _nothing(values, remote.reason) for name in RULES},
            {name: CoreAndGray(empty, empty, remote.reason) for name in GRAY_DEFINITIONS},
            remote,
        )
    inner &= np.isfinite(remote.mean)[:, None, None]
    limit = remote.mean + settings.methods.least_contrast_sd * remote.sd
    bright = inner & (values > limit[:, None, None])
    enhanced = without_islands(bright, inner, left_ventricle, settings.islands)
    wall = Wall(values, inner, enhanced, remote, images.kind, settings.methods)
    scene = _scene(wall, left_ventricle, settings)
    return ClassicalScar(
        {name: scene.apply(name) for name in RULES},
        {
            name: core_and_gray(name, wall, scene.dark, left_ventricle, settings.islands)
            for name in GRAY_DEFINITIONS
        },
        remote,
    )


@dataclass(frozen=True, eq=False)
class _Scene:
    """What all methods share: wall brighter than half of the scar, and no-reflow."""

    wall: Wall
    half: Mask
    dark: Mask
    left_ventricle: LeftVentricle
    islands: IslandSettings

    def apply(self, name: ScarMethod) -> ScarMask:
        """Scar by one method."""
        wall, ventricle = self.wall, self.left_ventricle
        thresholds = RULES[name](wall)
        bright = ventricle.wall & (wall.values > thresholds[:, None, None])
        scar = without_islands(bright, wall.inner, ventricle, self.islands, self.half)
        # No-reflow lies within scar, so what is between it and the borders of the wall is scar,
        # however thin and mixed.
        scar |= ndimage.binary_dilation(self.dark, DIAGONAL_IN_PLANE) & ventricle.wall
        share = weights(scar, self.dark, wall) if name == "ewa" else scar.astype(float)
        return ScarMask(scar, self.dark, share, thresholds, note=_note(name, wall))


def _scene(wall: Wall, left_ventricle: LeftVentricle, settings: ScarSettings) -> _Scene:
    """No-reflow is a hole in what is bright, the same for all methods.

    Low thresholds would take the blurred borders of the wall for scar, which enclose healthy wall.
    """
    half = left_ventricle.wall & (wall.values > half_maximum(wall)[:, None, None])
    rim = settings.no_reflow.rim_fraction * wall.contrast(settings.methods.peak_percentile)
    bright = left_ventricle.wall & (wall.above_remote > rim)
    scar = without_islands(bright, wall.inner, left_ventricle, settings.islands, bright)
    dark = find_no_reflow(scar, left_ventricle, settings.no_reflow)
    return _Scene(wall, half, dark, left_ventricle, settings.islands)


def _note(name: ScarMethod, wall: Wall) -> str:
    if not wall.enhanced.any():
        return NOTHING
    return WEIGHTED if name == "ewa" else ""


def _nothing(values: FloatArray, reason: str) -> ScarMask:
    empty = np.zeros(values.shape, bool)
    return ScarMask(empty, empty, np.zeros(values.shape), np.full(len(values), np.nan), reason)
