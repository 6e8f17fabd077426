"""Lines to draw over a slice, in mm from the upper left corner of its first pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.anatomy import Labels
from cmr.labels import Label
from cmr.tissue.insertion import lv_centre
from cmr.volume import FloatArray

_BESIDE_MM = 5.5

Spacing = tuple[float, float]


def segment_borders(
    segments: npt.NDArray[np.uint8], labels: Labels, spacing_mm: Spacing
) -> list[FloatArray]:
    """Where two AHA segments of one slice ``(row, col)`` meet, as straight lines.

    Segments are sectors about the centroid of the LV cavity, so each border is a piece of a ray:
    its direction is the mean of those to the edges between pixels of the two segments.

    Returns
    -------
    list of FloatArray
        ``(2, 2)`` each: inner and outer end as (x, y) mm; none without an LV.
    """
    if not (labels == Label.LV).any():
        return []
    centre = _centre_mm(labels, spacing_mm)
    edges, pairs = _shared_edges(segments)
    lines = []
    for pair in np.unique(pairs, axis=0):
        offsets = edges[(pairs == pair).all(axis=1)] * spacing_mm - centre
        along = _mean_direction(offsets)
        # The middle of an edge lies half a pixel inside the wall.
        reach = np.sort(offsets @ along)[[0, -1]] + np.mean(spacing_mm) * np.array([-0.5, 0.5])
        lines.append((centre + np.outer(reach, along))[:, ::-1])
    return lines


def number_places(
    segments: npt.NDArray[np.uint8], labels: Labels, spacing_mm: Spacing
) -> dict[int, FloatArray]:
    """Outside the wall, where each segment of one slice ``(row, col)`` is named: ``(x, y)`` mm."""
    if not (labels == Label.LV).any():
        return {}
    centre = _centre_mm(labels, spacing_mm)
    places = {}
    for segment in np.unique(segments[segments > 0]):
        offsets = (np.argwhere(segments == segment) + 0.5) * spacing_mm - centre
        along = _mean_direction(offsets)
        places[int(segment)] = (centre + ((offsets @ along).max() + _BESIDE_MM) * along)[::-1]
    return places


def _centre_mm(labels: Labels, spacing_mm: Spacing) -> FloatArray:
    """``(2,)`` centroid of the cavity, down and along."""
    return np.asarray((np.array(lv_centre(labels)) + 0.5) * spacing_mm)


def _mean_direction(offsets: FloatArray) -> FloatArray:
    """``(2,)`` unit vector of the mean direction of ``(n, 2)``."""
    angles = np.arctan2(offsets[:, 0], offsets[:, 1])
    mean = np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())
    return np.array([np.sin(mean), np.cos(mean)])


def _shared_edges(
    segments: npt.NDArray[np.uint8],
) -> tuple[FloatArray, npt.NDArray[np.uint8]]:
    """``(n, 2)`` middles of edges in pixels (row, col), and the ``(n, 2)`` segments beside them."""
    middles: list[npt.NDArray[Any]] = []
    pairs: list[npt.NDArray[Any]] = []
    for first, second, middle in (
        (segments[:-1], segments[1:], (1.0, 0.5)),
        (segments[:, :-1], segments[:, 1:], (0.5, 1.0)),
    ):
        meet = (first > 0) & (second > 0) & (first != second)
        middles.append(np.argwhere(meet) + middle)
        pairs.append(np.sort(np.column_stack([first[meet], second[meet]]), axis=1))
    return np.concatenate(middles), np.concatenate(pairs)
