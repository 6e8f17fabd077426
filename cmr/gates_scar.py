"""Gates on late enhancement: its heart, contrast, remote myocardium, stack and methods."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cmr.gate import Finding, review, withhold
from cmr.records import Gate
from cmr.results_scar import METHOD_TITLES
from cmr.scar.measure import MeasuredScar
from cmr.scar.settings import ScarSettings
from cmr.settings import Section

# What hangs on grey values; the wall itself does not.
_OF_SCAR = tuple(
    f"scar.{key}"
    for key in (
        *("mass_g", "pct_lv_mass", "core_pct", "gray_pct", "mvo_g", "mvo_pct"),
        *("segments_over_50", "methods", "gray_zones", "layers", "territories", "segments"),
        *("slices", "notes", "meshes.scar"),
    )
)


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
    max_refused_pct
        Slices without remote myocardium of their own.
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
    max_refused_pct: float
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
    contrast = () if measured.found.remote.reason else (_contrast(measured, limits),)
    yield place
    yield _heart(measured, limits)
    yield _remote(measured, limits)
    yield from contrast
    yield _slices(measured, limits)
    if measured.ventricle.geometry.n_slices > 1:
        yield _gaps(measured, limits)
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
    remote, cavity = measured.found.remote, measured.ventricle.cavity
    values = measured.found.images.values
    above = [
        (float(np.median(values[z][cavity[z]])) - remote.mean[z]) / remote.sd[z]
        for z in np.flatnonzero(cavity.any((1, 2)))
    ]
    judged = [one for one in above if np.isfinite(one)]
    figure = float(np.median(judged)) if judged else float("nan")
    message = (
        "Blood above remote myocardium, in its standard deviations; blood that is not brighter "
        "speaks for inverted phase-sensitive images, a wrong inversion time or no contrast agent."
    )
    finding = Finding("scar_contrast", figure, limits.min_contrast_sd, "{SD}", message)
    return withhold(finding, _OF_SCAR, good=figure >= limits.min_contrast_sd)


def _slices(measured: MeasuredScar, limits: ScarLimits) -> Gate:
    count = int(measured.ventricle.wall.any((1, 2)).sum())
    message = "Slices with a wall."
    finding = Finding("scar_slices", count, limits.min_slices, "{slices}", message)
    return review(finding, good=count >= limits.min_slices)


def _gaps(measured: MeasuredScar, limits: ScarLimits) -> Gate:
    gaps_mm = measured.ventricle.geometry.gaps_mm
    ratio = float(gaps_mm.max() / np.median(gaps_mm))
    message = "Largest distance between neighbouring slices over the usual one."
    finding = Finding("scar_gaps", ratio, limits.max_gap_ratio, "1", message)
    return review(finding, good=ratio <= limits.max_gap_ratio)


def _methods(measured: MeasuredScar, settings: ScarSettings) -> Gate:
    shares = {name: measured.methods[name].pct_lv_mass for name in settings.compared}
    known = {name: share for name, share in shares.items() if np.isfinite(share)}
    spread = max(known.values()) - min(known.values()) if len(known) > 1 else float("nan")
    told = ", ".join(f"{METHOD_TITLES[name]} {share:.1f} %" for name, share in known.items())
    message = f"Largest difference between methods, share of LV mass: {told or 'none known'}."
    limit = settings.review_difference_pct
    return review(Finding("scar_methods", spread, limit, "%", message), good=spread <= limit)
