"""The arc over which the right ventricle lies on the left, as seen from the LV centre.

Angles are in the slice plane, in degrees, from the direction of increasing column index towards
that of increasing row index, which is the positive sense about the stack normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cmr.anatomy import Labels, Mask
from cmr.labels import Label
from cmr.settings import Section
from cmr.volume import FloatArray

_RAYS = 720
_RADIAL_STEP_MM = 0.25
_STEP_DEG = 360 / _RAYS
# A ray may meet a single odd pixel of the outline: median over 5.5 degrees, an odd number of rays.
_OUTLINE_RAYS = 11


class InsertionSettings(Section):
    """What counts as contact of the RV with the LV wall, and which arcs are believed.

    Attributes
    ----------
    largest_gap_mm
        Between wall and RV along a ray.
    largest_hole_deg
        Interruption of the arc that is bridged.
    min_contact_deg
        A narrower arc is no contact at all.
    min_arc_deg, max_arc_deg
        The ends of narrower and wider arcs are not taken for the RV insertions.
    """

    largest_gap_mm: float
    largest_hole_deg: float
    min_contact_deg: float
    min_arc_deg: float
    max_arc_deg: float


@dataclass(frozen=True)
class RvArc:
    """Contact of the RV with the LV wall: its two ends are the RV insertions."""

    start_deg: float
    width_deg: float

    @property
    def end_deg(self) -> float:
        """The end that lies ``width_deg`` further in the positive sense."""
        return self.start_deg + self.width_deg

    @property
    def middle_deg(self) -> float:
        """Middle of the septum."""
        return self.start_deg + self.width_deg / 2


def lv_centre(labels: Labels) -> tuple[float, float]:
    """Centroid of the LV cavity, papillary muscles included, in fractional (row, col)."""
    row, col = np.nonzero(labels == Label.LV)
    return float(row.mean()), float(col.mean())


def find_arc(
    labels: Labels, spacing_mm: tuple[float, float], settings: InsertionSettings
) -> RvArc | None:
    """Arc of RV contact in one slice ``(row, col)``; None without LV, or without contact.

    Rays from the LV centre meet the outer border of the wall and then the RV. A ray is in contact
    where the gap between the two is within one pixel of the arc's own median gap, so that neither
    a mask drawn a little off the wall nor one that bulges past the insertion moves the ends.
    """
    if not ((labels == Label.LV).any() and (labels == Label.RV).any()):
        return None
    gap_mm = _gaps_mm(labels, spacing_mm)
    near = gap_mm <= settings.largest_gap_mm
    if not near.any():
        return None
    own_gap_mm = max(float(np.median(gap_mm[near])), 0.0)
    contact = near & (gap_mm <= own_gap_mm + max(spacing_mm))
    first, count = _longest_run(_bridged(contact, settings.largest_hole_deg))
    if count * _STEP_DEG < settings.min_contact_deg:
        return None
    return RvArc((first - 0.5) * _STEP_DEG, count * _STEP_DEG)


def _gaps_mm(labels: Labels, spacing_mm: tuple[float, float]) -> FloatArray:
    """``(rays,)`` from the wall to the RV; infinite where a ray meets no RV."""
    outer = labels >= Label.MYOCARDIUM
    rv = labels == Label.RV
    centre = lv_centre(labels)
    offsets = (np.argwhere(labels) - centre) * spacing_mm
    reach_mm = np.hypot(*offsets.T).max() + max(spacing_mm)
    radii = np.arange(0, reach_mm, _RADIAL_STEP_MM)
    on_wall, on_rv = (_along_rays(m, centre, spacing_mm, radii) for m in (outer, rv))
    last = len(radii) - 1 - on_wall[:, ::-1].argmax(axis=1)
    wall_mm = ndimage.median_filter(radii[last], _OUTLINE_RAYS, mode="wrap")
    rv_mm = np.where(on_rv.any(axis=1), radii[on_rv.argmax(axis=1)], np.inf)
    return np.asarray(rv_mm - wall_mm)


def _along_rays(
    mask: Mask, centre: tuple[float, float], spacing_mm: tuple[float, float], radii_mm: FloatArray
) -> Mask:
    """``(rays, radii)`` nearest samples; False outside the image."""
    angle = np.deg2rad(np.arange(_RAYS) * _STEP_DEG)
    directions = (np.sin(angle), np.cos(angle))
    points = [
        c + np.multiply.outer(d, radii_mm) / s
        for c, d, s in zip(centre, directions, spacing_mm, strict=True)
    ]
    return np.asarray(ndimage.map_coordinates(mask.astype(np.uint8), points, order=0) > 0)


def _bridged(contact: Mask, largest_hole_deg: float) -> Mask:
    """Fill interruptions of the circle up to ``largest_hole_deg``."""
    rays = int(largest_hole_deg / _STEP_DEG)
    around = np.pad(contact, rays + 1, mode="wrap")
    closed = ndimage.binary_closing(around, np.ones(rays + 1))
    return np.asarray(closed[rays + 1 : -rays - 1] | contact)


def _longest_run(held: Mask) -> tuple[int, int]:
    """First index and length of the longest run of True on a circle."""
    if held.all():
        return 0, len(held)
    turn = int(held.argmin())
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.roll(held, -turn), [0]])))
    starts, stops = edges[::2], edges[1::2]
    best = int(np.argmax(stops - starts))
    return int(starts[best]) + turn, int(stops[best] - starts[best])
