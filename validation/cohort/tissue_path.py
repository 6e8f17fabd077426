"""The network that sees any contrast, opened as the application does, without DICOM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cmr.cleanup import CleanUpSettings
from cmr.inference import InferenceSettings, Segmenter
from cmr.mapping.settings import MappingSettings
from cmr.mapping.tissue_network import TissueNetwork
from cmr.model_store import open_for
from cmr.preprocess import PreprocessSettings
from cmr.tissue.settings import TissueSettings
from training.config import read_section


@dataclass(frozen=True)
class PathSettings:
    """Sections of ``app.yaml`` that the paths of maps and of late enhancement need."""

    mapping: MappingSettings
    tissue: TissueSettings
    preprocessing: PreprocessSettings
    cleanup: CleanUpSettings
    inference: InferenceSettings


def read_settings(app_yaml: Path) -> PathSettings:
    """Read them as the application does."""
    return PathSettings(
        mapping=read_section(app_yaml, "mapping", MappingSettings),
        tissue=read_section(app_yaml, "tissue", TissueSettings),
        preprocessing=read_section(app_yaml, "preprocessing", PreprocessSettings),
        cleanup=read_section(app_yaml, "cleanup", CleanUpSettings),
        inference=read_section(app_yaml, "inference", InferenceSettings),
    )


def tissue_network(models: Path, settings: PathSettings, work: Path) -> TissueNetwork:
    """The network that sees any contrast.

    Raises
    ------
    ModelError
        It is not in the repository ``models``, is damaged, or was trained on other images.
    """
    folder = open_for(models, settings.inference.tissue_model, settings.preprocessing)
    return TissueNetwork(
        Segmenter(folder, settings.inference, work),
        settings.inference.variants,
        settings.preprocessing,
        settings.cleanup,
        settings.mapping.heart,
    )
