"""Masks from DICOM SEG files: dcmqi and highdicom, as readers and as makers, are the truth."""

import json

import highdicom as hd
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from cmr.errors import UsageError
from cmr.grids import on_grid
from cmr.labels import Label
from tests.dicom_tools import run
from tests.finished_support import (
    CASES,
    LIMITED,
    dcmqi_images,
    dcmqi_labels,
    write_segs,
)
from validation.cohort.finished import read_labels

pytestmark = pytest.mark.requirement("VAL-06")

# dcmqi makes an even grid of an uneven stack, and nothing of a skewed one.
EVEN = [name for name in CASES if name not in ("skewed", "uneven", "one slice")]


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return {n: write_segs(tmp_path_factory.mktemp("case"), **o) for n, o in CASES.items()}


@pytest.fixture
def case(cases):
    return cases["even"]


def changed(path, folder, change):
    """A copy of a SEG with something changed."""
    seg = pydicom.dcmread(path)
    change(seg)
    seg.save_as(folder / "changed.dcm")
    return folder / "changed.dcm"


def code_item(value, scheme):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, "Something"
    return item


@pytest.mark.parametrize("name", CASES)
def test_own_seg_gives_back_what_was_segmented(cases, name):
    case = cases[name]
    for written in case.segs:
        found = on_grid(read_labels(written.path), case.source.geometry)
        assert found.data.dtype == np.uint8
        assert np.array_equal(found.data, case.truth(written))
        assert found.geometry is case.source.geometry


@pytest.mark.parametrize("name", EVEN)
def test_seg_and_dcmqi_nifti_hold_the_same_voxels(cases, name, tmp_path):
    case = cases[name]
    for written in case.segs:
        direct = on_grid(read_labels(written.path), case.source.geometry)
        other = read_labels(dcmqi_labels(written.path, tmp_path / written.phase))
        assert np.array_equal(on_grid(other, case.source.geometry).data, direct.data)
        # And without a third grid: the SEG on that of the NIfTI.
        assert np.array_equal(on_grid(read_labels(written.path), other.geometry).data, other.data)


@pytest.mark.parametrize("name", EVEN)
def test_highdicom_gives_the_same_volume(cases, name):
    for written in cases[name].segs:
        found = read_labels(written.path)
        seg = hd.seg.segread(written.path)
        volume = seg.get_volume(combine_segments=True, allow_missing_positions=True)
        value = np.array([0, *written.segments], np.uint8)  # in the order of their numbers
        array, affine = value[volume.array], volume.affine
        if affine[:3, 0] @ found.geometry.normal < 0:
            array, affine = array[::-1], volume.flip_spatial(0).affine
        assert np.array_equal(found.data[0], array)
        assert np.allclose(affine[:3, 3], found.geometry.positions_mm[0], atol=1e-4)


def test_uneven_stack_keeps_its_positions(cases):
    case = cases["uneven"]
    found = read_labels(case.segs[0].path).geometry
    assert np.allclose(found.positions_mm, case.source.geometry.positions_mm, atol=1e-6)


def test_empty_slices_between_others_come_back(cases):
    # Of eight slices the first, the fourth and the last are empty: five are written.
    path = cases["empty slices"].segs[1].path
    groups = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
    assert len({str(g.PlanePositionSequence[0].ImagePositionPatient) for g in groups}) == 5
    found = read_labels(path)
    assert found.data.any((0, 2, 3)).tolist() == [True, True, False, True, True, True]
    assert found.geometry.pitch_mm == pytest.approx(10)


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
@pytest.mark.parametrize("retired", [False, True])
def test_seg_of_another_maker(case, kind, retired, tmp_path):
    written = case.segs[0]
    images, described = dcmqi_images(written.path, tmp_path / "images")
    if retired:  # SNOMED RT, as older files have it
        srt = {"87878005": "T-32600", "49848007": "T-32620", "53085002": "T-32500"}
        for (item,) in described["segmentAttributes"]:
            kind_code = item["SegmentedPropertyTypeCodeSequence"]
            kind_code["CodeValue"] = srt[kind_code["CodeValue"]]
            kind_code["CodingSchemeDesignator"] = "SRT"
    (tmp_path / "meta.json").write_text(json.dumps(described), encoding="utf-8")
    code, text = run(
        "itkimage2segimage", "--inputImageList", ",".join(map(str, images)),
        "--inputDICOMList", ",".join(str(f.path) for f in written.frames), "--skip", "1",
        "--segmentationType", kind, "--useLabelIDAsSegmentNumber",
        "--inputMetadata", tmp_path / "meta.json", "--outputDICOM", tmp_path / "other.dcm",
    )  # fmt: skip
    assert code == 0, text
    assert pydicom.dcmread(tmp_path / "other.dcm").SegmentationType == kind.upper()
    found = on_grid(read_labels(tmp_path / "other.dcm"), case.source.geometry)
    assert np.array_equal(found.data, case.truth(written))


def fractional(case, folder):
    """Half of a voxel is not more than half; 0.6 is."""
    part = np.zeros((*case.labels.data.shape[1:], 2), np.float32)
    part[2:5, 10:20, 10:20, 0], part[2:5, 10:20, 20:25, 0] = 0.6, 0.5
    part[2:5, 10:20, 20:25, 1] = 1.0
    frames = [pydicom.dcmread(f.path) for f in case.segs[0].frames]
    for frame in frames:  # highdicom wants them equal bit by bit
        frame.ImageOrientationPatient = frames[0].ImageOrientationPatient
    descriptions = [
        hd.seg.SegmentDescription(
            number, code.meaning, hd.sr.CodedConcept("91723000", "SCT", "Anatomical Structure"),
            code, hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, code in enumerate(
            (hd.sr.CodedConcept("87878005", "SCT", "Left ventricle"),
             hd.sr.CodedConcept("53085002", "SCT", "Right ventricle")), 1)
    ]  # fmt: skip
    seg = hd.seg.Segmentation(
        frames, part, "FRACTIONAL", descriptions, hd.UID(), 1, hd.UID(), 1, "Maker", "Model",
        "1", "2", fractional_type="OCCUPANCY", max_fractional_value=10,
    )  # fmt: skip
    seg.save_as(folder / "fractional.dcm")
    return folder / "fractional.dcm"


def test_fractional_seg_counts_more_than_half(case, tmp_path):
    found = on_grid(read_labels(fractional(case, tmp_path)), case.source.geometry)
    expected = np.zeros(case.labels.data.shape[1:], np.uint8)
    expected[2:5, 10:20, 10:20], expected[2:5, 10:20, 20:25] = Label.LV, Label.RV
    assert np.array_equal(found.data[0], expected)


def recode(seg, value="74281007", scheme="SCT"):
    seg.SegmentSequence[1].SegmentedPropertyTypeCodeSequence = [code_item(value, scheme)]


def uncode(seg):
    del seg.SegmentSequence[1].SegmentedPropertyTypeCodeSequence


def without(keyword):
    def change(seg):
        for group in [*seg.PerFrameFunctionalGroupsSequence, *seg.SharedFunctionalGroupsSequence]:
            group.pop(keyword, None)

    return change


def without_position(seg):
    del seg.PerFrameFunctionalGroupsSequence[3].PlanePositionSequence[0].ImagePositionPatient


def endless_position(seg):
    item = seg.PerFrameFunctionalGroupsSequence[3].PlanePositionSequence[0]
    item.ImagePositionPatient = ["1e999", "0", "0"]


def moved_aside(seg):
    item = seg.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0]
    item.ImagePositionPatient = list(np.add(item.ImagePositionPatient, (8, 0, 6)))


def turned(seg):
    item = Dataset()
    item.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    seg.PerFrameFunctionalGroupsSequence[0].PlaneOrientationSequence = [item]


def same_segment_twice(seg):
    groups = seg.PerFrameFunctionalGroupsSequence
    groups[1].PlanePositionSequence = groups[0].PlanePositionSequence
    groups[1].SegmentIdentificationSequence = groups[0].SegmentIdentificationSequence


def overlapping(seg):
    seg.PixelData = b"\xff" * len(seg.PixelData)


def other_number(seg):
    group = seg.PerFrameFunctionalGroupsSequence[0]
    group.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 9


def fewer_groups(seg):
    del seg.PerFrameFunctionalGroupsSequence[-1]


def other_kind(seg):
    seg.SegmentationType = "OUTLINE"


def huge(seg):
    seg.Rows = seg.Columns = 65535


def sheared(seg):
    (item,) = seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    item.ImageOrientationPatient = [1, 0, 0, 0.6, 0.8, 0]


REFUSED = {
    r"segment 2 is of type '74281007' \('SCT'\), expected": recode,
    "two segments of LV": lambda seg: recode(seg, "87878005"),
    "segment 2 has no coded type": uncode,
    "PlanePositionSequence is missing": without("PlanePositionSequence"),
    "PlaneOrientationSequence is missing": without("PlaneOrientationSequence"),
    "PixelMeasuresSequence is missing": without("PixelMeasuresSequence"),
    "ImagePositionPatient is missing": without_position,
    "ImagePositionPatient holds no numbers": endless_position,
    "lie beside each other": moved_aside,
    "different direction": turned,
    "a segment twice in one slice": same_segment_twice,
    "segments overlap": overlapping,
    r"segments \[9\] are not described": other_number,
    "frames, places of": fewer_groups,
    "unknown type": other_kind,
    "more than .* voxels": huge,
    "not orthonormal": sheared,
}


@pytest.mark.parametrize("reason", REFUSED)
def test_seg_that_leaves_doubt_is_refused(case, reason, tmp_path):
    path = changed(case.segs[0].path, tmp_path, REFUSED[reason])
    with pytest.raises(UsageError, match=reason):
        read_labels(path)


def test_label_map_with_a_value_that_is_not_described(case, tmp_path):
    def add(seg):
        seg.SegmentationType, seg.BitsAllocated = "LABELMAP", 8
        seg.BitsStored, seg.HighBit = 8, 7
        seg.PixelData = bytes([7]) * (seg.Rows * seg.Columns * int(seg.NumberOfFrames))

    with pytest.raises(UsageError, match=r"segments \[7\] are not described"):
        read_labels(changed(case.segs[0].path, tmp_path, add))


def test_image_in_place_of_a_seg(case):
    with pytest.raises(UsageError, match="MR Image Storage, expected a Segmentation"):
        read_labels(case.segs[0].frames[0].path)


@LIMITED
@given(share=st.floats(0, 0.999))
def test_truncated_seg_is_one_clear_error(case, share, tmp_path):
    whole = case.segs[0].path.read_bytes()
    (tmp_path / "short.dcm").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UsageError, match=r"neither NIfTI|damaged|unknown class"):
        read_labels(tmp_path / "short.dcm")


@LIMITED
@given(content=st.binary(max_size=400), preamble=st.booleans())
def test_garbage_is_one_clear_error(content, preamble, tmp_path):
    head = bytes(128) + b"DICM" if preamble else b""
    (tmp_path / "garbage.dcm").write_bytes(head + content)
    with pytest.raises(UsageError, match=r"neither NIfTI|damaged|unknown class"):
        read_labels(tmp_path / "garbage.dcm")
