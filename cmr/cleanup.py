"""Clean-up of cine masks: loose parts, holes, ragged outlines, leaks, cavity beyond the ring.

Every step works in the slice plane with lengths in mm, except the choice of the largest part,
which follows a structure through the stack. What each step changed is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from cmr.anatomy import Labels, Mask, base_is_first, bounding_box, enclosed, ring_coverage
from cmr.components import largest_part
from cmr.labels import STRUCTURES, Label
from cmr.leaks import mend_ring
from cmr.results import CleanUpChange
from cmr.settings import Section
from cmr.volume import FloatArray, StackGeometry, Volume4D


class CleanUpSettings(Section):
    """Lengths are in mm in the slice plane; 0 leaves the step out.

    Attributes
    ----------
    joining_margin_mm
        Parts of neighbouring slices belong together when they overlap after growing by this.
    opening_mm, closing_mm
        Radius of the disc.
    smoothing_mm
        Standard deviation of the Gaussian that smooths outlines.
    largest_loss_fraction
        Shaping is undone in slices where it would take more than this share of a structure.
    largest_hole_mm2
        Background enclosed by the LV and its wall is filled up to this area.
    largest_leak_mm
        Gap in the myocardial ring that is mended.
    smallest_ring_fraction
        LV in the end slices is dropped where less of its outline is myocardium.
    """

    joining_margin_mm: float
    opening_mm: float
    closing_mm: float
    smoothing_mm: float
    largest_loss_fraction: float
    largest_hole_mm2: float
    largest_leak_mm: float
    smallest_ring_fraction: float


@dataclass(frozen=True, eq=False)
class CleanedLabels:
    """Cleaned masks and what was changed, step by step and structure by structure."""

    labels: Volume4D
    changes: tuple[CleanUpChange, ...]


@dataclass(frozen=True, eq=False)
class _Scale:
    """Lengths of the stack that the steps need."""

    spacing_mm: tuple[float, float]
    extents_mm: FloatArray

    @property
    def pixel_area_mm2(self) -> float:
        return self.spacing_mm[0] * self.spacing_mm[1]

    def disc(self, radius_mm: float) -> Mask:
        """``(row, col)`` disc; one pixel when the radius is below the spacing."""
        half = [int(radius_mm / s) for s in self.spacing_mm]
        rows, cols = np.ogrid[-half[0] : half[0] + 1, -half[1] : half[1] + 1]
        distance = np.hypot(rows * self.spacing_mm[0], cols * self.spacing_mm[1])
        return np.asarray(distance <= radius_mm)


_Step = Callable[[Labels, _Scale, CleanUpSettings], Labels]


def clean(labels: Volume4D, settings: CleanUpSettings) -> CleanedLabels:
    """Clean the masks ``(t, z, row, col)`` of every phase.

    Steps: largest connected part of each structure in 3-D; no LV at the ends of the stack where
    there is hardly any ring; holes; opening and closing; contour smoothing; gaps in the
    myocardial ring mended and LV outside it dropped; largest part once more. The LV and the LV
    with its wall are shaped as two nested discs, so that a thin wall is never opened by itself.
    Shaping is undone in slices where it would take much of a small section.

    Returns
    -------
    CleanedLabels
        uint8 labels on the same grid, and the changes summed over all phases.
    """
    data = np.asarray(labels.data, np.uint8)
    box = bounding_box(np.any(data > 0, axis=(0, 1)))
    margin = _margin(settings, labels.geometry)
    part = np.pad(data[:, :, *box], [(0, 0), (0, 0), *((m, m) for m in margin)])
    scale = _Scale(labels.geometry.pixel_spacing_mm, _extents(labels.geometry))
    changes: list[CleanUpChange] = []
    if part.any():
        for name, step in _STEPS:
            after = step(part, scale, settings)
            changes += _differences(name, part, after)
            part = after
    return CleanedLabels(labels.with_data(_put_back(data, box, part, margin)), tuple(changes))


def _extents(geometry: StackGeometry) -> FloatArray:
    return np.nan_to_num(geometry.slice_extents_mm, nan=1.0)


def _margin(settings: CleanUpSettings, geometry: StackGeometry) -> tuple[int, int]:
    reach = max(settings.closing_mm, settings.largest_leak_mm, 4 * settings.smoothing_mm)
    row, col = geometry.pixel_spacing_mm
    return int(reach / row) + 2, int(reach / col) + 2


def _put_back(
    data: Labels, box: tuple[slice, ...], part: Labels, margin: tuple[int, int]
) -> Labels:
    """Paste the padded crop; what grew beyond the box is kept where the image has room."""
    out = np.zeros_like(data)
    into, take = [], []
    for edge, m, size in zip(box, margin, data.shape[2:], strict=True):
        low, high = max(edge.start - m, 0), min(edge.stop + m, size)
        into.append(slice(low, high))
        take.append(slice(low - edge.start + m, high - edge.start + m))
    out[:, :, *into] = part[:, :, *take]
    return out


def _differences(name: str, before: Labels, after: Labels) -> Iterable[CleanUpChange]:
    for structure in STRUCTURES:
        old, new = before == structure, after == structure
        yield CleanUpChange(
            step=name,
            structure=structure.name.lower(),
            voxels_added=int(np.count_nonzero(new & ~old)),
            voxels_removed=int(np.count_nonzero(old & ~new)),
        )


def _keep_largest(labels: Labels, scale: _Scale, settings: CleanUpSettings) -> Labels:
    """Keep the largest heart (LV with wall), in it the largest LV, and the largest RV."""
    margin = scale.disc(settings.joining_margin_mm)
    out = np.zeros_like(labels)
    for before, after in zip(labels, out, strict=True):
        for lowest, highest in ((Label.RV, Label.RV), (Label.MYOCARDIUM, Label.LV)):
            kept = largest_part((before >= lowest) & (before <= highest), scale.extents_mm, margin)
            after[kept] = before[kept]
        cavity = after == Label.LV
        after[cavity & ~largest_part(cavity, scale.extents_mm, margin)] = Label.BACKGROUND
    return out


def _fill_holes(labels: Labels, scale: _Scale, settings: CleanUpSettings) -> Labels:
    """Fill what a cavity encloses, and small background between the LV and its wall."""
    out = labels.copy()
    out[enclosed(labels == Label.RV) & (labels == Label.BACKGROUND)] = Label.RV
    # Papillary muscles enclosed by the cavity belong to it, as in the ACDC labels.
    out[enclosed(labels == Label.LV)] = Label.LV
    heart = out >= Label.MYOCARDIUM
    holes = enclosed(heart) & ~heart
    for t, z in np.argwhere(holes.any(axis=(2, 3))):
        small = _small_parts(holes[t, z], settings.largest_hole_mm2 / scale.pixel_area_mm2)
        to_lv, to_wall = (_distance(out[t, z] == label) for label in (Label.LV, Label.MYOCARDIUM))
        out[t, z][small] = np.where(to_lv <= to_wall, Label.LV, Label.MYOCARDIUM)[small]
    return out


def _distance(mask: Mask) -> npt.NDArray[Any]:
    """Pixels to the mask; infinite without one."""
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(~mask))


def _small_parts(mask: Mask, pixels: float) -> Mask:
    ids, _ = ndimage.label(mask)
    size = np.bincount(ids.ravel())
    return np.asarray(mask & (size[ids] <= pixels))


def _open_and_close(labels: Labels, scale: _Scale, settings: CleanUpSettings) -> Labels:
    opening = scale.disc(settings.opening_mm)[None, None]
    closing = scale.disc(settings.closing_mm)[None, None]

    def shape(mask: Mask) -> Mask:
        opened = ndimage.binary_opening(mask, opening)
        return np.asarray(ndimage.binary_closing(opened, closing))

    lv, heart, rv = (
        shape(m) for m in (labels == Label.LV, labels >= Label.MYOCARDIUM, labels == Label.RV)
    )
    return _spare_small_sections(
        labels, _nested(lv, heart, rv & ~heart), settings.largest_loss_fraction
    )


def _smooth(labels: Labels, scale: _Scale, settings: CleanUpSettings) -> Labels:
    """Let the Gaussian-weighted majority decide; outlines move by about σ²/(2·radius)."""
    sigma = (0, 0, *(settings.smoothing_mm / s for s in scale.spacing_mm))

    def weight(mask: Mask) -> npt.NDArray[Any]:
        return np.asarray(ndimage.gaussian_filter(mask.astype(np.float32), sigma, truncate=3))

    lv, heart, rv = (
        weight(m) for m in (labels == Label.LV, labels >= Label.MYOCARDIUM, labels == Label.RV)
    )
    rest = 1 - heart - rv
    smooth = _nested(lv > 0.5, (heart >= rv) & (heart >= rest), (rv > heart) & (rv >= rest))
    return _spare_small_sections(labels, smooth, settings.largest_loss_fraction)


def _nested(lv: Mask, heart: Mask, rv: Mask) -> Labels:
    out = np.zeros(lv.shape, np.uint8)
    out[rv] = Label.RV
    out[heart] = Label.MYOCARDIUM
    out[heart & lv] = Label.LV
    return out


def _spare_small_sections(before: Labels, after: Labels, largest_loss: float) -> Labels:
    """Undo a step in slices where it would take too much of a structure (apex, thin RV)."""
    lost = np.zeros(before.shape[:2], bool)
    for structure in STRUCTURES:
        old, new = (np.count_nonzero(x == structure, axis=(2, 3)) for x in (before, after))
        lost |= new < (1 - largest_loss) * old
    return np.asarray(np.where(lost[:, :, None, None], before, after))


def _mend_rings(labels: Labels, scale: _Scale, settings: CleanUpSettings) -> Labels:
    bridge = scale.disc(settings.largest_leak_mm)
    out = labels.copy()
    for t, z in np.argwhere(ring_coverage(labels) < 1):
        out[t, z] = mend_ring(labels[t, z], bridge)
    return out


def _trim_ends(labels: Labels, scale: _Scale, settings: CleanUpSettings) -> Labels:
    """Drop LV from either end of its run of slices until a slice has enough ring.

    Beyond the base its wall goes too: none of the 160 ACDC masks has wall without LV there, while
    12 have it at the apex.
    """
    out = labels.copy()
    closed = ring_coverage(labels) >= settings.smallest_ring_fraction
    base_first = _base_is_first(labels, scale)
    for phase, good in zip(out, closed, strict=True):
        kept = np.flatnonzero(good)
        for end in (slice(None, kept[0]), slice(kept[-1] + 1, None)) if kept.size else ():
            at_base = (end.stop is not None) == base_first
            lowest = Label.MYOCARDIUM if at_base else Label.LV
            phase[end][phase[end] >= lowest] = Label.BACKGROUND
    return out


def _base_is_first(labels: Labels, scale: _Scale) -> bool:
    lv, rv = (np.count_nonzero(labels == x, axis=(0, 2, 3)) for x in (Label.LV, Label.RV))
    return base_is_first(lv.astype(float), rv.astype(float), np.cumsum(scale.extents_mm))


_STEPS: tuple[tuple[str, _Step], ...] = (
    ("largest part", _keep_largest),
    # Before any wall is added: which slices are LV is judged on the wall that was found.
    ("base and apex", _trim_ends),
    ("hole filling", _fill_holes),
    ("opening and closing", _open_and_close),
    ("contour smoothing", _smooth),
    ("myocardial ring", _mend_rings),
    ("largest part, again", _keep_largest),
)
