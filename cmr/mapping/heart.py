"""The heart on a map: what a network finds in all images of the acquisition, averaged.

One network sees every contrast. Its errors differ between a map, an image near the null and one
that has recovered, so the mean of its probabilities is better than any of them, and how far the
single contrasts agree with it tells how sure it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from cmr.anatomy import Mask, lv_disc, ring_coverage
from cmr.cleanup import CleanUpSettings, clean
from cmr.heart import CentreMethod, HeartCentre
from cmr.labels import Label
from cmr.overlap import dice
from cmr.preprocess import ModelInput, PreprocessSettings, to_model
from cmr.segmentation import Network, centre_on_heart, probabilities
from cmr.settings import Section
from cmr.volume import FloatArray, StackGeometry, Volume4D

NO_HEART = "No left ventricle with a closed wall was found on any slice."
NO_RIGHT_VENTRICLE = (
    "What looks like a left ventricle has a right one beside it on no slice, so it is no heart."
)


class HeartOnMapSettings(Section):
    """What counts as a left ventricle on a map.

    Attributes
    ----------
    min_ring_fraction
        Share of the cavity's outline that is wall; a slice with less has no heart.
    min_cavity_mm2
        Area of the cavity in a slice with a heart.
    min_agreement_fraction
        Dice of the single contrasts' myocardium with the consensus; a stack with less has none.
    attachment_mm
        Half of the thickness up to which what hangs on the LV is taken off.
    region_radius_mm
        Of the disc about the LV that motion correction looks at.
    """

    min_ring_fraction: float
    min_cavity_mm2: float
    min_agreement_fraction: float
    attachment_mm: float
    region_radius_mm: float


@dataclass(frozen=True, eq=False)
class HeartOnMap:
    """Labels ``(1, z, row, col)`` on the grid of the map.

    Attributes
    ----------
    agreement_fraction
        Mean Dice of the single contrasts' myocardium with the consensus; NaN where none found any.
    least_agreement
        What was asked for.
    reason
        Why there is no heart; empty where there is.
    """

    labels: Volume4D
    agreement_fraction: float
    least_agreement: float
    reason: str

    def dismissed(self, reason: str) -> HeartOnMap:
        """The same without labels, and why."""
        empty = self.labels.with_data(np.zeros_like(self.labels.data))
        return replace(self, labels=empty, reason=reason)


def prepare(
    images: npt.NDArray[np.float32],
    geometry: StackGeometry,
    network: Network,
    settings: PreprocessSettings,
) -> ModelInput:
    """Images ``(contrasts, z, row, col)`` on the network's grid, the heart in the middle.

    Nothing beats here: the search begins at the middle of the image and follows what the network
    finds on the mean of the normalised contrasts.
    """
    rows, cols = geometry.shape
    middle = HeartCentre((rows - 1) / 2, (cols - 1) / 2, CentreMethod.IMAGE_CENTRE)
    first = to_model(Volume4D(images, geometry), settings, middle)
    blended = ModelInput(first.images.mean(0, keepdims=True), middle, first.grid, first.source)
    found = centre_on_heart(blended, network, settings)
    return first if found is blended else to_model(first.source, settings, found.centre)


def find_heart(
    prepared: ModelInput,
    network: Network,
    variants: int,
    clean_up: CleanUpSettings,
    settings: HeartOnMapSettings,
) -> HeartOnMap:
    """Segment the contrasts of :func:`prepare` together.

    Raises
    ------
    ModelError
        The network does not take these images, or gives scores that are not finite.
    """
    scores = [probabilities(network, stack, variants) for stack in prepared.images]
    consensus = np.mean(scores, axis=0)
    geometry = prepared.source.geometry
    one = ModelInput(
        prepared.images[:1],
        prepared.centre,
        prepared.grid,
        Volume4D(prepared.source.data[:1], geometry),
    )
    found = clean(one.to_native([consensus]), clean_up).labels
    agreement = _agreement([s.argmax(1) for s in scores], consensus.argmax(1))
    whole = without_attachments(found.data[0], geometry.pixel_spacing_mm, settings.attachment_mm)
    kept = with_closed_wall(whole, geometry, settings)
    least = settings.min_agreement_fraction
    heart = HeartOnMap(found.with_data(kept[None]), agreement, least, "")
    reason = _doubt(kept, agreement, least)
    return heart.dismissed(reason) if reason else heart


def _doubt(labels: npt.NDArray[np.uint8], agreement: float, least: float) -> str:
    """Why this is no heart; empty where it is."""
    if not labels.any():
        return NO_HEART
    if not (labels == Label.RV).any():  # a bottle of water looks like a cavity in its wall
        return NO_RIGHT_VENTRICLE
    if agreement >= least:
        return ""
    return (
        f"The images of the acquisition disagree about the myocardium: Dice {agreement:.2f} "
        f"with their consensus, at least {least:g} is asked for."
    )


def without_attachments(
    labels: npt.NDArray[np.uint8], spacing_mm: tuple[float, float], radius_mm: float
) -> npt.NDArray[np.uint8]:
    """Wall that hangs on the LV like a handle, or lies apart, off labels ``(z, row, col)``.

    The walls of stomach and liver look like myocardium where they touch it. LV and wall together
    are a thick disc, which an opening leaves alone.
    """
    out = labels.copy()
    for one in out:
        wall = one == Label.MYOCARDIUM
        thick = _distance_mm(lv_disc(one), spacing_mm) > radius_mm
        if not thick.any():
            continue
        # Two pixels more than the opening, so that the outline keeps its corners.
        reach_mm = radius_mm + 2 * max(spacing_mm)
        near = _distance_mm(~thick, spacing_mm) <= reach_mm
        one[wall & ~near] = Label.BACKGROUND
        one[wall & ~_with_cavity(one)] = Label.BACKGROUND
    return out


def _with_cavity(labels: npt.NDArray[np.uint8]) -> Mask:
    """LV and wall of labels ``(row, col)`` that hang together with the largest part of the LV."""
    cavity = labels == Label.LV
    parts, _ = ndimage.label(lv_disc(labels))
    if not cavity.any():
        return np.asarray(parts > 0)
    return np.asarray(parts == np.bincount(parts[cavity]).argmax())


def _distance_mm(mask: Mask, spacing_mm: tuple[float, float]) -> FloatArray:
    """To the nearest pixel outside ``mask``; the image is no border of it."""
    return np.asarray(ndimage.distance_transform_edt(mask, sampling=spacing_mm))


def heart_disc(heart: HeartOnMap, radius_mm: float) -> npt.NDArray[np.bool_]:
    """``(row, col)`` pixels within a radius of the LV; the whole image where no heart was found."""
    geometry = heart.labels.geometry
    inside = lv_disc(heart.labels.data[0])
    if not inside.any():
        return np.ones(geometry.shape, bool)
    _, row, col = (float(i.mean()) for i in np.nonzero(inside))
    rows, cols = np.indices(geometry.shape)
    down, right = geometry.pixel_spacing_mm
    return np.asarray(np.hypot((rows - row) * down, (cols - col) * right) <= radius_mm)


def _agreement(found: list[npt.NDArray[np.int_]], consensus: npt.NDArray[np.int_]) -> float:
    if not (consensus == Label.MYOCARDIUM).any():
        return float("nan")
    return float(np.mean([dice(labels, consensus, Label.MYOCARDIUM) for labels in found]))


def with_closed_wall(
    labels: npt.NDArray[np.uint8], geometry: StackGeometry, settings: HeartOnMapSettings
) -> npt.NDArray[np.uint8]:
    """Labels ``(z, row, col)`` of the slices whose LV is large enough and has its wall."""
    area_mm2 = (labels == Label.LV).sum((1, 2)) * geometry.pixel_area_mm2
    closed: FloatArray = np.nan_to_num(ring_coverage(labels))
    keep = (closed >= settings.min_ring_fraction) & (area_mm2 >= settings.min_cavity_mm2)
    return np.where(keep[:, None, None], labels, Label.BACKGROUND).astype(np.uint8)
