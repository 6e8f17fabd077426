"""Images on the network's grid to labels on the patient's: the one path of all who segment."""

from __future__ import annotations

from cmr.inference import Segmenter
from cmr.preprocess import ModelInput
from cmr.volume import Volume4D


def segment(prepared: ModelInput, segmenter: Segmenter) -> Volume4D:
    """Labels ``(t, z, row, col)`` of every image, on the native grid.

    Raises
    ------
    ModelError
        The network does not take these images, or gives scores that are not finite.
    """
    images = prepared.images
    scores = segmenter.run(images.reshape(-1, *images.shape[2:]))
    return prepared.to_native(scores.reshape(*images.shape[:2], *scores.shape[1:]))
