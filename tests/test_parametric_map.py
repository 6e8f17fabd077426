"""Parametric maps: values, places, references, codes, identity, read by others and byte by byte."""

from dataclasses import replace
from datetime import timedelta

import highdicom as hd
import numpy as np
import pydicom
import pytest

from cmr.errors import GeometryError
from cmr.mapping.terms import Contrast, MapKind
from cmr.results_mapping import (
    EcvMapResults,
    FitRecord,
    HaematocritRecord,
    PostShift,
    SliceMotion,
)
from dicomio.map_objects import write_maps
from dicomio.patient_study import WHITELIST
from tests.dicom_source import STUDY_UID, stack, write_cine
from tests.dicom_tools import dcentvfy_errors, dciodvfy_errors, dcmqi_map
from tests.mapping_sample import ecv, ecv_map, native_t1, relaxation, results, write_map_case
from tests.writer_case import IDENTITY, SETTINGS

pytestmark = pytest.mark.requirement("TIS-19")

CASES = {
    "three slices": {},
    "one slice": {"gaps_mm": ()},
    "one series a slice": {"series": "per_slice"},
    "enhanced": {"series": "enhanced"},
    "measured pitch": {"gaps_mm": (12.0031, 11.9978)},
    "uneven": {"gaps_mm": (10.0, 20.0)},
}
EVEN = [name for name in CASES if name != "uneven"]


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return {n: write_map_case(tmp_path_factory.mktemp("map"), **o) for n, o in CASES.items()}


@pytest.fixture(params=CASES)
def case(cases, request):
    return cases[request.param]


def planes(case):
    """(written, values) of every plane of a case."""
    for written in case.maps:
        yield written.value, written.tissue.values
        yield written.sd, written.tissue.sd


def groups(dataset):
    return dataset.PerFrameFunctionalGroupsSequence


def slice_index(group, geometry):
    position = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
    distance = np.linalg.norm(geometry.positions_mm - position, axis=1)
    assert distance.min() < 1e-6
    return int(distance.argmin())


def one(folder, tissue, **stack_options):
    """The objects of one map, made by ``tissue`` from its images."""
    images = write_cine(folder / "source", stack(**stack_options)).images
    (written,) = write_maps([tissue(images)], IDENTITY, SETTINGS, folder)
    return written


def definition(path):
    """The coded name and value pairs that say what a map shows."""
    shared = pydicom.dcmread(path).SharedFunctionalGroupsSequence[0]
    (mapping,) = shared.RealWorldValueMappingSequence
    return {
        item.ConceptNameCodeSequence[0].CodeValue: item.ConceptCodeSequence[0].CodeValue
        for item in mapping.QuantityDefinitionSequence
    }


def test_every_file_is_valid(case):
    assert {p.name: dciodvfy_errors(p) for p in case.files} == {p.name: [] for p in case.files}
    assert dcentvfy_errors(case.files, case.used_images) == []


def test_stored_pixels_are_the_values_at_their_positions(case):
    geometry = case.images.geometry
    for written, values in planes(case):
        dataset = pydicom.dcmread(written.path)
        raw = np.frombuffer(dataset.FloatPixelData, "<f4").reshape(values.shape)
        assert dataset.BitsAllocated == 32
        assert [slice_index(g, geometry) for g in groups(dataset)] == list(range(len(values)))
        assert np.array_equal(raw, values, equal_nan=True)
        assert np.isnan(raw).sum() == 3
        assert "FloatPixelPaddingValue" not in dataset


def test_highdicom_gives_back_the_values(case):
    for written, values in planes(case):
        image = hd.imread(written.path)
        for transform in (False, True):
            frames = image.get_frames(apply_real_world_transform=transform)
            assert np.array_equal(frames, values, equal_nan=True)


@pytest.mark.parametrize("name", EVEN)
def test_dcmqi_gives_back_values_places_and_units(cases, name, tmp_path):
    case = cases[name]
    geometry = case.images.geometry
    for written, values in planes(case):
        image, described = dcmqi_map(written.path, tmp_path / written.path.stem)
        assert np.array_equal(np.asarray(image.dataobj).T, values, equal_nan=True)
        for z, row, col in ((0, 0, 0), (0, 30, 0), (0, 0, 25), (len(values) - 1, 7, 9)):
            expected = (
                geometry.positions_mm[z]
                + row * 1.5 * np.array([0.36, 0.8, -0.48])
                + col * 1.25 * np.array([0.8, 0.0, 0.6])
            )
            found = image.affine @ [col, row, z, 1] * [-1, -1, 1, 1]
            # NIfTI holds the affine in single precision; a measured pitch becomes its mean.
            assert found[:3] == pytest.approx(expected, abs=6e-3)
        ours = "ecv" in written.path.name
        assert described["MeasurementUnitsCode"]["CodeValue"] == ("%" if ours else "ms")
        assert described["QuantityValueCode"]["CodeValue"] == ("ECV" if ours else "113063")


def test_dcmqi_makes_an_even_grid_of_an_uneven_stack(cases, tmp_path):
    """Why readers have to go by the positions: dcmqi gives the values back, but not their gaps."""
    written = cases["uneven"].maps[0]
    image, _ = dcmqi_map(written.value.path, tmp_path / "map")
    assert np.array_equal(np.asarray(image.dataobj).T, written.tissue.values, equal_nan=True)
    assert image.header.get_zooms()[2] not in (10.0, 20.0)


@pytest.mark.parametrize(
    ("name", "spacing"), [("three slices", 20.0), ("one slice", None), ("uneven", None)]
)
def test_frames_state_their_measures(cases, name, spacing):
    for written, _ in planes(cases[name]):
        shared = pydicom.dcmread(written.path).SharedFunctionalGroupsSequence[0]
        (measures,) = shared.PixelMeasuresSequence
        assert list(measures.PixelSpacing) == [1.5, 1.25]
        assert measures.SliceThickness == 8
        assert measures.get("SpacingBetweenSlices") == spacing
        (orientation,) = shared.PlaneOrientationSequence
        assert list(orientation.ImageOrientationPatient) == [0.8, 0.0, 0.6, 0.36, 0.8, -0.48]


def test_each_frame_refers_to_the_images_of_its_slice(case):
    for written, _ in planes(case):
        dataset = pydicom.dcmread(written.path)
        for z, group in enumerate(groups(dataset)):
            items = group.DerivationImageSequence[0].SourceImageSequence
            frames = [row[z] for row in case.images.frames]
            assert [
                (i.ReferencedSOPInstanceUID, i.get("ReferencedFrameNumber", 0)) for i in items
            ] == [(f.sop_instance_uid, f.frame_number) for f in frames]
            assert {i.SpatialLocationsPreserved for i in items} == {"YES"}
            assert {i.PurposeOfReferenceCodeSequence[0].CodeValue for i in items} == {"121322"}


def test_enhanced_frame_numbers_worked_by_hand(cases):
    # Four images a slice, slice by slice: slice 1 has frames 5 to 8.
    dataset = pydicom.dcmread(cases["enhanced"].maps[0].value.path)
    items = groups(dataset)[1].DerivationImageSequence[0].SourceImageSequence
    assert [item.ReferencedFrameNumber for item in items] == [5, 6, 7, 8]


def test_every_source_series_is_listed(case):
    for written, _ in planes(case):
        dataset = pydicom.dcmread(written.path)
        listed = {
            (series.SeriesInstanceUID, image.ReferencedSOPInstanceUID)
            for series in dataset.ReferencedSeriesSequence
            for image in series.ReferencedInstanceSequence
        }
        frames = [f for row in case.images.frames for f in row]
        assert listed == {(f.series_uid, f.sop_instance_uid) for f in frames}
        assert not any(f"2.25.{z}\0".encode() in written.path.read_bytes() for z in range(5))


def test_frames_rank_as_they_lie(case):
    for written, values in planes(case):
        dataset = pydicom.dcmread(written.path)
        ranks = [g.FrameContentSequence[0].DimensionIndexValues for g in groups(dataset)]
        assert np.ravel(ranks).tolist() == list(range(1, len(values) + 1))
        (organisation,) = dataset.DimensionOrganizationSequence
        used = {d.DimensionOrganizationUID for d in dataset.DimensionIndexSequence}
        assert used == {organisation.DimensionOrganizationUID}


def test_each_plane_is_a_series_that_says_what_it_is(cases):
    found = [pydicom.dcmread(w.path) for w, _ in planes(cases["three slices"])]
    assert len({d.SeriesInstanceUID for d in found}) == 4
    assert [(d.SeriesNumber, d.ContentLabel, d.SeriesDescription) for d in found] == [
        (9710, "NATIVE_T1", "Native T1 map (for research only)"),
        (9711, "NATIVE_T1_SD", "Native T1 map, SD (for research only)"),
        (9712, "ECV", "Extracellular volume map (for research only)"),
        (9713, "ECV_SD", "Extracellular volume map, SD (for research only)"),
    ]
    for dataset in found:
        assert dataset.StudyInstanceUID == STUDY_UID
        assert (
            dataset.FrameOfReferenceUID == cases["one slice"].images.geometry.frame_of_reference_uid
        )
        assert dataset.ContentQualification == "RESEARCH"
        assert dataset.BodyPartExamined == "HEART"
        assert dataset.DeviceSerialNumber == "7"
        assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


def test_only_whitelisted_patient_attributes(cases):
    for path in cases["three slices"].files:
        dataset = pydicom.dcmread(path)
        assert {e.keyword for e in dataset if e.tag.group == 0x0010} <= set(WHITELIST)
        assert dataset.PatientName == "Müller^Test"
        assert b"secret" not in path.read_bytes()
        assert "4711" not in path.name


def test_same_time_gives_the_same_bytes_and_another_time_the_same_uids(tmp_path):
    images = write_cine(tmp_path / "source", stack((20.0,))).images
    later = replace(IDENTITY, now=IDENTITY.now + timedelta(days=3))
    written = []
    for name, identity in (("a", IDENTITY), ("b", IDENTITY), ("c", later)):
        folder = tmp_path / name
        folder.mkdir()
        written.append(write_maps([native_t1(images)], identity, SETTINGS, folder)[0])
    a, b, c = written
    assert [p.read_bytes() for p in a.paths] == [p.read_bytes() for p in b.paths]
    assert [p.name for p in a.paths] == [p.name for p in c.paths]
    assert c.value.sop_instance_uid == a.value.sop_instance_uid


HAEMATOCRIT = HaematocritRecord(
    fraction=0.42, sd_fraction=0.01, source="synthetic", origin="From blood."
)


@pytest.mark.parametrize(
    ("changes", "sequence", "expected"),
    [
        ({}, "MOLLI 5(3)3", {"246205007": "113063", "109058": "NATIVE", "370129005": "126351"}),
        ({}, "ShMOLLI", {"246205007": "113063", "109058": "NATIVE", "370129005": "126351"}),
        (
            {"contrast": Contrast.POST},
            "SASHA",
            {"246205007": "113063", "109058": "POST", "370129005": "T1SR"},
        ),
        ({"contrast": Contrast.UNDECIDED}, "unknown", {"246205007": "113063"}),
        ({"kind": MapKind.T2}, "T2-prep bSSFP", {"246205007": "113065", "109058": "NATIVE"}),
        ({"kind": MapKind.T2_STAR}, "GRE", {"246205007": "113064", "109058": "NATIVE"}),
    ],
)
def test_quantity_contrast_and_method_are_coded(tmp_path, changes, sequence, expected):
    found = results(relaxation, [1], sequence=sequence)
    written = one(tmp_path, lambda i: native_t1(i, results=found, **changes), gaps_mm=())
    assert definition(written.value.path) == expected
    assert definition(written.sd.path) == expected | {"121401": "386136009"}


def test_synthetic_haematocrit_has_a_code_of_its_own(tmp_path):
    found = results(ecv, [1], EcvMapResults, haematocrit=HAEMATOCRIT, post_shift=[])
    written = one(tmp_path, lambda i: ecv_map(i, results=found, segmented_on="ecv"), gaps_mm=())
    assert definition(written.value.path) == {"246205007": "ECVSYN"}


def test_slices_that_were_shifted_say_so(tmp_path):
    motion = [
        SliceMotion(
            applied=applied, reason="", row_shift_mm=[], column_shift_mm=[],
            residual_before_pct=None, residual_after_pct=None,
        )
        for applied in (False, True)
    ]  # fmt: skip
    fit = FitRecord(
        model="m", times_ms=[], phase_used=False, pixels=1, undetermined={}, motion=motion
    )
    found = results(relaxation, [1], fit=fit)
    written = one(tmp_path, lambda i: native_t1(i, results=found), gaps_mm=(20.0,))
    for path in written.paths:
        dataset = pydicom.dcmread(path)
        for group in groups(dataset):
            moved = slice_index(group, written.tissue.images.geometry) == 1
            for item in group.DerivationImageSequence[0].SourceImageSequence:
                assert item.SpatialLocationsPreserved == ("NO" if moved else "YES")


def test_a_fit_beside_the_scanners_map_says_nothing_of_its_slices(tmp_path):
    motion = SliceMotion(
        applied=True, reason="", row_shift_mm=[], column_shift_mm=[],
        residual_before_pct=None, residual_after_pct=None,
    )  # fmt: skip
    fit = FitRecord(
        model="m", times_ms=[], phase_used=False, pixels=1, undetermined={}, motion=[motion]
    )
    found = results(relaxation, [1], fit=fit, source="scanner")
    written = one(
        tmp_path, lambda i: native_t1(i, results=found, values=None, sd=None), gaps_mm=(20.0,)
    )
    assert written.tissue.moved == (False, False)


def test_shift_of_the_map_after_contrast_counts_for_extracellular_volume(tmp_path):
    shift = PostShift(applied=True, reason="", row_shift_mm=1.0, column_shift_mm=0.0)
    found = results(ecv, [1], EcvMapResults, haematocrit=None, post_shift=[shift])
    written = one(tmp_path, lambda i: ecv_map(i, results=found, segmented_on="ecv"), gaps_mm=())
    (group,) = groups(pydicom.dcmread(written.value.path))
    for item in group.DerivationImageSequence[0].SourceImageSequence:
        assert item.SpatialLocationsPreserved == "NO"


def test_map_of_the_scanner_is_not_written_again(tmp_path):
    written = one(tmp_path, lambda i: native_t1(i, values=None, sd=None), gaps_mm=())
    assert (written.value, written.sd) == (None, None)
    assert sorted(tmp_path.glob("*.dcm")) == list(written.paths) == [written.segments.path]


def test_map_without_any_value_is_written(tmp_path):
    empty = np.full((1, 48, 40), np.nan, np.float32)
    written = one(tmp_path, lambda i: native_t1(i, values=empty, sd=None), gaps_mm=())
    assert written.sd is None
    assert dciodvfy_errors(written.value.path) == []
    image, _ = dcmqi_map(written.value.path, tmp_path / "map")
    assert np.isnan(np.asarray(image.dataobj)).all()


def test_values_that_do_not_fit_are_refused(tmp_path):
    other = np.zeros((2, 48, 40), np.float32)
    with pytest.raises(GeometryError, match=r"values \(2, 48, 40\), slices \(3, 48, 40\)"):
        one(tmp_path, lambda i: native_t1(i, values=other), gaps_mm=(20.0, 20.0))


@pytest.mark.parametrize("gaps_mm", [(20.0,), ()])
def test_thickness_that_nobody_states(tmp_path, gaps_mm):
    geometry = replace(stack(gaps_mm), slice_thickness_mm=float("nan"))
    images = write_cine(tmp_path / "source", geometry).images
    tissue = native_t1(images, labels=np.zeros((len(gaps_mm) + 1, 48, 40), np.uint8),
                       segments=np.zeros((len(gaps_mm) + 1, 48, 40), np.uint8))  # fmt: skip
    if not gaps_mm:
        with pytest.raises(GeometryError, match="unknown thickness"):
            write_maps([tissue], IDENTITY, SETTINGS, tmp_path)
        return
    (written,) = write_maps([tissue], IDENTITY, SETTINGS, tmp_path)
    shared = pydicom.dcmread(written.value.path).SharedFunctionalGroupsSequence[0]
    assert shared.PixelMeasuresSequence[0].SliceThickness == 20


def test_libraries_stay_silent(tmp_path, recwarn, caplog):
    images = write_cine(tmp_path / "source", stack((20.0,))).images
    recwarn.clear()
    with caplog.at_level("DEBUG"):
        write_maps([native_t1(images)], IDENTITY, SETTINGS, tmp_path)
    assert not recwarn.list
    assert not caplog.records


def test_several_maps_of_a_kind_have_names_of_their_own(tmp_path):
    images = write_cine(tmp_path / "source", stack((20.0,))).images
    second = native_t1(images, key="t1-2", segmented_on="t1-2")
    a, b = write_maps([native_t1(images), second], IDENTITY, SETTINGS, tmp_path)
    assert len({p.name for p in (*a.paths, *b.paths)}) == 6
    assert pydicom.dcmread(b.value.path).ContentLabel == "T1_2"
    assert b.tissue.title == "Native T1 (2)"
    titles = {s.tracking_id for w in (a, b) for s in w.segments.segments.values()}
    assert len(titles) == 2 * len(a.segments.segments)
