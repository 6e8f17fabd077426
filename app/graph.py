"""The graph: which operators there are, and what travels between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.cli import RunRequest
from app.parts import Parts, gather_parts
from operators.capture_writer import CaptureWriter
from operators.cine_painter import CinePainter
from operators.clean_up import CleanUp
from operators.extracellular_volume import ExtracellularVolume
from operators.inference import Inference
from operators.key_object_writer import KeyObjectWriter
from operators.late_reader import LateReader
from operators.map_locator import MapLocator
from operators.map_measurement import MapMeasurement
from operators.map_painter import MapPainter
from operators.map_segmentation import MapSegmentation
from operators.map_writer import MapWriter
from operators.mapping_quality import MappingQuality
from operators.mapping_reader import MappingReader
from operators.messages import Outcome
from operators.motion_correction import MotionCorrection
from operators.pdf_writer import PdfWriter
from operators.preprocessor import Preprocessor
from operators.quality import Quality
from operators.relaxation_fit import RelaxationFit
from operators.report_writer import ReportWriter
from operators.results_assembler import ResultsAssembler
from operators.results_writer import ResultsWriter
from operators.scar_finder import ScarFinder
from operators.scar_measurement import ScarMeasurement
from operators.scar_painter import ScarPainter
from operators.scar_quality import ScarQuality
from operators.scar_writer import ScarWriter
from operators.sdk import Application, Operator
from operators.seg_writer import SegWriter
from operators.series_selector import SeriesSelector
from operators.sr_writer import SrWriter
from operators.step import Step, Stopped
from operators.study_reader import StudyReader
from operators.volumetry import Volumetry
from operators.watcher import Watcher
from texts import Words


class CmrApplication(Application):
    """Cardiac MR study in; DICOM objects, a report for people, pictures and JSON out."""

    def __init__(self, parts: Parts, watcher: Watcher | None = None) -> None:
        self._parts = parts
        self._watcher = watcher or Watcher()
        self._steps: set[str] = set()
        self.outbox: list[Outcome] = []
        super().__init__([])

    def compose(self) -> None:
        """Join the operators in reading order: study, cine, maps, results."""
        p, s = self._parts, self._parts.settings
        reader = StudyReader(
            self,
            input_folder=p.input_folder,
            results_folder=p.results_folder,
            settings=s.reader,
            name="study_reader",
        )
        selector = SeriesSelector(self, settings=s.selection, name="series_selector")
        self._join(reader, selector, "study")
        quality = self._cine(selector)
        judges = (quality, self._maps(selector, quality), self._scar(selector, quality))
        self._results(reader, selector, judges)
        self._watcher.composed(len(self._steps))

    def _cine(self, selector: Operator) -> Operator:
        """From the selected study to the judged cine."""
        p, s = self._parts, self._parts.settings
        preprocessor = Preprocessor(self, settings=s.preprocessing, name="preprocessor")
        inference = Inference(
            self,
            segmenter=p.cine.segmenter,
            settings=s.preprocessing,
            variants=s.inference.variants,
            name="inference",
        )
        clean_up = CleanUp(self, settings=s.cleanup, name="clean_up")
        volumetry = Volumetry(
            self, settings=s.volumetry, aha=s.tissue.aha, wall=s.cine.wall, name="volumetry"
        )
        quality = Quality(
            self,
            settings=s.quality,
            ranges=s.cine.reference,
            model=p.cine.record,
            name="quality",
        )
        self._join(selector, preprocessor, "selected")
        self._join(preprocessor, inference, "prepared")
        self._join(inference, clean_up, "segmented")
        self._join(clean_up, volumetry, "cleaned")
        self._join(volumetry, quality, "measured")
        return quality

    def _maps(self, selector: Operator, quality: Operator) -> Operator:
        """From the selected study, with the contours of the cine, to the judged maps."""
        p, s = self._parts, self._parts.settings
        reader = MappingReader(self, settings=s.mapping.plausible, name="mapping_reader")
        locator = MapLocator(self, network=p.tissue_network, name="map_locator")
        motion = MotionCorrection(self, settings=s.mapping, name="motion_correction")
        fit = RelaxationFit(self, settings=s.mapping, name="relaxation_fit")
        segmentation = MapSegmentation(self, network=p.tissue_network, name="map_segmentation")
        measurement = MapMeasurement(self, settings=s.tissue, name="map_measurement")
        ecv = ExtracellularVolume(
            self,
            input_folder=p.input_folder,
            settings=s.mapping,
            tissue=s.tissue,
            name="extracellular_volume",
        )
        judge = MappingQuality(
            self,
            limits=s.quality.mapping,
            plausible=s.mapping.plausible,
            ranges=s.tissue.reference,
            model=p.tissue.record,
            name="mapping_quality",
        )
        self._join(selector, reader, "selected")
        self._join(reader, locator, "acquired")
        self._join(locator, motion, "located")
        self._join(motion, fit, "aligned")
        self._join(fit, segmentation, "fitted")
        self._join(segmentation, measurement, "segmented")
        self._join(quality, measurement, "judged")
        self._join(measurement, ecv, "measured")
        self._join(ecv, judge, "with_ecv")
        return judge

    def _scar(self, selector: Operator, quality: Operator) -> Operator:
        """From the selected study, with the contours of the cine, to the judged scar."""
        p, s = self._parts, self._parts.settings
        reader = LateReader(self, name="late_reader")
        finder = ScarFinder(self, networks=p.scar_networks, settings=s.scar, name="scar_finder")
        measurement = ScarMeasurement(
            self,
            settings=s.scar,
            aha=s.tissue.aha,
            density_g_ml=s.volumetry.myocardial_density_g_ml,
            name="scar_measurement",
        )
        judge = ScarQuality(
            self,
            limits=s.quality.scar,
            settings=s.scar,
            model=p.scar.record,
            heart_model=p.tissue.record,
            name="scar_quality",
        )
        self._join(selector, reader, "selected")
        self._join(reader, finder, "late_images")
        self._join(quality, finder, "judged")
        self._join(finder, measurement, "found_scar")
        self._join(quality, measurement, "judged")
        self._join(measurement, judge, "measured_scar")
        return judge

    def _results(
        self, reader: Operator, selector: Operator, judges: tuple[Operator, Operator, Operator]
    ) -> None:
        """From what was judged, cine, maps and scar, to the files."""
        p, s = self._parts, self._parts.settings
        quality, map_quality, scar_quality = judges
        assembler = ResultsAssembler(self, application=p.application, name="results_assembler")
        seg_writer = SegWriter(self, settings=s.writers, identity=p.identity, name="seg_writer")
        map_writer = MapWriter(self, settings=s.writers, identity=p.map_identity, name="map_writer")
        scar_writer = ScarWriter(
            self, settings=s.writers, identity=p.scar_identity, name="scar_writer"
        )
        sr_writer = SrWriter(self, settings=s.writers, identity=p.report_identity, name="sr_writer")
        said: dict[str, Any] = {
            "notice": s.application.notice,
            "words": Words(s.report.language),
        }
        cine_painter = CinePainter(self, **said, name="cine_painter")
        painter = MapPainter(self, **said, name="map_painter")
        scar_painter = ScarPainter(self, **said, name="scar_painter")
        results_writer = ResultsWriter(self, outbox=self.outbox, name="results_writer")
        capture_writer = CaptureWriter(
            self, settings=s.writers, identity=p.report_identity, name="capture_writer"
        )
        key_object_writer = KeyObjectWriter(
            self, settings=s.writers, identity=p.report_identity, name="key_object_writer"
        )
        report_writer = ReportWriter(
            self, settings=s.report, now=p.identity.now, name="report_writer"
        )
        pdf_writer = PdfWriter(
            self, settings=s.writers, identity=p.report_identity, name="pdf_writer"
        )
        painters = (cine_painter, painter, scar_painter)
        objects = (
            seg_writer,
            map_writer,
            scar_writer,
            sr_writer,
            capture_writer,
            pdf_writer,
            key_object_writer,
        )
        for writer in (*objects, *painters, report_writer, results_writer):
            self._join(reader, writer, "study")
        self._join(selector, assembler, "selected")
        for taker in (assembler, seg_writer, sr_writer, cine_painter):
            self._join(quality, taker, "judged")
        for taker in (assembler, map_writer, painter):
            self._join(map_quality, taker, "judged_maps")
        for taker in (assembler, scar_writer, scar_painter):
            self._join(scar_quality, taker, "judged_scar")
        self._join(seg_writer, sr_writer, "segs")
        self._join(map_writer, sr_writer, "maps")
        self._join(scar_writer, sr_writer, "scar_objects")
        for taker in (sr_writer, report_writer, results_writer):
            self._join(assembler, taker, "results")
        for taker in (results_writer, capture_writer, pdf_writer, key_object_writer):
            self._join(sr_writer, taker, "report")
        for taker in (results_writer, capture_writer, report_writer):
            self._join(cine_painter, taker, "cine_pictures")
            self._join(painter, taker, "pictures")
            self._join(scar_painter, taker, "scar_pictures")
        for taker in (pdf_writer, results_writer):
            self._join(report_writer, taker, "report_files")
        self._join(capture_writer, key_object_writer, "captures")
        self._join(pdf_writer, key_object_writer, "pdf_object")
        self._join(key_object_writer, results_writer, "key_object")

    def _join(self, giver: Operator, taker: Operator, port: str) -> None:
        """Ports that belong together have one name."""
        for operator in (giver, taker):
            if isinstance(operator, Step | StudyReader):
                operator.watcher = self._watcher
            if isinstance(operator, Step):
                self._steps.add(operator.name)
        self.add_flow(giver, taker, {(port, port)})


def measure_input(
    request: RunRequest, workdir: Path, folder: Path, watcher: Watcher
) -> list[Outcome]:
    """Run the graph on the input; what became of each study, its files below ``folder``."""
    application = CmrApplication(gather_parts(request, workdir, folder), watcher)
    fault = None
    try:
        application.run()
    except Stopped as stopped:
        fault = stopped.__cause__
    if fault is not None:  # outside of the handler, where the two would become each other's cause
        raise fault
    return application.outbox
