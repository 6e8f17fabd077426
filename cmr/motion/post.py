"""A post-contrast slice on the pixels of the native one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import SimpleITK

from cmr.errors import GeometryError
from cmr.motion.planes import Picture, correlation, edges, picture, resampled
from cmr.motion.register import Likeness, find_shift
from cmr.motion.residual import Mask
from cmr.motion.series import LEAST_PIXELS
from cmr.motion.settings import MotionSettings
from cmr.volume import FloatArray, StackGeometry

# Weight of a pixel in a linear interpolation that is none but for rounding.
_NO_WEIGHT = 1e-6


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
    :func:`orientation_refusal` lets pass. That both have the same level is for the caller to see
    to.

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
    refusal = orientation_refusal(native_geometry, post_geometry, settings) or _refusal(
        native, post, region
    )
    if refusal:
        return _not_applied(float("nan"), refusal)
    compare = partial(_likeness, native, native_geometry, post, post_geometry, region)
    before = compare(np.zeros(2))
    if not settings.enabled:
        return _not_applied(before, "Motion correction is switched off.")
    shift_mm = find_shift(
        picture(edges(native), native_geometry.pixel_spacing_mm),
        _in_native_plane(edges(post), post_geometry, native_geometry),
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


def orientation_refusal(
    native: StackGeometry, post: StackGeometry, settings: MotionSettings
) -> str:
    """Why one slice cannot be laid on the other; empty where it can."""
    limit_deg = settings.post.max_angle_deg
    for name, one, other in (
        ("planes", native.normal, post.normal),
        ("rows", native.row_cosine, post.row_cosine),
    ):
        angle_deg = np.rad2deg(np.arccos(np.clip(one @ other, -1, 1)))
        if angle_deg > limit_deg:
            return (
                f"The {name} of the native and the post-contrast slice differ by {angle_deg:.1f} "
                f"degrees, more than {limit_deg:g}."
            )
    return ""


def on_native_grid(
    values: FloatArray,
    post_geometry: StackGeometry,
    native_geometry: StackGeometry,
    shift_mm: FloatArray,
) -> FloatArray:
    """A map of the post-contrast slice at the pixels of the native one.

    Linear between pixels. The standard deviation between pixels is so taken to be the mean of
    theirs, as if their errors were the same; it is less where they are independent.

    Parameters
    ----------
    values
        ``(row, col)`` T1, standard deviation, ..., NaN where unknown.
    shift_mm
        From :func:`align_post`.

    Returns
    -------
    FloatArray
        ``(row, col)`` of the native image. NaN where a pixel that contributes is NaN, and outside.
    """
    grid = picture(np.zeros(native_geometry.shape), native_geometry.pixel_spacing_mm)
    filled, gaps = (
        resampled(
            _in_native_plane(part, post_geometry, native_geometry),
            grid,
            shift_mm,
            SimpleITK.sitkLinear,
        )
        for part in (np.nan_to_num(values), np.isnan(values).astype(np.float64))
    )
    return np.asarray(np.where(gaps < _NO_WEIGHT, filled, np.nan))


def _in_native_plane(values: FloatArray, own: StackGeometry, native: StackGeometry) -> Picture:
    """The slice in mm along the native columns and rows from the native pixel (0, 0) on."""
    axes = np.array([native.row_cosine, native.column_cosine])
    x, y = axes @ (own.positions_mm[0] - native.positions_mm[0])
    along = axes @ own.row_cosine
    along = along / np.hypot(*along)
    # Small tilts out of the plane are left out; what remains is a rotation.
    direction = (along[0], -along[1], along[1], along[0])
    return picture(values, own.pixel_spacing_mm, (y, x), tuple(float(d) for d in direction))


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
