"""Report of late enhancement: every number in its place, methods side by side, reasons."""

from dataclasses import replace

import highdicom as hd
import pydicom
import pytest

from cmr.records import Measured
from cmr.results_scar import (
    GRAY_TITLES,
    METHOD_TITLES,
    GrayZone,
    Layers,
    Remote,
    Scar,
    ScarAmount,
    ScarSegment,
    Territory,
    TransmuralityClass,
)
from dicomio import codes, sr_scar_concepts
from dicomio.map_objects import write_maps
from dicomio.scar_seg import write_scar
from dicomio.sr import WrittenObjects, write_report
from tests.dicom_source import stack, write_cine
from tests.dicom_tools import dciodvfy_errors, dcmqi_report, unknown_codes
from tests.mapping_sample import native_t1
from tests.results_sample import study_results
from tests.scar_sample import late_scar, scar_results, without_scar, write_scar_case
from tests.test_sr import children, coded, groups, name, remarks
from tests.test_sr_mapping import instances, library, referenced
from tests.writer_case import IDENTITY, SETTINGS

pytestmark = pytest.mark.requirement("SCAR-17")

WALL, SCAR, CORE = "49848007", "12402003", "SCARCORE"
PREFIX = "Late enhancement, "
MYOCARDIUM, DEFAULT = "Left ventricular myocardium", "Scar (5 SD above remote)"
OWN_CORE, OWN_GRAY = "Core (gray zone of Schmidt 2007)", "Gray zone of Schmidt 2007"
REMOTE = "remote myocardium"

# By hand: group: rows of (code, derivation or layer, unit, value), in order.
EXPECTED = {
    MYOCARDIUM: [("122447", None, "g", 113.46)],
    DEFAULT: [
        ("118538004", None, "g", 21.05),
        ("SCARPCT", None, "%", 18.5),
        ("SEGOVER50", None, "1", 3),
        ("LAYERPCT", "304059001", "%", 61.2),
        ("LAYERPCT", "11896004", "%", 28.5),
        ("LAYERPCT", "261073003", "%", 10.2),
    ],
    "scar by another method (2 SD above remote)": [
        ("118538004", None, "g", 31.13), ("SCARPCT", None, "%", 27.4)],
    "scar by another method (Network)": [
        ("118538004", None, "g", 20.12), ("SCARPCT", None, "%", 17.7)],
    "scar by another method (Otsu)": [],
    OWN_CORE: [("LVMASSPCT", None, "%", 11.3), ("118538004", None, "g", 12.77)],
    OWN_GRAY: [
        ("LVMASSPCT", None, "%", 6.2), ("118538004", None, "g", 6.38),
        ("GRAYPCT", None, "%", 25.5)],
    "core by another definition (gray zone 2 to 3 SD above remote)": [
        ("118538004", None, "g", 14.77), ("LVMASSPCT", None, "%", 13.3)],
    "gray zone by another definition (gray zone 2 to 3 SD above remote)": [
        ("118538004", None, "g", 7.38), ("LVMASSPCT", None, "%", 4.9),
        ("GRAYPCT", None, "%", 29.5)],
    "core by another definition (peri-infarct zone of Yan 2006)": [
        ("118538004", None, "g", 16.77), ("LVMASSPCT", None, "%", 15.3)],
    "gray zone by another definition (peri-infarct zone of Yan 2006)": [
        ("118538004", None, "g", 8.38), ("LVMASSPCT", None, "%", 5.6),
        ("GRAYPCT", None, "%", 33.5)],
    "No-reflow": [("118538004", None, "g", 2.34), ("LVMASSPCT", None, "%", 2.1)],
    REMOTE: [
        ("PIXUSED", None, "{pixels}", 321), ("110852", "373098007", "1", 12.35),
        ("110852", "386136009", "1", 4.57)],
    "LAD territory": [
        ("SEGSCAR", None, "1", 11), ("118538004", None, "g", 11.11), ("SCARPCT", None, "%", 9.8)],
    "RCA territory": [
        ("SEGSCAR", None, "1", 5), ("118538004", None, "g", 5.55), ("SCARPCT", None, "%", 4.9)],
    "LCX territory": [
        ("SEGSCAR", None, "1", 0), ("118538004", None, "g", 0), ("SCARPCT", None, "%", 0)],
}  # fmt: skip
METHODS = {DEFAULT: "LGE5SD", "scar by another method (2 SD above remote)": "LGE2SD",
           "scar by another method (Network)": "LGENET", "No-reflow": "LGE5SD",
           "LAD territory": "LGE5SD", OWN_CORE: "GRAYSCHMIDT", OWN_GRAY: "GRAYSCHMIDT",
           "core by another definition (peri-infarct zone of Yan 2006)": "GRAYYAN",
           "gray zone by another definition (gray zone 2 to 3 SD above remote)": "GRAYSD",
           MYOCARDIUM: None, REMOTE: None}  # fmt: skip


@pytest.fixture(scope="module", params=["per_slice", "enhanced"])
def case(request, tmp_path_factory):
    return write_scar_case(tmp_path_factory.mktemp("sr"), series=request.param)


@pytest.fixture(scope="module")
def root(case):
    return pydicom.dcmread(case.report)


def aha(n):
    return [
        ("CHORDS", None, "1", 20 + n),
        ("SEGPCT", None, "%", round(n + 0.3, 1)),
        ("TRANSM", "373098007", "%", round(2 * n + 0.3, 1)),
    ]


def numbers(group):
    """(code, derivation or layer, unit, value) of the measurements of a group."""
    found = []
    for item in group.ContentSequence:
        if item.ValueType == "NUM":
            value = item.MeasuredValueSequence[0]
            unit = value.MeasurementUnitsCodeSequence[0].CodeValue
            narrowed = coded(item, "121401") or coded(item, "106233006")
            found.append((name(item), narrowed, unit, float(value.NumericValue)))
    return found


def of_scar(root):
    """Groups of late enhancement by title."""
    return {t.removeprefix(PREFIX): g for t, g in groups(root).items() if t.startswith(PREFIX)}


def report_of(folder, **changes):
    made = write_scar_case(folder, late=lambda i: late_scar(i, results=scar_results(**changes)))
    assert dciodvfy_errors(made.report) == []
    return of_scar(pydicom.dcmread(made.report))


def literal(alias):
    return set(alias.__args__)


def test_every_measured_field_has_a_concept():
    def paths(kind, prefix):
        yield from (prefix + q.key for q in kind.quantities())
        for key, info in kind.model_fields.items():
            parts = [info.annotation]
            while parts:
                part = parts.pop()
                parts += getattr(part, "__args__", ())
                if isinstance(part, type) and issubclass(part, Measured):
                    yield from paths(part, f"{prefix}{key}.")

    found = set(paths(Scar, ""))
    assert len(found) == 24
    assert set(sr_scar_concepts.CONCEPTS) == found
    units = {q.unit for k in (Scar, ScarAmount, GrayZone, ScarSegment, Layers, Remote)
             for q in k.quantities()}  # fmt: skip
    assert units <= set(codes.UNITS)


def test_every_method_definition_class_and_territory_has_a_code():
    assert set(codes.SCAR_METHODS) == set(METHOD_TITLES)
    assert set(codes.GRAY_DEFINITIONS) == set(GRAY_TITLES)
    assert set(codes.TRANSMURALITY_CLASSES) == literal(TransmuralityClass)
    assert set(codes.CORONARY_ARTERIES) == literal(Territory)


def test_every_number_stands_in_its_group(root):
    found = of_scar(root)
    for title, rows in EXPECTED.items():
        assert numbers(found.pop(title)) == rows, title
    assert len(found) == 16
    for title, group in found.items():
        assert numbers(group) == aha(int(title.split()[1])), title


def test_method_or_definition_stands_in_each_group(root):
    found = of_scar(root)
    for title, method in METHODS.items():
        assert coded(found[title], "370129005") == method, title
        for item in children(found[title], "370129005"):
            assert item.RelationshipType == "HAS CONCEPT MOD"
    assert all(coded(g, "370129005") == "LGE5SD" for t, g in found.items() if "AHA" in t)


def test_findings_and_sites(root):
    found = of_scar(root)
    for title, finding in {
        MYOCARDIUM: WALL, DEFAULT: SCAR, OWN_CORE: CORE, OWN_GRAY: "GRAYZONE", "No-reflow": "MVO",
        REMOTE: "REMOTE", "LAD territory": SCAR,
    }.items():  # fmt: skip
        assert coded(found[title], "121071") == finding
        assert coded(found[title], "363698007") == WALL
    seventh = found["AHA 7 Mid anterior segment"]
    assert coded(seventh, "121071") == coded(seventh, "363698007") == "264848000"


def test_territories_name_their_artery_and_segments(root):
    found = of_scar(root)
    for title, artery in {"LAD": "59438005", "RCA": "13647002", "LCX": "57396003"}.items():
        assert coded(found[f"{title} territory"], "TERRITORY") == artery
    assert remarks(found["RCA territory"]) == ["AHA segments counted: 3, 4, 9, 10, 15"]


def test_classes_of_transmurality_are_coded(root):
    written = ["TRANSM0", "TRANSM25", "TRANSM50", "TRANSM75", "TRANSM100"]
    for title, group in of_scar(root).items():
        if "AHA" in title:
            assert coded(group, "TRANSMCLS") == written[int(title.split()[1]) % 5]


def test_groups_refer_to_the_right_segment(case, root):
    described, seen = {}, set()
    for written in case.written.objects:
        seg = pydicom.dcmread(written.path, stop_before_pixels=True)
        described |= {(seg.SOPInstanceUID, s.SegmentNumber): s for s in seg.SegmentSequence}
    for title, group in of_scar(root).items():
        if not children(group, "121191"):
            continue
        (reference,) = children(group, "121191")[0].ReferencedSOPSequence
        key = reference.ReferencedSOPInstanceUID, reference.ReferencedSegmentNumber
        segment = described[key]
        assert segment.SegmentLabel == title
        assert segment.TrackingUID == children(group, "112040")[0].UID
        kind = segment.SegmentedPropertyTypeCodeSequence[0].CodeValue
        assert coded(group, "121071") == kind
        assert coded(group, "276214006") == (
            segment.SegmentedPropertyCategoryCodeSequence[0].CodeValue
        )
        seen.add(key)
    assert len(described) - len(seen) == 1  # nothing is measured on the cavity


def test_segment_groups_name_the_images_of_their_slices(case, root):
    (item,) = children(of_scar(root)["AHA 7 Mid anterior segment"], "121233")
    image = case.images.frames[0][1]
    reference = item.ReferencedSOPSequence[0]
    assert reference.ReferencedSOPInstanceUID == image.sop_instance_uid
    assert reference.get("ReferencedFrameNumber", 0) == image.frame_number


def test_what_no_segment_stands_for_refers_to_the_masks(case, root):
    uid = case.written.masks.sop_instance_uid
    for title in ("scar by another method (Network)", REMOTE, "LAD territory"):
        assert referenced(of_scar(root)[title], "121112") == {uid}


def test_what_a_reader_has_to_know_is_told(root):
    found = of_scar(root)
    assert remarks(found[MYOCARDIUM]) == [
        "Images: psir. The only short axis.",
        "Zero of the grey values: The intercept.",
        "Not taken: Magnitude: PSIR is there.",
        "Left out: Position 4: no image.",
        "Read with care.",
    ]
    assert remarks(found[DEFAULT]) == [
        "Method: 5 SD above remote. Nearest to the truth on the phantom.",
        "Core and gray zone: gray zone of Schmidt 2007",
        "No-reflow is part of the scar and of its core.",
        "Auto-remote.",
        "Scar from grey value, by slice: 100.5, none, 90",
    ]
    assert remarks(found["scar by another method (Network)"]) == ["By the network."]
    assert remarks(found[REMOTE]) == ["Slice 3: Too noisy."]
    quality = remarks(groups(root)["Quality control"])
    assert quality[:2] == ["For research only.", "Quality control: review"]


def test_method_without_an_answer_tells_why(root):
    group = of_scar(root)["scar by another method (Otsu)"]
    assert remarks(group) == [
        "Scar mass, Scar, share of LV mass not reported: Two classes are not seen."
    ]


def test_withheld_numbers_are_remarks(tmp_path):
    grams = ["mass_g", "mvo_g", "lv_mass_g"]
    reason = "The pitch of the slices is not known."
    withheld = dict.fromkeys([*grams, "core_pct"], reason)
    found = report_of(tmp_path, **dict.fromkeys([*grams, "core_pct"]), withheld=withheld)
    for title, said in {
        MYOCARDIUM: "LV mass on late enhancement", DEFAULT: "Scar mass",
        OWN_CORE: "Core, share of LV mass", "No-reflow": "No-reflow mass",
    }.items():  # fmt: skip
        assert remarks(found[title])[0] == f"{said} not reported: {reason}"
    assert numbers(found[MYOCARDIUM]) == []
    assert numbers(found[DEFAULT]) == EXPECTED[DEFAULT][1:]
    # Withheld of the scar, the share does not come back by way of its gray zone.
    assert numbers(found[OWN_CORE]) == EXPECTED[OWN_CORE][1:]


def test_withheld_segment_keeps_its_group_and_tells_why(tmp_path):
    keys = ("scar_pct", "transmurality_pct")
    blank = ScarSegment(chords=2, withheld=dict.fromkeys(keys, "Two chords only."))
    found = report_of(tmp_path, segments=scar_results().segments | {3: blank})
    group = found["AHA 3 Basal inferoseptal segment"]
    assert numbers(group) == [("CHORDS", None, "1", 2)]
    assert coded(group, "TRANSMCLS") is None
    assert remarks(group) == [
        "Scar, share of the segment, Transmurality, mean over chords not reported: Two chords only."
    ]


def test_segments_neither_drawn_nor_measured_are_told_with_the_wall(tmp_path):
    keys = ("scar_pct", "transmurality_pct")
    blank = ScarSegment(chords=0, withheld=dict.fromkeys(keys, "No such slice."))
    made = scar_results(segments=scar_results().segments | {13: blank, 14: blank, 15: blank})
    case = write_scar_case(tmp_path, gaps_mm=(20.0,), late=lambda i: late_scar(i, results=made))
    found = of_scar(pydicom.dcmread(case.report))
    assert remarks(found[MYOCARDIUM])[-1] == (
        "AHA 13, 14, 15: Scar, share of the segment, Transmurality, mean over chords"
        " not reported: No such slice."
    )
    assert not [t for t in found if t.startswith(("AHA 13", "AHA 14", "AHA 15"))]
    # Measured, but without a mask: it stands by its site.
    last = found["AHA 16 Apical lateral segment"]
    assert numbers(last) == aha(16)
    assert not children(last, "121191")


def test_no_scar_is_zero_not_nothing(tmp_path):
    case = write_scar_case(tmp_path, late=without_scar)
    found = of_scar(pydicom.dcmread(case.report))
    assert numbers(found[DEFAULT])[:3] == [
        ("118538004", None, "g", 0), ("SCARPCT", None, "%", 0), ("SEGOVER50", None, "1", 0)
    ]  # fmt: skip
    for title in (OWN_CORE, OWN_GRAY, "No-reflow"):
        assert {value for *_, value in numbers(found[title])} == {0}
        assert not children(found[title], "121191")
    assert coded(found[DEFAULT], "363698007") == WALL
    assert dciodvfy_errors(case.report) == []


def test_without_an_object_the_numbers_stand_and_the_reason_is_told(tmp_path):
    unknown = replace(stack(()), slice_thickness_mm=float("nan"))
    case = write_scar_case(tmp_path, geometry=unknown)
    found = of_scar(pydicom.dcmread(case.report))
    assert remarks(found[MYOCARDIUM])[-1] == (
        "No segmentation: one slice of unknown thickness; its volume cannot be stated."
    )
    assert numbers(found[DEFAULT]) == EXPECTED[DEFAULT]
    assert len(found) == len(EXPECTED) + 16
    assert dciodvfy_errors(case.report) == []


def test_dcmqi_gives_back_every_number(case, tmp_path):
    found = sorted(
        (item["quantity"]["CodeValue"], item["units"]["CodeValue"], float(item["value"]))
        for group in dcmqi_report(case.report, tmp_path)
        for item in group.get("measurementItems", [])
    )
    expected = [*EXPECTED.values(), *(aha(n) for n in range(1, 17))]
    assert found == sorted((c, unit, float(v)) for rows in expected for c, _, unit, v in rows)


def test_highdicom_reads_the_groups(case):
    content = hd.sr.srread(case.report).content
    # Wall, scar, core, gray zone and no-reflow; 16 segments.
    assert len(content.get_volumetric_roi_measurement_groups()) == 5 + 16
    assert len(content.get_image_measurement_groups()) == len(EXPECTED) - 5 + 1


def test_every_written_code_is_a_known_one(case):
    assert [unknown for path in case.files for unknown in unknown_codes(path)] == []


def test_evidence_and_library_list_what_is_used_once(case, root):
    frames = [f for row in case.images.frames for f in row]
    listed = {(o.series_uid, o.sop_instance_uid) for o in [*case.written.objects, *frames]}
    assert instances(root) == listed
    assert library(root) == [{f.sop_instance_uid for f in frames}]


def test_maps_and_scar_share_one_report(tmp_path):
    images = write_cine(tmp_path / "source", stack((20.0, 20.0)), 1).images
    other = write_cine(tmp_path / "other", stack((20.0, 20.0)), 1, series="enhanced").images
    maps = write_maps([native_t1(images)], IDENTITY, SETTINGS, tmp_path)
    scar = write_scar(late_scar(other), IDENTITY, SETTINGS, tmp_path)
    written = WrittenObjects(maps=maps, scar=scar)
    study = study_results(None)
    path = write_report(study, written, None, IDENTITY, SETTINGS, tmp_path)
    root = pydicom.dcmread(path)
    titles = list(groups(root))
    assert titles[0] == "Native T1, whole wall"
    assert titles[-1] == "Quality control"
    assert len(of_scar(root)) == len(EXPECTED) + 16
    assert [len(listed) for listed in library(root)] == [3, 1]
    assert dciodvfy_errors(path) == []


def test_what_could_not_be_measured_is_told(tmp_path):
    refused = study_results(None).model_copy(update={"refusals": {"scar": "No stack."}})
    images = write_cine(tmp_path / "source", stack((20.0, 20.0)), 1).images
    written = WrittenObjects(maps=write_maps([native_t1(images)], IDENTITY, SETTINGS, tmp_path))
    path = write_report(refused, written, None, IDENTITY, SETTINGS, tmp_path)
    root = pydicom.dcmread(path)
    assert "scar not measured: No stack." in remarks(groups(root)["Quality control"])
    assert not of_scar(root)
