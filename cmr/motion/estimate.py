"""Displacement of each source image, and whether it can be trusted.

Contrast changes from image to image and may invert, so each image is registered to what the
curves fitted to all of them say it should look like, in turn with the fit (Xue et al., Magn Reson
Med 2012;67:1644). The first curves come from images whose edges are registered to those of one of
them by mutual information. What stays still while the heart moves then shows, as it fits better
unmoved; it is left out from there on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cmr.motion.planes import Pair, Picture, correlation, edges, picture, shifted
from cmr.motion.register import Likeness, find_shift
from cmr.motion.residual import Explained, Images, Mask, Model, explain, still
from cmr.motion.settings import MotionSettings
from cmr.volume import FloatArray

# Further ones lead away from the truth in phantoms, up to 0.3 px in six: they follow what no curve
# explains, such as mixed pixels and the noise floor of magnitudes.
_ROUNDS = 2
# Splines and smoothing see this far.
_SUPPORT_PX = 8


@dataclass(frozen=True, eq=False)
class Slice:
    """What :func:`cmr.motion.series.align_series` is given, and the fit of the images as such."""

    images: Images
    reference: int
    region: Mask
    spacing_mm: Pair
    model: Model
    before: Explained

    @cached_property
    def pictures(self) -> list[Picture]:
        """The magnitudes."""
        return [picture(image, self.spacing_mm) for image in np.abs(self.images)]

    @cached_property
    def outlines(self) -> list[Picture]:
        """The edges in the magnitudes."""
        return [picture(edges(image), self.spacing_mm) for image in np.abs(self.images)]

    def moved(self, shifts_mm: FloatArray) -> Images:
        """The images with ``(n, 2)`` displacements taken out; those with none as they are."""
        pairs = zip(self.images, shifts_mm, strict=True)
        return np.stack([shifted(i, s, self.spacing_mm) if s.any() else i for i, s in pairs])

    def explained(self, shifts_mm: FloatArray) -> Explained:
        """The fit of the moved images; NaN is no shift."""
        return explain(self.moved(np.nan_to_num(shifts_mm)), self.region, self.model)

    def around_region(self, margin_mm: float) -> Slice:
        """The part with the region and a margin: all that registration needs."""
        margin = np.ceil(margin_mm / np.array(self.spacing_mm)).astype(int) + _SUPPORT_PX
        inside = np.nonzero(self.region)
        part = tuple(
            slice(max(int(at.min()) - m, 0), int(at.max()) + m + 1)
            for at, m in zip(inside, margin, strict=True)
        )
        images, region = self.images[:, *part], self.region[part]
        return replace(self, images=images, region=region, before=self.before.part(part))


@dataclass(frozen=True, eq=False)
class Estimate:
    """``(n, 2)`` displacements to take out, and a sentence for each image that is not trusted."""

    shifts_mm: FloatArray
    notes: tuple[str, ...]


def estimate(one: Slice, settings: MotionSettings) -> Estimate:
    """Find the displacements that are worth taking out."""
    one, limit_mm = one.around_region(settings.max_shift_mm), settings.max_shift_mm
    shifts_mm = _to_reference(one, one.region, limit_mm)
    shifts_mm = _to_reference(one, _moving(one, one.explained(shifts_mm)), limit_mm)
    for _ in range(_ROUNDS):
        shifts_mm = _to_synthetic(one, shifts_mm, limit_mm)
    final = one.explained(shifts_mm)
    least_mm = settings.min_shift_px * np.array(one.spacing_mm)
    wanted: Mask = np.logical_not((np.abs(shifts_mm) < least_mm).all(axis=1))
    notes = []
    for i in np.flatnonzero(wanted).tolist():
        doubt = _doubt(one, final, i, shifts_mm[i], settings)
        if doubt:
            notes.append(f"Image {i + 1} stays where it is: {doubt}.")
            wanted[i] = False
    return Estimate(np.where(wanted[:, None], shifts_mm, 0.0), tuple(notes))


def _moving(one: Slice, explained: Explained) -> Mask:
    return one.region & ~still(one.before, explained)


def _to_reference(one: Slice, where: Mask, limit_mm: float) -> FloatArray:
    """``(n, 2)`` by mutual information of edges; NaN where none is found."""
    mask, start, how = picture(where, one.spacing_mm), np.zeros(2), Likeness.MUTUAL_INFORMATION
    fixed = one.outlines[one.reference]
    return _relative(one, [find_shift(fixed, p, mask, start, how) for p in one.outlines], limit_mm)


def _to_synthetic(one: Slice, start_mm: FloatArray, limit_mm: float) -> FloatArray:
    """``(n, 2)`` by the curves of the images at ``start_mm`` (NaN: 0); NaN where none is found."""
    start_mm = np.nan_to_num(start_mm)
    explained = one.explained(start_mm)
    mask = picture(_moving(one, explained) & explained.known, one.spacing_mm)
    expected = [picture(image, one.spacing_mm) for image in explained.synthetic]
    triples = zip(expected, one.pictures, start_mm, strict=True)
    found = [find_shift(e, p, mask, start, Likeness.SAME_VALUES) for e, p, start in triples]
    return _relative(one, found, limit_mm)


def _relative(one: Slice, found: list[FloatArray | None], limit_mm: float) -> FloatArray:
    """Shifts against the reference; NaN where there is none, or one beyond the limit."""
    missing = np.full(2, np.nan)
    shifts_mm: FloatArray = np.array([missing if shift is None else shift for shift in found])
    shifts_mm -= np.nan_to_num(shifts_mm[one.reference])
    shifts_mm[np.hypot(*shifts_mm.T) > limit_mm] = np.nan
    shifts_mm[one.reference] = 0
    return shifts_mm


def _doubt(
    one: Slice, final: Explained, image: int, shift_mm: FloatArray, settings: MotionSettings
) -> str:
    """Why the shift of an image is not trusted; empty where it is."""
    if np.isnan(shift_mm).any():
        return f"no shift of up to {settings.max_shift_mm:g} mm is found"
    contrast = final.contrast(image)
    if contrast < settings.min_contrast:
        return (
            f"its structures are {contrast:.1f} times the noise, less than "
            f"{settings.min_contrast:g}"
        )
    seen, expected, unmoved = (
        images[image, final.known]
        for images in (final.magnitude, final.fitted, one.before.magnitude)
    )
    likeness = correlation(seen, expected)
    if not likeness >= settings.min_correlation:
        return (
            f"its correlation with what the fit expects is {likeness:.2f}, less than "
            f"{settings.min_correlation:g}"
        )
    worse = ((seen - expected) ** 2).sum() >= ((unmoved - expected) ** 2).sum()
    return "it fits no better when it is moved" if worse else ""
