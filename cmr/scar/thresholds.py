"""Grey values from which wall is scar: so many SD above remote, half maximum, Otsu, mixture.

Each rule gives ``(z,)`` thresholds, NaN where a slice has none because nothing in the heart stands
out from remote. What becomes of the pixels above is the same for all (:mod:`cmr.scar.methods`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from skimage.filters import threshold_otsu

from cmr.anatomy import Mask
from cmr.scar.mixture import TwoNormals, fit_two_normals
from cmr.scar.remote import RemoteMyocardium
from cmr.scar.settings import MethodSettings
from cmr.scar.terms import LateKind
from cmr.volume import FloatArray


@dataclass(frozen=True, eq=False)
class Wall:
    """What the rules look at.

    Parameters
    ----------
    values
        ``(z, row, col)`` grey values.
    inner
        ``(z, row, col)`` wall without its rim.
    enhanced
        Part of ``inner`` that stands out from remote, islands that are too small left out.
    remote, kind, settings
        Remote myocardium, kind of images, what the rules are told.
    """

    values: FloatArray
    inner: Mask
    enhanced: Mask
    remote: RemoteMyocardium
    kind: LateKind
    settings: MethodSettings

    @property
    def above_remote(self) -> FloatArray:
        """``(z, row, col)`` grey values less the mean of remote of the slice."""
        return np.asarray(self.values - self.remote.mean[:, None, None])

    @property
    def sd(self) -> float:
        """Typical standard deviation of remote."""
        return float(np.nanmedian(self.remote.sd))

    @cached_property
    def two_normals(self) -> TwoNormals | None:
        """Classes of all slices less their remote, for both methods that ask; None without any."""
        if not self.enhanced.any():
            return None
        return fit_two_normals(self.above_remote[self.inner], (0.0, self.sd))

    def contrast(self, percentile: float) -> float:
        """Of the enhanced pixels above remote; NaN without any."""
        found = self.above_remote[self.enhanced]
        return float(np.percentile(found, percentile)) if found.size else float("nan")


Rule = Callable[[Wall], FloatArray]


def above_sd(count: int) -> Rule:
    """``mean + count x SD`` of remote."""

    def rule(wall: Wall) -> FloatArray:
        return wall.remote.mean + count * wall.remote.sd

    return rule


def half_maximum(wall: Wall) -> FloatArray:
    """Half of the maximum of the scar (Amado 2004); of PSIR the middle between it and remote.

    Half of a signed value means nothing, as the zero of PSIR is no absence of signal (Kopic 2025).
    """
    peak = wall.contrast(wall.settings.peak_percentile)
    if wall.kind is LateKind.PSIR:
        return wall.remote.mean + peak / 2
    return (wall.remote.mean + peak) / 2


def otsu(wall: Wall) -> FloatArray:
    """Least variance within the two parts (Otsu 1979), of all slices less their remote.

    Not below 2 SD: where there is hardly any scar, the two parts are those of the noise.
    """
    if not wall.enhanced.any():
        return np.full(len(wall.values), np.nan)
    found = wall.remote.mean + float(threshold_otsu(wall.above_remote[wall.inner]))
    return np.asarray(np.maximum(found, above_sd(2)(wall)))


def mixture(wall: Wall) -> FloatArray:
    """Equal likelihood of the two classes of :attr:`Wall.two_normals`."""
    found = wall.two_normals
    return wall.remote.mean + (float("nan") if found is None else found.threshold)
