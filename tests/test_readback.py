"""What other people's tools make of our files: validators, dcmqi, the code lists."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from app.settings import load_settings
from cmr.labels import Label
from dicomio.index import index_input
from dicomio.seg import write_phase_segs
from dicomio.selection import select
from dicomio.sr import WrittenObjects, write_report
from tests.conftest import ROOT
from tests.dicom_source import heart, stack
from tests.dicom_tools import (
    OWN_CODES,
    coded_items,
    dcentvfy_errors,
    dciodvfy_errors,
    dcmqi_report,
    dcmqi_volumes_ml,
    reference_codes,
    standard_codes,
)
from tests.results_sample import (
    HEART,
    LV,
    RANGES,
    RV,
    cine_results,
    study_results,
    wall_results,
)
from tests.writer_case import IDENTITY, SETTINGS, Case, write_case

pytestmark = pytest.mark.requirement("CINE-34")

EVEN = (10.0,) * 7


def hollow(source):
    """No label at all in the first, a middle and the last slice of end-systole."""
    data = heart(source).data.copy()
    data[2, [0, 3, -1]] = 0
    return heart(source).with_data(data)


def one_slice_of_rv(source):
    data = heart(source).data.copy()
    data[2][data[2] == Label.RV] = 0
    data[0, 1:][data[0, 1:] == Label.RV] = 0
    return heart(source).with_data(data)


def skewed():
    """Axes as far from orthonormal as a stack may have them; slices off by under half a pixel.

    Slices further off are valid DICOM too, but dcmqi 1.5.7 then writes nothing, with code 0.
    """
    even = stack()
    shift = np.array([0, 0.5, -0.5, 0, 0.5, 0, 0.4, 0])[:, None] * even.row_cosine
    positions = even.positions_mm + shift
    column = 1.0003 * even.column_cosine + 8e-4 * even.row_cosine
    return replace(
        even, positions_mm=positions, row_cosine=0.9997 * even.row_cosine, column_cosine=column
    )


EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientSize",
    "StudyID", "AccessionNumber", "StudyDate", "StudyTime", "ReferringPhysicianName",
)  # fmt: skip
CASES = {
    "one series": {},
    "one series a slice": {"series": "per_slice"},
    "enhanced": {"series": "enhanced"},
    "wide pitch": {"gaps_mm": (17.7,) * 5},
    "measured pitch": {"gaps_mm": (10.0012, 9.9987, 10.0004, 10.0, 9.9991)},
    "hollow": {"labels": hollow},
    "few voxels": {"labels": one_slice_of_rv},
    "nothing indexed": {
        "cine": cine_results(
            heart={"bsa_m2": None, "bsa_formula": None, "withheld": {"bsa_m2": "No height."}}
        )
    },
    "wall and ranges": {
        "cine": cine_results().model_copy(update={"wall": wall_results(), "reference": RANGES})
    },
    "sloppy header": {
        "patient": {
            "PatientBirthDate": "2 Jan 1956",
            "PatientSex": "female",
            "PatientAge": "68",
            "StudyTime": "10:30",
            "PatientWeight": "",
            "PatientIdentityRemoved": "YES",
        }
    },
    "empty header": {"patient": dict.fromkeys(EMPTY, "")},
    "skewed": {"geometry": skewed()},
    "uneven": {"gaps_mm": (10.0, 10.0, 20.0, 9.0, 10.0)},
    "one slice": {"gaps_mm": ()},
}
REGULAR = [name for name in CASES if name not in ("uneven", "one slice")]


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return {name: write_case(tmp_path_factory.mktemp("case"), **o) for name, o in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_every_file_is_valid(cases, name):
    assert {path.name: dciodvfy_errors(path) for path in cases[name].files} == {
        path.name: [] for path in cases[name].files
    }


# The sloppy header's values are malformed in its sources and empty in ours: they differ by intent.
@pytest.mark.parametrize("name", [name for name in CASES if name != "sloppy header"])
def test_files_agree_with_each_other_and_their_sources(cases, name):
    case = cases[name]
    assert dcentvfy_errors(case.files, case.used_images) == []


def test_the_cross_check_would_notice_another_patient(cases, tmp_path):
    case = cases["one series"]
    other = pydicom.dcmread(case.report)
    other.PatientName = "Somebody^Else"
    other.save_as(tmp_path / "other.dcm")
    assert dcentvfy_errors([tmp_path / "other.dcm"], [case.segs[0].path])


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO_IR 192", "Müller^Łukasz"),
        ("ISO_IR 144", "Люкceмбypг"),
        ("ISO_IR 100", "Müller^Test"),
    ],
)
def test_names_in_any_script_stay_as_they_are(tmp_path, character_set, name):
    case = write_case(
        tmp_path, patient={"SpecificCharacterSet": character_set, "PatientName": name}
    )
    for path in case.files:
        assert pydicom.dcmread(path).PatientName == name
        assert dciodvfy_errors(path) == []
    assert dcentvfy_errors(case.files, case.used_images) == []


@pytest.mark.real_data
def test_real_study_of_one_series_a_slice(bivme, tmp_path):
    settings = load_settings(ROOT / "app.yaml")
    study = index_input(bivme, settings.reader).studies[0]
    source = select(study, settings.selection).cine
    assert len(source.series_uids) == 6
    labels = heart(source)
    phases = {"ed": 0, "es": 12}
    segs = write_phase_segs(source, labels, phases, IDENTITY, SETTINGS, tmp_path)
    results = study_results(cine_results())
    report = write_report(results, WrittenObjects(segs), source, IDENTITY, SETTINGS, tmp_path)
    case = Case(source, labels, segs, report)
    assert [dciodvfy_errors(path) for path in case.files] == [[], [], []]
    assert dcentvfy_errors(case.files, case.used_images) == []
    for written in segs:
        seg = pydicom.dcmread(written.path, stop_before_pixels=True)
        assert {s.SeriesInstanceUID for s in seg.ReferencedSeriesSequence} == set(
            source.series_uids
        )
        assert seg.StudyInstanceUID == source.study_uid
        volumes = dcmqi_volumes_ml(written.path, tmp_path / written.phase)
        for label, segment in written.segments.items():
            assert volumes[segment.number] == pytest.approx(
                case.volume_ml(written, label), rel=1e-3
            )


@pytest.mark.parametrize("name", REGULAR)
def test_dcmqi_gives_back_the_volumes(cases, name, tmp_path):
    case = cases[name]
    for written in case.segs:
        volumes = dcmqi_volumes_ml(written.path, tmp_path / written.phase)
        assert set(volumes) == {s.number for s in written.segments.values()}
        for label, segment in written.segments.items():
            expected = case.volume_ml(written, label)
            assert expected > 0
            assert volumes[segment.number] == pytest.approx(expected, rel=1e-3)


def test_dcmqi_makes_an_even_grid_of_an_uneven_stack(cases, tmp_path):
    """Why an uneven stack's SEG states an extent a frame: dcmqi cannot give the volume back."""
    case = cases["uneven"]
    written = case.segs[0]
    volumes = dcmqi_volumes_ml(written.path, tmp_path / "ed")
    number = written.segments[Label.LV].number
    assert volumes[number] < 0.95 * case.volume_ml(written, Label.LV)


@pytest.mark.parametrize("name", ["one series a slice", "enhanced"])
def test_dcmqi_gives_back_every_number(cases, name, tmp_path):
    found = sorted(
        (item["quantity"]["CodeValue"], item["units"]["CodeValue"], float(item["value"]))
        for group in dcmqi_report(cases[name].report, tmp_path)
        for item in group.get("measurementItems", [])
    )
    texts = [text for table in (LV, RV, HEART) for text in (t for _, t in table.values())]
    left_out = [HEART["height_cm"][1], HEART["weight_kg"][1]]
    for text in left_out:
        texts.remove(text)
    assert sorted(value for _, _, value in found) == sorted(map(float, texts))
    assert ("8811-2", "%", 60.3) in found
    assert ("8867-4", "{H.B.}/min", 71.0) in found


def test_dcmqi_finds_segments_and_modifiers(cases, tmp_path):
    case = cases["one series"]
    by_title = {g["TrackingIdentifier"]: g for g in dcmqi_report(case.report, tmp_path)}
    group = by_title["Right ventricular cavity, end-systole"]
    es = case.segs[1]
    assert group["segmentationSOPInstanceUID"] == es.sop_instance_uid
    assert group["ReferencedSegment"] == es.segments[Label.RV].number
    assert group["TrackingUniqueIdentifier"] == es.segments[Label.RV].tracking_uid
    (item,) = group["measurementItems"]
    (modifier,) = item["measurementModifiers"]
    assert modifier["modifierValue"]["CodeValue"] == "416430001"


@pytest.mark.parametrize("name", CASES)
def test_every_written_code_is_a_known_one(cases, name):
    reference, standard = reference_codes(), standard_codes()
    reference |= {(value, "99CMRPOST"): meaning for value, meaning in OWN_CODES.items()}
    seen = set()
    for path in cases[name].files:
        for value, scheme, meaning in coded_items(pydicom.dcmread(path)):
            seen.add((value, scheme))
            if (value, scheme) in reference:
                assert meaning == reference[value, scheme]
            elif scheme != "RFC5646":  # languages are no concepts of DICOM
                plain = {text.split(" (")[0] for text in standard[value, scheme]}
                assert meaning in plain, (value, scheme, meaning)
    assert len(seen) > 40
