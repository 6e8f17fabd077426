"""Source images of one slice, aligned before they are fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.errors import GeometryError
from cmr.motion.estimate import Slice, estimate
from cmr.motion.planes import Pair
from cmr.motion.residual import Explained, Images, Mask, Model, explain
from cmr.motion.settings import MotionSettings
from cmr.volume import FloatArray

# Fewer do not show a structure that could be found again.
LEAST_PIXELS = 100


@dataclass(frozen=True, eq=False)
class AlignedSeries:
    """Images ``(n, row, col)`` of one slice, and what was done to them.

    Attributes
    ----------
    images
        Of the kind that was given, magnitudes or complex. Images that are not moved are those that
        were given, bit by bit; the others are NaN where they come from outside.
    shifts_mm
        ``(n, 2)``: displacement of each image down the rows and along the columns that was taken
        out; 0 for images that stay where they are.
    residual_before_pct, residual_after_pct
        RMS of the magnitudes' residuals from their curves, % of the RMS of the magnitudes, over
        the pixels of the region that have a curve before and after. The same number twice where
        nothing was applied; NaN where there is no curve at all.
    applied
        At least one image is moved.
    reason
        Why, or why not: a whole sentence.
    notes
        A sentence for each image whose registration is not trusted.
    """

    images: Images
    shifts_mm: FloatArray
    residual_before_pct: float
    residual_after_pct: float
    applied: bool
    reason: str
    notes: tuple[str, ...] = ()


def align_series(  # noqa: PLR0913
    images: Images,
    reference: int,
    region: Mask,
    spacing_mm: Pair,
    model: Model,
    settings: MotionSettings,
) -> AlignedSeries:
    """Take out the displacement of each image in its plane.

    Only translation: what turns or deforms is left to the residual.

    Parameters
    ----------
    images
        ``(n, row, col)`` magnitudes; or complex ones, ``magnitude * exp(1j * phase)``, where there
        is phase. Then real and imaginary part are resampled, which leaves signs intact where
        magnitudes have a fold.
    reference
        Image that stays where it is: the one with the most signal, most recovered or least
        T2-weighted.
    region
        ``(row, col)``: what is to be aligned; best without the chest wall, which does not move
        with the heart.
    spacing_mm
        Distance of the rows and of the columns.
    model
        See :data:`cmr.motion.residual.Model`. It gets images of the kind given here.

    Raises
    ------
    GeometryError
        Images without rows and columns, or a region of another shape.
    FitError
        From ``model``.
    """
    if images.ndim != 3 or region.shape != images.shape[1:]:
        raise GeometryError(
            f"Images {images.shape} and region {region.shape}: expected (n, row, col), (row, col)."
        )
    refusal = _refusal(images, region)
    if refusal:
        return _unmoved(images, float("nan"), refusal)
    before = explain(images, region, model)
    if not settings.enabled:
        return _unmoved(images, _residual(before), "Motion correction is switched off.")
    if before.known.sum() < LEAST_PIXELS:
        found = f"{before.known.sum()} pixels of the region can be fitted"
        return _unmoved(
            images, _residual(before), f"Only {found}; registration needs {LEAST_PIXELS}."
        )
    return _aligned(Slice(images, reference, region, spacing_mm, model, before), settings)


def _refusal(images: Images, region: Mask) -> str:
    if region.sum() < LEAST_PIXELS:
        return f"Registration needs {LEAST_PIXELS} pixels; the region has {region.sum()}."
    bad = np.flatnonzero(~np.isfinite(images).all(axis=(1, 2)))
    if bad.size:
        return f"Image {bad[0] + 1} has pixels that are NaN or infinite."
    return "" if images[:, region].any() else "The images are zero in the whole region."


def _residual(explained: Explained) -> float:
    return explained.residual_pct(explained.known)


def _unmoved(
    images: Images, residual_pct: float, reason: str, notes: tuple[str, ...] = ()
) -> AlignedSeries:
    nowhere = np.zeros((len(images), 2))
    return AlignedSeries(images, nowhere, residual_pct, residual_pct, False, reason, notes)


def _aligned(one: Slice, settings: MotionSettings) -> AlignedSeries:
    """Move the images, unless that does not help."""
    estimated = estimate(one, settings)
    before_pct = _residual(one.before)
    if not estimated.shifts_mm.any():
        reason = f"No image is seen to be displaced by {settings.min_shift_px:g} pixels or more."
        return _unmoved(one.images, before_pct, reason, estimated.notes)
    moved = one.moved(estimated.shifts_mm)
    after = explain(moved, one.region, one.model)
    both = one.before.known & after.known
    common_pct, after_pct = one.before.residual_pct(both), after.residual_pct(both)
    change = f"the residual of the fit from {common_pct:.2f} % to {after_pct:.2f} % of the signal"
    least = 1 - settings.min_gain_pct / 100
    if not after.misfit(both) <= least * one.before.misfit(both):
        reason = f"Alignment would take {change}, which is no more than smoothing of noise does."
        return _unmoved(one.images, before_pct, reason, estimated.notes)
    reason = f"Alignment takes {change}."
    return AlignedSeries(
        moved, estimated.shifts_mm, common_pct, after_pct, True, reason, estimated.notes
    )
