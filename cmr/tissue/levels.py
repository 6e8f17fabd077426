"""Levels of short-axis slices: thirds of the left ventricle along its long axis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from cmr.anatomy import Labels
from cmr.labels import Label
from cmr.settings import Section
from cmr.tissue.insertion import lv_centre
from cmr.volume import FloatArray, StackGeometry, Volume4D


class Level(StrEnum):
    """Third of the left ventricle."""

    BASAL = "basal"
    MID = "mid"
    APICAL = "apical"


class LevelSettings(Section):
    """When levels can be told from positions.

    Attributes
    ----------
    min_covered_mm
        Length of the LV in a stack that is taken to hold all of it.
    extent_tolerance_mm
        Slices lie this far beyond a given extent and still belong to it (another breath-hold).
    """

    min_covered_mm: float
    extent_tolerance_mm: float


@dataclass(frozen=True, eq=False)
class LvExtent:
    """Ends of the left ventricle on its long axis, ``(3,)`` patient coordinates (LPS, mm)."""

    base_mm: FloatArray
    apex_mm: FloatArray

    @property
    def axis_mm(self) -> FloatArray:
        """``(3,)`` from base to apex."""
        return np.asarray(self.apex_mm - self.base_mm)

    def along_mm(self, point_mm: FloatArray) -> float:
        """Distance of a point from the base, measured along the axis."""
        return float((point_mm - self.base_mm) @ self.axis_mm / self.length_mm)

    @property
    def length_mm(self) -> float:
        """From base to apex."""
        return float(np.linalg.norm(self.axis_mm))


@dataclass(frozen=True)
class Levels:
    """Level of each slice, and where it comes from.

    Attributes
    ----------
    of_slice
        One a slice; None without a level.
    method
        How levels were told; empty when they were not.
    reasons
        One a slice: why it has no level; empty where it has.
    """

    of_slice: tuple[Level | None, ...]
    method: str
    reasons: tuple[str, ...]


def lv_extent(labels: Volume4D, phase: int, *, apex_sign: int) -> LvExtent:
    """Extent of the LV in a stack that holds all of it, such as a cine.

    The long axis is the straight line through the centroids of the cavity (least squares); it
    ends where the first and the last slice with LV end (``StackGeometry.slice_extents_mm``).

    Parameters
    ----------
    labels
        ``(t, z, row, col)`` masks.
    phase
        Index along t.
    apex_sign
        1 where the stack normal points to the apex (the base is first), -1 otherwise.

    Raises
    ------
    ValueError
        LV on fewer than two slices.
    """
    data, geometry = labels.data[phase], labels.geometry
    held = np.flatnonzero((data == Label.LV).any(axis=(1, 2)))
    if held.size < 2:
        raise ValueError(f"LV on {held.size} slices: two are needed for its extent.")
    along, half = geometry.slice_positions_mm, geometry.slice_extents_mm / 2
    centres = np.array([centre_mm(data, geometry, int(z)) for z in held])
    slope, offset = np.polyfit(along[held], centres, 1)
    low, high = along[held[0]] - half[held[0]], along[held[-1]] + half[held[-1]]
    ends = [offset + slope * p for p in (low, high)]
    return LvExtent(*ends[::apex_sign])


def centre_mm(labels: Labels, geometry: StackGeometry, z: int) -> FloatArray:
    """``(3,)`` centre of the LV of one slice in patient coordinates."""
    return geometry.to_patient_mm(z, *lv_centre(labels[z]))


def find_levels(
    labels: Labels,
    geometry: StackGeometry,
    apex_sign: int,
    extent: LvExtent | None,
    settings: LevelSettings,
) -> Levels:
    """Level of every slice of labels ``(z, row, col)``.

    Thirds of the given extent; without one, of the stack where it holds the whole LV. Otherwise
    the three slices of a mapping study are basal, mid and apical in this order, and a single one
    is mid. Any other number of slices gives no levels.
    """
    held: npt.NDArray[np.bool_] = (labels == Label.LV).any(axis=(1, 2))
    if extent is not None:
        return _by_thirds(labels, geometry, extent, settings, "thirds of the given LV extent")
    n = geometry.n_slices
    if n in (1, 3):
        method = "one slice, taken as mid" if n == 1 else "three slices, taken as one a level"
        names = [Level.MID] if n == 1 else list(Level)[::apex_sign]
        return _from_names(held, names, method)
    covered_mm = float(geometry.slice_extents_mm[held].sum())
    if np.count_nonzero(held) >= 2 and covered_mm >= settings.min_covered_mm:
        own = lv_extent(Volume4D(labels[None], geometry), 0, apex_sign=apex_sign)
        return _by_thirds(labels, geometry, own, settings, "thirds of the LV in the stack")
    reason = (
        f"{n} slices with {covered_mm:.0f} mm of the LV, less than {settings.min_covered_mm:g} mm:"
        " their levels need the extent of the LV from a cine."
    )
    return Levels((None,) * n, "", (reason,) * n)


def _from_names(held: npt.NDArray[np.bool_], names: list[Level], method: str) -> Levels:
    return Levels(
        tuple(name if lv else None for name, lv in zip(names, held, strict=True)),
        method,
        tuple("" if lv else NO_CAVITY for lv in held),
    )


NO_CAVITY = "No LV cavity on this slice."


def _by_thirds(
    labels: Labels,
    geometry: StackGeometry,
    extent: LvExtent,
    settings: LevelSettings,
    method: str,
) -> Levels:
    found: list[Level | None] = []
    reasons = []
    for z in range(geometry.n_slices):
        level, reason = None, NO_CAVITY
        if (labels[z] == Label.LV).any():
            level, reason = _third(centre_mm(labels, geometry, z), extent, settings)
        found.append(level)
        reasons.append(reason)
    return Levels(tuple(found), method, tuple(reasons))


def _third(
    point_mm: FloatArray, extent: LvExtent, settings: LevelSettings
) -> tuple[Level | None, str]:
    along, spare = extent.along_mm(point_mm), settings.extent_tolerance_mm
    if not -spare <= along <= extent.length_mm + spare:
        beyond = "base" if along < 0 else "apex"
        return None, f"Beyond the {beyond} of the given LV extent."
    third = int(np.clip(3 * along / extent.length_mm, 0, 2))
    return list(Level)[third], ""
