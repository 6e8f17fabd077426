"""Gates on late enhancement: its heart, contrast, remote myocardium, stack and methods."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cmr.gate import Finding, review, withhold
from cmr.known import known_median
from cmr.records import Gate
from cmr.results_scar import METHOD_TITLES
from cmr.scar.measure import MeasuredScar
from cmr.scar.settings import ScarSettings
from cmr.settings import Section
from cmr.volume import FloatArray

# What hangs on grey values; the wall itself does not.
_OF_SCAR = tuple(
    f"scar.{key}"
    for key in (
        *("mass_g", "pct_lv_mass", "core_pct", "gray_pct", "mvo_g", "mvo_pct"),
        *("segments_over_50", "methods", "gray_zones", "layers", "territories", "segments"),
        *("slices", "notes", "meshes.scar"),
    )
)
_WRONG_IMAGES = "inverted phase-sensitive images, a wrong inversion time or no contrast agent"


class ScarLimits(Section):
    """Limits of the gates on late enhancement; choices, not calibrated on patients.

    Attributes
    ----------
    least_agreement_pct
        Dice with the cine or the other network, whichever is larger; less is no heart.
    min_agreement_pct
        Dice of the myocardium of both networks.
    min_contrast_sd
        Of blood above remote myocardium: after contrast agent, blood is brighter than nulled wall
        in magnitude and in PSIR alike.
    min_blood_of_scar_pct
        Of blood above remote, of that of scar. In inverted images scar is the darkest wall and
        taken for remote; blood, nearly as dark, then hardly stands out beside healthy wall.
    max_refused_pct
        Slices without remote myocardium of their own.
    max_pitch_mm
        Usual distance of the slices; where slices had to be left out, it is larger.
    max_gap_ratio
        Of the largest distance between slices to the usual one.
    min_slices
        Fewer do not show the whole ventricle.
    min_cine_dice_pct
        Of the epicardial disc, with the contours of the cine, worst slice.
    """

    least_agreement_pct: float
    min_agreement_pct: float
    min_contrast_sd: float
    min_blood_of_scar_pct: float
    max_refused_pct: float
    max_pitch_mm: float
    max_gap_ratio: float
    min_slices: int
    min_cine_dice_pct: float


def scar_gates(
    measured: MeasuredScar, limits: ScarLimits, settings: ScarSettings
) -> tuple[Gate, ...]:
    """Every gate that can be asked of this stack."""
    return tuple(_gates(measured, limits, settings))


def _gates(measured: MeasuredScar, limits: ScarLimits, settings: ScarSettings) -> Iterator[Gate]:
    place = _place(measured, limits)
    contrast = tuple(_of_contrast(measured, limits))
    yield place
    yield _heart(measured, limits)
    yield _remote(measured, limits)
    yield from contrast
    yield _slices(measured, limits)
    if measured.ventricle.geometry.n_slices > 1:
        yield from _distances(measured, limits)
    # It tells the shares of the scar, which must not be told where they are withheld.
    if not any(gate.withholds for gate in (place, *contrast)):
        yield _methods(measured, settings)
    if measured.cine is not None:
        worst, limit = 100 * measured.cine.worst, limits.min_cine_dice_pct
        message = (
            measured.cine.reason or "Dice of the epicardial disc with the cine's, worst slice."
        )
        finding = Finding("scar_cine_contours", worst, limit, "%", message)
        yield review(finding, good=worst >= limit)


def _of_contrast(measured: MeasuredScar, limits: ScarLimits) -> Iterator[Gate]:
    if not measured.found.remote.reason:
        yield _contrast(measured, limits)
        if measured.found.scar.scar.any():
            yield _blood(measured, limits)


def _place(measured: MeasuredScar, limits: ScarLimits) -> Gate:
    """Something else than the heart has been measured where neither other look agrees."""
    cine = float("nan") if measured.cine is None else measured.cine.mean
    figures = [f for f in (measured.found.heart.agreement, cine) if np.isfinite(f)]
    figure = 100 * max(figures, default=0.0)
    message = "Dice with what the cine, or the network for any contrast, takes for the heart."
    finding = Finding("scar_place", figure, limits.least_agreement_pct, "%", message)
    return withhold(finding, ("scar",), good=figure >= limits.least_agreement_pct)


def _heart(measured: MeasuredScar, limits: ScarLimits) -> Gate:
    share = 100 * measured.found.heart.agreement
    message = "Dice of the myocardium of the two networks."
    finding = Finding("scar_heart", share, limits.min_agreement_pct, "%", message)
    return review(finding, good=share >= limits.min_agreement_pct)


def _remote(measured: MeasuredScar, limits: ScarLimits) -> Gate:
    """Without remote myocardium there are no thresholds; what the network sees stays."""
    remote = measured.found.remote
    count = int(measured.ventricle.wall.any((1, 2)).sum())
    share = 100 * len(remote.refused) / count if count else float("nan")
    message = remote.reason or "Slices that take remote myocardium from a neighbour."
    finding = Finding("scar_remote", share, limits.max_refused_pct, "%", message)
    return review(finding, good=not remote.reason and share <= limits.max_refused_pct)


def _contrast(measured: MeasuredScar, limits: ScarLimits) -> Gate:
    above = _blood_above_remote(measured) / measured.found.remote.sd
    figure = known_median(above)
    message = (
        "Blood above remote myocardium, in its standard deviations; blood that is not brighter "
        f"speaks for {_WRONG_IMAGES}."
    )
    finding = Finding("scar_contrast", figure, limits.min_contrast_sd, "{SD}", message)
    return withhold(finding, _OF_SCAR, good=figure >= limits.min_contrast_sd)


def _blood(measured: MeasuredScar, limits: ScarLimits) -> Gate:
    found = measured.found
    scar = (found.images.values - found.remote.mean[:, None, None])[found.scar.scar]
    figure = 100 * known_median(_blood_above_remote(measured)) / float(np.median(scar))
    message = (
        "Blood above remote myocardium, of scar above it; blood that is much darker than scar "
        f"speaks for {_WRONG_IMAGES}."
    )
    limit = limits.min_blood_of_scar_pct
    finding = Finding("scar_blood", figure, limit, "%", message)
    return withhold(finding, _OF_SCAR, good=figure >= limit)


def _blood_above_remote(measured: MeasuredScar) -> FloatArray:
    """``(z,)`` median of the cavity less the mean of remote; NaN without either."""
    found, cavity = measured.found, measured.ventricle.cavity
    blood = [
        float(np.median(grey[inside])) if inside.any() else float("nan")
        for grey, inside in zip(found.images.values, cavity, strict=True)
    ]
    return np.array(blood) - found.remote.mean


def _slices(measured: MeasuredScar, limits: ScarLimits) -> Gate:
    count = int(measured.ventricle.wall.any((1, 2)).sum())
    message = "Slices with a wall."
    finding = Finding("scar_slices", count, limits.min_slices, "{slices}", message)
    return review(finding, good=count >= limits.min_slices)


def _distances(measured: MeasuredScar, limits: ScarLimits) -> Iterator[Gate]:
    gaps_mm = measured.ventricle.geometry.gaps_mm
    usual_mm = float(np.median(gaps_mm))
    message = "Usual distance of neighbouring slices; what lies between them was not looked at."
    finding = Finding("scar_pitch", usual_mm, limits.max_pitch_mm, "mm", message)
    yield review(finding, good=usual_mm <= limits.max_pitch_mm)
    ratio = float(gaps_mm.max() / usual_mm)
    message = "Largest distance between neighbouring slices over the usual one."
    finding = Finding("scar_gaps", ratio, limits.max_gap_ratio, "1", message)
    yield review(finding, good=ratio <= limits.max_gap_ratio)


def _methods(measured: MeasuredScar, settings: ScarSettings) -> Gate:
    shares = {name: measured.methods[name].pct_lv_mass for name in settings.compared}
    known = {name: share for name, share in shares.items() if np.isfinite(share)}
    spread = max(known.values()) - min(known.values()) if len(known) > 1 else float("nan")
    told = ", ".join(f"{METHOD_TITLES[name]} {share:.1f} %" for name, share in known.items())
    message = f"Largest difference between methods, share of LV mass: {told or 'none known'}."
    limit = settings.review_difference_pct
    return review(Finding("scar_methods", spread, limit, "%", message), good=spread <= limit)
