"""Displacement of a post-contrast slice against the native one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from cmr.errors import GeometryError
from cmr.motion.native_grid import in_native_plane, on_native_grid, orientation_refusal
from cmr.motion.planes import correlation, edges, picture
from cmr.motion.register import Likeness, find_shift
from cmr.motion.residual import Mask
from cmr.motion.series import LEAST_PIXELS
from cmr.motion.settings import MotionSettings
from cmr.volume import FloatArray, StackGeometry


@dataclass(frozen=True, eq=False)
class PostAlignment:
    """Displacement of a post-contrast slice against the native one.

    Attributes
    ----------
    shift_mm
        ``(2,)`` down and to the right in the native image; 0 where not applied.
    correlation
        Of the two images in the region, as they lie after ``shift_mm``; NaN where they cannot be
        compared.
    applied
        There is a shift to take out.
    reason
        Why, or why not: a whole sentence.
    """

    shift_mm: FloatArray
    correlation: float
    applied: bool
    reason: str


def align_post(  # noqa: PLR0913
    native: FloatArray,
    native_geometry: StackGeometry,
    post: FloatArray,
    post_geometry: StackGeometry,
    region: Mask,
    settings: MotionSettings,
) -> PostAlignment:
    """Register one post-contrast slice to the native slice of the same level.

    By translation in the plane, mutual information of edges, and only between planes that
    :func:`cmr.motion.native_grid.orientation_refusal` lets pass. That both have the same level is
    for the caller to see to.

    Parameters
    ----------
    native, post
        ``(row, col)`` magnitudes of similar contrast: each acquisition's most recovered image.
    native_geometry, post_geometry
        Of this one slice each; shapes and spacings may differ.
    region
        ``(row, col)`` of the native image: the heart, best without the chest wall.

    Raises
    ------
    GeometryError
        An image or the region does not have the shape of its geometry.
    """
    shapes = (native.shape, region.shape, post.shape)
    expected = (native_geometry.shape, native_geometry.shape, post_geometry.shape)
    if shapes != expected:
        raise GeometryError(f"Native image, region, later image: {shapes}, expected {expected}.")
    limit_deg = settings.post.max_angle_deg
    refusal = orientation_refusal(native_geometry, post_geometry, limit_deg)
    refusal = refusal or _refusal(native, post, region)
    if refusal:
        return _not_applied(float("nan"), refusal)
    compare = partial(_likeness, native, native_geometry, post, post_geometry, region)
    before = compare(np.zeros(2))
    if not settings.enabled:
        return _not_applied(before, "Motion correction is switched off.")
    shift_mm = find_shift(
        picture(edges(native), native_geometry.pixel_spacing_mm),
        in_native_plane(edges(post), post_geometry, native_geometry),
        picture(region, native_geometry.pixel_spacing_mm),
        np.zeros(2),
        Likeness.MUTUAL_INFORMATION,
    )
    if shift_mm is None or np.hypot(*shift_mm) > settings.max_shift_mm:
        return _not_applied(before, f"No shift of up to {settings.max_shift_mm:g} mm is found.")
    return _judged(shift_mm, before, compare(shift_mm), native_geometry, settings)


def _judged(
    shift_mm: FloatArray,
    before: float,
    after: float,
    native_geometry: StackGeometry,
    settings: MotionSettings,
) -> PostAlignment:
    least_mm = settings.min_shift_px * np.array(native_geometry.pixel_spacing_mm)
    if (np.abs(shift_mm) < least_mm).all():
        return _not_applied(before, f"The shift is below {settings.min_shift_px:g} pixels.")
    values = f"the correlation with the native image from {before:.2f} to {after:.2f}"
    least = settings.post.min_correlation
    if not after >= max(least, before):
        reason = f"A shift would take {values}; it has to rise, and to {least:g} at least."
        return _not_applied(before, reason)
    return PostAlignment(shift_mm, after, True, f"The shift takes {values}.")


def _likeness(  # noqa: PLR0913
    native: FloatArray,
    native_geometry: StackGeometry,
    post: FloatArray,
    post_geometry: StackGeometry,
    region: Mask,
    shift_mm: FloatArray,
) -> float:
    moved = on_native_grid(post, post_geometry, native_geometry, shift_mm)
    both = region & np.isfinite(moved)
    return correlation(native[both], moved[both])


def _refusal(native: FloatArray, post: FloatArray, region: Mask) -> str:
    if region.sum() < LEAST_PIXELS:
        return f"Registration needs {LEAST_PIXELS} pixels; the region has {region.sum()}."
    if not (np.isfinite(native).all() and np.isfinite(post).all()):
        return "An image has pixels that are NaN or infinite."
    if not (native[region].any() and post.any()):
        return "An image is zero."
    return ""


def _not_applied(likeness: float, reason: str) -> PostAlignment:
    return PostAlignment(np.zeros(2), likeness, False, reason)
