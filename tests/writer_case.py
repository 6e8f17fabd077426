"""One small study written by the writers, for the tests of SEG, SR and their read-back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cmr.volume import Volume4D
from dicomio.seg import WriterSettings, WrittenSeg, write_phase_segs
from dicomio.source import CineSource
from dicomio.sr import WrittenObjects, write_report
from dicomio.uids import ResultIdentity
from tests.dicom_source import heart, stack, write_cine
from tests.results_sample import cine_results, study_results

IDENTITY = ResultIdentity(
    application="cmr-map",
    version="0.1.0",
    settings_sha256="a" * 64,
    model_sha256="b" * 64,
    provider="CPU fp32",
    salt="",
    device_uid="2.25.59377086353218474706926443812690352018",
    device_serial="7",
    now=datetime(2026, 11, 22, 12, 30, 15, 250_000, tzinfo=UTC),
)
SETTINGS = WriterSettings(
    all_phases=False,
    phase_series_number=9701,
    all_phases_series_number=9704,
    split_by_series=False,
    split_series_number=9801,
    split_map_series_number=9861,
    split_scar_series_number=9921,
    report_series_number=9703,
    text_report=False,
    text_series_number=9708,
    map_series_number=9710,
    segment_series_number=9760,
    scar_series_number=9790,
    pdf_series_number=9705,
    captures=True,
    capture_series_number=9706,
    key_object_series_number=9707,
    device_uid=IDENTITY.device_uid,
    device_serial=IDENTITY.device_serial,
    site_salt="",
)
PHASES = {"ed": 0, "es": 2}


@dataclass(frozen=True)
class Case:
    source: CineSource
    labels: Volume4D
    segs: tuple[WrittenSeg, ...]
    report: Path

    @property
    def files(self) -> list[Path]:
        return [*(seg.path for seg in self.segs), self.report]

    @property
    def used_images(self) -> list[Path]:
        return sorted({frame.path for seg in self.segs for frame in seg.frames})

    def volume_ml(self, seg: WrittenSeg, label: int) -> float:
        """Sum of areas times slice extent, the definition in results.json."""
        area = (self.labels.data[seg.phase_index] == label).sum((1, 2))
        geometry = self.source.geometry
        return float((area * geometry.slice_extents_mm).sum() * geometry.pixel_area_mm2 / 1000)


def write_case(
    folder: Path,
    *,
    series="one",
    gaps_mm=(10.0,) * 7,
    labels=None,
    cine=None,
    patient=None,
    geometry=None,
) -> Case:
    """Write a cine of four phases and its results below ``folder``."""
    source = write_cine(
        folder / "source", geometry or stack(gaps_mm), series=series, patient=patient
    )
    masks = heart(source) if labels is None else labels(source)
    results = folder / "results"
    results.mkdir()
    segs = write_phase_segs(source, masks, PHASES, IDENTITY, SETTINGS, results)
    report = write_report(
        study_results(cine or cine_results()),
        WrittenObjects(segs),
        source,
        IDENTITY,
        SETTINGS,
        results,
    )
    return Case(source, masks, segs, report)


WORDS = SETTINGS.model_copy(update={"text_report": True})


def write_in_words(folder: Path, cine=None, settings=WORDS) -> tuple[Path, Path | None]:
    """Write the coded report of a study, and the one in words where ``settings`` ask for it."""
    source = write_cine(folder / "source", stack())
    results = study_results(cine or cine_results())
    coded = write_report(results, WrittenObjects(), source, IDENTITY, settings, folder)
    return coded, next(iter(folder.glob("text-*.dcm")), None)
