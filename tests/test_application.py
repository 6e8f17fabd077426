"""The whole command on the real study."""

import json
import shutil
from pathlib import Path

import jsonschema
import pydicom
import pytest

from cmr.labels import Label
from dicomio.results_json import json_schema
from tests.application_run import run_app
from tests.conftest import ROOT
from tests.dicom_tools import (
    coded_items,
    dcentvfy_errors,
    dciodvfy_errors,
    dcmqi_report,
    dcmqi_volumes_ml,
    reference_codes,
)

SHORT_AXIS_NUMBERS = {7001, 8001, 9001, 10001, 11001, 12001}


@pytest.fixture(scope="module")
def run(bivme, tmp_path_factory):
    done = run_app(bivme, tmp_path_factory.mktemp("bivme") / "out")
    assert done.code == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def headers(bivme):
    """Series number and file of each series of the study."""
    first = [sorted(folder.iterdir())[0] for folder in sorted(bivme.iterdir())]
    return {
        str(h.SeriesInstanceUID): int(h.SeriesNumber)
        for h in (pydicom.dcmread(path, stop_before_pixels=True) for path in first)
    }


def test_a_good_run_is_silent_on_stderr_and_leaves_no_partial_files(run):
    assert run.stderr == ""
    names = run.files()
    assert [n for n in names if n.endswith((".json", ".pdf", ".html"))] == [
        "metadata.json",
        "report.html",
        "report.pdf",
        "result.json",
        "results.json",
    ]
    pictures = [n for n in names if n.endswith(".png")]
    assert {"cine-contours-ed.png", "cine-contours-es.png", "cine-curves.png"} <= set(pictures)
    kinds = sorted(n.split("-")[0] for n in names if n.endswith(".dcm"))
    assert kinds == ["capture"] * len(pictures) + ["key", "pdf", "seg", "seg", "sr"]


@pytest.mark.requirement("CINE-11", "CINE-41")
def test_six_short_axis_series_are_used_and_five_refused_with_a_reason(run, headers):
    decisions = run.results.series
    assert {headers[d.series_uid] for d in decisions if d.used} == SHORT_AXIS_NUMBERS
    refused = [d for d in decisions if not d.used]
    assert len(refused) == 5
    assert all(d.reason and d.images_used == 0 for d in refused)
    assert sum(d.images_used for d in decisions) == 150
    assert run.results.input.images == run.results.input.files == 275


@pytest.mark.requirement("CINE-41")
def test_the_numbers_lie_where_they_must(run):
    lv, rv = run.results.cine.lv, run.results.cine.rv
    assert 145 <= lv.edv_ml <= 215
    assert 54 <= lv.ef_pct <= 75
    assert 130 <= rv.edv_ml <= 220


def test_what_is_doubtful_is_said(run):
    results = run.results
    gates = {g.name: g for g in results.quality}
    assert gates["slice_pitch"].status == "review"
    assert gates["slice_pitch"].figure == pytest.approx(17.7, abs=0.05)
    basal = results.cine.basal_slice
    assert basal.doubtful
    assert basal.lv_edv_without_ml < basal.lv_edv_with_ml
    assert len(results.cine.slices) == 6
    assert results.cine.lv.withheld["ci_l_min_m2"]
    assert results.cine.lv.ci_l_min_m2 is None


def test_sv_ef_and_output_follow_from_the_volumes(run):
    heart = run.results.cine.heart
    for side in (run.results.cine.lv, run.results.cine.rv):
        assert side.sv_ml == pytest.approx(side.edv_ml - side.esv_ml, abs=0.11)
        assert side.ef_pct == pytest.approx(100 * side.sv_ml / side.edv_ml, abs=0.1)
        output = side.sv_ml * heart.heart_rate_bpm / 1000
        assert side.co_l_min == pytest.approx(output, rel=0.01)


@pytest.mark.requirement("CINE-29")
def test_the_json_satisfies_the_published_schema(run):
    schema = json.loads((ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8"))
    content = json.loads((run.output / "results.json").read_text(encoding="utf-8"))
    assert schema == json_schema()
    jsonschema.validate(content, schema)
    assert "ci_l_min_m2" not in content["cine"]["lv"]


@pytest.mark.requirement("CINE-30")
def test_orchestrators_find_status_and_numbers(run):
    metadata = run.metadata
    assert metadata["inference_status"] is True
    assert metadata["qc_status"] == "review"
    assert metadata["lv_ef_pct"] == run.results.cine.lv.ef_pct
    assert sorted([*metadata["files"], "metadata.json"]) == run.files()
    result = json.loads((run.output / "result.json").read_text(encoding="utf-8"))
    assert f"LV EF {run.results.cine.lv.ef_pct:g} %" in result["__mercure_notification"]["text"]


@pytest.mark.requirement("CINE-34")
def test_validators_find_no_error(run, bivme):
    written = sorted(run.output.glob("*.dcm"))
    assert {path.name: dciodvfy_errors(path) for path in written} == {p.name: [] for p in written}
    assert dcentvfy_errors(written, sorted(bivme.rglob("*.dcm"))) == []


@pytest.mark.requirement("CINE-34")
@pytest.mark.parametrize("phase", ["ed", "es"])
def test_dcmqi_gives_back_the_volumes(run, tmp_path, phase):
    path = run.one(f"seg-{phase}-*.dcm")
    numbers = {s.SegmentLabel: int(s.SegmentNumber) for s in pydicom.dcmread(path).SegmentSequence}
    volumes = dcmqi_volumes_ml(path, tmp_path / "dcmqi")
    lv, rv = run.results.cine.lv, run.results.cine.rv
    expected = {
        "Left ventricular cavity": getattr(lv, f"{phase}v_ml"),
        "Right ventricular cavity": getattr(rv, f"{phase}v_ml"),
        "Left ventricular myocardium": getattr(lv, f"mass_{phase}_g") / 1.05,
    }
    for label, volume in expected.items():
        assert volumes[numbers[label]] == pytest.approx(volume, rel=0.001), label


@pytest.mark.requirement("CINE-34")
def test_dcmqi_gives_back_every_number_of_the_report(run, tmp_path):
    groups = dcmqi_report(run.one("sr-*.dcm"), tmp_path)
    found = sorted(float(m["value"]) for g in groups for m in g["measurementItems"])
    cine = run.results.cine
    for part in (cine.lv, cine.rv, cine.heart):
        for quantity, value in part.values():
            assert any(abs(v - value) < 1e-9 for v in found), quantity


def test_every_code_is_in_the_reference(run):
    known = reference_codes()
    for path in run.output.glob("*.dcm"):
        for value, scheme, meaning in coded_items(pydicom.dcmread(path)):
            if (value, scheme) in known:
                assert meaning, (value, scheme)


def test_the_report_refers_to_the_segments_that_were_written(run):
    segs = {s.SOPInstanceUID: s for s in map(pydicom.dcmread, run.output.glob("seg-*.dcm"))}
    referenced = set()
    for item in pydicom.dcmread(run.one("sr-*.dcm")).iterall():
        if item.keyword == "ReferencedSegmentNumber":
            referenced.add(int(item.value))
    uids = {
        str(i.ReferencedSOPInstanceUID)
        for e in pydicom.dcmread(run.one("sr-*.dcm")).iterall()
        if e.VR == "SQ"
        for i in e.value
        if "ReferencedSegmentNumber" in i
    }
    assert uids == {str(uid) for uid in segs}
    assert referenced == {int(n.SegmentNumber) for s in segs.values() for n in s.SegmentSequence}


@pytest.mark.requirement("CINE-36")
def test_no_patient_data_outside_the_dicom_files(run):
    assert "patient1" not in run.texts().lower()


@pytest.mark.requirement("CINE-31")
def test_a_second_run_on_shuffled_and_blanked_headers_finds_the_same(run, bivme, tmp_path):
    """Descriptions, protocol names and series numbers gone, one flat folder in another order."""
    for number, path in enumerate(sorted(bivme.rglob("*.dcm"), key=lambda p: p.name[::-1])):
        ds = pydicom.dcmread(path)
        ds.SeriesDescription = ds.ProtocolName = ""
        ds.SeriesNumber = 1
        ds.save_as(tmp_path / f"{number:03d}")
    again = run_app(tmp_path, tmp_path.parent / f"{tmp_path.name}-out")
    assert again.code == 0, again.stderr
    assert again.results.cine == run.results.cine
    assert [p.name for p in sorted(again.output.glob("*.dcm"))] == [
        p.name for p in sorted(run.output.glob("*.dcm"))
    ]
    for path in again.output.glob("*.dcm"):
        one, two = pydicom.dcmread(path), pydicom.dcmread(run.output / path.name)
        assert one.SOPInstanceUID == two.SOPInstanceUID
        assert one.SeriesInstanceUID == two.SeriesInstanceUID
    shutil.rmtree(again.output)


def test_labels_of_the_segments_are_all_three(run):
    seg = pydicom.dcmread(run.one("seg-ed-*.dcm"))
    assert len(seg.SegmentSequence) == len([label for label in Label if label]) == 3
    assert Path(seg.filename).suffix == ".dcm"
