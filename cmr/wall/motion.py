"""Thickness, thickening and regional ejection fraction from the masks of ED and ES.

A segment is compared with itself: all its numbers come from the slices on which it was measured
at both ED and ES. Slices that only one of the two shows, as the basal one that leaves the LV in
systole, count for neither, or the base at ED would be compared with the middle at ES.

Regional ejection fraction is the share by which the cavity in the sector of a segment shrinks,
``1 - area at ES / area at ED``, about the centre of the cavity of each phase (after Teo et al.,
J R Soc Interface 2015;12:20150006, who take volumes of a surface). It is a share of areas: what
long-axis shortening ejects is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cmr.anatomy import Labels, Mask
from cmr.labels import Label
from cmr.settings import Section
from cmr.tissue.aha import SEGMENTS, AhaSegments, AhaSettings, absent, find_segments, segments_of
from cmr.tissue.levels import LvExtent, lv_extent
from cmr.volume import FloatArray, StackGeometry, Volume4D
from cmr.wall.borders import BorderSettings, find_borders
from cmr.wall.chords import Chords, ChordSettings, draw_chords
from cmr.wall.left_ventricle import LeftVentricle
from cmr.wall.sectors import sector_areas_mm2

KEYS = ("thickness_ed_mm", "thickness_es_mm", "thickening_pct", "regional_ef_pct")
NO_PAIR = "No slice has enough chords across the wall here at both ED and ES."
NO_SECTOR = "No cavity lies in the sector of this segment at ED."


class WallMotionSettings(Section):
    """How the wall is measured.

    Attributes
    ----------
    min_ring_fraction
        Of the chords that a closed ring would have, on a slice or in a segment of it; a slice
        with fewer does not count there.
    """

    borders: BorderSettings
    chords: ChordSettings
    min_ring_fraction: float


@dataclass(frozen=True)
class RegionMotion:
    """One segment, or the whole wall. Names are those of :class:`cmr.results_cine.WallSegment`.

    Attributes
    ----------
    chords_ed, chords_es
        Measured; those of slices that do not count too.
    slices
        That count.
    reasons
        Why a value is missing, by its name.
    """

    thickness_ed_mm: float
    thickness_es_mm: float
    regional_ef_pct: float
    chords_ed: int
    chords_es: int
    slices: tuple[int, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def thickening_pct(self) -> float:
        """``100 (ES - ED) / ED``."""
        return 100 * (self.thickness_es_mm / self.thickness_ed_mm - 1)


@dataclass(frozen=True, eq=False)
class WallMotion:
    """The wall of a cine.

    Attributes
    ----------
    whole
        Over the slices that have segments; over all, where none has.
    segments
        1 to 16.
    ed, es
        Chords of all slices.
    reasons_ed, reasons_es
        ``(z,)`` why a slice does not count; empty where it does.
    aha
        Segments at ED. Those at ES have the same levels and angles.
    """

    whole: RegionMotion
    segments: Mapping[int, RegionMotion]
    ed: Chords
    es: Chords
    reasons_ed: tuple[str, ...]
    reasons_es: tuple[str, ...]
    aha: AhaSegments


@dataclass(frozen=True, eq=False)
class _Phase:
    """What one phase gives: chords, and ``(z, 17)`` number and mean length of them, and areas."""

    chords: Chords
    counts: FloatArray
    thickness_mm: FloatArray
    areas_mm2: FloatArray


def measure_wall_motion(  # noqa: PLR0913
    labels: Volume4D,
    ed: int,
    es: int,
    *,
    base_first: bool,
    aha: AhaSettings,
    settings: WallMotionSettings,
) -> WallMotion:
    """Measure the wall of labels ``(t, z, row, col)`` at two phases.

    Levels and reference angles are those of ED, at ES too, so that a segment is the same part of
    the pixel grid's circle in both. What moves through a slice is not followed.
    """
    geometry = labels.geometry
    still = Volume4D(labels.data[ed][None], geometry)
    segments = find_segments(still, aha, _extent(labels, ed, base_first=base_first))
    phases = [_phase(np.asarray(labels.data[t]), geometry, segments, settings) for t in (ed, es)]
    least = settings.min_ring_fraction * settings.chords.per_slice
    enough = [p.counts >= least * _share_of_ring(segments) for p in phases]
    both = enough[0] & enough[1]
    return WallMotion(
        whole=_region(0, both, phases, ""),
        segments={k: _region(k, both, phases, absent(k, segments.reason)) for k in SEGMENTS},
        ed=phases[0].chords,
        es=phases[1].chords,
        reasons_ed=_reasons(phases[0], enough[0], segments, settings),
        reasons_es=_reasons(phases[1], enough[1], segments, settings),
        aha=segments,
    )


def _extent(labels: Volume4D, phase: int, *, base_first: bool) -> LvExtent | None:
    try:
        return lv_extent(labels, phase, apex_sign=1 if base_first else -1)
    except ValueError:
        return None


def _phase(
    labels: Labels, geometry: StackGeometry, aha: AhaSegments, settings: WallMotionSettings
) -> _Phase:
    ventricle = LeftVentricle(
        labels == Label.LV,
        labels == Label.MYOCARDIUM,
        segments_of(labels, geometry, aha),
        geometry,
    )
    chords = draw_chords(ventricle, find_borders(ventricle, settings.borders), settings.chords)
    counts, mean_mm = _by_place(chords, geometry.n_slices)
    sign = aha.apex.sign if aha.apex else 0
    areas = [
        sector_areas_mm2(one, geometry.pixel_spacing_mm, described, sign)
        for one, described in zip(labels, aha.slices, strict=True)
    ]
    return _Phase(chords, counts, mean_mm, np.array(areas))


def _by_place(chords: Chords, n_slices: int) -> tuple[FloatArray, FloatArray]:
    """``(z, 17)`` number and mean length of chords by slice and segment; 0 for all of a slice."""
    shape = (n_slices, SEGMENTS.stop)
    counts, sums = np.zeros(shape), np.zeros(shape)
    for z in range(n_slices):
        here = chords.slices == z
        segments, thickness_mm = chords.segments[here], chords.thickness_mm[here]
        counts[z] = np.bincount(segments, minlength=SEGMENTS.stop)
        sums[z] = np.bincount(segments, thickness_mm, minlength=SEGMENTS.stop)
        # In place 0 stand those without segment; the others count there too.
        counts[z, 0], sums[z, 0] = counts[z].sum(), sums[z].sum()
    with np.errstate(invalid="ignore"):
        return counts, sums / counts


def _share_of_ring(aha: AhaSegments) -> FloatArray:
    """``(z, 17)`` share of a closed ring that a segment takes; infinite where it has none.

    A slice without level does not count, unless no slice has one.
    """
    share = np.full((len(aha.slices), SEGMENTS.stop), np.inf)
    anywhere = any(one.level for one in aha.slices)
    for z, one in enumerate(aha.slices):
        if one.level or not anywhere:
            share[z, 0] = 1
        held = np.unique(aha.segments[z])
        held = held[held > 0]
        if one.level:
            share[z, held] = 1 / (4 if one.level == "apical" else 6)
    return share


def _region(number: int, both: Mask, phases: Sequence[_Phase], missing: str) -> RegionMotion:
    chords_ed, chords_es = (int(p.counts[:, number].sum()) for p in phases)
    slices = np.flatnonzero(both[:, number])
    if not slices.size:
        reason = missing if number and not chords_ed + chords_es else NO_PAIR
        nan, reasons = float("nan"), dict.fromkeys(KEYS, reason)
        return RegionMotion(nan, nan, nan, chords_ed, chords_es, (), reasons)
    ed_mm2, es_mm2 = (float(p.areas_mm2[slices, number].sum()) for p in phases)
    ed_mm, es_mm = (float(p.thickness_mm[slices, number].mean()) for p in phases)
    # The centre of a crescent, or of two parts, is not in the cavity; nor need every sector be.
    shrunk_pct = 100 * (1 - es_mm2 / ed_mm2) if ed_mm2 > 0 else float("nan")
    reasons = {} if ed_mm2 > 0 else {"regional_ef_pct": NO_SECTOR}
    counted = tuple(map(int, slices))
    return RegionMotion(ed_mm, es_mm, shrunk_pct, chords_ed, chords_es, counted, reasons)


def _reasons(
    phase: _Phase, enough: Mask, aha: AhaSegments, settings: WallMotionSettings
) -> tuple[str, ...]:
    """``(z,)`` why a slice does not count at one phase."""
    reasons = []
    for z, described in enumerate(aha.slices):
        count = int(phase.counts[z, 0])
        if enough[z, 0]:
            reasons.append("")
        elif phase.chords.reasons[z]:
            reasons.append(phase.chords.reasons[z])
        elif count < settings.min_ring_fraction * settings.chords.per_slice:
            total = settings.chords.per_slice
            reasons.append(f"{count} of {total} chords cross the wall: the ring is open.")
        else:
            reasons.append(described.reason)
    return tuple(reasons)
