"""From a cine in native pixels to what a network sees, and exactly back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat

from cmr.heart import HeartCentre, HeartSettings, locate_heart
from cmr.intensity import IntensitySettings, normalise
from cmr.labels import Label
from cmr.resample import CropGrid
from cmr.settings import Section
from cmr.volume import Volume4D


class PreprocessSettings(Section):
    """What a network was trained to see. A model's ``metadata.json`` holds the same numbers."""

    matrix: tuple[int, int] = Field(description="Rows and columns of the crop.")
    spacing_mm: PositiveFloat
    intensity: IntensitySettings
    heart: HeartSettings


@dataclass(frozen=True, eq=False)
class ModelInput:
    """Images on the network's grid, and the way back.

    Parameters
    ----------
    images
        ``(t, z, H, W)`` float32 in 0–1.
    centre
        Where the crop is centred, and how that was found.
    grid
        The two grids.
    source
        The volume that the images were made of.
    """

    images: npt.NDArray[np.float32]
    centre: HeartCentre
    grid: CropGrid
    source: Volume4D

    def to_native(self, scores: Iterable[npt.NDArray[Any]]) -> Volume4D:
        """Labels on the native grid: scores interpolated linearly, then the largest wins.

        Parameters
        ----------
        scores
            ``(z, C, H, W)`` logits or probabilities of each phase; class 0 is background. Taken
            one at a time: all scores at native size would be gigabytes.

        Returns
        -------
        Volume4D
            uint8 labels with the geometry and times of the source. Pixels outside the crop are
            background.

        Raises
        ------
        ValueError
            The scores do not belong to these images.
        """
        phases, slices, rows, cols = self.images.shape
        labels = np.zeros(self.source.data.shape, np.uint8)
        count = 0
        for count, phase in enumerate(scores, 1):
            shape = phase.shape
            if count > phases or len(shape) != 4 or shape[:1] + shape[2:] != (slices, rows, cols):
                raise ValueError(
                    f"Scores {shape} of phase {count}, expected ({slices}, C, {rows}, {cols}) "
                    f"of {phases} phases."
                )
            best = self.grid.to_native(phase).argmax(axis=1)
            labels[count - 1] = np.where(self.grid.covered, best, Label.BACKGROUND)
        if count < phases:
            raise ValueError(f"Scores of {count} phases, expected {phases}.")
        return self.source.with_data(labels)


def to_model(
    volume: Volume4D, settings: PreprocessSettings, centre: HeartCentre | None = None
) -> ModelInput:
    """Normalise, find the heart, crop and resample.

    Parameters
    ----------
    volume
        Cine images in any grey scale; one phase is enough.
    settings
        The network's matrix and spacing, percentiles, and the numbers of the motion search.
    centre
        Where the heart is, if that is known already.
    """
    images = normalise(volume.data, settings.intensity)
    spacing = volume.geometry.pixel_spacing_mm
    centre = centre or locate_heart(images, spacing, settings.heart)
    grid = CropGrid(
        native_shape=volume.geometry.shape,
        native_spacing_mm=spacing,
        shape=settings.matrix,
        spacing_mm=settings.spacing_mm,
        centre=(centre.row, centre.col),
    )
    return ModelInput(grid.to_crop(images), centre, grid, volume)
