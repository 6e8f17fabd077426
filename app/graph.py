"""The graph: which operators there are, and what travels between them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from app.cli import RunRequest
from app.outcome import NAME
from app.settings import Settings, load_settings
from cmr.inference import Segmenter
from cmr.mapping.tissue_network import TissueNetwork
from cmr.model_store import open_model
from cmr.records import Model
from cmr.results import Application as ApplicationRecord
from dicomio.uids import ResultIdentity
from operators.clean_up import CleanUp
from operators.extracellular_volume import ExtracellularVolume
from operators.inference import Inference
from operators.map_locator import MapLocator
from operators.map_measurement import MapMeasurement
from operators.map_painter import MapPainter
from operators.map_segmentation import MapSegmentation
from operators.map_writer import MapWriter
from operators.mapping_quality import MappingQuality
from operators.mapping_reader import MappingReader
from operators.messages import Outcome
from operators.motion_correction import MotionCorrection
from operators.preprocessor import Preprocessor
from operators.quality import Quality
from operators.relaxation_fit import RelaxationFit
from operators.results_assembler import ResultsAssembler
from operators.results_writer import ResultsWriter
from operators.sdk import Application
from operators.seg_writer import SegWriter
from operators.series_selector import SeriesSelector
from operators.sr_writer import SrWriter
from operators.study_reader import StudyReader
from operators.volumetry import Volumetry


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
            segmenter=p.cine.segmenter,
            settings=s.preprocessing,
            variants=s.inference.variants,
            name="inference",
        )
        clean_up = CleanUp(self, settings=s.cleanup, name="clean_up")
        volumetry = Volumetry(self, settings=s.volumetry, name="volumetry")
        quality = Quality(self, settings=s.quality, model=p.cine.record, name="quality")
        network = TissueNetwork(
            p.tissue.segmenter, s.inference.variants, s.preprocessing, s.cleanup, s.mapping.heart
        )
        map_reader = MappingReader(self, settings=s.mapping.plausible, name="mapping_reader")
        map_locator = MapLocator(self, network=network, name="map_locator")
        motion = MotionCorrection(self, settings=s.mapping, name="motion_correction")
        fit = RelaxationFit(self, settings=s.mapping, name="relaxation_fit")
        map_segmentation = MapSegmentation(self, network=network, name="map_segmentation")
        map_measurement = MapMeasurement(self, settings=s.tissue, name="map_measurement")
        ecv = ExtracellularVolume(
            self,
            input_folder=p.input_folder,
            settings=s.mapping,
            tissue=s.tissue,
            name="extracellular_volume",
        )
        map_quality = MappingQuality(
            self,
            limits=s.quality.mapping,
            plausible=s.mapping.plausible,
            ranges=s.tissue.reference,
            model=p.tissue.record,
            name="mapping_quality",
        )
        map_writer = MapWriter(self, settings=s.writers, identity=p.identity, name="map_writer")
        map_painter = MapPainter(self, notice=s.application.notice, name="map_painter")
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
        self.add_flow(selector, map_reader, {("selected", "selected")})
        self.add_flow(map_reader, map_locator, {("acquired", "acquired")})
        self.add_flow(map_locator, motion, {("located", "located")})
        self.add_flow(motion, fit, {("aligned", "aligned")})
        self.add_flow(fit, map_segmentation, {("fitted", "fitted")})
        self.add_flow(map_segmentation, map_measurement, {("segmented", "segmented")})
        self.add_flow(quality, map_measurement, {("judged", "judged")})
        self.add_flow(map_measurement, ecv, {("measured", "measured")})
        self.add_flow(ecv, map_quality, {("with_ecv", "with_ecv")})
        self.add_flow(reader, map_writer, {("study", "study")})
        self.add_flow(map_quality, map_writer, {("judged_maps", "judged_maps")})
        self.add_flow(reader, map_painter, {("study", "study")})
        self.add_flow(map_quality, map_painter, {("judged_maps", "judged_maps")})
        self.add_flow(selector, assembler, {("selected", "selected")})
        self.add_flow(map_quality, assembler, {("judged_maps", "judged_maps")})
        self.add_flow(quality, assembler, {("judged", "judged")})
        self.add_flow(reader, seg_writer, {("study", "study")})
        self.add_flow(quality, seg_writer, {("judged", "judged")})
        self.add_flow(reader, sr_writer, {("study", "study")})
        self.add_flow(quality, sr_writer, {("judged", "judged")})
        self.add_flow(seg_writer, sr_writer, {("segs", "segs")})
        self.add_flow(map_writer, sr_writer, {("maps", "maps")})
        self.add_flow(assembler, sr_writer, {("results", "results")})
        self.add_flow(reader, results_writer, {("study", "study")})
        self.add_flow(assembler, results_writer, {("results", "results")})
        self.add_flow(sr_writer, results_writer, {("report", "report")})
        self.add_flow(map_painter, results_writer, {("pictures", "pictures")})


def measure_input(request: RunRequest, workdir: Path, folder: Path) -> list[Outcome]:
    """Run the graph on the input; what became of each study, its files below ``folder``."""
    application = CmrApplication(_parts(request, workdir, folder))
    application.run()
    return application.outbox


def load_model(root: Path, name: str, settings: Settings, workdir: Path) -> LoadedModel:
    """Open, check and load one model of the repository."""
    folder = open_model(root, name)
    folder.check_preprocessing(settings.preprocessing)
    segmenter = Segmenter(folder, settings.inference, workdir)
    record = Model(
        name=folder.name,
        version=folder.version,
        sha256=folder.sha256,
        provider=segmenter.provider,
        precision=segmenter.precision,
    )
    return LoadedModel(segmenter, record)


def _parts(request: RunRequest, workdir: Path, folder: Path) -> Parts:
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
            model_sha256=f"{cine.record.sha256} {tissue.record.sha256}",
            provider=f"{cine.record.provider} {cine.record.precision}",
            salt=settings.writers.site_salt,
            device_uid=settings.writers.device_uid,
            device_serial=settings.writers.device_serial,
            now=datetime.datetime.now().astimezone(),
        ),
    )
