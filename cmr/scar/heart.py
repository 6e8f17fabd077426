"""The left ventricle on late enhancement: two networks, one for place and RV, one for the wall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.anatomy import lv_disc
from cmr.cleanup import clean
from cmr.labels import Label
from cmr.mapping.heart import with_closed_wall, without_attachments
from cmr.mapping.tissue_network import TissueNetwork
from cmr.overlap import dice
from cmr.scar.images import LateImages
from cmr.scar.labels import ENHANCED, WALL, ScarLabel
from cmr.scar.look import ScarNetworks, look_twice
from cmr.volume import FloatArray, Volume4D

NO_WALL = "No left ventricle with a closed wall was found on any slice of the late enhancement."

# Of the LV disc in an end slice to that in the next one. Experts' largest: 1.24 in 80 ACDC patients
# at ED and ES, 1.20 in EMIDEC's 75 cases.
_LARGEST_END_RATIO = 1.3
_LEAST_SLICES = 4


@dataclass(frozen=True, eq=False)
class LateHeart:
    """What the networks see.

    Parameters
    ----------
    labels
        ``(1, z, row, col)`` of :class:`cmr.labels.Label`, cleaned; the wall holds the infarct.
    scar
        ``(z, row, col)`` of :class:`cmr.scar.labels.ScarLabel`, as the scar network gave it but
        for what lies outside the cleaned wall.
    agreement
        Dice of the two networks' myocardium; NaN where the other one found no heart.
    reason
        Why there is no heart; empty where there is.
    """

    labels: Volume4D
    scar: npt.NDArray[np.uint8]
    agreement: float
    reason: str


def find_late_heart(
    images: LateImages, networks: ScarNetworks, cine: npt.NDArray[np.uint8] | None = None
) -> LateHeart:
    """Find cavity, wall and infarct on one stack.

    The contours of the cine tell place and RV; without a cine, the network for any contrast does,
    on the whole image. The scar network looks at a crop about the LV (:mod:`cmr.scar.look`). Where
    nobody knows a heart, the crop has the image's middle.

    Parameters
    ----------
    cine
        ``(z, row, col)`` labels of the cine at these places
        (:func:`cmr.mapping.cine_contours.carried_labels`).

    Raises
    ------
    ModelError
        A network does not take these images, or gives scores that are not finite.
    """
    tissue = networks.tissue
    volume = images.volume
    seen = tissue.find(volume.data, volume.geometry, tissue.variants)
    known = np.asarray(seen.labels.data[0]) if cine is None else cine
    others = [other for other in (np.asarray(seen.labels.data[0]), cine) if other is not None]
    found = look_twice(volume, networks, lv_disc(known), [lv_disc(other) for other in others])
    labels = _cleaned(_with_rv(found, known), volume, tissue)
    wall = labels == Label.MYOCARDIUM
    agreement = dice(labels, np.asarray(seen.labels.data[0]), Label.MYOCARDIUM)
    return LateHeart(
        labels=volume.with_data(labels[None]),
        scar=_within(found, wall, labels == Label.LV),
        agreement=float("nan") if seen.reason else agreement,
        reason="" if wall.any() else NO_WALL,
    )


def _with_rv(found: npt.NDArray[np.uint8], known: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """``(z, row, col)`` of :class:`cmr.labels.Label`; the RV is the known one."""
    right = (known == Label.RV) & (found == ScarLabel.BACKGROUND)
    out = np.where(right, Label.RV, Label.BACKGROUND)
    out = np.where(np.isin(found, WALL), Label.MYOCARDIUM, out)
    return np.where(found == ScarLabel.LV, Label.LV, out).astype(np.uint8)


def _cleaned(
    labels: npt.NDArray[np.uint8], volume: Volume4D, tissue: TissueNetwork
) -> npt.NDArray[np.uint8]:
    geometry, settings = volume.geometry, tissue.settings
    kept = clean(volume.with_data(labels[None]), tissue.clean_up).labels.data[0]
    whole = without_attachments(kept, geometry.pixel_spacing_mm, settings.attachment_mm)
    return without_swollen_ends(with_closed_wall(whole, geometry, settings))


def without_swollen_ends(labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Labels ``(z, row, col)`` without end slices whose LV is larger than a ventricle can widen.

    Beyond the apex networks take stomach or liver for a heart.
    """
    out = labels.copy()
    areas: FloatArray = np.asarray(lv_disc(labels).sum((1, 2)), np.float64)
    held = np.flatnonzero(areas)
    if held.size < _LEAST_SLICES:
        return out
    for end, inner in ((held[0], held[1]), (held[-1], held[-2])):
        if areas[end] > _LARGEST_END_RATIO * areas[inner]:
            out[end] = Label.BACKGROUND
    return out


def _within(
    found: npt.NDArray[np.uint8], wall: npt.NDArray[np.bool_], cavity: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    """Labels of the scar network in the cleaned wall; what clean-up added is healthy."""
    out = np.where(wall, ScarLabel.MYOCARDIUM, ScarLabel.BACKGROUND)
    out = np.where(wall & np.isin(found, ENHANCED), found, out)
    return np.where(cavity, ScarLabel.LV, out).astype(np.uint8)
