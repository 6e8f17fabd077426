"""SEG of late enhancement: overlapping parts and AHA segments as other readers see them."""

from dataclasses import replace

import highdicom as hd
import numpy as np
import pydicom
import pytest

from cmr.errors import GeometryError
from dicomio.scar_seg import BLOOD_POOL, CORE, GRAY_ZONE, MYOCARDIUM, NO_REFLOW, SCAR, write_scar
from tests.dicom_source import stack, write_cine
from tests.dicom_tools import (
    dcentvfy_errors,
    dciodvfy_errors,
    dcmqi_segments,
    dcmqi_volumes_ml,
    reference_codes,
)
from tests.scar_sample import late_scar, scar_results, without_scar, write_scar_case
from tests.writer_case import IDENTITY, SETTINGS

pytestmark = pytest.mark.requirement("SCAR-16")

CASES = {"three slices": {}, "one series a slice": {"series": "per_slice"},
         "enhanced": {"series": "enhanced"}, "one slice": {"gaps_mm": ()},
         "uneven": {"gaps_mm": (10.0, 20.0)}}  # fmt: skip
# By hand: label: (category, property type, anatomic region) from the reference list.
ANATOMY, ABNORMAL, WALL = "91723000", "49755003", "49848007"
KINDS = {
    MYOCARDIUM: (ANATOMY, WALL, None),
    BLOOD_POOL: (ANATOMY, "87878005", None),
    SCAR: (ABNORMAL, "12402003", WALL),
    CORE: (ABNORMAL, "SCARCORE", WALL),
    GRAY_ZONE: (ABNORMAL, "GRAYZONE", WALL),
    NO_REFLOW: (ABNORMAL, "MVO", WALL),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return {n: write_scar_case(tmp_path_factory.mktemp("scar"), **o) for n, o in CASES.items()}


@pytest.fixture(params=CASES)
def case(cases, request):
    return cases[request.param]


def truth(late):
    return {
        MYOCARDIUM: late.ventricle.wall, BLOOD_POOL: late.ventricle.cavity, SCAR: late.scar,
        CORE: late.core, GRAY_ZONE: late.gray, NO_REFLOW: late.no_reflow,
    }  # fmt: skip


def described(written):
    """Description of each segment, by the label it was written for."""
    seg = pydicom.dcmread(written.path, stop_before_pixels=True)
    by_number = {s.SegmentNumber: s for s in seg.SegmentSequence}
    return {label: by_number[s.number] for label, s in written.segments.items()}


def one(folder, **changes):
    images = write_cine(folder / "source", stack((20.0, 20.0)), 1).images
    return write_scar(late_scar(images, **changes), IDENTITY, SETTINGS, folder)


def frames(path):
    """Pixels by (segment number, slice), and the images each refers to."""
    seg = pydicom.dcmread(path)
    found = {}
    for group, frame in zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True):
        place = tuple(float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient)
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        items = group.DerivationImageSequence[0].SourceImageSequence
        sources = [(i.ReferencedSOPInstanceUID, i.get("ReferencedFrameNumber", 0)) for i in items]
        found[number, place] = frame > 0, sources
    return found


def test_every_voxel_is_in_all_its_segments(case):
    late, masks = case.written.late, case.written.masks
    positions = case.images.geometry.positions_mm
    rebuilt = {label: np.zeros_like(mask) for label, mask in truth(late).items()}
    label_of = {s.number: label for label, s in masks.segments.items()}
    for (number, place), (frame, sources) in frames(masks.path).items():
        (z,) = np.flatnonzero(np.linalg.norm(positions - place, axis=1) < 1e-6)
        rebuilt[label_of[number]][z] = frame
        image = case.images.frames[0][z]
        assert sources == [(image.sop_instance_uid, image.frame_number)]
    for label, mask in truth(late).items():
        assert np.array_equal(rebuilt[label], mask), label
    assert (rebuilt[NO_REFLOW] & rebuilt[CORE] & rebuilt[SCAR] & rebuilt[MYOCARDIUM]).any()
    assert (rebuilt[GRAY_ZONE] & ~rebuilt[SCAR]).any()
    assert (rebuilt[GRAY_ZONE] & rebuilt[SCAR]).any()


# Of an uneven stack dcmqi makes an even one: see test_readback.
@pytest.mark.parametrize("name", [name for name in CASES if name != "uneven"])
def test_dcmqi_gives_back_masks_and_volumes(cases, name, tmp_path):
    case = cases[name]
    late, geometry = case.written.late, case.images.geometry
    extent = geometry.pitch_mm if geometry.n_slices > 1 else geometry.slice_thickness_mm
    masks = case.written.masks
    images = dcmqi_segments(masks.path, tmp_path / "masks")
    volumes = dcmqi_volumes_ml(masks.path, tmp_path / "volumes")
    assert len(images) == 6
    for label, expected in truth(late).items():
        number = masks.segments[label].number
        assert np.array_equal(np.asarray(images[number].dataobj).T > 0, expected), label
        ml = expected.sum() * 1.5 * 1.25 * extent / 1000
        assert volumes[number] == pytest.approx(ml, rel=1e-5)
    aha = case.written.segments
    images = dcmqi_segments(aha.path, tmp_path / "aha")
    assert set(aha.segments) == set(np.unique(late.ventricle.segments)) - {0}
    for label, segment in aha.segments.items():
        found = np.asarray(images[segment.number].dataobj).T > 0
        assert np.array_equal(found, late.ventricle.segments == label)


def test_overlap_is_stated(cases):
    written = cases["three slices"].written
    assert hd.seg.segread(written.masks.path).SegmentsOverlap == "YES"
    assert hd.seg.segread(written.segments.path).SegmentsOverlap == "NO"


def test_codes_are_those_of_the_reference_list(cases):
    reference = reference_codes()
    for label, segment in described(cases["three slices"].written.masks).items():
        category, kind, region = KINDS[label]
        (found,) = segment.SegmentedPropertyTypeCodeSequence
        assert found.CodeValue == kind
        if kind != "SCARCORE":
            assert reference[kind, found.CodingSchemeDesignator] == found.CodeMeaning
        assert segment.SegmentedPropertyCategoryCodeSequence[0].CodeValue == category
        regions = [r.CodeValue for r in segment.get("AnatomicRegionSequence", [])]
        assert regions == ([region] if region else [])


def test_names_tell_method_and_definition(cases):
    found = described(cases["three slices"].written.masks)
    assert [s.SegmentLabel for s in found.values()] == [
        "Left ventricular myocardium", "Left ventricular cavity", "Scar (5 SD above remote)",
        "Core (gray zone of Schmidt 2007)", "Gray zone of Schmidt 2007", "No-reflow",
    ]  # fmt: skip


def algorithm(segment):
    (found,) = segment.SegmentationAlgorithmIdentificationSequence
    return found.AlgorithmName, found.AlgorithmFamilyCodeSequence[0].CodeValue


def test_thresholds_are_no_artificial_intelligence(cases):
    found = described(cases["three slices"].written.masks)
    assert algorithm(found[MYOCARDIUM]) == ("Late enhancement segmentation", "123110")
    assert algorithm(found[SCAR]) == ("Late enhancement, 5 SD above remote", "123105")
    assert algorithm(found[NO_REFLOW]) == algorithm(found[SCAR])
    assert algorithm(found[CORE]) == ("Late enhancement, gray zone of Schmidt 2007", "123105")


def test_scar_of_the_network_is_said_to_be(tmp_path):
    found = described(one(tmp_path, results=scar_results(method="network")).masks)
    assert algorithm(found[SCAR]) == ("Late enhancement, Network", "123110")
    assert found[SCAR].SegmentLabel == "Scar (Network)"


def test_objects_say_what_they_are(cases):
    written = cases["three slices"].written
    first, second = (pydicom.dcmread(o.path) for o in written.objects)
    assert [(s.SeriesNumber, s.InstanceNumber) for s in (first, second)] == [(9790, 1), (9791, 1)]
    assert [s.ContentLabel for s in (first, second)] == ["SEG_SCAR", "SEG_SCAR_AHA"]
    assert first.SeriesDescription == "Late enhancement masks (AI, for research only)"
    assert second.SeriesDescription == "Late enhancement segments (AI, for research only)"
    assert first.SeriesInstanceUID != second.SeriesInstanceUID
    assert [s.CodingSchemeDesignator for s in first.CodingSchemeIdentificationSequence] == [
        "99CMRPOST"
    ]
    assert "CodingSchemeIdentificationSequence" not in second
    tracking = [s.TrackingUID for seg in (first, second) for s in seg.SegmentSequence]
    assert len(set(tracking)) == len(tracking)


def test_validators_find_no_error(case):
    for path in case.files:
        assert dciodvfy_errors(path) == []
    sources = {f.path for row in case.images.frames for f in row}
    assert dcentvfy_errors(case.files, sources) == []


def test_no_scar_gives_no_segment_of_it(tmp_path):
    written = write_scar_case(tmp_path, late=without_scar).written
    assert set(written.masks.segments) == {MYOCARDIUM, BLOOD_POOL}
    assert set(dcmqi_segments(written.masks.path, tmp_path / "masks")) == {1, 2}


def test_wall_without_segments_has_one_object(tmp_path):
    images = write_cine(tmp_path / "source", stack((20.0,)), 1).images
    late = late_scar(images)
    unnamed = replace(late.ventricle, segments=np.zeros_like(late.ventricle.segments))
    written = write_scar(replace(late, ventricle=unnamed), IDENTITY, SETTINGS, tmp_path)
    assert written.segments is None
    assert [o.path.name[:9] for o in written.objects] == ["seg-scar-"]


def test_one_slice_of_unknown_thickness_has_no_object_but_a_reason(tmp_path):
    unknown = replace(stack(()), slice_thickness_mm=float("nan"))
    case = write_scar_case(tmp_path, geometry=unknown)
    assert case.written.objects == ()
    assert case.written.reason == "one slice of unknown thickness; its volume cannot be stated."
    assert not list(tmp_path.rglob("seg-*"))


@pytest.mark.parametrize("name", ["scar", "core", "gray", "no_reflow"])
def test_masks_that_do_not_fit_are_refused(tmp_path, name):
    with pytest.raises(GeometryError, match=r"\(2, 48, 40\), slices \(3, 48, 40\)"):
        one(tmp_path, **{name: np.zeros((2, 48, 40), bool)})


def test_parts_by_series_add_up_to_the_whole(tmp_path):
    images = write_cine(tmp_path / "source", stack((20.0, 20.0)), 1, series="per_slice").images
    split = SETTINGS.model_copy(update={"split_by_series": True})
    written = write_scar(late_scar(images), IDENTITY, split, tmp_path)
    parts = sorted(tmp_path.glob("seg-scar-*part*.dcm"))
    assert len(parts) == 6
    found = [pydicom.dcmread(path) for path in parts]
    assert sorted(seg.SeriesNumber for seg in found) == list(range(9921, 9927))
    assert len({seg.SeriesInstanceUID for seg in found}) == 6
    for whole, name in ((written.masks, "scar-part"), (written.segments, "scar-aha-part")):
        own = [path for path in parts if name in path.name]
        assert [dciodvfy_errors(path) for path in own] == [[]] * 3
        together = [of for path in own for of in by_title(path).items()]
        assert dict(together) == by_title(whole.path)
        assert len(together) == len(dict(together))
    described = {seg.SeriesDescription for seg in found}
    assert "Late enhancement 2 of 3, masks (AI, for research only)" in described
    assert "Late enhancement AHA 2 of 3, masks (AI, for research only)" in described


def by_title(path):
    """Pixels by name of segment and source image, each once."""
    seg = pydicom.dcmread(path)
    title = {s.SegmentNumber: s.SegmentLabel for s in seg.SegmentSequence}
    found = {}
    for (number, _), (mask, ((source, _),)) in frames(path).items():
        assert (title[number], source) not in found
        found[title[number], source] = mask.tobytes()
    return found
