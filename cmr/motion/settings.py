"""When an image is moved, and when it stays where it is."""

from __future__ import annotations

from pydantic import Field, PositiveFloat

from cmr.settings import Section


class PostSettings(Section):
    """Registration of a post-contrast slice to the native one.

    Attributes
    ----------
    max_angle_deg
        Largest angle between the normals, and between the rows of the two slices.
    min_correlation
        Least correlation of the two images in the region after registration.
    """

    max_angle_deg: PositiveFloat
    min_correlation: float = Field(ge=0, le=1)


class MotionSettings(Section):
    """Section ``mapping.motion`` of ``app.yaml``.

    Attributes
    ----------
    enabled
        False leaves every image where it is.
    max_shift_mm
        A longer shift is taken for a failed registration.
    min_shift_px
        A shift that is shorter along rows and along columns is not applied: resampling would
        cost more than it gains.
    min_contrast
        Least SD of an image in the region over that of its noise, both smoothed. Images near the
        null have little.
    min_correlation
        Least correlation of an image in the region with what the fit expects.
    min_gain_pct
        The residual of the fit, smoothed, has to fall by this share of itself for the images to
        be changed.
    """

    enabled: bool
    max_shift_mm: PositiveFloat
    min_shift_px: PositiveFloat
    min_contrast: PositiveFloat
    min_correlation: float = Field(ge=0, le=1)
    min_gain_pct: PositiveFloat
    post: PostSettings
