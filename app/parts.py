"""What the operators are given, gathered once before the graph is built."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from pathlib import Path

from app.cli import RunRequest
from app.outcome import NAME
from app.settings import Settings, load_settings
from cmr.inference import Segmenter
from cmr.mapping.tissue_network import TissueNetwork
from cmr.model_store import open_for
from cmr.records import Model
from cmr.results import Application as ApplicationRecord
from dicomio.uids import ResultIdentity


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A network ready to run, and what the results say of it."""

    segmenter: Segmenter
    record: Model


@dataclass(frozen=True, eq=False)
class Parts:
    """What the operators are given: folders, settings, the network, and who signs the results."""

    input_folder: Path
    results_folder: Path
    settings: Settings
    cine: LoadedModel
    tissue: LoadedModel
    application: ApplicationRecord
    identity: ResultIdentity

    @property
    def map_identity(self) -> ResultIdentity:
        """Who signs what the network of the maps had a part in."""
        return replace(self.identity, model_sha256=self.tissue.record.sha256)

    @property
    def report_identity(self) -> ResultIdentity:
        """Who signs what both networks had a part in."""
        both = f"{self.cine.record.sha256}+{self.tissue.record.sha256}"
        return replace(self.identity, model_sha256=both)

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


def load_model(root: Path, name: str, settings: Settings, workdir: Path) -> LoadedModel:
    """Open, check and load one model of the repository."""
    folder = open_for(root, name, settings.preprocessing)
    segmenter = Segmenter(folder, settings.inference, workdir)
    record = Model(
        name=folder.name,
        version=folder.version,
        sha256=folder.sha256,
        provider=segmenter.provider,
        precision=segmenter.precision,
    )
    return LoadedModel(segmenter, record)


def gather_parts(request: RunRequest, workdir: Path, folder: Path) -> Parts:
    """Read settings and models; the results go below ``folder``."""
    settings = load_settings(request.config)
    cine = load_model(request.model, settings.inference.model, settings, workdir)
    tissue = load_model(request.model, settings.inference.tissue_model, settings, workdir)
    return Parts(
        input_folder=request.input,
        results_folder=folder,
        settings=settings,
        cine=cine,
        tissue=tissue,
        application=ApplicationRecord(
            name=NAME,
            version=settings.application.version,
            settings_sha256=settings.sha256,
            notice=settings.application.notice,
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
        ),
    )
