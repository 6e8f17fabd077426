"""Gates on a map: its unit, heart, fit, motion, blood, and the contours of the cine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cmr.body import Range
from cmr.gate import Finding, review, withhold
from cmr.mapping.about import MapAbout
from cmr.mapping.cine_contours import CineCheck
from cmr.mapping.measure import MeasuredTissue
from cmr.mapping.plausible import PlausibleSettings, blood_limits
from cmr.mapping.terms import MapKind
from cmr.records import Gate
from cmr.settings import Section
from cmr.volume import FloatArray


class MappingLimits(Section):
    """Limits of the gates on maps.

    Attributes
    ----------
    max_poor_fit_pct, good_r2, good_r2_t2_star
        Of a segment's pixels with a worse fit.
    max_shift_mm
        Of a source image against the others.
    ecv_pct
        Global extracellular volume of the living.
    min_cine_dice_pct
        Of the epicardial disc with the contours of the cine, worst slice.
    min_post_dice_pct
        Of the epicardial discs on native and post-contrast map after registration, worst slice.
    max_scanner_difference_pct
        Of the median pixel between fitted and scanner's map.
    """

    max_poor_fit_pct: float
    good_r2: float
    good_r2_t2_star: float
    max_shift_mm: float
    ecv_pct: Range
    min_cine_dice_pct: float
    min_post_dice_pct: float
    max_scanner_difference_pct: float


def map_gates(
    measured: MeasuredTissue,
    about: MapAbout,
    cine: CineCheck | None,
    limits: MappingLimits,
    plausible: PlausibleSettings,
) -> tuple[Gate, ...]:
    """Every gate that can be asked of this map; its name begins with the key of the map."""
    return tuple(_gates(measured, about, cine, limits, plausible))


def ecv_gates(
    measured: MeasuredTissue, about: MapAbout, overlap: FloatArray, limits: MappingLimits
) -> tuple[Gate, ...]:
    """Gates of an ECV map that was computed.

    Parameters
    ----------
    overlap
        ``(z,)`` of :class:`cmr.mapping.ecv.EcvMap`.
    """
    gates = [_heart(measured, about)]
    if measured.heart.reason:
        return tuple(gates)
    known = 100 * overlap[np.isfinite(overlap)]
    worst = float(known.min()) if known.size else float("nan")
    message = "Dice of the epicardial discs of both T1 maps after registration, worst slice."
    finding = Finding(f"{about.key}_registration", worst, limits.min_post_dice_pct, "%", message)
    gates.append(review(finding, good=worst >= limits.min_post_dice_pct))
    if measured.tissue.r2 is not None:
        gates.append(_fit(measured, about, limits))
    gates.append(_ecv_range(measured, about, limits))
    return tuple(gates)


def _ecv_range(measured: MeasuredTissue, about: MapAbout, limits: MappingLimits) -> Gate:
    message = "Median over the myocardium."
    return _in_range(measured.statistics.whole.median, limits.ecv_pct, about, "range", message)


def _gates(
    measured: MeasuredTissue,
    about: MapAbout,
    cine: CineCheck | None,
    limits: MappingLimits,
    plausible: PlausibleSettings,
) -> Iterator[Gate]:
    if about.source == "scanner":
        yield _unit(about)
    elif about.flags:
        yield _doubted_scanner_map(about)
    yield _heart(measured, about)
    if about.scanner_check is not None:
        yield _scanner_difference(measured, about, limits)
    if about.fit is not None and about.fit.motion:
        yield _motion(about, limits)
    if measured.heart.reason:
        return
    if measured.tissue.r2 is not None:
        yield _fit(measured, about, limits)
    blood = blood_limits(about.kind, about.contrast, plausible)
    if blood is not None:
        yield _in_range(measured.statistics.blood.median, blood, about, "blood", "Median of blood.")
    if about.kind is MapKind.ECV:
        yield _ecv_range(measured, about, limits)
    if cine is not None:
        yield _cine(cine, about, limits)


def _unit(about: MapAbout) -> Gate:
    """A doubted unit withholds the map: a T2 in tenths of a millisecond is ten times too long."""
    message = " ".join(f"{flag}." for flag in about.flags) or "Values lie in the range of tissue."
    finding = Finding(f"{about.key}_unit", len(about.flags), 0, "{flags}", message)
    return withhold(finding, [f"mapping.{about.key}"], good=not about.flags)


def _doubted_scanner_map(about: MapAbout) -> Gate:
    message = f"The scanner's map was not used: {about.flags[0]}."
    finding = Finding(f"{about.key}_scanner_map", len(about.flags), 0, "{flags}", message)
    return review(finding, good=False)


def _heart(measured: MeasuredTissue, about: MapAbout) -> Gate:
    heart = measured.heart
    share = 100 * heart.agreement_fraction
    message = heart.reason or "Dice of the single contrasts' myocardium with their consensus."
    return review(
        Finding(f"{about.key}_heart", share, 100 * heart.least_agreement, "%", message),
        good=not heart.reason,
    )


def _scanner_difference(measured: MeasuredTissue, about: MapAbout, limits: MappingLimits) -> Gate:
    check = about.scanner_check
    difference = None if check is None else check.median_absolute_difference_ms
    share = float("nan")
    if difference is not None:
        share = 100 * difference / float(np.nanmedian(measured.tissue.values))
    limit = limits.max_scanner_difference_pct
    message = "Median difference between fitted and scanner's map, share of the median value."
    finding = Finding(f"{about.key}_scanner_difference", share, limit, "%", message)
    return review(finding, good=share <= limit)


def _motion(about: MapAbout, limits: MappingLimits) -> Gate:
    motion = about.fit.motion if about.fit is not None else []
    shifts = [
        np.hypot(down, along)
        for one in motion
        for down, along in zip(one.row_shift_mm, one.column_shift_mm, strict=True)
    ]
    largest = float(max(shifts, default=0.0))
    message = "Largest shift of a source image."
    finding = Finding(f"{about.key}_motion", largest, limits.max_shift_mm, "mm", message)
    return review(finding, good=largest <= limits.max_shift_mm)


def _fit(measured: MeasuredTissue, about: MapAbout, limits: MappingLimits) -> Gate:
    """Share of poorly fitted pixels in the worst segment, or in the whole wall without segments."""
    r2, numbers = measured.tissue.r2, measured.aha.segments
    assert r2 is not None
    good = limits.good_r2_t2_star if about.kind is MapKind.T2_STAR else limits.good_r2
    poor = ~(r2 >= good)
    inside = [numbers == k for k in np.unique(numbers) if k] or [measured.wall]
    share = max(100 * float(poor[region].mean()) for region in inside if region.any())
    message = f"Pixels with R2 below {good:g} in the segment with most of them."
    finding = Finding(f"{about.key}_fit", share, limits.max_poor_fit_pct, "%", message)
    return review(finding, good=share <= limits.max_poor_fit_pct)


def _in_range(value: float, limits: Range, about: MapAbout, name: str, message: str) -> Gate:
    limit = limits.low if value < limits.low else limits.high
    text = f"{message} Expected {limits.low:g} to {limits.high:g} {about.kind.unit}."
    finding = Finding(f"{about.key}_{name}", value, limit, about.kind.unit, text)
    return review(finding, good=limits.holds(value))


def _cine(cine: CineCheck, about: MapAbout, limits: MappingLimits) -> Gate:
    worst, limit = 100 * cine.worst, limits.min_cine_dice_pct
    message = cine.reason or "Dice of the epicardial disc with the cine's, worst slice."
    finding = Finding(f"{about.key}_cine_contours", worst, limit, "%", message)
    return review(finding, good=worst >= limit)
