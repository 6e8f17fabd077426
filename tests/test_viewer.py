"""OHIF beside a real Orthanc: masks stand where they belong, and the numbers are listed."""

import numpy as np
import pydicom
import pytest

from app.settings import load_settings
from dicomio.index import index_input
from dicomio.results_json import read_results, write_results
from dicomio.seg import write_phase_segs
from dicomio.selection import select
from dicomio.sr import WrittenObjects, write_report
from tests.conftest import ROOT
from tests.dicom_source import heart
from tests.results_sample import cine_results, study_results
from tests.viewer_case import images, masks_by_image, numbers, opened
from tests.writer_case import IDENTITY

pytestmark = pytest.mark.requirement("NBR-06")

PHASES = {"ed": 0, "es": 12}


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


@pytest.fixture(scope="module")
def reader(bivme, written, tmp_path_factory):
    """OHIF with the study of one series a slice."""
    with opened(tmp_path_factory.mktemp("orthanc"), bivme, written) as found:
        yield found


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
    (report,) = [s for s in reader.display_sets() if s.number == 9708]
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
