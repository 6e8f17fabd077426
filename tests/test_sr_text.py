"""Report in words: the numbers of results.json, none of them coded a second time."""

import pydicom
import pytest
from pydicom.uid import ComprehensiveSRStorage, EnhancedSRStorage

from cmr.results_mapping import EcvMapResults, Mapping
from dicomio.sr_text_lines import blocks
from tests.dicom_tools import dcentvfy_errors, dciodvfy_errors, run, unknown_codes
from tests.mapping_sample import ecv, relaxation, results
from tests.results_sample import HEART, LV, RV, cine_results, study_results, wall_results
from tests.scar_sample import NETWORK, scar_results
from tests.viewer_case import numbers
from tests.writer_case import SETTINGS, write_in_words

pytestmark = pytest.mark.requirement("NBR-06")

# By hand: unit of each number as a reader knows it.
UNITS = {"ml": "ml", "pct": "%", "l_min": "l/min", "l_min_m2": "l/min/m2", "ml_m2": "ml/m2",
         "g": "g", "g_m2": "g/m2", "bpm": "beats/min", "cm": "cm", "kg": "kg",
         "m2": "m2", "ml_s": "ml/s", "ms": "ms"}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_in_words(tmp_path_factory.mktemp("text"))


def items(container):
    for item in container.get("ContentSequence", []):
        yield item
        yield from items(item)


def told(path):
    """Lines of each finding, by its heading."""
    texts = [i.TextValue for i in items(pydicom.dcmread(path)) if name(i) == "121071"]
    return {text.splitlines()[0]: text.splitlines()[1:] for text in texts}


def name(item):
    return item.ConceptNameCodeSequence[0].CodeValue


def unit(key):
    return UNITS[max((u for u in UNITS if key.endswith(f"_{u}")), key=len)]


@pytest.mark.parametrize(
    ("heading", "part", "table"),
    [("Left ventricle", "lv", LV), ("Right ventricle", "rv", RV),
     ("Heart and body size", "heart", HEART)],
)  # fmt: skip
def test_every_number_is_a_line_with_its_unit(written, heading, part, table):
    title = {q.key: q.title for q in getattr(cine_results(), part).quantities()}
    expected = {title[key]: (text, unit(key)) for key, (_, text) in table.items()}
    assert numbers(told(written[1])[heading]) == expected


def test_no_number_is_coded_a_second_time(written):
    coded, text = map(pydicom.dcmread, written)
    assert text.SOPClassUID == EnhancedSRStorage
    assert {item.ValueType for item in items(text)} == {"CODE", "CONTAINER", "TEXT", "UIDREF"}
    assert text.SeriesInstanceUID != coded.SeriesInstanceUID
    assert text.SeriesNumber == 9708
    (study,) = text.CurrentRequestedProcedureEvidenceSequence
    assert study.StudyInstanceUID == coded.StudyInstanceUID == text.StudyInstanceUID
    (series,) = study.ReferencedSeriesSequence
    (reference,) = series.ReferencedSOPSequence
    assert reference.ReferencedSOPClassUID == ComprehensiveSRStorage
    assert reference.ReferencedSOPInstanceUID == coded.SOPInstanceUID


def test_others_read_it(written):
    assert dciodvfy_errors(written[1]) == []
    assert dcentvfy_errors([written[1]], [written[0]]) == []
    assert unknown_codes(written[1]) == []
    code, shown = run("dsrdump", "+Pl", written[1])
    assert code == 0
    assert f"{'End-diastolic volume':<39}  151.26 ml" in shown


def test_every_container_keeps_the_names_of_its_items(written):
    text = pydicom.dcmread(written[1])
    containers = [text, *(i for i in items(text) if i.ValueType == "CONTAINER")]
    assert [c.ContinuityOfContent for c in containers] == ["SEPARATE"] * 2


def test_state_notice_and_quality_are_told(written):
    text = pydicom.dcmread(written[1])
    assert (text.PreliminaryFlag, text.ContentQualification) == ("PRELIMINARY", "RESEARCH")
    assert [i.TextValue for i in items(text) if name(i) == "121106"] == ["For research only."]
    assert told(written[1])["Quality control"] == [
        "Review", "pitch: review. Slices lie >= 12 mm apart.",
    ]  # fmt: skip


def test_withheld_number_is_absent_and_its_reason_told(tmp_path):
    reason = "Slices lie 20 mm apart."
    cine = cine_results(lv={"edv_ml": None, "withheld": {"edv_ml": reason}})
    lines = told(write_in_words(tmp_path, cine)[1])["Left ventricle"]
    assert "End-diastolic volume" not in numbers(lines)
    assert lines[-1] == f"End-diastolic volume not reported: {reason}"


def test_long_lines_are_wrapped(tmp_path):
    reason = "Slices lie 20 mm apart, which is more than the longest distance that is accepted."
    cine = cine_results(lv={"edv_ml": None, "withheld": {"edv_ml": reason}})
    lines = told(write_in_words(tmp_path, cine)[1])["Left ventricle"]
    assert max(map(len, lines)) <= 72
    assert " ".join(line.strip() for line in lines[-2:]) == (
        f"End-diastolic volume not reported: {reason}"
    )


def test_the_coded_report_is_the_same_without_it(written, tmp_path):
    coded, text = write_in_words(tmp_path, settings=SETTINGS)
    assert text is None
    assert coded.read_bytes() == written[0].read_bytes()


def test_equal_results_give_equal_bytes(written, tmp_path):
    assert write_in_words(tmp_path)[1].read_bytes() == written[1].read_bytes()


def lines_of(**parts):
    study = study_results(None).model_copy(update=parts)
    return {block.title: block.lines for block in blocks(study)}


def test_scar_is_told_with_method_territory_and_segment():
    found = lines_of(scar=scar_results())
    assert numbers(found["Late enhancement, 5 SD above remote"])["Scar mass"] == ("21.05", "g")
    assert numbers(found["Late enhancement, 5 SD above remote"])["Scar, share of LV mass"] == (
        "18.5", "%",
    )  # fmt: skip
    assert (
        "Segments with over 50 % transmurality  3" in found["Late enhancement, 5 SD above remote"]
    )
    where = found["Where the scar lies"]
    assert where[0] == (
        "Wall: Scar in the endocardial third 61.2 %; Scar in the middle third 28.5 %; "
        "Scar in the epicardial third 10.2 %"
    )
    assert where[1].startswith("Territory of LAD: Scar mass 11.11 g; ")
    assert [line.split(":")[0] for line in where[4:]] == [f"AHA {n}" for n in range(1, 17)]
    assert where[4] == (
        "AHA 1: Scar, share of the segment 1.3 %; Transmurality, mean over chords 2.3 %"
    )


def test_maps_are_told_by_region():
    withheld = {"median_ms": None, "sd_ms": None}
    reasons = {"withheld": dict.fromkeys(withheld, "Too few pixels.")}
    segments = {1: relaxation(101.126), 2: relaxation(**withheld, **reasons)}
    mapping = Mapping(
        native_t1=results(relaxation, [], segments=segments),
        ecv=results(ecv, [], EcvMapResults, quantity="ecv", post_shift=[]),
        not_measured={"t2": "One image."},
        model=NETWORK,
    )
    found = lines_of(mapping=mapping)
    assert found["Native T1, MOLLI 5(3)3, fitted map"] == (
        "Whole wall: Median 1001.3 ms; Standard deviation 45.7 ms",
        "Septum: Median 33.1 ms; Standard deviation 45.7 ms",
        "Blood pool: Median 77.1 ms; Standard deviation 45.7 ms",
        "AHA 1: Median 101.1 ms; Standard deviation 45.7 ms",
        "AHA 2: Median, Standard deviation not reported: Too few pixels.",
    )
    ecv_lines = found["Extracellular volume, MOLLI 5(3)3, fitted map"]
    assert ecv_lines[0] == "Whole wall: Median 27.13 %; Standard deviation 3.46 %"
    assert found["Maps that were not measured"] == ("t2: One image.",)


def test_the_wall_is_told_by_segment():
    cine = cine_results().model_copy(update={"wall": wall_results()})
    by_title = {block.title: block.lines for block in blocks(study_results(cine))}
    lines = by_title["Wall motion"]
    assert lines[0] == (
        "Whole wall: Wall thickness at end-diastole 7.90 mm; "
        "Wall thickness at end-systole 11.20 mm; "
        "Wall thickening 41.8 %; Regional ejection fraction 57.3 %"
    )
    assert any(line.startswith("AHA 16: Wall thickness") for line in lines)
    assert any(line.startswith("AHA 12: ") and "none of the slices" in line for line in lines)
