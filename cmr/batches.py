"""What every network that scores images in batches has in common, wherever it runs."""

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from cmr.errors import ModelError
from cmr.model_store import ModelFolder


class BatchNetwork(ABC):
    """A network, ready to run; images are checked before it, scores after it.

    Parameters
    ----------
    folder
        From :func:`cmr.model_store.open_model`.
    batch_size
        The most images that the network is given at once.

    Attributes
    ----------
    provider
        What the network really runs on, such as ``CPU``.
    precision
        Its arithmetic, such as ``fp32``.
    """

    provider: str
    precision: str

    def __init__(self, folder: ModelFolder, batch_size: int) -> None:
        self._folder = folder
        self._batch_size = batch_size

    @property
    def input_channels(self) -> int:
        """Slices that the network sees at once: 1, or 3 with both neighbours."""
        return self._folder.metadata.input.channels

    def run(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Scores of a batch of any length.

        Parameters
        ----------
        images
            ``(n, C, H, W)`` float32 in 0–1, on the network's matrix.

        Returns
        -------
        numpy.ndarray
            ``(n, classes, H, W)`` logits.

        Raises
        ------
        ModelError
            The images have another matrix, the network fails, or its scores have another shape
            or are not finite.
        """
        expected = (self.input_channels, *self._folder.matrix)
        if images.ndim != 4 or images.shape[1:] != expected:
            raise ModelError(
                f"Model {self._folder.name}: images {images.shape}, expected "
                f"(n, {', '.join(map(str, expected))}). Check app.yaml preprocessing."
            )
        classes = self._folder.metadata.output.channels
        scores = np.empty((len(images), classes, *self._folder.matrix), np.float32)
        for start in range(0, len(images), self._batch_size):
            part = slice(start, start + self._batch_size)
            found = self._scores(np.ascontiguousarray(images[part], np.float32))
            self._check(found, scores[part].shape)
            scores[part] = found
        return scores

    @abstractmethod
    def _scores(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Scores of one batch, not longer than the batch size."""

    def _check(self, scores: npt.NDArray[np.float32], expected: tuple[int, ...]) -> None:
        where = f"Model {self._folder.name}: on {self.provider} with {self.precision}"
        if scores.shape != expected:
            raise ModelError(
                f"{where}: scores {scores.shape}, expected {expected}. Restore the model."
            )
        if not np.isfinite(scores).all():
            raise ModelError(
                f"{where}: scores that are not finite. Run it with fp32, or restore the model."
            )
