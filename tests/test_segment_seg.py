"""SEG of a map: pixels, codes, colours, references, and what there is without segments."""

import csv

import highdicom as hd
import numpy as np
import pydicom
import pytest

from cmr.errors import GeometryError
from cmr.labels import Label
from dicomio.map_objects import write_maps
from dicomio.segment_seg import BLOOD_POOL, MYOCARDIUM, STRUCTURES
from tests.conftest import shared_path
from tests.dicom_source import stack, write_cine
from tests.dicom_tools import dciodvfy_errors, dcmqi_segments
from tests.mapping_sample import ecv_map, native_t1, write_map_case
from tests.writer_case import IDENTITY, SETTINGS

pytestmark = pytest.mark.requirement("TIS-20")

CASES = {
    "three slices": {},
    "one slice": {"gaps_mm": ()},
    "one series a slice": {"series": "per_slice"},
    "enhanced": {"series": "enhanced"},
    "uneven": {"gaps_mm": (10.0, 20.0)},
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return {n: write_map_case(tmp_path_factory.mktemp("seg"), **o) for n, o in CASES.items()}


@pytest.fixture(params=CASES)
def case(cases, request):
    return cases[request.param]


def truth(tissue):
    """Where each structure lies, by its value; AHA segments and blood pool."""
    found = {int(n): tissue.segments == n for n in np.unique(tissue.segments) if n}
    return found | {BLOOD_POOL: tissue.labels == Label.LV}


def one(folder, gaps_mm=(20.0, 20.0), **changes):
    images = write_cine(folder / "source", stack(gaps_mm)).images
    (written,) = write_maps([native_t1(images, **changes)], IDENTITY, SETTINGS, folder)
    return written


# Of an uneven stack dcmqi makes an even one: see test_readback.
@pytest.mark.parametrize("name", [name for name in CASES if name != "uneven"])
def test_dcmqi_gives_back_the_masks(cases, name, tmp_path):
    written = cases[name].maps[0]
    images = dcmqi_segments(written.segments.path, tmp_path / "masks")
    expected = truth(written.tissue)
    assert set(written.segments.segments) == set(expected)
    for label, segment in written.segments.segments.items():
        found = np.asarray(images[segment.number].dataobj).T > 0
        assert found.shape == expected[label].shape
        assert np.array_equal(found, expected[label]), label


def test_frames_hold_the_masks_at_their_positions(case):
    written = case.maps[0]
    positions = case.images.geometry.positions_mm
    rebuilt = {label: np.zeros_like(mask) for label, mask in truth(written.tissue).items()}
    label_of = {s.number: label for label, s in written.segments.segments.items()}
    seg = pydicom.dcmread(written.segments.path)
    for group, frame in zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True):
        place = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        (z,) = np.flatnonzero(np.linalg.norm(positions - place, axis=1) < 1e-6)
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        rebuilt[label_of[number]][z] = frame > 0
        items = group.DerivationImageSequence[0].SourceImageSequence
        assert [(i.ReferencedSOPInstanceUID, i.get("ReferencedFrameNumber", 0)) for i in items] == [
            (row[z].sop_instance_uid, row[z].frame_number) for row in case.images.frames
        ]
    for label, mask in truth(written.tissue).items():
        assert np.array_equal(rebuilt[label], mask)


def test_highdicom_reads_it(case):
    written = case.maps[0]
    seg = hd.seg.segread(written.segments.path)
    assert seg.number_of_segments == len(truth(written.tissue))


def test_aha_segments_have_the_codes_of_the_reference_list(cases):
    with shared_path("reference/codes.csv").open(encoding="utf-8", newline="") as file:
        codes = {r["use"]: r["value"] for r in csv.DictReader(file) if r["group"] == "AHA 17"}
    written = cases["three slices"].maps[0].segments
    seg = pydicom.dcmread(written.path, stop_before_pixels=True)
    found = {s.SegmentNumber: s for s in seg.SegmentSequence}
    for label in range(1, 17):
        segment = found[written.segments[label].number]
        kind = segment.SegmentedPropertyTypeCodeSequence[0]
        assert kind.CodeValue == codes[f"AHA segment {label}"]
        assert segment.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "91723000"
        assert segment.SegmentLabel.startswith(f"AHA {label} ")
        assert segment.TrackingUID == written.segments[label].tracking_uid
    pool = found[written.segments[BLOOD_POOL].number]
    assert pool.SegmentedPropertyTypeCodeSequence[0].CodeValue == "87878005"


def test_object_says_what_it_is(cases):
    seg = pydicom.dcmread(cases["three slices"].maps[0].segments.path)
    assert (seg.SeriesNumber, seg.InstanceNumber) == (9760, 1)
    assert seg.ContentLabel == "SEG_NATIVE_T1"
    assert seg.SeriesDescription == "Native T1 segments (AI, for research only)"
    assert seg.SegmentationType == "BINARY"
    (algorithm,) = seg.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence
    assert algorithm.AlgorithmName == "Short-axis mapping segmentation"
    assert "b" * 64 in algorithm.AlgorithmParameters


def test_colours_are_distinct():
    colours = np.array([s.colour for s in STRUCTURES if s.label != MYOCARDIUM])
    distance = np.linalg.norm(colours[:, None] - colours[None].astype(float), axis=-1)
    assert distance[~np.eye(len(colours), dtype=bool)].min() > 20


def test_extracellular_volume_shares_the_segments_of_the_native_map(cases):
    native, ecv = cases["three slices"].maps
    assert ecv.segments is native.segments
    assert native.segments.path not in ecv.paths
    assert len(cases["three slices"].files) == 6


def test_heart_without_segments_is_one_myocardium(tmp_path):
    written = one(tmp_path, segments=np.zeros((3, 48, 40), np.uint8))
    assert set(written.segments.segments) == {BLOOD_POOL, MYOCARDIUM}
    images = dcmqi_segments(written.segments.path, tmp_path / "masks")
    number = written.segments.segments[MYOCARDIUM].number
    found = np.asarray(images[number].dataobj).T > 0
    assert np.array_equal(found, written.tissue.labels == Label.MYOCARDIUM)


def test_without_a_heart_there_is_no_object(tmp_path):
    empty = np.zeros((3, 48, 40), np.uint8)
    written = one(tmp_path, labels=empty, segments=empty)
    assert written.segments is None
    assert not list(tmp_path.glob("seg-*"))
    assert len(written.paths) == 2


def test_segment_on_one_slice_names_the_images_of_that_slice(cases):
    written = cases["enhanced"].maps[0].segments
    # Four images a slice, slice by slice: AHA 7 lies on slice 1, the blood pool on all.
    assert [f.frame_number for f in written.images[7]] == [5, 6, 7, 8]
    assert sorted(f.frame_number for f in written.images[BLOOD_POOL]) == list(range(1, 13))


@pytest.mark.parametrize("name", ["labels", "segments"])
def test_masks_that_do_not_fit_are_refused(tmp_path, name):
    other = np.zeros((2, 48, 40), np.uint8)
    with pytest.raises(GeometryError, match=rf"{name} \(2, 48, 40\), slices \(3, 48, 40\)"):
        one(tmp_path, **{name: other})


def test_maps_have_segments_of_their_own(tmp_path):
    images = write_cine(tmp_path / "source", stack((20.0,))).images
    t2 = native_t1(images, key="t2", segmented_on="t2")
    maps = write_maps([native_t1(images), t2, ecv_map(images)], IDENTITY, SETTINGS, tmp_path)
    first, second = (pydicom.dcmread(m.segments.path, stop_before_pixels=True) for m in maps[:2])
    assert first.SeriesInstanceUID != second.SeriesInstanceUID
    assert (first.SeriesNumber, second.SeriesNumber) == (9760, 9761)
    tracking = {s.TrackingUID for seg in (first, second) for s in seg.SegmentSequence}
    assert len(tracking) == 2 * len(first.SegmentSequence)


def test_parts_by_series_are_numbered_on_from_map_to_map(tmp_path):
    images = write_cine(tmp_path / "source", stack((20.0, 20.0)), series="per_slice").images
    split = SETTINGS.model_copy(update={"split_by_series": True})
    tissues = [native_t1(images), native_t1(images, key="native_t1-2", segmented_on="native_t1-2")]
    write_maps(tissues, IDENTITY, split, tmp_path)
    found = {p.name.rpartition("-")[0]: pydicom.dcmread(p) for p in tmp_path.glob("seg-*part*.dcm")}
    names = [f"seg-native-t1{number}-part{n}" for number in ("", "-2") for n in (1, 2, 3)]
    assert [found[name].SeriesNumber for name in names] == list(range(9861, 9867))
    assert len(found) == 6
    assert found[names[3]].SeriesDescription == (
        "Native T1 (2) 1 of 3, masks (AI, for research only)"
    )
    assert found[names[5]].ContentLabel == "SEG_NATIVE_T1__3"
    for path in tmp_path.glob("seg-*part*.dcm"):
        assert dciodvfy_errors(path) == []
