"""What the contours of a cine say about a map: the ends of the LV, and a check of its contours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.anatomy import lv_disc
from cmr.errors import GeometryError
from cmr.grids import on_grid, same_frame
from cmr.overlap import dice_of_masks
from cmr.tissue.levels import LvExtent, lv_extent
from cmr.volume import FloatArray, StackGeometry, Volume4D

NO_CINE = "The study has no measured cine."
# Mapping images are taken in mid-diastole where nothing else is known (Messroghli et al.,
# J Cardiovasc Magn Reson 2017;19:75).
_MID_DIASTOLE = 0.7


@dataclass(frozen=True, eq=False)
class CineContours:
    """Labels ``(t, z, row, col)`` of a cine with its times, and which end of it is the base."""

    labels: Volume4D
    base_first: bool


@dataclass(frozen=True, eq=False)
class CineCheck:
    """Dice of the disc that the epicardium encloses, slice by slice, NaN where not compared.

    Attributes
    ----------
    dice
        ``(z,)``.
    reason
        Why no slice was compared; empty where one was.
    """

    dice: FloatArray
    reason: str

    @property
    def worst(self) -> float:
        """Of the slices compared; NaN without."""
        known = self.dice[np.isfinite(self.dice)]
        return float(known.min()) if known.size else float("nan")

    @property
    def mean(self) -> float:
        """Over the slices compared; NaN without."""
        known = self.dice[np.isfinite(self.dice)]
        return float(known.mean()) if known.size else float("nan")


def matching_phase(cine: Volume4D, cycle_phase: float) -> int:
    """Cine phase nearest to a share of the cardiac cycle; NaN is taken as mid-diastole."""
    wanted = cycle_phase if np.isfinite(cycle_phase) else _MID_DIASTOLE
    shares = np.arange(cine.n_phases) / cine.n_phases
    with np.errstate(invalid="ignore", divide="ignore"):
        timed = cine.times_ms / cine.rr_ms
    if np.isfinite(timed).any(axis=1).all():
        shares = np.nanmedian(timed, axis=1)
    # Beats are longer or shorter than the nominal one; the cycle closes.
    away = np.mod(shares - wanted, 1)
    return int(np.argmin(np.minimum(away, 1 - away)))


def extent_of(cine: CineContours, geometry: StackGeometry, cycle_phase: float) -> LvExtent | None:
    """Ends of the LV in the phase that the map shows; None where the cine does not tell them."""
    if not same_frame(cine.labels.geometry, geometry):
        return None
    phase = matching_phase(cine.labels, cycle_phase)
    try:
        return lv_extent(cine.labels, phase, apex_sign=1 if cine.base_first else -1)
    except ValueError:
        return None


def check_contours(labels: Volume4D, cine: CineContours, cycle_phase: FloatArray) -> CineCheck:
    """Compare labels ``(1, z, row, col)`` of a map with those of the cine at the same places.

    Parameters
    ----------
    cycle_phase
        ``(z,)`` share of the cardiac cycle at which each slice was taken; NaN where unknown.
    """
    nothing = np.full(labels.geometry.n_slices, np.nan)
    if not same_frame(cine.labels.geometry, labels.geometry):
        return CineCheck(nothing, "Cine and map have different frames of reference.")
    dice = np.array([_dice(labels, cine.labels, z, p) for z, p in enumerate(cycle_phase)])
    known = bool(np.isfinite(dice).any())
    reason = "" if known else "The cine has no contours at the places of the map."
    return CineCheck(dice, reason)


def carried_labels(
    cine: CineContours, geometry: StackGeometry, cycle_phase: FloatArray
) -> npt.NDArray[np.uint8] | None:
    """``(z, row, col)`` labels of the cine at the places of another stack, 0 where it has none.

    None where the two have different frames of reference, or no place in common.
    """
    if not same_frame(cine.labels.geometry, geometry):
        return None
    out = np.zeros((geometry.n_slices, *geometry.shape), np.uint8)
    for z, phase in enumerate(cycle_phase):
        carried = _carried(cine.labels, geometry, z, phase)
        if carried is not None:
            out[z] = carried
    return out if out.any() else None


def _carried(
    cine: Volume4D, geometry: StackGeometry, z: int, cycle_phase: float
) -> npt.NDArray[np.uint8] | None:
    """``(row, col)`` labels of the cine on one slice; None where it has none there."""
    phase = matching_phase(cine, cycle_phase)
    still = Volume4D(cine.data[phase : phase + 1], cine.geometry)
    try:
        return np.asarray(on_grid(still, geometry.take_slices([z])).data[0, 0], np.uint8)
    except GeometryError:  # others may have
        return None


def _dice(labels: Volume4D, cine: Volume4D, z: int, cycle_phase: float) -> float:
    carried = _carried(cine, labels.geometry, z, cycle_phase)
    if carried is None:
        return float("nan")
    found, expected = lv_disc(labels.data[0, z]), lv_disc(carried)
    if not (found.any() and expected.any()):
        return float("nan")
    return dice_of_masks(found, expected)
