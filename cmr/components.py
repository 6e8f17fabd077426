"""Largest connected part of a structure in a stack of thick, widely spaced slices."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cmr.anatomy import Mask
from cmr.volume import FloatArray

Ids = npt.NDArray[np.integer[Any]]

DIAGONAL_IN_PLANE = np.zeros((3, 3, 3), bool)
DIAGONAL_IN_PLANE[1] = True


def largest_part(mask: Mask, extents_mm: FloatArray, margin: Mask) -> Mask:
    """Keep the largest connected part of one phase.

    Pixels of a slice are connected with their 8 neighbours. Parts of neighbouring slices are
    connected when they overlap after one of them has grown in plane by ``margin``, because an
    oblique structure moves sideways from slice to slice. A slice without the structure does not
    disconnect its two neighbours: such a hole is for the quality gates, not a reason to drop an
    end of the ventricle.

    Parameters
    ----------
    mask
        ``(z, row, col)``.
    extents_mm
        ``(z,)`` length that each slice stands for; parts are compared by volume.
    margin
        ``(row, col)`` footprint of the growth.
    """
    ids, count = ndimage.label(mask, DIAGONAL_IN_PLANE)
    if count < 2:
        return mask
    part = _join(count, _links(ids, None))
    if part.max() > 0:
        part = _join(count, _links(ids, margin))
    return np.asarray(mask & (part[ids] == _largest(ids, part, extents_mm)))


def _links(ids: Ids, margin: Mask | None) -> Ids:
    """``(n, 2)`` pairs of in-plane parts that touch across slices."""
    held = np.flatnonzero(ids.any(axis=(1, 2)))
    pairs = [np.empty((0, 2), ids.dtype)]
    for below, above in pairwise(held):
        if above - below <= 2:
            pairs.append(_overlaps(ids[below], _grown(ids[above], margin)))
            pairs.append(_overlaps(_grown(ids[below], margin), ids[above]))
    return np.concatenate(pairs)


def _grown(ids: Ids, margin: Mask | None) -> Ids:
    if margin is None:
        return ids
    return np.where(ids > 0, ids, ndimage.grey_dilation(ids, footprint=margin))


def _overlaps(first: Ids, second: Ids) -> Ids:
    both = (first > 0) & (second > 0)
    return np.stack([first[both], second[both]], axis=1)


def _join(count: int, links: Ids) -> Ids:
    """``(count + 1,)`` number of the joined part of each in-plane part; -1 for background."""
    edges = coo_array(
        (np.ones(len(links)), (links[:, 0] - 1, links[:, 1] - 1)), shape=(count, count)
    )
    joined = connected_components(edges, directed=False)[1]
    return np.concatenate([[-1], joined])


def _largest(ids: Ids, part: Ids, extents_mm: FloatArray) -> int:
    weights = np.broadcast_to(extents_mm[:, None, None], ids.shape)
    inside = ids > 0
    return int(np.argmax(np.bincount(part[ids[inside]], weights[inside])))
