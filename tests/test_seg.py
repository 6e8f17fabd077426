"""SEG: pixels, places, references, phases, identity."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pydicom
import pytest

from cmr.errors import GeometryError
from cmr.labels import Label
from dicomio.patient_study import WHITELIST
from dicomio.seg import WriterSettings, write_phase_segs
from tests.dicom_source import STUDY_UID, heart, stack, write_cine
from tests.dicom_tools import dciodvfy_errors
from tests.writer_case import IDENTITY, PHASES, SETTINGS, write_case

pytestmark = pytest.mark.requirement("CINE-27")

KINDS = ["one", "per_slice", "enhanced"]
UNEVEN = (10.0, 10.0, 20.0, 9.0, 10.0, 10.0, 10.0)


@pytest.fixture(scope="module", params=KINDS)
def case(request, tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("seg"), series=request.param)


def groups(seg):
    return seg.PerFrameFunctionalGroupsSequence


def number(group):
    return int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def slice_index(group, geometry):
    position = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
    distance = np.linalg.norm(geometry.positions_mm - position, axis=1)
    assert distance.min() < 1e-6
    return int(distance.argmin())


def only(folder, labels, settings=SETTINGS, phases=None, **stack_options):
    source = write_cine(folder / "source", stack(**stack_options))
    masks = labels(source)
    return write_phase_segs(source, masks, phases or PHASES, IDENTITY, settings, folder), masks


def test_frames_hold_the_masks_at_their_positions(case):
    for written in case.segs:
        seg = pydicom.dcmread(written.path)
        rebuilt = np.zeros(case.labels.data.shape[1:], np.uint8)
        value = {s.number: label for label, s in written.segments.items()}
        for group, frame in zip(groups(seg), seg.pixel_array, strict=True):
            rebuilt[slice_index(group, case.source.geometry)][frame > 0] = value[number(group)]
        assert np.array_equal(rebuilt, case.labels.data[written.phase_index])


def test_each_frame_refers_to_its_one_source_image(case):
    for written in case.segs:
        seg = pydicom.dcmread(written.path, stop_before_pixels=True)
        for group in groups(seg):
            z = slice_index(group, case.source.geometry)
            frame = case.source.frames[written.phase_index][z]
            (source,) = group.DerivationImageSequence[0].SourceImageSequence
            assert source.ReferencedSOPInstanceUID == frame.sop_instance_uid
            assert source.ReferencedSOPClassUID == frame.sop_class_uid
            assert source.get("ReferencedFrameNumber", 0) == frame.frame_number
            assert source.SpatialLocationsPreserved == "YES"


def test_enhanced_frame_numbers_worked_by_hand(tmp_path):
    # Four phases a slice, slice by slice: phase 2 of slice 1 is frame 1·4 + 2 + 1 = 7.
    case = write_case(tmp_path, series="enhanced")
    seg = pydicom.dcmread(case.segs[1].path, stop_before_pixels=True)
    by_slice = {
        slice_index(g, case.source.geometry): g.DerivationImageSequence[0]
        .SourceImageSequence[0]
        .ReferencedFrameNumber
        for g in groups(seg)
    }
    assert by_slice == {z: 4 * z + 3 for z in range(8)}


def test_series_of_the_sources_are_listed(case):
    for written in case.segs:
        seg = pydicom.dcmread(written.path, stop_before_pixels=True)
        listed = {
            (series.SeriesInstanceUID, image.ReferencedSOPInstanceUID)
            for series in seg.ReferencedSeriesSequence
            for image in series.ReferencedInstanceSequence
        }
        assert listed == {(f.series_uid, f.sop_instance_uid) for f in written.frames}
        sources = {image.ReferencedSOPInstanceUID for image in seg.SourceImageSequence}
        assert sources == {f.sop_instance_uid for f in written.frames}


def test_no_provisional_uid_is_left(case):
    for written in case.segs:
        text = written.path.read_bytes()
        assert not any(f"2.25.{z}\0".encode() in text for z in range(10))


def test_dimension_index_values_rank_segment_and_position(case):
    for written in case.segs:
        seg = pydicom.dcmread(written.path, stop_before_pixels=True)
        rank_of = {}
        for group in groups(seg):
            segment, rank = group.FrameContentSequence[0].DimensionIndexValues
            assert segment == number(group)
            rank_of.setdefault(slice_index(group, case.source.geometry), set()).add(rank)
        ranks = [rank_of[z] for z in sorted(rank_of)]
        assert all(len(r) == 1 for r in ranks)
        ordered = [r.pop() for r in ranks]
        ascending = list(range(1, len(ordered) + 1))
        assert ordered in (ascending, ascending[::-1])
        organisation = {d.DimensionOrganizationUID for d in seg.DimensionIndexSequence}
        (item,) = seg.DimensionOrganizationSequence
        assert organisation == {item.DimensionOrganizationUID}


def test_phase_is_stated_three_times(case):
    expected = {"ed": ("END_DIASTOLE", "416190007"), "es": ("END_SYSTOLE", "416430001")}
    for written in case.segs:
        seg = pydicom.dcmread(written.path, stop_before_pixels=True)
        position, code = expected[written.phase]
        assert {g.FrameContentSequence[0].CardiacCyclePosition for g in groups(seg)} == {position}
        for segment in seg.SegmentSequence:
            kind = segment.SegmentedPropertyTypeCodeSequence[0]
            assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeValue == code
        assert seg.ContentLabel == f"CINE_{written.phase.upper()}"


def test_segments_are_described(case):
    seg = pydicom.dcmread(case.segs[0].path, stop_before_pixels=True)
    kinds = [s.SegmentedPropertyTypeCodeSequence[0].CodeValue for s in seg.SegmentSequence]
    assert kinds == ["87878005", "49848007", "53085002"]
    for segment, written in zip(seg.SegmentSequence, case.segs[0].segments.values(), strict=True):
        assert segment.SegmentNumber == written.number
        assert segment.TrackingUID == written.tracking_uid
        assert segment.TrackingID == written.tracking_id
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
        assert algorithm.AlgorithmVersion == "0.1.0"
        assert "b" * 64 in algorithm.AlgorithmParameters


def test_tracking_uids_tell_structures_and_phases_apart(case):
    tracking = [s.tracking_uid for seg in case.segs for s in seg.segments.values()]
    assert len(set(tracking)) == 6


def test_object_says_what_it_is(case):
    ed, es = (pydicom.dcmread(w.path, stop_before_pixels=True) for w in case.segs)
    for seg in (ed, es):
        assert seg.StudyInstanceUID == STUDY_UID
        assert seg.SegmentationType == "BINARY"
        assert seg.ContentQualification == "RESEARCH"
        assert seg.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert seg.BodyPartExamined == "HEART"
        assert seg.ContentCreatorName == "cmr-map^AI"
        assert "AI" in seg.SeriesDescription
        assert "research" in seg.SeriesDescription
        assert seg.DeviceSerialNumber == "7"
        assert (seg.SeriesDate, seg.SeriesTime) == ("20261122", "123015.250000")
    assert ed.SeriesInstanceUID != es.SeriesInstanceUID
    assert ed.SOPInstanceUID != es.SOPInstanceUID
    assert (ed.SeriesNumber, es.SeriesNumber) == (9701, 9702)
    assert (ed.InstanceNumber, es.InstanceNumber) == (1, 1)


def test_only_whitelisted_patient_attributes(case):
    for path in case.files:
        dataset = pydicom.dcmread(path)
        patient = {e.keyword for e in dataset if e.tag.group == 0x0010}
        assert patient <= set(WHITELIST)
        assert dataset.PatientName == "Müller^Test"
        assert dataset.StudyDescription == "Cardiac MR"
        assert b"secret" not in path.read_bytes()
        assert not any(e.tag.is_private for e in dataset.iterall())


def test_file_names_hold_no_patient_data(case):
    assert {p.suffix for p in case.files} == {".dcm"}
    assert len({p.name for p in case.files}) == 3
    assert not any("4711" in p.name or "ller" in p.name for p in case.files)


@pytest.mark.requirement("CINE-31")
def test_same_time_gives_the_same_bytes_and_another_time_the_same_uids(tmp_path):
    source = write_cine(tmp_path / "source", stack())
    later = replace(IDENTITY, now=IDENTITY.now + timedelta(days=3))
    written = []
    for name, identity in (("a", IDENTITY), ("b", IDENTITY), ("c", later)):
        folder = tmp_path / name
        folder.mkdir()
        written.append(write_phase_segs(source, heart(source), PHASES, identity, SETTINGS, folder))
    a, b, c = written
    assert [s.path.name for s in a] == [s.path.name for s in b] == [s.path.name for s in c]
    assert [s.path.read_bytes() for s in a] == [s.path.read_bytes() for s in b]
    for first, third in zip(a, c, strict=True):
        one, other = pydicom.dcmread(first.path), pydicom.dcmread(third.path)
        differing = {e.keyword for e in one if e != other[e.tag]}
        assert differing == {
            "InstanceCreationDate",
            "ContentDate",
            "SeriesDate",
            "ContributingEquipmentSequence",
        }


def test_patient_does_not_enter_the_uids(tmp_path):
    uids = []
    for name in ("one", "two"):
        folder = tmp_path / name
        source = write_cine(folder / "source", stack(), patient={"PatientID": name})
        segs = write_phase_segs(source, heart(source), PHASES, IDENTITY, SETTINGS, folder)
        uids.append([s.sop_instance_uid for s in segs])
    assert uids[0] == uids[1]


def test_thickness_and_spacing_are_the_true_pitch(case):
    seg = pydicom.dcmread(case.segs[0].path, stop_before_pixels=True)
    (measures,) = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    assert (measures.SliceThickness, measures.SpacingBetweenSlices) == (10, 10)
    assert list(measures.PixelSpacing) == [1.5, 1.25]


def test_uneven_stack_states_the_extent_of_each_frame(tmp_path):
    case = write_case(tmp_path, gaps_mm=UNEVEN)
    for written in case.segs:
        seg = pydicom.dcmread(written.path)
        assert "PixelMeasuresSequence" not in seg.SharedFunctionalGroupsSequence[0]
        volumes = dict.fromkeys(written.segments, 0.0)
        label = {s.number: key for key, s in written.segments.items()}
        for group, frame in zip(groups(seg), seg.pixel_array, strict=True):
            (measures,) = group.PixelMeasuresSequence
            assert "SpacingBetweenSlices" not in measures
            area = frame.sum() * measures.PixelSpacing[0] * measures.PixelSpacing[1]
            volumes[label[number(group)]] += area * measures.SliceThickness / 1000
        for key, volume in volumes.items():
            assert volume == pytest.approx(case.volume_ml(written, key), rel=1e-6)


def test_extents_of_an_uneven_stack_worked_by_hand(tmp_path):
    (written, _), _ = only(tmp_path, heart, gaps_mm=(10.0, 20.0))
    seg = pydicom.dcmread(written.path, stop_before_pixels=True)
    thickness = {
        round(float(g.PlanePositionSequence[0].ImagePositionPatient[2]), 3): float(
            g.PixelMeasuresSequence[0].SliceThickness
        )
        for g in groups(seg)
    }
    # Positions along the normal 0, 10, 30 mm (z of the normal 0.64): 10, (10 + 20) / 2, 20 mm.
    assert thickness == {-80.0: 10.0, -73.6: 15.0, -60.8: 20.0}


def test_structure_without_a_voxel_has_no_segment(tmp_path):
    def no_rv_at_es(source):
        data = heart(source).data.copy()
        data[2][data[2] == Label.RV] = 0
        return heart(source).with_data(data)

    (ed, es), _ = only(tmp_path, no_rv_at_es)
    assert ed.absent == ()
    assert es.absent == (Label.RV,)
    assert set(es.segments) == {Label.LV, Label.MYOCARDIUM}
    assert len(pydicom.dcmread(es.path).SegmentSequence) == 2


def test_numbers_close_up_after_an_absent_structure(tmp_path):
    def rv_alone(source):
        data = heart(source).data
        return heart(source).with_data(np.where(data == Label.RV, data, 0).astype(np.uint8))

    (ed, _), _ = only(tmp_path, rv_alone)
    assert {label: s.number for label, s in ed.segments.items()} == {Label.RV: 1}
    assert ed.absent == (Label.LV, Label.MYOCARDIUM)


def test_phase_without_any_voxel_has_no_object(tmp_path):
    def empty_es(source):
        data = heart(source).data.copy()
        data[2] = 0
        return heart(source).with_data(data)

    segs, _ = only(tmp_path, empty_es)
    assert [s.phase for s in segs] == ["ed"]


def test_all_other_phases_form_one_series(tmp_path):
    settings = WriterSettings(**SETTINGS.model_dump() | {"all_phases": True})
    segs, masks = only(tmp_path, heart, settings)
    assert [(s.phase, s.phase_index) for s in segs] == [
        ("ed", 0), ("es", 2), ("p01", 1), ("p03", 3)]  # fmt: skip
    files = [pydicom.dcmread(s.path) for s in segs]
    assert [f.SeriesNumber for f in files] == [9701, 9702, 9704, 9704]
    assert len({f.SeriesInstanceUID for f in files}) == 3
    assert len({f.SOPInstanceUID for f in files}) == 4
    other = files[2]
    assert other.ContentDescription == "Short-axis cine, phase 2 of 4"
    assert groups(other)[0].FrameContentSequence[0].CardiacCyclePosition == "UNDETERMINED"
    kind = other.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0]
    assert "SegmentedPropertyTypeModifierCodeSequence" not in kind
    assert other.pixel_array.sum() == (masks.data[1] > 0).sum()


def test_time_zone_of_the_source_is_kept(tmp_path):
    source = write_cine(tmp_path / "source", stack(), patient={"TimezoneOffsetFromUTC": "+0530"})
    segs = write_phase_segs(source, heart(source), PHASES, IDENTITY, SETTINGS, tmp_path)
    seg = pydicom.dcmread(segs[0].path)
    assert seg.TimezoneOffsetFromUTC == "+0530"
    assert seg.ContentTime == "180015.250000"  # 12:30:15.25 UTC


def test_missing_frame_of_reference_gets_one_of_our_own(tmp_path):
    source = write_cine(tmp_path / "source", stack())
    bare = replace(source, geometry=replace(source.geometry, frame_of_reference_uid=""))
    segs = write_phase_segs(bare, heart(bare), PHASES, IDENTITY, SETTINGS, tmp_path)
    made = {pydicom.dcmread(s.path).FrameOfReferenceUID for s in segs}
    assert len(made) == 1
    assert made != {source.geometry.frame_of_reference_uid}


def test_masks_that_do_not_fit_are_refused(tmp_path):
    source = write_cine(tmp_path / "source", stack())
    other = heart(write_cine(tmp_path / "other", stack(), 3))
    with pytest.raises(GeometryError, match=r"masks \(3, 8, 48, 40\), source \(4, 8, 48, 40\)"):
        write_phase_segs(source, other, PHASES, IDENTITY, SETTINGS, tmp_path)


def test_one_slice_of_unknown_thickness_is_refused(tmp_path):
    geometry = replace(stack(()), slice_thickness_mm=float("nan"))
    source = write_cine(tmp_path / "source", geometry)
    with pytest.raises(GeometryError, match="unknown thickness"):
        write_phase_segs(source, heart(source), PHASES, IDENTITY, SETTINGS, tmp_path)


def test_libraries_stay_silent(tmp_path, recwarn, caplog):
    source = write_cine(tmp_path / "source", stack())
    recwarn.clear()
    with caplog.at_level("DEBUG"):
        write_phase_segs(source, heart(source), PHASES, IDENTITY, SETTINGS, tmp_path)
    assert not recwarn.list
    assert not caplog.records


def parts(folder):
    """Parts by source series, in the order of their series."""
    found = [(pydicom.dcmread(p), p) for p in folder.glob("*-part*.dcm")]
    return sorted(found, key=lambda item: item[0].SeriesNumber)


def split_case(folder, series, gaps_mm=(10.0,) * 7):
    source = write_cine(folder / "source", stack(gaps_mm), series=series)
    settings = WriterSettings(**SETTINGS.model_dump() | {"split_by_series": True})
    results = folder / "results"
    results.mkdir()
    segs = write_phase_segs(source, heart(source), PHASES, IDENTITY, settings, results)
    return source, segs, results


@pytest.mark.parametrize("gaps_mm", [(10.0,) * 7, UNEVEN])
def test_parts_add_up_to_the_whole(tmp_path, gaps_mm):
    source, segs, results = split_case(tmp_path, "per_slice", gaps_mm)
    found = parts(results)
    assert len(found) == 16
    assert [seg.SeriesNumber for seg, _ in found] == list(range(9801, 9817))
    assert len({seg.SeriesInstanceUID for seg, _ in found}) == 16
    frames = {}
    for seg, path in found:
        assert dciodvfy_errors(path) == []
        (series,) = seg.ReferencedSeriesSequence
        assert series.SeriesInstanceUID in source.series_uids
        listed = {i.ReferencedSOPInstanceUID for i in series.ReferencedInstanceSequence}
        assert listed == {i.ReferencedSOPInstanceUID for i in seg.SourceImageSequence}
        frames |= described(seg)
    whole = {}
    for written in segs:
        whole |= described(pydicom.dcmread(written.path))
    assert frames == whole


def described(seg):
    """Bytes of each frame and its thickness, by source image and segment label."""
    label = {s.SegmentNumber: s.SegmentLabel for s in seg.SegmentSequence}
    shared = seg.SharedFunctionalGroupsSequence[0]
    pixels = seg.pixel_array.reshape(-1, seg.Rows, seg.Columns)
    found = {}
    for group, frame in zip(groups(seg), pixels, strict=True):
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        owner = shared if "PixelMeasuresSequence" in shared else group
        thickness = owner.PixelMeasuresSequence[0].SliceThickness
        key = source.ReferencedSOPInstanceUID, label[number(group)]
        assert key not in found
        found[key] = frame.tobytes(), thickness, group.FrameContentSequence[0].CardiacCyclePosition
    return found


@pytest.mark.parametrize("series", ["one", "enhanced"])
def test_stack_of_one_series_has_no_parts(tmp_path, series):
    *_, results = split_case(tmp_path, series)
    assert parts(results) == []
