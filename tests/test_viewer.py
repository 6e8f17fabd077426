"""OHIF beside a real Orthanc: masks stand where they belong, and the numbers are listed."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest

from app.settings import load_settings
from dicomio.index import index_input
from dicomio.results_json import read_results, write_results
from dicomio.seg import write_phase_segs
from dicomio.selection import select
from dicomio.sr import WrittenObjects, write_report
from tests.conftest import ROOT, require
from tests.dicom_source import heart
from tests.results_sample import cine_results, study_results
from tests.scar_sample import late_scar, write_scar_case
from tests.viewer_case import headers, masks_by_image, numbers
from tests.writer_case import IDENTITY, SETTINGS

pytestmark = pytest.mark.requirement("NBR-06")

PHASES = {"ed": 0, "es": 12}
CACHE = Path.home() / ".cache" / "cmr-map" / "ohif"


@pytest.fixture(scope="module")
def written(bivme, tmp_path_factory):
    """Masks of the study of one series a slice, whole and in parts; the report, coded and not."""
    folder = tmp_path_factory.mktemp("results")
    settings = load_settings(ROOT / "app.yaml")
    source = select(index_input(bivme, settings.reader).studies[0], settings.selection).cine
    writers = settings.writers.model_copy(update={"split_by_series": True, "text_report": True})
    segs = write_phase_segs(source, heart(source), PHASES, IDENTITY, writers, folder)
    results = study_results(cine_results())
    write_report(results, WrittenObjects(segs), source, IDENTITY, writers, folder)
    return folder


@contextmanager
def opened(folder, *sources):
    """OHIF with one study open; ``folder`` is for the archive."""
    for name in ("Orthanc", "chromium", "npm"):
        require(shutil.which(name) is not None, name)
    try:
        from deploy.viewer import archive, ohif
        from deploy.viewer.reader import browser
    except ImportError as error:
        require(False, f"package {error.name}")
    require(archive.PLUGIN.exists(), "orthanc-dicomweb")
    files = [p for source in sources for p in source.rglob("*") if p.is_file()]
    found = [header for source in sources for header in headers(source)]
    n_series = len({h.SeriesInstanceUID for h in found})
    with (
        archive.local_orthanc(folder) as orthanc,
        ohif.serve(ohif.prebuilt(CACHE), orthanc) as viewer,
        browser() as reader,
    ):
        archive.upload(orthanc, files)
        reader.open_study(viewer, found[0].StudyInstanceUID, n_series)
        yield reader


@pytest.fixture(scope="module")
def reader(bivme, written, tmp_path_factory):
    """OHIF with the study of one series a slice."""
    with opened(tmp_path_factory.mktemp("orthanc"), bivme, written) as found:
        yield found


def images(folder):
    return {header.SOPInstanceUID: header for header in headers(folder)}


@pytest.mark.real_data
@pytest.mark.slow
def test_parts_show_every_slice_and_the_whole_only_one(reader, written, bivme):
    from deploy.viewer.reader import channels

    sources = images(bivme)
    listed = {s.series_uid: s for s in reader.display_sets()}
    shown = {"whole": [], "part": []}
    for path in sorted(written.glob("seg-ed-*.dcm")):
        series_uid = pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID
        reader.open_segmentation(listed[series_uid])
        for uid, expected in masks_by_image(path).items():
            if reader.show(uid):
                drawn = channels(reader.drawn(sources[uid]))
                # The drawn border of a mask may take a pixel beyond it.
                assert np.mean(drawn == expected) > 0.999, path.name
                assert np.count_nonzero(drawn >= 0) > 0
                shown["part" if "-part" in path.name else "whole"].append(uid)
                assert reader.show(_other_phase(uid, sources))
                assert not (channels(reader.drawn(sources[_other_phase(uid, sources)])) >= 0).any()
    assert len(shown["part"]) == 6
    assert len(set(shown["part"])) == 6
    assert len(shown["whole"]) == 1
    assert reader.errors == []


def _other_phase(uid, sources):
    """Another image of the same series."""
    series_uid = sources[uid].SeriesInstanceUID
    return next(u for u, h in sources.items() if h.SeriesInstanceUID == series_uid and u != uid)


@pytest.mark.real_data
@pytest.mark.slow
def test_the_report_in_words_lists_the_numbers_of_results_json(reader, tmp_path):
    (report,) = [s for s in reader.display_sets() if s.number == 9705]
    reader.open_entry(report)
    reader.wait_for("Quality control")
    blocks = [block.strip().splitlines() for block in reader.text().split("Finding:")[1:]]
    shown = {block[0]: numbers(block[1:]) for block in blocks}
    write_results(study_results(cine_results()), tmp_path)
    results = read_results(tmp_path / "results.json")
    for heading, record in (
        ("Left ventricle", results.cine.lv),
        ("Right ventricle", results.cine.rv),
        ("Heart and body size", results.cine.heart),
    ):
        listed = {title: float(value) for title, (value, _) in shown[heading].items()}
        assert listed == {q.title: round(value, q.decimals) for q, value in record.values()}
    assert reader.errors == []


@pytest.mark.slow
def test_scar_shows_in_the_wall_on_its_slices(tmp_path):
    from deploy.viewer.reader import channels

    case = write_scar_case(tmp_path)
    late = late_scar(case.images)
    sources = images(tmp_path / "source")
    (tmp_path / "orthanc").mkdir()
    with opened(tmp_path / "orthanc", tmp_path / "source", tmp_path / "results") as reader:
        (masks,) = [s for s in reader.display_sets() if s.number == SETTINGS.scar_series_number]
        reader.open_segmentation(masks)
        for z, frame in enumerate(case.images.frames[0]):
            assert reader.show(frame.sop_instance_uid)
            drawn = channels(reader.drawn(sources[frame.sop_instance_uid]))
            wall, scar = late.ventricle.wall[z], late.scar[z] & ~late.no_reflow[z]
            parts = late.scar[z] | late.core[z] | late.gray[z]
            # Green wall, red scar; colours of parts that overlap are mixed.
            assert np.mean(drawn[wall & ~parts] == 1) > 0.99
            assert np.mean(drawn[scar] == 0) > 0.99
            assert np.mean(drawn[~wall] == -1) > 0.99
        assert reader.errors == []
