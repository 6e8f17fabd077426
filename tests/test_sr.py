"""Structured report: every number in its place, references, reasons, state."""

from dataclasses import replace
from datetime import timedelta

import pydicom
import pytest

from cmr.labels import Label
from cmr.results import Heart, Ventricle
from dicomio.sr import WrittenObjects, write_report
from dicomio.sr_content import plain_text
from tests.dicom_source import STUDY_UID, heart, stack, write_cine
from tests.results_sample import HEART, LV, RV, cine_results, study_results
from tests.writer_case import IDENTITY, SETTINGS, write_case

pytestmark = pytest.mark.requirement("CINE-28")

ED, ES = "416190007", "416430001"
LV_ED, LV_ES, MYO_ED, MYO_ES, RV_ED, RV_ES = (
    f"{structure}, {phase}"
    for structure in (
        "Left ventricular cavity", "Left ventricular myocardium", "Right ventricular cavity")
    for phase in ("end-diastole", "end-systole")
)  # fmt: skip
LV_F, RV_F = "Left ventricular function", "Right ventricular function"
AREA_LENGTH, BODY = "Left ventricle, area-length cross-check", "Heart and body size"

# Copied by hand from the reference list, apart from the package's own table:
# key: (group, code, unit, cardiac cycle point, indexed, papillary convention)
EXPECTED = {
    "lv.edv_ml": (LV_ED, "8821-1", "ml", ED, False, "122621"),
    "lv.esv_ml": (LV_ES, "8823-7", "ml", ES, False, "122621"),
    "lv.sv_ml": (LV_F, "90096001", "ml", None, False, None),
    "lv.ef_pct": (LV_F, "8811-2", "%", None, False, None),
    "lv.co_l_min": (LV_F, "82799009", "l/min", None, False, None),
    "lv.ci_l_min_m2": (LV_F, "54993008", "l/min/m2", None, True, None),
    "lv.edv_index_ml_m2": (LV_F, "8821-1", "ml/m2", ED, True, "122621"),
    "lv.esv_index_ml_m2": (LV_F, "8823-7", "ml/m2", ES, True, "122621"),
    "lv.sv_index_ml_m2": (LV_F, "277381004", "ml/m2", None, True, None),
    "lv.peak_ejection_rate_ml_s": (LV_F, "122616", "ml/s", None, False, None),
    "lv.peak_filling_rate_ml_s": (LV_F, "122618", "ml/s", None, False, None),
    "lv.time_to_peak_ejection_ms": (LV_F, "122617", "ms", None, False, None),
    "lv.time_to_peak_filling_ms": (LV_F, "122619", "ms", None, False, None),
    "lv.mass_ed_g": (MYO_ED, "122447", "g", ED, False, "122620"),
    "lv.mass_es_g": (MYO_ES, "122447", "g", ES, False, "122620"),
    "lv.mass_ed_index_g_m2": (LV_F, "122447", "g/m2", ED, True, "122620"),
    "lv.edv_area_length_ml": (AREA_LENGTH, "8821-1", "ml", ED, False, None),
    "lv.esv_area_length_ml": (AREA_LENGTH, "8823-7", "ml", ES, False, None),
    "lv.ef_area_length_pct": (AREA_LENGTH, "8811-2", "%", None, False, None),
    "rv.edv_ml": (RV_ED, "8822-9", "ml", ED, False, None),
    "rv.esv_ml": (RV_ES, "8824-5", "ml", ES, False, None),
    "rv.sv_ml": (RV_F, "90096001", "ml", None, False, None),
    "rv.ef_pct": (RV_F, "8818-7", "%", None, False, None),
    "rv.co_l_min": (RV_F, "82799009", "l/min", None, False, None),
    "rv.ci_l_min_m2": (RV_F, "54993008", "l/min/m2", None, True, None),
    "rv.edv_index_ml_m2": (RV_F, "8822-9", "ml/m2", ED, True, None),
    "rv.esv_index_ml_m2": (RV_F, "8824-5", "ml/m2", ES, True, None),
    "rv.sv_index_ml_m2": (RV_F, "277381004", "ml/m2", None, True, None),
    "rv.peak_ejection_rate_ml_s": (RV_F, "122616", "ml/s", None, False, None),
    "rv.peak_filling_rate_ml_s": (RV_F, "122618", "ml/s", None, False, None),
    "rv.time_to_peak_ejection_ms": (RV_F, "122617", "ms", None, False, None),
    "rv.time_to_peak_filling_ms": (RV_F, "122619", "ms", None, False, None),
    "heart.heart_rate_bpm": (BODY, "8867-4", "{H.B.}/min", None, False, None),
    "heart.bsa_m2": (BODY, "8277-6", "m2", None, False, None),
}
TEXTS = {
    f"{prefix}.{key}": text
    for prefix, table in (("lv", LV), ("rv", RV), ("heart", HEART))
    for key, (_, text) in table.items()
}
NO_SIZE = {"height_cm": None, "weight_kg": None, "bsa_m2": None, "bsa_formula": None}


@pytest.fixture(scope="module", params=["per_slice", "enhanced"])
def case(request, tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("sr"), series=request.param)


@pytest.fixture(scope="module")
def root(case):
    return pydicom.dcmread(case.report)


def name(item):
    return item.ConceptNameCodeSequence[0].CodeValue


def children(item, code):
    return [i for i in item.get("ContentSequence", []) if name(i) == code]


def groups(root):
    (container,) = children(root, "126010")
    found = {children(g, "112039")[0].TextValue: g for g in container.ContentSequence}
    assert len(found) == len(container.ContentSequence)
    return found


def coded(item, code):
    found = children(item, code)
    return found[0].ConceptCodeSequence[0].CodeValue if found else None


def rows(root):
    """(group, code, unit, cycle point, indexed, papillary, text) of every measurement."""
    found = []
    for title, group in groups(root).items():
        for item in group.ContentSequence:
            if item.ValueType == "NUM":
                value = item.MeasuredValueSequence[0]
                index = coded(item, "121425")
                assert index in (None, "8277-6")
                found.append((
                    title, name(item), value.MeasurementUnitsCodeSequence[0].CodeValue,
                    coded(item, "272518008"), index is not None, coded(item, "122670"),
                    value.NumericValue))  # fmt: skip
    return found


def remarks(group):
    return [i.TextValue for i in children(group, "121106")]


def test_every_number_stands_in_its_group_with_code_unit_and_modifiers(root):
    expected = {(*place, float(TEXTS[key])) for key, place in EXPECTED.items()}
    found = [(*row[:-1], float(row[-1])) for row in rows(root)]
    assert len(found) == len(expected) == 34
    assert set(found) == expected


def test_numbers_are_equal_to_those_of_results_json(root):
    cine = cine_results()
    for values, prefix in ((cine.lv, "lv"), (cine.rv, "rv"), (cine.heart, "heart")):
        for quantity, value in values.values():
            place = EXPECTED.get(f"{prefix}.{quantity.key}")
            if place:
                (found,) = [row[-1] for row in rows(root) if row[:-1] == place]
                assert float(found) == round(value, quantity.decimals)


def test_height_and_weight_stand_with_the_body_surface_area(root):
    (bsa,) = children(groups(root)[BODY], "8277-6")
    (equation,) = children(bsa, "121420")
    assert equation.TextValue == "Mosteller, from height 180 cm and weight 80.0 kg"
    assert equation.RelationshipType == "INFERRED FROM"
    assert coded(bsa, "370129005") == "122244"


def test_the_other_formula_has_its_own_code(tmp_path):
    case = write_case(tmp_path, cine=cine_results(heart={"bsa_formula": "DuBois"}))
    (bsa,) = children(groups(pydicom.dcmread(case.report))[BODY], "8277-6")
    assert coded(bsa, "370129005") == "122241"


def test_ejection_fraction_shows_its_equation(root):
    for title, code in ((LV_F, "8811-2"), (RV_F, "8818-7")):
        (item,) = children(groups(root)[title], code)
        assert children(item, "121420")[0].TextValue == "EF = (EDV - ESV) / EDV"


def test_segment_groups_refer_to_the_right_segment(case, root):
    titles = {
        ("ed", Label.LV): LV_ED, ("es", Label.LV): LV_ES,
        ("ed", Label.MYOCARDIUM): MYO_ED, ("es", Label.MYOCARDIUM): MYO_ES,
        ("ed", Label.RV): RV_ED, ("es", Label.RV): RV_ES,
    }  # fmt: skip
    kinds = {Label.LV: "87878005", Label.MYOCARDIUM: "49848007", Label.RV: "53085002"}
    for (phase, label), title in titles.items():
        group = groups(root)[title]
        (path,) = [s.path for s in case.segs if s.phase == phase]
        seg = pydicom.dcmread(path, stop_before_pixels=True)
        (reference,) = children(group, "121191")[0].ReferencedSOPSequence
        assert reference.ReferencedSOPInstanceUID == seg.SOPInstanceUID
        assert reference.ReferencedSOPClassUID == seg.SOPClassUID
        (segment,) = [
            s for s in seg.SegmentSequence if s.SegmentNumber == reference.ReferencedSegmentNumber
        ]
        assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == kinds[label]
        assert segment.TrackingUID == children(group, "112040")[0].UID
        assert segment.TrackingID == title
        assert coded(group, "121071") == coded(group, "363698007") == kinds[label]
        assert group.ContentTemplateSequence[0].TemplateIdentifier == "1411"


def test_segment_groups_refer_to_the_images_of_their_phase(case, root):
    for phase, title in (("ed", LV_ED), ("es", RV_ES)):
        (written,) = [s for s in case.segs if s.phase == phase]
        listed = set()
        for item in children(groups(root)[title], "121233"):
            reference = item.ReferencedSOPSequence[0]
            numbers = reference.get("ReferencedFrameNumber", 0)
            numbers = [numbers] if isinstance(numbers, int) else list(numbers)
            listed |= {(reference.ReferencedSOPInstanceUID, n) for n in numbers}
        assert listed == {(f.sop_instance_uid, f.frame_number) for f in written.frames}


def test_method_is_a_modifier_of_its_group(root):
    methods = {
        title: (item.RelationshipType, item.ConceptCodeSequence[0].CodeValue)
        for title, group in groups(root).items()
        for item in children(group, "370129005")
    }
    volume = ("HAS CONCEPT MOD", "126030")
    assert methods == dict.fromkeys((LV_ED, LV_ES, MYO_ED, MYO_ES, RV_ED, RV_ES), volume) | {
        AREA_LENGTH: ("HAS CONCEPT MOD", "125228")
    }


def test_function_groups_are_measured_on_both_masks(case, root):
    for title in (LV_F, RV_F, AREA_LENGTH):
        sources = children(groups(root)[title], "121112")
        uids = {s.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for s in sources}
        assert uids == {s.sop_instance_uid for s in case.segs}


def test_evidence_names_each_referenced_instance_with_its_series(case, root):
    (study,) = root.CurrentRequestedProcedureEvidenceSequence
    assert study.StudyInstanceUID == STUDY_UID
    listed = [
        (series.SeriesInstanceUID, image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID)
        for series in study.ReferencedSeriesSequence
        for image in series.ReferencedSOPSequence
    ]
    frames = {f for seg in case.segs for f in seg.frames}
    expected = {(f.series_uid, f.sop_class_uid, f.sop_instance_uid) for f in frames}
    expected |= {(s.series_uid, s.sop_class_uid, s.sop_instance_uid) for s in case.segs}
    assert len(listed) == len(set(listed))
    assert set(listed) == expected
    assert "PertinentOtherEvidenceSequence" not in root


def test_image_library_lists_the_used_images_and_no_others(case, root):
    (library,) = children(root, "111028")
    (group,) = library.ContentSequence
    listed = {
        i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in children(group, "260753009")
    }
    assert listed == {f.sop_instance_uid for s in case.segs for f in s.frames}
    order = [name(item) for item in root.ContentSequence]
    assert order.index("111028") < order.index("126010")


def test_state_and_observer(root):
    assert root.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.33"
    assert (root.CompletionFlag, root.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert root.PreliminaryFlag == "PRELIMINARY"
    assert root.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert root.ContentQualification == "RESEARCH"
    assert IDENTITY.device_uid == children(root, "121012")[0].UID
    assert coded(root, "121058") == "241620005"
    assert root.StudyInstanceUID == STUDY_UID
    assert "CodingSchemeIdentificationSequence" not in root


def test_quality_is_told_in_words(root):
    assert remarks(groups(root)["Quality control"]) == [
        "For research only.",
        "Quality control: review",
        "pitch: review. Slices lie >= 12 mm apart.",
    ]


def test_withheld_number_is_absent_and_its_reason_is_told(tmp_path):
    reason = "Slices lie 20 mm apart."
    cine = cine_results(
        lv={"edv_ml": None, "ef_pct": None, "withheld": {"edv_ml": reason, "ef_pct": reason}},
        heart=NO_SIZE | {"withheld": {"bsa_m2": "No height."}},
    )
    root = pydicom.dcmread(write_case(tmp_path, cine=cine).report)
    found = {row[:2] for row in rows(root)}
    assert (LV_ED, "8821-1") not in found
    assert (LV_F, "8811-2") not in found
    assert (BODY, "8277-6") not in found
    assert len(rows(root)) == 31
    assert remarks(groups(root)[LV_F]) == [
        f"End-diastolic volume not reported: {reason}",
        f"Ejection fraction not reported: {reason}",
    ]
    assert remarks(groups(root)[BODY]) == ["Body surface area not reported: No height."]
    # The mask was written all the same: its group stays and refers to it.
    assert children(groups(root)[LV_ED], "121191")


def test_everything_withheld_still_makes_a_report(tmp_path):
    def nothing(kind):
        return {q.key: None for q in kind.quantities()} | {
            "withheld": {q.key: "Failed." for q in kind.quantities()}
        }

    cine = cine_results(rv=nothing(Ventricle), heart=nothing(Heart) | {"bsa_formula": None})
    root = pydicom.dcmread(write_case(tmp_path, cine=cine).report)
    assert not [row for row in rows(root) if row[0] in (RV_F, RV_ED, RV_ES, BODY)]
    assert len(remarks(groups(root)[RV_F])) == len(RV)


def test_number_without_its_segment_goes_to_the_function_group(tmp_path):
    def no_rv_at_es(source):
        data = heart(source).data.copy()
        data[2][data[2] == Label.RV] = 0
        return heart(source).with_data(data)

    root = pydicom.dcmread(write_case(tmp_path, labels=no_rv_at_es).report)
    assert RV_ES not in groups(root)
    assert [row[0] for row in rows(root) if row[1] == "8824-5" and not row[4]] == [RV_F]
    assert len(rows(root)) == 34


def test_study_without_a_cine_result_tells_why(tmp_path):
    source = write_cine(tmp_path / "source", stack())
    path = write_report(study_results(None), WrittenObjects(), source, IDENTITY, SETTINGS, tmp_path)
    root = pydicom.dcmread(path)
    assert list(groups(root)) == ["Quality control"]
    assert "cine not measured: No short-axis cine." in remarks(groups(root)["Quality control"])


@pytest.mark.requirement("CINE-31")
def test_same_time_gives_the_same_bytes_and_another_time_the_same_uids(case, tmp_path):
    def again(name, identity):
        folder = tmp_path / name
        folder.mkdir()
        results = study_results(cine_results())
        written = WrittenObjects(case.segs)
        return write_report(results, written, case.source, identity, SETTINGS, folder)

    assert again("a", IDENTITY).read_bytes() == case.report.read_bytes()
    later = again("b", replace(IDENTITY, now=IDENTITY.now + timedelta(hours=1)))
    assert later.name == case.report.name
    first, second = pydicom.dcmread(case.report), pydicom.dcmread(later)
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.ContentSequence == second.ContentSequence
    assert first.ContentTime != second.ContentTime


def test_text_is_spelled_in_ascii():
    assert plain_text("2 × 3 cm² ≥ 5 ± 1 – Ω") == "2 x 3 cm2 >= 5 +/- 1 - ?"
