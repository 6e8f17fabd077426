"""The graph: which operators there are, and what travels between them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from app.cli import RunRequest
from app.outcome import NAME
from app.settings import Settings, load_settings
from cmr.inference import Segmenter
from cmr.model_store import open_model
from cmr.records import Model
from cmr.results import Application as ApplicationRecord
from dicomio.uids import ResultIdentity
from operators.clean_up import CleanUp
from operators.inference import Inference
from operators.messages import Outcome
from operators.preprocessor import Preprocessor
from operators.quality import Quality
from operators.results_assembler import ResultsAssembler
from operators.results_writer import ResultsWriter
from operators.sdk import Application
from operators.seg_writer import SegWriter
from operators.series_selector import SeriesSelector
from operators.sr_writer import SrWriter
from operators.study_reader import StudyReader
from operators.volumetry import Volumetry


@dataclass(frozen=True, eq=False)
class Parts:
    """What the operators are given: folders, settings, the network, and who signs the results."""

    input_folder: Path
    results_folder: Path
    settings: Settings
    segmenter: Segmenter
    model: Model
    application: ApplicationRecord
    identity: ResultIdentity


class CmrApplication(Application):
    """Cardiac MR study in; DICOM SEG, structured report and JSON out."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.outbox: list[Outcome] = []
        super().__init__([])

    def compose(self) -> None:
        """Build the operators, then join them in reading order."""
        p = self._parts
        s = p.settings
        reader = StudyReader(
            self,
            input_folder=p.input_folder,
            results_folder=p.results_folder,
            settings=s.reader,
            name="study_reader",
        )
        selector = SeriesSelector(self, settings=s.selection, name="series_selector")
        preprocessor = Preprocessor(self, settings=s.preprocessing, name="preprocessor")
        inference = Inference(
            self,
            segmenter=p.segmenter,
            settings=s.preprocessing,
            variants=s.inference.variants,
            name="inference",
        )
        clean_up = CleanUp(self, settings=s.cleanup, name="clean_up")
        volumetry = Volumetry(self, settings=s.volumetry, name="volumetry")
        quality = Quality(self, settings=s.quality, model=p.model, name="quality")
        assembler = ResultsAssembler(self, application=p.application, name="results_assembler")
        seg_writer = SegWriter(self, settings=s.writers, identity=p.identity, name="seg_writer")
        sr_writer = SrWriter(self, settings=s.writers, identity=p.identity, name="sr_writer")
        results_writer = ResultsWriter(self, outbox=self.outbox, name="results_writer")

        self.add_flow(reader, selector, {("study", "study")})
        self.add_flow(selector, preprocessor, {("selected", "selected")})
        self.add_flow(preprocessor, inference, {("prepared", "prepared")})
        self.add_flow(inference, clean_up, {("segmented", "segmented")})
        self.add_flow(clean_up, volumetry, {("cleaned", "cleaned")})
        self.add_flow(volumetry, quality, {("measured", "measured")})
        self.add_flow(selector, assembler, {("selected", "selected")})
        self.add_flow(quality, assembler, {("judged", "judged")})
        self.add_flow(reader, seg_writer, {("study", "study")})
        self.add_flow(quality, seg_writer, {("judged", "judged")})
        self.add_flow(reader, sr_writer, {("study", "study")})
        self.add_flow(quality, sr_writer, {("judged", "judged")})
        self.add_flow(seg_writer, sr_writer, {("segs", "segs")})
        self.add_flow(assembler, sr_writer, {("results", "results")})
        self.add_flow(reader, results_writer, {("study", "study")})
        self.add_flow(assembler, results_writer, {("results", "results")})
        self.add_flow(sr_writer, results_writer, {("report", "report")})


def measure_input(request: RunRequest, workdir: Path, folder: Path) -> list[Outcome]:
    """Run the graph on the input; what became of each study, its files below ``folder``."""
    application = CmrApplication(_parts(request, workdir, folder))
    application.run()
    return application.outbox


def _parts(request: RunRequest, workdir: Path, folder: Path) -> Parts:
    settings = load_settings(request.config)
    model_folder = open_model(request.model, settings.inference.model)
    model_folder.check_preprocessing(settings.preprocessing)
    segmenter = Segmenter(model_folder, settings.inference, workdir)
    return Parts(
        input_folder=request.input,
        results_folder=folder,
        settings=settings,
        segmenter=segmenter,
        model=Model(
            name=model_folder.name,
            version=model_folder.version,
            sha256=model_folder.sha256,
            provider=segmenter.provider,
            precision=segmenter.precision,
        ),
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
            model_sha256=model_folder.sha256,
            provider=f"{segmenter.provider} {segmenter.precision}",
            salt=settings.writers.site_salt,
            device_uid=settings.writers.device_uid,
            device_serial=settings.writers.device_serial,
            now=datetime.datetime.now().astimezone(),
        ),
    )
