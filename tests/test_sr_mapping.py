"""Report of the maps: every number in its place, references, reasons, both parts together."""

from dataclasses import replace

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydantic import BaseModel

from cmr.labels import Label
from cmr.mapping.terms import Contrast, MapKind
from cmr.records import Measured, Model, Status
from cmr.results_mapping import (
    EcvMapResults,
    FitRecord,
    HaematocritRecord,
    Mapping,
    MapQc,
    MapSlice,
    ReferenceRange,
)
from dicomio import sr_map_concepts
from dicomio.map_objects import write_maps
from dicomio.sr import WrittenObjects, write_report
from tests.dicom_source import stack, write_cine
from tests.dicom_tools import (
    dcentvfy_errors,
    dciodvfy_errors,
    dcmqi_report,
    unknown_codes,
)
from tests.mapping_sample import ecv, ecv_map, native_t1, relaxation, results, write_map_case
from tests.results_sample import cine_results, study_results
from tests.test_sr import children, coded, groups, name, remarks
from tests.writer_case import IDENTITY, SETTINGS, write_case

pytestmark = pytest.mark.requirement("TIS-21")

T1, ECV = "113063", "ECV"
MEDIAN, MEAN, SD = "373099004", "373098007", "386136009"
WALL, SEPTUM, BLOOD = ("Native T1, whole wall", "Native T1, septum", "Native T1, blood pool")
AHA_7 = "Native T1, AHA 7 Mid anterior segment"
ECV_7 = "Extracellular volume, AHA 7 Mid anterior segment"


@pytest.fixture(scope="module", params=["per_slice", "enhanced"])
def case(request, tmp_path_factory):
    return write_map_case(tmp_path_factory.mktemp("sr"), series=request.param)


@pytest.fixture(scope="module")
def root(case):
    return pydicom.dcmread(case.report)


def report_of(folder, *tissues, gaps_mm=(20.0, 20.0), study=None):
    """The groups of a report of maps, each made by a function of their images."""
    images = write_cine(folder / "source", stack(gaps_mm)).images
    maps = write_maps([tissue(images) for tissue in tissues], IDENTITY, SETTINGS, folder)
    written = WrittenObjects(maps=maps)
    path = write_report(study or study_results(None), written, None, IDENTITY, SETTINGS, folder)
    assert dciodvfy_errors(path) == []
    return groups(pydicom.dcmread(path))


def numbers(group):
    """(code, derivation, unit, value) of the measurements of a group."""
    found = []
    for item in group.ContentSequence:
        if item.ValueType == "NUM":
            value = item.MeasuredValueSequence[0]
            unit = value.MeasurementUnitsCodeSequence[0].CodeValue
            found.append((name(item), coded(item, "121401"), unit, float(value.NumericValue)))
    return found


def median(group, code=T1):
    (found,) = [i for i in children(group, code) if coded(i, "121401") == MEDIAN]
    return found


def properties(item):
    """(value, unit) of the numbers below a measurement, by code."""
    return {
        name(i): (
            float(i.MeasuredValueSequence[0].NumericValue),
            i.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue,
        )
        for i in item.ContentSequence
        if i.ValueType == "NUM" and i.RelationshipType == "HAS PROPERTIES"
    }


def referenced(item, code):
    return {i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in children(item, code)}


def t1_numbers(value):
    return [
        ("PIXUSED", None, "{pixels}", 40.0),
        ("PIXLEFT", None, "%", 7.0),
        ("126220", None, "1", 0.9988),
        (T1, MEDIAN, "ms", round(value, 1)),
        (T1, MEAN, "ms", round(value + 1.5, 1)),
        (T1, SD, "ms", 45.7),
    ]


def ecv_numbers(value):
    return [
        ("PIXUSED", None, "{pixels}", 40.0),
        ("PIXLEFT", None, "%", 7.0),
        (ECV, MEDIAN, "%", round(value, 2)),
        (ECV, MEAN, "%", round(value + 1.5, 2)),
        (ECV, SD, "%", 3.46),
    ]


def test_every_measured_field_of_mapping_has_a_concept_or_a_reason():
    def models(kind, seen):
        seen.add(kind)
        for info in kind.model_fields.values():
            parts = [info.annotation]
            while parts:
                part = parts.pop()
                parts += getattr(part, "__args__", ())
                if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
                    models(part, seen)
        return seen

    measured = [kind for kind in models(Mapping, set()) if issubclass(kind, Measured)]
    keys = {quantity.key for kind in measured for quantity in kind.quantities()}
    concepts, left_out = set(sr_map_concepts.CONCEPTS), set(sr_map_concepts.LEFT_OUT)
    assert len(keys) == 10
    assert concepts | left_out == keys
    assert not concepts & left_out


def test_every_region_has_its_numbers(root):
    found = groups(root)
    assert numbers(found[WALL]) == t1_numbers(1001.26)
    assert numbers(found[SEPTUM]) == t1_numbers(33.126)
    assert numbers(found[BLOOD]) == t1_numbers(77.126)
    for title, group in found.items():
        if "AHA" in title:
            value = 100.126 + int(title.split("AHA ")[1].split()[0])
            expected = ecv_numbers if title.startswith("Extra") else t1_numbers
            assert numbers(group) == expected(value), title
    assert sum("AHA" in title for title in found) == 32
    assert len(found) == 32 + 6 + 1


def test_statistics_name_contrast_state_and_map(case, root):
    native, volume = case.maps
    for title, code, state, plane in ((AHA_7, T1, "NATIVE", native), (ECV_7, ECV, None, volume)):
        for item in children(groups(root)[title], code):
            assert coded(item, "109058") == state
            assert referenced(item, "121112") == {plane.value.sop_instance_uid}


def test_contrast_after_the_agent_has_its_code(tmp_path):
    made = results(relaxation, [1], quantity="t2")
    found = report_of(
        tmp_path,
        lambda i: native_t1(i, results=made, contrast=Contrast.POST, kind=MapKind.T2),
        gaps_mm=(),
    )
    assert coded(median(found["T2, whole wall"], "113065"), "109058") == "POST"


def test_uncertainty_stands_with_the_median(root):
    for group, code, expected in (
        (groups(root)[AHA_7], T1, (7.22, "ms")),
        (groups(root)[ECV_7], ECV, (1.23, "%")),
    ):
        assert properties(median(group, code)) == {"371886008": expected, "371885007": expected}


def test_range_stands_with_the_median_of_its_region(root):
    item = median(groups(root)[WALL])
    found = properties(item)
    assert found["385524004"] == (930.0, "ms")
    assert found["371933006"] == (1050.1, "ms")
    assert found["121416"] == (0.26, "1")
    assert children(item, "121407")[0].TextValue == "Site range, global"
    assert children(item, "121408")[0].TextValue == "Site: 50 healthy adults"
    assert not children(median(groups(root)[SEPTUM]), "121408")
    assert "No range: none." in remarks(groups(root)[SEPTUM])


def test_range_of_limits_alone_has_no_z_score(tmp_path):
    known = ReferenceRange(
        region="septal", kind="published", low=950, high=1050, z=None, source="A, 2020", reason=""
    )
    made = results(relaxation, [1], reference=[known])
    item = median(report_of(tmp_path, lambda i: native_t1(i, results=made), gaps_mm=())[SEPTUM])
    assert "121416" not in properties(item)
    assert children(item, "121407")[0].TextValue == "Published range, septal"


def test_segment_groups_refer_to_the_right_segment(case, root):
    seg = pydicom.dcmread(case.maps[0].segments.path, stop_before_pixels=True)
    described = {s.SegmentNumber: s for s in seg.SegmentSequence}
    for title, group in groups(root).items():
        if "AHA" not in title:
            continue
        assert group.ContentTemplateSequence[0].TemplateIdentifier == "1411"
        (reference,) = children(group, "121191")[0].ReferencedSOPSequence
        assert reference.ReferencedSOPInstanceUID == seg.SOPInstanceUID
        segment = described[reference.ReferencedSegmentNumber]
        assert segment.SegmentLabel == title.split(", ")[1]
        kind = segment.SegmentedPropertyTypeCodeSequence[0].CodeValue
        assert coded(group, "121071") == coded(group, "363698007") == kind
        same = segment.TrackingUID == children(group, "112040")[0].UID
        assert same == title.startswith("Native T1")  # a region of another map has its own


def test_segment_groups_name_the_images_of_their_slices(case, root):
    listed = set()
    for item in children(groups(root)[AHA_7], "121233"):
        reference = item.ReferencedSOPSequence[0]
        frames = reference.get("ReferencedFrameNumber", 0)
        frames = [frames] if isinstance(frames, int) else list(frames)
        listed |= {(reference.ReferencedSOPInstanceUID, n) for n in frames}
    # AHA 7 lies on the middle slice alone.
    assert listed == {(row[1].sop_instance_uid, row[1].frame_number) for row in case.images.frames}


def test_regions_are_found_at_their_sites(root):
    sites = {WALL: "49848007", SEPTUM: "589001", BLOOD: "87878005"}
    for title, site in sites.items():
        group = groups(root)[title]
        assert coded(group, "363698007") == site
        assert group.ContentTemplateSequence[0].TemplateIdentifier == "1501"
    assert coded(groups(root)[BLOOD], "121071") == "87612001"


def test_method_and_sequence_stand_in_each_group(root):
    for title, group in groups(root).items():
        if title == "Quality control":
            continue
        (sequence,) = children(group, "128230")
        method = children(group, "370129005")
        if title.startswith("Native"):
            assert sequence.TextValue == "MOLLI 5(3)3"
            assert method[0].RelationshipType == "HAS CONCEPT MOD"
            assert coded(group, "370129005") == "126351"
        else:
            assert sequence.TextValue == "MOLLI 5(3)3 / MOLLI 4(1)3(1)2"
            assert not method


def slice_of(reason):
    return MapSlice(
        position_mm=0, level=None, reference=None, reason=reason,
        wall=relaxation(), blood=relaxation(), segments={},
    )  # fmt: skip


def test_what_a_reader_has_to_know_is_told(tmp_path):
    made = results(
        relaxation, [1], slices=[slice_of("no insertion point is seen"), slice_of("")],
        fit=FitRecord(model="A - B exp(-t / T1*)", times_ms=[], phase_used=False, pixels=1,
                      undetermined={}, motion=[]),
        left_out=["Slice 2: no images."], notes=["Read with care."],
        qc=MapQc(status=Status.REVIEW, not_passed=["fit", "motion"]),
    )  # fmt: skip
    told = remarks(report_of(tmp_path, lambda i: native_t1(i, results=made), gaps_mm=())[WALL])
    assert told == [
        "Source: fitted map. No map of the scanner.",
        "Contrast: No contrast agent in the headers.",
        "Whole wall: segments",
        "Fit: A - B exp(-t / T1*)",
        "Slice 1 has no segments: no insertion point is seen",
        "Left out: Slice 2: no images.",
        "Read with care.",
        "Quality control of this map: review (fit, motion)",
    ]


def test_haematocrit_stands_with_the_extracellular_volume(root):
    group = groups(root)["Extracellular volume, whole wall"]
    (item,) = children(group, "20570-8")
    assert float(item.MeasuredValueSequence[0].NumericValue) == 42.1
    assert coded(item, "121401") == "258104002"
    assert properties(item) == {"371886008": (1.1, "%"), "371885007": (1.1, "%")}
    assert "Haematocrit, measured: Given on the day." in remarks(group)


def test_synthetic_haematocrit_shows_in_every_code(tmp_path):
    estimated = HaematocritRecord(
        fraction=0.4, sd_fraction=0.02, source="synthetic", origin="From blood T1."
    )
    made = results(ecv, [1], EcvMapResults, quantity="ecv", haematocrit=estimated, post_shift=[])
    found = report_of(tmp_path, lambda i: ecv_map(i, results=made, segmented_on="ecv"), gaps_mm=())
    group = found["Extracellular volume, whole wall"]
    assert len(children(group, "ECVSYN")) == 3
    assert not children(group, ECV)
    assert coded(children(group, "20570-8")[0], "121401") == "414135002"


def test_withheld_segment_keeps_its_group_and_tells_why(tmp_path):
    gone = dict.fromkeys(("median_ms", "mean_ms", "sd_ms", "uncertainty_ms"))
    made = results(relaxation, [1, 2])
    kept_back = made.segments[1].model_copy(
        update=gone | {"withheld": dict.fromkeys(gone, "Three pixels only.")}
    )
    made = made.model_copy(update={"segments": made.segments | {1: kept_back}})
    found = report_of(tmp_path, lambda i: native_t1(i, results=made), gaps_mm=())
    group = found["Native T1, AHA 1 Basal anterior segment"]
    assert [row[0] for row in numbers(group)] == ["PIXUSED", "PIXLEFT", "126220"]
    assert remarks(group) == ["Median, Mean, Standard deviation not reported: Three pixels only."]
    assert children(group, "121191")
    assert numbers(found["Native T1, AHA 2 Basal anteroseptal segment"]) == t1_numbers(102.126)


def nothing(reason):
    keys = ("median_ms", "mean_ms", "sd_ms", "uncertainty_ms", "left_out_pct", "r2")
    return relaxation(pixels=0, withheld=dict.fromkeys(keys, reason), **dict.fromkeys(keys[1:])) \
        .model_copy(update={"median_ms": None})  # fmt: skip


def test_without_a_heart_the_reasons_are_told(tmp_path):
    empty = np.zeros((3, 48, 40), np.uint8)
    none = nothing("No heart found.")
    made = results(relaxation, [], global_=none, septal=none, blood=none).model_copy(
        update={"segments": dict.fromkeys(range(1, 17), none)}
    )
    found = report_of(tmp_path, lambda i: native_t1(i, results=made, labels=empty, segments=empty))
    assert set(found) == {WALL, SEPTUM, BLOOD, "Quality control"}
    everything = "Pixels left out, Goodness of fit, Median, Mean, Standard deviation"
    numbered = ", ".join(map(str, range(1, 17)))
    told = remarks(found[WALL])
    assert told[0] == f"{everything} not reported: No heart found."
    assert told[-1] == f"AHA {numbered}: {everything} not reported: No heart found."
    assert numbers(found[WALL]) == [("PIXUSED", None, "{pixels}", 0.0)]
    assert not children(found[WALL], "121112")


def test_segment_with_numbers_but_without_mask_stands_by_its_site(tmp_path):
    labels = np.zeros((1, 48, 40), np.uint8)
    labels[0, 20:25, 20:25] = Label.LV
    made = results(relaxation, [7])
    found = report_of(
        tmp_path,
        lambda i: native_t1(i, results=made, labels=labels, segments=np.zeros_like(labels)),
        gaps_mm=(),
    )
    group = found[AHA_7]
    assert group.ContentTemplateSequence[0].TemplateIdentifier == "1501"
    assert coded(group, "363698007") == "264848000"
    assert numbers(group) == t1_numbers(107.126)


@pytest.mark.parametrize("beside", [True, False], ids=["fitted map beside", "no fitted map"])
def test_measured_on_the_map_of_the_scanner(tmp_path, beside):
    images = write_cine(tmp_path / "source", stack((20.0,)), 1).images
    own = {} if beside else {"values": None, "sd": None}
    tissue = native_t1(images, results=results(relaxation, [1], source="scanner"), **own)
    maps = write_maps([tissue], IDENTITY, SETTINGS, tmp_path)
    assert (maps[0].value is not None) == beside
    written = WrittenObjects(maps=maps)
    path = write_report(study_results(None), written, None, IDENTITY, SETTINGS, tmp_path)
    item = median(groups(pydicom.dcmread(path))[WALL])
    assert referenced(item, "121112") == {f.sop_instance_uid for f in images.frames[0]}
    assert dciodvfy_errors(path) == []


def instances(root):
    (study,) = root.CurrentRequestedProcedureEvidenceSequence
    listed = [
        (series.SeriesInstanceUID, image.ReferencedSOPInstanceUID)
        for series in study.ReferencedSeriesSequence
        for image in series.ReferencedSOPSequence
    ]
    assert len(listed) == len(set(listed))
    return set(listed)


def written_instances(case):
    objects = [o for m in case.maps for o in (m.value, m.sd, m.segments)]
    frames = [f for row in case.images.frames for f in row]
    return {(o.series_uid, o.sop_instance_uid) for o in [*objects, *frames]}


def library(root):
    (container,) = children(root, "111028")
    return [referenced(group, "260753009") for group in container.ContentSequence]


def test_evidence_and_library_list_what_is_used_once(case, root):
    assert instances(root) == written_instances(case)
    (listed,) = library(root)  # ECV has the images of the native map
    assert listed == {f.sop_instance_uid for row in case.images.frames for f in row}
    assert [s.CodingSchemeDesignator for s in root.CodingSchemeIdentificationSequence] == [
        "99CMRPOST"
    ]


def test_cine_and_maps_share_one_report(tmp_path):
    cine = write_case(tmp_path / "cine", series="one")
    maps = write_map_case(tmp_path / "maps", series="per_slice")
    folder = tmp_path / "both"
    folder.mkdir()
    written = WrittenObjects(cine.segs, maps.maps)
    path = write_report(
        study_results(cine_results()), written, cine.source, IDENTITY, SETTINGS, folder
    )
    root = pydicom.dcmread(path)
    alone = [pydicom.dcmread(p) for p in (cine.report, maps.report)]
    assert list(groups(root)) == [
        title for single in alone for title in groups(single) if title != "Quality control"
    ] + ["Quality control"]
    for title, group in groups(alone[0]).items():
        assert numbers(groups(root)[title]) == numbers(group)
    assert instances(root) == instances(alone[0]) | instances(alone[1])
    assert [len(images) for images in library(root)] == [16, 12]
    assert root.SOPInstanceUID not in {single.SOPInstanceUID for single in alone}
    assert dciodvfy_errors(path) == []
    files = [path, *cine.files[:-1], *maps.files[:-1]]
    assert dcentvfy_errors(files, [*cine.used_images, *maps.used_images]) == []


def test_what_could_not_be_measured_is_told(tmp_path):
    model = Model(name="n", version="1", sha256="b" * 64, provider="CPU", precision="fp32")
    mapping = Mapping(not_measured={"t2": "Images of one slice only."}, model=model)
    study = study_results(None).model_copy(update={"mapping": mapping})
    found = report_of(tmp_path, native_t1, gaps_mm=(), study=study)
    assert "t2 not measured: Images of one slice only." in remarks(found["Quality control"])


def test_dcmqi_gives_back_every_number(case, tmp_path):
    found = sorted(
        (item["quantity"]["CodeValue"], item["units"]["CodeValue"], float(item["value"]))
        for group in dcmqi_report(case.report, tmp_path)
        for item in group.get("measurementItems", [])
    )
    expected = [
        t1_numbers(v) for v in (1001.26, 33.126, 77.126, *(100.126 + n for n in range(1, 17)))
    ]
    expected += [
        ecv_numbers(v) for v in (27.126, 33.126, 77.126, *(100.126 + n for n in range(1, 17)))
    ]
    rows = [row for rows in expected for row in rows] + [("20570-8", None, "%", 42.1)]
    assert found == sorted((code, unit, value) for code, _, unit, value in rows)


def test_every_written_code_is_a_known_one(case):
    assert [unknown for path in case.files for unknown in unknown_codes(path)] == []


def test_highdicom_reads_the_groups(case):
    content = hd.sr.srread(case.report).content
    assert len(content.get_volumetric_roi_measurement_groups()) == 32
    assert len(content.get_image_measurement_groups()) == 7


def test_another_map_gives_the_report_another_uid(tmp_path):
    images = write_cine(tmp_path / "source", stack((20.0,))).images
    fewer = replace(images, frames=images.frames[:2])
    uids = set()
    for folder, used in (("a", images), ("b", fewer)):
        (tmp_path / folder).mkdir()
        maps = write_maps([native_t1(used)], IDENTITY, SETTINGS, tmp_path / folder)
        path = write_report(
            study_results(None), WrittenObjects(maps=maps), None, IDENTITY, SETTINGS,
            tmp_path / folder,
        )  # fmt: skip
        uids.add(pydicom.dcmread(path).SOPInstanceUID)
    assert len(uids) == 2
