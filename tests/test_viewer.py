"""OHIF beside a real Orthanc: masks stand where they belong, in the pixels that are drawn."""

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from app.settings import load_settings
from dicomio.index import index_input
from dicomio.seg import write_phase_segs
from dicomio.selection import select
from tests.conftest import ROOT, require
from tests.dicom_source import heart
from tests.viewer_case import headers, masks_by_image
from tests.writer_case import IDENTITY

pytestmark = pytest.mark.requirement("NBR-06")

PHASES = {"ed": 0, "es": 12}
CACHE = Path.home() / ".cache" / "cmr-map" / "ohif"


@pytest.fixture(scope="module")
def written(bivme, tmp_path_factory):
    """Masks of the study of one series a slice, whole and in parts."""
    folder = tmp_path_factory.mktemp("results")
    settings = load_settings(ROOT / "app.yaml")
    source = select(index_input(bivme, settings.reader).studies[0], settings.selection).cine
    writers = settings.writers.model_copy(update={"split_by_series": True})
    write_phase_segs(source, heart(source), PHASES, IDENTITY, writers, folder)
    return folder


@pytest.fixture(scope="module")
def reader(bivme, written, tmp_path_factory):
    """OHIF with the study open."""
    for name in ("Orthanc", "chromium", "npm"):
        require(shutil.which(name) is not None, name)
    try:
        from deploy.viewer import archive, ohif
        from deploy.viewer.reader import browser
    except ImportError as error:
        require(False, f"package {error.name}")
    files = [p for folder in (bivme, written) for p in folder.rglob("*") if p.is_file()]
    found = [*headers(bivme), *headers(written)]
    n_series = len({h.SeriesInstanceUID for h in found})
    with (
        archive.local_orthanc(tmp_path_factory.mktemp("orthanc")) as orthanc,
        ohif.serve(ohif.prebuilt(CACHE), orthanc) as viewer,
        browser() as opened,
    ):
        archive.upload(orthanc, files)
        opened.open_study(viewer, found[0].StudyInstanceUID, n_series)
        yield opened


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
