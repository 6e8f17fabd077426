"""From a cine in native pixels to what a network sees, and exactly back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat, PositiveInt

from cmr.heart import HeartCentre, HeartSettings, locate_heart
from cmr.intensity import IntensitySettings, equalise, normalise
from cmr.labels import Label
from cmr.resample import CropGrid
from cmr.settings import Section
from cmr.volume import Volume4D


class Seen(Section):
    """What a network was trained to see. A model's ``metadata.json`` holds the same numbers."""

    matrix: tuple[PositiveInt, PositiveInt] = Field(description="Rows and columns of the crop.")
    spacing_mm: PositiveFloat
    intensity: IntensitySettings
    central_fraction: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Of the crop's rows and columns, where percentiles are taken, so that bright "
        "fat at the chest wall takes no grey values from the heart; null: of the whole image.",
    )
    equalised: bool = Field(
        default=False,
        description="Whether the network is shown each image a second time, equalised.",
    )

    @property
    def views(self) -> int:
        """How often the network is shown each image."""
        return 2 if self.equalised else 1

    @property
    def seen(self) -> Seen:
        """Without what a kind of settings adds."""
        return Seen.model_validate(self.model_dump(include=set(Seen.model_fields)))


class PreprocessSettings(Seen):
    """The same, and how the heart is found in a cine."""

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


def to_crop(volume: Volume4D, settings: Seen, centre: HeartCentre) -> ModelInput:
    """Crop and resample about a known centre; grey values as the network was trained to see them.

    Parameters
    ----------
    volume
        Images in any grey scale.
    settings
        The network's matrix, spacing and percentiles.
    centre
        Where the heart is.
    """
    if settings.central_fraction is None:
        return _crop(volume, normalise(volume.data, settings.intensity), settings, centre)
    raw = np.nan_to_num(np.asarray(volume.data, np.float32), posinf=0, neginf=0)
    crop = _crop(volume, raw, settings, centre)
    images = normalise(crop.images, settings.intensity, settings.central_fraction)
    return replace(crop, images=images)


def views(images: npt.NDArray[np.float32], settings: Seen) -> npt.NDArray[np.float32]:
    """``(..., H, W)`` images of a crop to ``(..., V, H, W)``: as they are, and equalised."""
    if not settings.equalised:
        return images[..., None, :, :]
    ranks = equalise(images, settings.central_fraction or 1)
    return np.stack([images, ranks], axis=-3)


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
    return _crop(volume, images, settings, centre)


def _crop(
    volume: Volume4D, images: npt.NDArray[Any], settings: Seen, centre: HeartCentre
) -> ModelInput:
    grid = CropGrid(
        native_shape=volume.geometry.shape,
        native_spacing_mm=volume.geometry.pixel_spacing_mm,
        shape=settings.matrix,
        spacing_mm=settings.spacing_mm,
        centre=(centre.row, centre.col),
    )
    return ModelInput(grid.to_crop(images), centre, grid, volume)
