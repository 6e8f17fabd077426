"""Distance of two label maps of one stack."""

from __future__ import annotations

import warnings
from math import isnan, nan
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from monai.metrics import compute_hausdorff_distance

from cmr.labels import Label
from cmr.volume import StackGeometry

PERCENTILE = 95


def hd95_mm(
    predicted: npt.NDArray[Any], truth: npt.NDArray[Any], label: Label, geometry: StackGeometry
) -> float:
    """95 % Hausdorff distance of one label, in 3-D.

    The larger of two 95th percentiles (linear between ranks): of the distances from each edge
    voxel of ``predicted`` to the nearest edge voxel of ``truth``, and the other way round. An edge
    voxel has a face neighbour outside the structure or outside the stack. Distances run between
    voxel centres. By MONAI, which knows one spacing an axis: slices that are not evenly spaced
    count as ``geometry.pitch_mm`` (the median) apart.

    Parameters
    ----------
    predicted, truth
        ``(z, row, col)`` labels on the grid of ``geometry``.
    label
        The structure.
    geometry
        Pixel spacing and slice positions in mm.

    Returns
    -------
    float
        mm. NaN where either map is without the label, and for a single slice, which has no pitch.

    Raises
    ------
    ValueError
        Shapes that differ from each other or from the grid.
    """
    expected = (geometry.n_slices, *geometry.shape)
    if not predicted.shape == truth.shape == expected:
        raise ValueError(
            f"hd95_mm: masks {predicted.shape} and {truth.shape}, expected {expected} twice."
        )
    a, b = predicted == label, truth == label
    if not a.any() or not b.any() or isnan(geometry.pitch_mm):
        return nan
    with warnings.catch_warnings():
        # MONAI 1.6.1 passes itself an argument that it has deprecated.
        warnings.filterwarnings("ignore", ".*always_return_as_numpy", FutureWarning)
        distance = compute_hausdorff_distance(
            _as_batch(a),
            _as_batch(b),
            include_background=True,  # the one channel is the structure, not a background
            percentile=PERCENTILE,
            spacing=[geometry.pitch_mm, *geometry.pixel_spacing_mm],
        )
    return float(distance.item())


def _as_batch(mask: npt.NDArray[np.bool_]) -> torch.Tensor:
    """``(1, 1, z, row, col)``: a batch of one, with one channel."""
    return torch.from_numpy(mask)[None, None]
