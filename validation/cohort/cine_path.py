"""The application's path from images to labels, without DICOM: its settings, model and steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cmr.cleanup import CleanUpSettings, clean
from cmr.inference import InferenceSettings
from cmr.model_store import ModelFolder, open_for
from cmr.preprocess import PreprocessSettings, to_model
from cmr.quality import QualitySettings
from cmr.segmentation import Network, centre_on_heart, segment
from cmr.volume import FloatArray, Volume4D
from cmr.volumetry import VolumetrySettings
from training.config import read_section


@dataclass(frozen=True)
class CineSettings:
    """Sections of ``app.yaml`` that the path needs."""

    preprocessing: PreprocessSettings
    inference: InferenceSettings
    cleanup: CleanUpSettings
    volumetry: VolumetrySettings
    quality: QualitySettings


def read_settings(app_yaml: Path) -> CineSettings:
    """Read them as the application does."""
    return CineSettings(
        preprocessing=read_section(app_yaml, "preprocessing", PreprocessSettings),
        inference=read_section(app_yaml, "inference", InferenceSettings),
        cleanup=read_section(app_yaml, "cleanup", CleanUpSettings),
        volumetry=read_section(app_yaml, "volumetry", VolumetrySettings),
        quality=read_section(app_yaml, "quality", QualitySettings),
    )


def model_for(models: Path, settings: CineSettings) -> ModelFolder:
    """Open the model that the settings name.

    Raises
    ------
    ModelError
        It is not in the repository ``models``, is damaged, or was trained on images that other
        settings make.
    """
    return open_for(models, settings.inference.model, settings.preprocessing)


@dataclass(frozen=True, eq=False)
class CineLabels:
    """What the path finds in a cine.

    Parameters
    ----------
    labels
        ``(t, z, row, col)`` after the clean-up, on the grid of the images.
    agreement
        ``(t, 3)`` of :class:`cmr.segmentation.Segmentation`.
    centre_fallback
        Why the crop was not centred by motion; empty when it was.
    """

    labels: Volume4D
    agreement: FloatArray
    centre_fallback: str


def label_cine(images: Volume4D, settings: CineSettings, network: Network) -> CineLabels:
    """Find the heart, segment, clean up.

    Parameters
    ----------
    images
        ``(t, z, row, col)`` in any grey scale.

    Raises
    ------
    ModelError
        The network does not take these images, or gives scores that are not finite.
    """
    first = to_model(images, settings.preprocessing)
    prepared = centre_on_heart(first, network, settings.preprocessing)
    found = segment(prepared, network, settings.inference.variants)
    labels = clean(found.labels, settings.cleanup).labels
    return CineLabels(labels, found.agreement, prepared.centre.reason)
