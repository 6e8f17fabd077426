"""What the operators are given, gathered once before the graph is built."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from app.cli import RunRequest
from app.outcome import NAME
from app.settings import Settings, load_settings
from cmr.batches import BatchNetwork
from cmr.errors import UsageError
from cmr.inference import InferenceSettings, Segmenter
from cmr.mapping.tissue_network import TissueNetwork
from cmr.model_store import ModelFolder, open_for
from cmr.preprocess import Seen
from cmr.records import Model
from cmr.results import Application as ApplicationRecord
from cmr.scar.look import ScarNetworks
from dicomio.uids import ResultIdentity
from serving.same import open_served

IMAGE_VERSION = "CMR_MAP_IMAGE_VERSION"
_VERSION = re.compile(r"[A-Za-z0-9._+-]{1,58}")  # 64 characters with the word before it


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A network ready to run, and what the results say of it."""

    segmenter: BatchNetwork
    record: Model


@dataclass(frozen=True, eq=False)
class Parts:
    """What the operators are given: folders, settings, the network, and who signs the results."""

    input_folder: Path
    results_folder: Path
    settings: Settings
    cine: LoadedModel
    tissue: LoadedModel
    scar: LoadedModel
    application: ApplicationRecord
    identity: ResultIdentity

    @property
    def map_identity(self) -> ResultIdentity:
        """Who signs what the network of the maps had a part in."""
        return replace(self.identity, model_sha256=self.tissue.record.sha256)

    @property
    def scar_identity(self) -> ResultIdentity:
        """Who signs what the two networks on late enhancement had a part in."""
        return self._signed(self.tissue, self.scar)

    @property
    def report_identity(self) -> ResultIdentity:
        """Who signs what all networks had a part in."""
        return self._signed(self.cine, self.tissue, self.scar)

    def _signed(self, *models: LoadedModel) -> ResultIdentity:
        return replace(self.identity, model_sha256="+".join(m.record.sha256 for m in models))

    @property
    def tissue_network(self) -> TissueNetwork:
        """The network of the maps with its settings."""
        s = self.settings
        return TissueNetwork(
            self.tissue.segmenter,
            s.inference.variants,
            s.preprocessing,
            s.cleanup,
            s.mapping.heart,
        )

    @property
    def scar_networks(self) -> ScarNetworks:
        """The networks of late enhancement with their settings."""
        s = self.settings
        return ScarNetworks(
            self.scar.segmenter, s.inference.variants, s.scar.preprocessing, self.tissue_network
        )


def load_model(
    request: RunRequest, name: str, seen: Seen, inference: InferenceSettings, workdir: Path
) -> LoadedModel:
    """Open, check and load one model of the repository, for images that ``seen`` makes."""
    folder = open_for(request.model, name, seen)
    segmenter = _network(folder, inference, workdir, request.triton_server_netloc)
    record = Model(
        name=folder.name,
        version=folder.version,
        sha256=folder.sha256,
        provider=segmenter.provider,
        precision=segmenter.precision,
    )
    return LoadedModel(segmenter, record)


def _network(
    folder: ModelFolder, inference: InferenceSettings, workdir: Path, netloc: str | None
) -> BatchNetwork:
    """The network on this machine, or on the Triton server that the user named."""
    if netloc is None:
        return Segmenter(folder, inference, workdir)
    return open_served(folder, inference, netloc, workdir)


def image_version(env: Mapping[str, str] = os.environ) -> str:
    """Version of the container image, which its build sets; empty outside a container.

    Raises
    ------
    UsageError
        What is set cannot be written to DICOM as a version.
    """
    version = env.get(IMAGE_VERSION, "")
    if version and not _VERSION.fullmatch(version):
        raise UsageError(
            f"{IMAGE_VERSION} is not a version: letters, digits, . _ + - only. Correct or unset it."
        )
    return version


def gather_parts(request: RunRequest, workdir: Path, folder: Path) -> Parts:
    """Read settings and models; the results go below ``folder``."""
    settings = load_settings(request.config)
    inference = settings.inference
    image = image_version()

    def load(name: str, seen: Seen) -> LoadedModel:
        return load_model(request, name, seen, inference, workdir)

    cine = load(inference.model, settings.preprocessing)
    tissue = load(inference.tissue_model, settings.preprocessing)
    scar = load(inference.scar_model, settings.scar.preprocessing)
    return Parts(
        input_folder=request.input,
        results_folder=folder,
        settings=settings,
        cine=cine,
        tissue=tissue,
        scar=scar,
        application=ApplicationRecord(
            name=NAME,
            version=settings.application.version,
            settings_sha256=settings.sha256,
            notice=settings.application.notice,
            image_version=image or None,
        ),
        identity=ResultIdentity(
            application=NAME,
            version=settings.application.version,
            settings_sha256=settings.sha256,
            model_sha256=cine.record.sha256,
            provider=f"{cine.record.provider} {cine.record.precision}",
            salt=settings.writers.site_salt,
            device_uid=settings.writers.device_uid,
            device_serial=settings.writers.device_serial,
            now=datetime.datetime.now().astimezone(),
            image_version=image,
        ),
    )
