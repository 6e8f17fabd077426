"""A post-contrast slice on the pixels of the native one."""

from __future__ import annotations

import numpy as np
import SimpleITK

from cmr.errors import GeometryError
from cmr.motion.planes import Picture, picture, resampled
from cmr.volume import FloatArray, StackGeometry

# Weight of a pixel in a linear interpolation that is none but for rounding.
_NO_WEIGHT = 1e-6
# Cosine of 18 degrees, beyond any setting that makes sense.
_NEARLY_PARALLEL = 0.95


def orientation_refusal(native: StackGeometry, post: StackGeometry, limit_deg: float) -> str:
    """Why one slice cannot be laid on the other; empty where it can."""
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
        From :func:`cmr.motion.post.align_post`.

    Returns
    -------
    FloatArray
        ``(row, col)`` of the native image. NaN where a pixel that contributes is NaN, and outside.

    Raises
    ------
    GeometryError
        Planes that are not nearly parallel, or seen from the other side. A stricter limit is that
        of :func:`orientation_refusal`.
    """
    grid = picture(np.zeros(native_geometry.shape), native_geometry.pixel_spacing_mm)
    filled, gaps = (
        resampled(
            in_native_plane(part, post_geometry, native_geometry),
            grid,
            shift_mm,
            SimpleITK.sitkLinear,
        )
        for part in (np.nan_to_num(values), np.isnan(values).astype(np.float64))
    )
    return np.asarray(np.where(gaps < _NO_WEIGHT, filled, np.nan))


def in_native_plane(values: FloatArray, own: StackGeometry, native: StackGeometry) -> Picture:
    """The slice in mm along the native columns and rows from the native pixel (0, 0) on."""
    if native.normal @ own.normal < _NEARLY_PARALLEL:
        raise GeometryError("Native and post-contrast slice: expected parallel planes.")
    axes = np.array([native.row_cosine, native.column_cosine])
    x, y = axes @ (own.positions_mm[0] - native.positions_mm[0])
    along = axes @ own.row_cosine
    along = along / np.hypot(*along)
    # Small tilts out of the plane are left out; what remains is a rotation.
    direction = (along[0], -along[1], along[1], along[0])
    return picture(values, own.pixel_spacing_mm, (y, x), tuple(float(d) for d in direction))
