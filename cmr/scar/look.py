"""What the scar network sees of one stack: a look at the LV, and a second one at what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cmr.anatomy import Labels, Mask
from cmr.components import largest_part
from cmr.heart import CentreMethod, HeartCentre
from cmr.mapping.tissue_network import TissueNetwork
from cmr.overlap import dice_of_masks
from cmr.preprocess import Seen, to_crop, views
from cmr.scar.labels import ScarLabel
from cmr.scar.usual_size import usual_spacing_mm
from cmr.segmentation import Network, probabilities
from cmr.volume import Volume4D

# Breath-holds move slices against each other.
_SHIFT_PX = 9
# Less overlap is another structure, which says nothing about the ends of this one.
_SAME_HEART = 0.5


@dataclass(frozen=True, eq=False)
class ScarNetworks:
    """The network of the scar with its settings, and the one that sees any contrast."""

    scar: Network
    variants: int
    preprocessing: Seen
    tissue: TissueNetwork


def look_twice(
    volume: Volume4D, networks: ScarNetworks, disc: Mask, others: Sequence[Mask]
) -> Labels:
    """``(z, row, col)`` of :class:`cmr.scar.labels.ScarLabel`.

    Each look has the LV round and of the usual size (:mod:`cmr.scar.usual_size`): the first one
    that LV which is known, the second one what the first has found.

    Parameters
    ----------
    disc
        ``(z, row, col)`` cavity and wall of the known LV; nothing for the image's middle.
    others
        The same of others that have looked at this heart (:func:`within_the_ends`).

    Raises
    ------
    ModelError
        The network does not take these images, or gives scores that are not finite.
    """
    found = within_the_ends(_look(volume, networks, disc), others)
    if found.any():
        again = _look(volume, networks, _in_one_piece(found != ScarLabel.BACKGROUND))
        found = within_the_ends(again, others)
    return found


def within_the_ends(found: Labels, others: Sequence[Mask]) -> Labels:
    """Labels without end slices on which no other that sees this heart sees an LV.

    The scar network was trained on slices of the LV alone and finds one in most, above the valves
    too. What another takes for the heart counts where both overlap as one heart does.
    """
    disc = found != ScarLabel.BACKGROUND
    seen = np.zeros(len(found), bool)
    for other in others:
        both = disc.any((1, 2)) & other.any((1, 2))
        if dice_of_masks(disc[both], other[both]) >= _SAME_HEART:
            seen |= other.any((1, 2))
    out = found.copy()
    if seen.any():
        first, last = np.flatnonzero(seen)[[0, -1]]
        out[:first] = out[last + 1 :] = ScarLabel.BACKGROUND
    return out


def _look(volume: Volume4D, networks: ScarNetworks, disc: Mask) -> Labels:
    """``(z, row, col)`` of :class:`cmr.scar.labels.ScarLabel`, seen about this LV."""
    spacing_mm = usual_spacing_mm(disc, volume.geometry.pixel_spacing_mm)
    as_usual = replace(volume, geometry=replace(volume.geometry, pixel_spacing_mm=spacing_mm))
    prepared = to_crop(as_usual, networks.preprocessing, _centre(disc))
    shown = views(prepared.images[0], networks.preprocessing)
    scores = probabilities(networks.scar, shown, networks.variants)
    return np.asarray(prepared.to_native([scores]).data[0])


def _in_one_piece(disc: Mask) -> Mask:
    """Without islands, which would pass for size."""
    return largest_part(disc, np.ones(len(disc)), np.ones((_SHIFT_PX, _SHIFT_PX), bool))


def _centre(disc: Mask) -> HeartCentre:
    """Middle of the LV with its wall, mean over the slices."""
    if not disc.any():
        rows, cols = disc.shape[1:]
        return HeartCentre((rows - 1) / 2, (cols - 1) / 2, CentreMethod.IMAGE_CENTRE)
    _, row, col = (float(i.mean()) for i in np.nonzero(disc))
    return HeartCentre(row, col, CentreMethod.FIRST_LOOK)
