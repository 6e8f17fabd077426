"""The application's path from late-enhancement images to scar, without DICOM."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from cmr.inference import InferenceSettings, Segmenter
from cmr.model_store import ModelFolder, open_for
from cmr.scar.find import FoundScar, find_scar
from cmr.scar.images import LateImages
from cmr.scar.look import ScarNetworks
from cmr.scar.settings import ScarSettings
from training.config import read_section
from validation.cohort.task import Resources
from validation.cohort.tissue_path import read_settings, tissue_network


class ScarFinder(Protocol):
    """The path with its networks and settings."""

    def __call__(self, images: LateImages) -> FoundScar:
        """Find wall, cavity and scar. Raises :class:`cmr.errors.CmrError`."""


def scar_model(config: Path, models: Path) -> ModelFolder:
    """Open the scar network that the settings name.

    Raises
    ------
    ModelError
        It is not in the repository ``models``, is damaged, or was trained on images that other
        settings make.
    """
    settings = read_section(config, "scar", ScarSettings)
    name = read_section(config, "inference", InferenceSettings).scar_model
    return open_for(models, name, settings.preprocessing)


def tissue_model(config: Path, models: Path) -> ModelFolder:
    """Likewise the network that finds place and RV."""
    settings = read_settings(config)
    return open_for(models, settings.inference.tissue_model, settings.preprocessing)


def open_finder(resources: Resources, own: Path | None) -> ScarFinder:
    """Open the path.

    Parameters
    ----------
    resources
        Of the run; its repository has the network that finds the heart.
    own
        Repository of the scar network; None for that of the run.

    Raises
    ------
    ModelError
        As :func:`scar_model`.
    """
    config, models, work = resources.config, resources.models, resources.cache
    assert models is not None
    settings = read_settings(config)
    inference = settings.inference.model_copy(update={"threads": resources.threads})
    settings = replace(settings, inference=inference)
    scar = read_section(config, "scar", ScarSettings)
    networks = ScarNetworks(
        scar=Segmenter(scar_model(config, own or models), inference, work),
        variants=inference.variants,
        preprocessing=scar.preprocessing,
        tissue=tissue_network(models, settings, work),
    )
    return partial(find_scar, networks=networks, settings=scar)
