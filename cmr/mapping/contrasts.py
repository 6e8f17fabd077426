"""Everything that shows the heart in one acquisition, as the network takes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cmr.mapping.acquired import AcquiredMap
from cmr.mapping.terms import MapKind
from cmr.volume import FloatArray, StackGeometry

# Where air and lung are noise, a map's few largest values would take all of the grey scale.
_HIGHEST = {MapKind.T1: 2500.0, MapKind.T2: 150.0, MapKind.T2_STAR: 100.0, MapKind.ECV: 100.0}


def as_image(values: FloatArray, kind: MapKind) -> npt.NDArray[np.float32]:
    """A map ``(z, row, col)`` clipped to what tissue has; undetermined pixels become 0."""
    return np.clip(np.nan_to_num(values), 0, _HIGHEST[kind]).astype(np.float32)


def source_contrasts(
    acquired: AcquiredMap,
) -> tuple[npt.NDArray[np.float32], StackGeometry]:
    """``(contrasts, z, row, col)`` before anything is fitted, and where they lie.

    Raises
    ------
    ValueError
        Neither source images nor a map.
    """
    if acquired.source is not None:
        return acquired.source.magnitudes, acquired.source.geometry
    if acquired.scanner is None:
        raise ValueError("An acquisition without source images and without map.")
    scanner = acquired.scanner
    return as_image(scanner.values, acquired.protocol.kind)[None], scanner.geometry
