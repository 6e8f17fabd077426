"""``app.yaml``: one typed tree of settings, read once and checked whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import Field

from cmr.cine import CineSettings
from cmr.cleanup import CleanUpSettings
from cmr.inference import InferenceSettings
from cmr.mapping.settings import MappingSettings
from cmr.preprocess import PreprocessSettings
from cmr.quality import QualitySettings
from cmr.scar.settings import ScarSettings
from cmr.settings import Section, read_yaml
from cmr.tissue.settings import TissueSettings
from cmr.volumetry import VolumetrySettings
from dicomio.index import ReaderSettings
from dicomio.seg import WriterSettings
from dicomio.selection import SelectionSettings
from report.settings import ReportSettings


class ApplicationSettings(Section):
    """Who we are; the packager reads these keys too."""

    title: str
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    notice: str
    input_formats: list[str] = Field(alias="input-formats")
    output_formats: list[str] = Field(alias="output-formats")


class ResourceSettings(Section):
    """What a platform has to provide; copied into the package's manifest."""

    cpu: int
    gpu: int
    memory: str
    gpu_memory: str = Field(alias="gpuMemory")
    shared_memory: str = Field(alias="sharedMemory")


class Settings(Section):
    """The whole file."""

    application: ApplicationSettings
    resources: ResourceSettings
    reader: ReaderSettings
    selection: SelectionSettings
    preprocessing: PreprocessSettings
    inference: InferenceSettings
    cleanup: CleanUpSettings
    volumetry: VolumetrySettings
    cine: CineSettings
    mapping: MappingSettings
    tissue: TissueSettings
    scar: ScarSettings
    quality: QualitySettings
    writers: WriterSettings
    report: ReportSettings

    @property
    def sha256(self) -> str:
        """Digest of all values, whatever the layout of the file."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()


def load_settings(path: Path) -> Settings:
    """Read and check ``app.yaml``.

    Raises
    ------
    UsageError
        The file is missing, is not YAML, lacks a key, or has one that is unknown or mistyped.
    """
    return read_yaml(path, Settings, "Settings")
