"""AHA segments of the mapping slices: where they lie in the body, and the planted lesion."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from cmr.labels import Label
from phantom.mapping import make_mapping
from phantom.mapping_settings import Lesion, MappingSettings, Protocol
from phantom.settings import PhantomSettings
from phantom.study import make_cine

pytestmark = pytest.mark.requirement("TIS-26")

SEEDS = range(4)
ORIENTATIONS = [
    {"turn_deg": turn, "quarter_turns": quarters, "mirrored": mirrored}
    for turn, quarters in ((0.0, 0), (0.0, 1), (0.0, 2), (0.0, 3), (45.0, 0), (135.0, 0))
    for mirrored in (False, True)
]


@cache
def made(seed=1, segment=None, turn_deg=0.0, breath_hold_mm=0.0, **study):
    """T2 alone, without noise; slices of 4 mm, for little partial volume in slanting walls."""
    mapping = MappingSettings(
        protocols=(Protocol.T2_PREP,),
        snr=None,
        lesion=Lesion(segment=segment) if segment else None,
        turn_deg=turn_deg,
        breath_hold_mm=breath_hold_mm,
    )
    common = {"matrix": (104, 112), "pixel_spacing_mm": (1.4, 1.4), "thickness_mm": 4.0}
    made = make_mapping(PhantomSettings(seed=seed, mapping=mapping, **common, **study))
    return made.series[Protocol.T2_PREP], made.truth


def level_of(truth, level):
    return [s.level for s in truth.slices].index(level)


def centroid_mm(series, z, mask):
    rows, cols = np.nonzero(mask)
    return series.labels.geometry.to_patient_mm(np.full(rows.shape, z), rows, cols).mean(axis=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_segment_is_there_and_covers_its_share(seed):
    series, truth = made(seed)
    for z, known in enumerate(truth.slices):
        segments, wall = series.segments.data[0, z], series.labels.data[0, z] == Label.MYOCARDIUM
        assert np.array_equal(segments > 0, wall)
        numbers, counts = np.unique(segments[wall], return_counts=True)
        assert list(numbers) == list(known.segments)
        assert counts.min() > 0.8 * counts.mean()
    everything = [n for s in truth.slices for n in s.segments]
    assert sorted(everything) == list(range(1, 17))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("level", ["basal", "mid"])
def test_segments_lie_where_anatomy_has_them(seed, level):
    series, truth = made(seed)
    z = level_of(truth, level)
    first = min(truth.slices[z].segments)
    place = {
        name: centroid_mm(series, z, series.segments.data[0, z] == first + i)
        for i, name in enumerate(("anterior", "anteroseptal", "inferoseptal", "inferior",
                                  "inferolateral", "anterolateral"))
    }  # fmt: skip
    # Patient coordinates: x to the left, y to the back, z to the head.
    assert place["anterior"][2] > place["inferior"][2] + 20
    assert place["anterior"][1] < place["inferolateral"][1]
    assert place["anterolateral"][0] > place["anteroseptal"][0] + 20
    assert place["inferolateral"][0] > place["inferoseptal"][0] + 20


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("level", ["basal", "mid", "apical"])
def test_the_septum_begins_at_the_anterior_insertion(seed, level):
    """The insertion as an observer sees it: the front end of the wall that touches the RV."""
    series, truth = made(seed)
    z = level_of(truth, level)
    labels, geometry = series.labels.data[0, z], series.labels.geometry
    near_rv = ndimage.binary_dilation(labels == Label.RV, np.ones((3, 3)))
    rows, cols = np.nonzero((labels == Label.MYOCARDIUM) & near_rv)
    points = geometry.to_patient_mm(np.full(rows.shape, z), rows, cols)
    axis = centroid_mm(series, z, labels == Label.LV)
    rv = centroid_mm(series, z, labels == Label.RV) - axis
    rv /= np.linalg.norm(rv)
    # Across the RV direction in the slice, towards the head.
    across = np.cross(geometry.normal, rv)
    across *= np.sign(across[2])
    angles = np.rad2deg(np.arctan2((points - axis) @ across, (points - axis) @ rv))
    insertion = np.percentile(angles, 98)
    number = 14 if level == "apical" else min(truth.slices[z].segments) + 1
    rows, cols = np.nonzero(series.segments.data[0, z] == number)
    septal = geometry.to_patient_mm(np.full(rows.shape, z), rows, cols) - axis
    begins = np.percentile(np.rad2deg(np.arctan2(septal @ across, septal @ rv)), 98)
    expected = insertion - (15 if level == "apical" else 0)
    assert begins == pytest.approx(expected, abs=10)


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_segments_stay_in_place_however_the_image_is_turned(orientation):
    plain, truth = made()
    series, turned = made(**orientation)
    for z, known in enumerate(truth.slices):
        there = level_of(turned, known.level)
        for number in known.segments:
            here = centroid_mm(plain, z, plain.segments.data[0, z] == number)
            found = centroid_mm(series, there, series.segments.data[0, there] == number)
            assert found == pytest.approx(here, abs=1.5)


def t2_map_ms(series, z):
    """From the first and the last image."""
    first, last = series.images.data[[0, -1], z]
    with np.errstate(divide="ignore", invalid="ignore"):
        return series.times_ms[-1, z] / np.log(first / last)


@pytest.mark.parametrize("orientation", ORIENTATIONS[::3], ids=str)
@pytest.mark.parametrize("segment", [2, 7, 11, 13, 14])
def test_the_lesion_fills_its_segment_alone(segment, orientation):
    series, truth = made(segment=segment, **orientation)
    assert truth.lesion_segment == segment
    for z, known in enumerate(truth.slices):
        t2_ms = t2_map_ms(series, z)
        inner = ndimage.binary_erosion(series.labels.data[0, z] == Label.MYOCARDIUM)
        for number, tissue in known.segments.items():
            found = np.median(t2_ms[inner & (series.segments.data[0, z] == number)])
            assert found == pytest.approx(tissue.t2_ms, rel=0.02)
            healthy = next(t for n, t in known.segments.items() if n != segment)
            ratio = 1.3 if number == segment else 1.0
            assert tissue.t2_ms == pytest.approx(ratio * healthy.t2_ms)


@pytest.mark.parametrize("seed", SEEDS)
def test_segments_go_along_with_the_breath_hold(seed):
    series, truth = made(seed=seed, segment=8, breath_hold_mm=12.0)
    z = level_of(truth, "mid")
    inner = ndimage.binary_erosion(series.labels.data[0, z] == Label.MYOCARDIUM)
    segments = series.segments.data[0, z]
    planted = t2_map_ms(series, z) > 1.15 * truth.slices[z].segments[7].t2_ms
    assert np.mean(planted[inner & (segments == 8)]) > 0.95
    assert np.mean(planted[inner & (segments != 8)]) < 0.05


def test_slices_are_those_of_the_cine_where_it_has_them():
    common = {"matrix": (64, 72), "pixel_spacing_mm": (4.0, 4.0), "phases": 2}
    mapping = MappingSettings(protocols=(Protocol.T2_PREP,))
    study = PhantomSettings(seed=1, mapping=mapping, **common)
    cine = make_cine(study)[0].geometry.slice_positions_mm
    made = make_mapping(study).series[Protocol.T2_PREP].labels.geometry.slice_positions_mm
    assert np.abs(cine[:, None] - made).min(axis=0) == pytest.approx(np.zeros(3), abs=1e-9)
    assert np.diff(made).min() > 15
