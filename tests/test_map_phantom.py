"""The real Siemens ShMOLLI phantom: sources, map, its copy, and fit parameters.

Truth is the scanner's own: its map is T1* (B/A - 1) of its own parameters.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from cmr.mapping.terms import MapKind, Method
from dicomio.index import index_input
from dicomio.map_pixels import read_map, read_parameter
from dicomio.mapping_pixels import read_mapping
from dicomio.mapping_source import FitParameter
from dicomio.selection import Selection, select
from tests.conftest import shared_path
from tests.dicom_factory import READER, SELECTION
from tests.tissue_heart import MAPPING

pytestmark = [pytest.mark.real_data, pytest.mark.requirement("TIS-01")]


def selected(folder: Path) -> Selection:
    [study] = index_input(folder, READER).studies
    return select(study, SELECTION)


@pytest.fixture(scope="module")
def phantom() -> Selection:
    return selected(shared_path("data/relaxometry/shmolli_phantom"))


def test_source_images(phantom: Selection) -> None:
    [one] = phantom.mapping.sources
    acquisition = one.acquisition
    assert (acquisition.kind, acquisition.method) == (MapKind.T1, Method.INVERSION)
    assert (acquisition.sequence, acquisition.field_strength_t) == ("ShMOLLI", 3.0)
    assert one.times_ms[:, 0].tolist() == [100, 180, 260, 1100, 2100, 3100, 4100]
    # The first inversion alone may be fitted.
    assert one.times_ms[one.inversion == 1].tolist() == [100, 1100, 2100, 3100, 4100]
    assert one.order[:, 0].tolist() == [1, 6, 7, 2, 3, 4, 5]
    assert one.cycle_phase == pytest.approx([0.5325])  # trigger 532.5 ms, a beat of 1 s


def test_phase_images_show_the_inversion(phantom: Selection) -> None:
    """Where T1 is long, the signal at 100 ms is negative: half a turn from that at 4100 ms."""
    [one] = phantom.mapping.sources
    images = read_mapping(one)
    assert images.data.shape == (7, 1, 288, 384)
    assert images.phase_rad is not None
    assert np.abs(images.phase_rad).max() <= np.float32(np.pi)
    [source] = phantom.mapping.maps
    t1_ms = read_map(source, MAPPING.plausible).values[0]
    bright = (t1_ms > 800) & (images.data[-1, 0] > 200)
    turn = np.cos(images.phase_rad[0, 0] - images.phase_rad[-1, 0])[bright]
    assert bright.sum() > 1000
    assert np.median(turn) < -0.99


@pytest.mark.requirement("TIS-03")
def test_map_is_taken_and_its_copy_refused(phantom: Selection) -> None:
    [one] = phantom.mapping.maps
    assert one.acquisition is phantom.mapping.sources[0].acquisition
    [frame] = one.frames
    assert dcmread(frame.path).ImageComments == "ShMOLLI T1 Map"
    [line] = [d for d in phantom.decisions if d.series_uid == frame.series_uid]
    assert (line.images, line.images_used) == (2, 1)
    assert "not used: a copy of the map for display in colour" in line.reason


def test_map_values(phantom: Selection) -> None:
    found = read_map(phantom.mapping.maps[0], MAPPING.plausible)
    stored = dcmread(phantom.mapping.maps[0].frames[0].path).pixel_array
    assert found.undefined == (int((stored == 0).sum()),)
    assert np.nanmax(found.values) == 4000
    assert (np.nan_to_num(found.values[0]) == stored).all()
    assert found.unit == "ms"


def test_fit_parameters(phantom: Selection) -> None:
    [source] = phantom.mapping.parameters
    assert source.acquisition is phantom.mapping.sources[0].acquisition
    planes = {name: read_parameter(source, name) for name in FitParameter}
    r_squared = planes[FitParameter.R_SQUARED]
    assert r_squared is not None
    assert (r_squared.min(), r_squared.max()) == (0.0, 1.0)
    a, b, t1_star = (planes[n] for n in (FitParameter.A, FitParameter.B, FitParameter.T1_STAR))
    t1_ms = read_map(phantom.mapping.maps[0], MAPPING.plausible).values
    good = (r_squared >= 0.99) & (t1_ms >= 400) & (t1_ms <= 3500) & (a > 100)
    assert good.sum() > 5000
    a, b, t1_star, t1_ms = (plane[good] for plane in (a, b, t1_star, t1_ms))
    # All four are stored as whole numbers: each is off by half a unit at most.
    rounding = 0.5 * (b / a - 1) + t1_star * (0.5 / a + 0.5 * b / a**2) + 0.5
    assert (np.abs(t1_star * (b / a - 1) - t1_ms) <= 1.05 * rounding).mean() > 0.99


def test_every_series_has_its_line(phantom: Selection) -> None:
    assert [d.images_used for d in phantom.decisions] == [7, 7, 1, 4]
    assert all(d.used and d.reason for d in phantom.decisions)


def test_copy_without_comments_is_told_by_its_pixels(tmp_path: Path) -> None:
    root = shared_path("data/relaxometry/shmolli_phantom")
    for path in sorted(root.rglob("*.dcm")):
        if "T1MAP" in path.parent.name:
            ds = dcmread(path)
            ds.ImageComments = ""
            ds.save_as(tmp_path / path.name)
        elif "FITPARAMS" not in path.parent.name:
            shutil.copy(path, tmp_path)
    found = selected(tmp_path)
    [one] = found.mapping.maps
    assert len(one.frames) == 1
    [line] = [d for d in found.decisions if d.series_uid == one.series_uids[0]]
    assert "not used: an identical copy of the map" in line.reason


def test_maps_that_differ_without_comments_are_refused(tmp_path: Path) -> None:
    folder = shared_path("data/relaxometry/shmolli_phantom/ShMOLLI_192i_e11_T1MAP_14")
    for path in sorted(folder.iterdir()):
        ds = dcmread(path)
        ds.ImageComments = ""
        if ds.InstanceNumber == 1:
            ds.PixelData = bytes(len(ds.PixelData))
        ds.save_as(tmp_path / path.name)
    found = selected(tmp_path)
    assert found.mapping.maps == ()
    assert "nothing tells which is the map" in found.decisions[0].reason
