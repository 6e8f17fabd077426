"""Images on the network's grid to labels on the patient's: the one path of all who segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.special import softmax

from cmr.heart import CentreMethod, HeartCentre
from cmr.labels import STRUCTURES, Label
from cmr.overlap import dice
from cmr.preprocess import ModelInput, PreprocessSettings, to_model
from cmr.volume import FloatArray, Volume4D

# Networks see hearts up to 25 mm off the middle in training; motion is right within 10 in ACDC.
_OFF_CENTRE_MM = 15.0
_LOOKS = 2
# Mirrorings of the image axes: the network was trained on all of them, and they cost no resampling.
VARIANTS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))


class Network(Protocol):
    """What scores images: ONNX Runtime in the application, PyTorch while training."""

    @property
    def input_channels(self) -> int:
        """1: each slice alone; 3: between its neighbours; twice that with a second view."""
        ...

    def run(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """``(n, C, H, W)`` images to ``(n, classes, H, W)`` logits."""
        ...


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Labels, and how far the variants of the images agree on them.

    Parameters
    ----------
    labels
        ``(t, z, row, col)`` on the native grid.
    agreement
        ``(t, 3)`` mean Dice of each variant's labels with their consensus, over the whole stack,
        for RV, myocardium and LV; NaN with one variant, or where no variant finds the structure.
    slice_agreement
        ``(t, z)`` the same of each slice, over the pixels of all structures together, so that a
        structure of few pixels weighs little; NaN with one variant, or where none finds heart.
    """

    labels: Volume4D
    agreement: FloatArray
    slice_agreement: FloatArray


def segment(prepared: ModelInput, network: Network, variants: int) -> Segmentation:
    """Labels of every image: the mean of the network's probabilities over mirrored variants.

    Parameters
    ----------
    prepared
        From :func:`cmr.preprocess.to_model`.
    network
        What scores the images.
    variants
        How many of :data:`VARIANTS` to take; 1 is the image as it is.

    Raises
    ------
    ModelError
        The network does not take these images, or gives scores that are not finite.
    """
    agreement = np.full((len(prepared.images), len(STRUCTURES)), np.nan)
    by_slice = np.full(prepared.images.shape[:2], np.nan)

    def consensus() -> Iterator[npt.NDArray[Any]]:
        for phase, stack in enumerate(prepared.images):
            found = _of_variants(network, stack, variants)
            mean = np.mean(found, axis=0)
            if variants > 1:
                labels, together = [f.argmax(1) for f in found], mean.argmax(1)
                agreement[phase] = _agreement(labels, together)
                by_slice[phase] = slice_agreement(labels, together)
            yield mean

    return Segmentation(prepared.to_native(consensus()), agreement, by_slice)


def probabilities(
    network: Network, stack: npt.NDArray[Any], variants: int
) -> npt.NDArray[np.float32]:
    """``(z, classes, H, W)`` of a stack ``(z, H, W)`` or ``(z, V, H, W)``, mean of variants."""
    return np.asarray(np.mean(_of_variants(network, stack, variants), axis=0))


def centre_on_heart(
    prepared: ModelInput, network: Network, settings: PreprocessSettings
) -> ModelInput:
    """Crop again where a first look finds the heart far from the middle.

    Motion misleads where the heart hardly beats or the slices of two phases do not belong
    together; networks lose end slices of a heart near the edge.

    Returns
    -------
    ModelInput
        The same where the heart is within 15 mm of the middle, or nothing is found.
    """
    for _ in range(_LOOKS):
        offset_mm, centre = _first_look(prepared, network)
        if not offset_mm > _OFF_CENTRE_MM:
            break
        prepared = to_model(prepared.source, settings, centre)
    return prepared


def _first_look(prepared: ModelInput, network: Network) -> tuple[float, HeartCentre]:
    """Distance of the found heart from the middle of the crop, NaN for none, and its place."""
    inputs = with_neighbours(prepared.images[0], network.input_channels)
    parts, count = ndimage.label(network.run(inputs).argmax(1) != Label.BACKGROUND)
    sizes = np.bincount(parts.ravel(), minlength=2)[1:]
    grid = prepared.grid
    middle = np.array([(n - 1) / 2 for n in grid.shape])
    at = np.full(2, np.nan)
    if count:
        at = np.array(ndimage.center_of_mass(parts == 1 + sizes.argmax()))[1:]
    row, col = (float(o + s * x) for o, s, x in zip(grid.origin, grid.step, at, strict=True))
    offset_mm = float(np.hypot(*(at - middle)) * grid.spacing_mm)
    return offset_mm, HeartCentre(row, col, CentreMethod.FIRST_LOOK, prepared.centre.reason)


def with_neighbours(stack: npt.NDArray[Any], channels: int) -> npt.NDArray[Any]:
    """``(z, H, W)`` to ``(z, channels, H, W)``: each slice in the middle of those around it.

    At the ends of the stack, the end slice stands in for the one that is missing. Of a stack of
    several views ``(z, V, H, W)`` come all slices of the first view, then those of the next.
    """
    seen = stack[:, None] if stack.ndim == 3 else stack
    reach = channels // seen.shape[1] // 2
    index = np.arange(len(seen))[:, None] + np.arange(-reach, reach + 1)
    around = seen[index.clip(0, len(seen) - 1)].swapaxes(1, 2)
    return np.asarray(around.reshape(len(seen), -1, *seen.shape[2:]))


def _of_variants(
    network: Network, stack: npt.NDArray[Any], variants: int
) -> list[npt.NDArray[np.float32]]:
    inputs = with_neighbours(stack, network.input_channels)
    return [_probabilities(network, inputs, axes) for axes in VARIANTS[:variants]]


def _probabilities(
    network: Network, inputs: npt.NDArray[Any], axes: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """``(n, classes, H, W)`` probabilities; the network sees the images flipped along ``axes``."""
    scores = network.run(np.ascontiguousarray(np.flip(inputs, axes)))
    return np.asarray(np.flip(softmax(scores, axis=1), axes))


def _agreement(found: list[npt.NDArray[Any]], consensus: npt.NDArray[Any]) -> FloatArray:
    return np.array(
        [np.mean([dice(labels, consensus, label) for labels in found]) for label in STRUCTURES]
    )


def slice_agreement(found: Sequence[npt.NDArray[Any]], consensus: npt.NDArray[Any]) -> FloatArray:
    """``(z,)`` mean Dice of label stacks ``(z, row, col)`` with their consensus.

    Over all structures at once: twice the pixels that have the same structure in both, over the
    pixels of any structure in the one plus those in the other. NaN where no stack has any.
    """
    heart = consensus != Label.BACKGROUND
    shares = []
    for labels in found:
        same = ((labels == consensus) & heart).sum(axis=(1, 2))
        size = (labels != Label.BACKGROUND).sum(axis=(1, 2)) + heart.sum(axis=(1, 2))
        shares.append(np.where(size > 0, 2 * same / np.maximum(size, 1), 1.0))
    nothing = np.all([~(one != Label.BACKGROUND).any(axis=(1, 2)) for one in found], axis=0)
    return np.asarray(np.where(nothing, np.nan, np.mean(shares, axis=0)))
