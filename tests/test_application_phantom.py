"""The whole command on phantom studies: forms of DICOM, faults of the stack, several studies."""

import json
from pathlib import Path

import pytest

from app.main import main
from dicomio.results_json import read_results
from phantom.encode import Syntax
from phantom.settings import Layout, PhantomSettings
from phantom.study import write_study
from tests.dicom_tools import dciodvfy_errors

SMALL = {
    "seed": 3,
    "phases": 16,
    "matrix": (144, 160),
    "pixel_spacing_mm": (1.8, 1.8),
    "decoys": False,
}


def settings(**changes) -> PhantomSettings:
    return PhantomSettings(**{**SMALL, **changes})


def measure(folder: Path, output: Path):
    assert main(["-i", str(folder), "-o", str(output), "-l", "ERROR"]) == 0
    return read_results(output / "results.json")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The phantom in its plainest form, and what was measured in it."""
    folder = tmp_path_factory.mktemp("plain")
    truth = write_study(folder / "study", settings())
    return truth, measure(folder / "study", folder / "out")


def test_the_plain_study_is_measured_near_its_truth(plain):
    truth, results = plain
    assert results.cine.lv.edv_ml == pytest.approx(truth.discretised.lv.edv_ml, rel=0.15)
    assert results.cine.phases.ed in (0, 15)
    assert abs(results.cine.phases.es - truth.phases.es) <= 1
    assert results.cine.heart.heart_rate_bpm == pytest.approx(truth.heart_rate_bpm, rel=0.06)
    assert results.cine.heart.height_cm == truth.height_cm
    assert results.cine.stack.slices == truth.slices


def test_a_cine_alone_lacks_nothing(plain):
    _, results = plain
    assert results.refusals == {}
    assert results.mapping is None


@pytest.mark.requirement("CINE-06")
@pytest.mark.parametrize(
    "form",
    [
        {"layout": Layout.PER_SLICE, "syntax": Syntax.RLE, "extension": False},
        {"layout": Layout.ENHANCED, "syntax": Syntax.JPEG_2000},
        {"layout": Layout.CLASSIC, "syntax": Syntax.JPEG_LS, "descriptions": False},
        {"layout": Layout.ENHANCED, "syntax": Syntax.DEFLATED},
    ],
    ids=lambda form: f"{form['layout']}-{form['syntax']}",
)
def test_the_form_of_the_files_changes_no_number(plain, form, tmp_path):
    write_study(tmp_path / "study", settings(**form))
    results = measure(tmp_path / "study", tmp_path / "out")
    _, expected = plain
    assert results.cine.lv == expected.cine.lv
    assert results.cine.rv == expected.cine.rv
    assert results.cine.curve == expected.cine.curve
    assert len(results.cine.stack.series_uids) == (
        results.cine.stack.slices if form["layout"] is Layout.PER_SLICE else 1
    )
    written = sorted((tmp_path / "out").glob("*.dcm"))
    assert {p.name: dciodvfy_errors(p) for p in written} == {p.name: [] for p in written}


def test_a_missing_slice_is_noticed_and_its_gap_measured(plain, tmp_path):
    write_study(tmp_path / "study", settings(missing_slices=(5,)))
    results = measure(tmp_path / "study", tmp_path / "out")
    gates = {g.name: g for g in results.quality}
    assert gates["slice_gaps"].status == "review"
    assert gates["slice_gaps"].figure == pytest.approx(2, abs=0.01)
    assert not results.cine.stack.regular
    assert results.cine.lv.edv_ml == pytest.approx(plain[1].cine.lv.edv_ml, rel=0.1)


@pytest.mark.requirement("CINE-05")
def test_a_damaged_image_costs_its_slice_and_is_said(tmp_path):
    write_study(tmp_path / "study", settings(syntax=Syntax.RLE))
    victim = sorted((tmp_path / "study").rglob("*.dcm"))[40]
    content = bytearray(victim.read_bytes())
    content[-400:] = b"\xff" * 400
    victim.write_bytes(content)
    results = measure(tmp_path / "study", tmp_path / "out")
    gates = {g.name: g for g in results.quality}
    assert gates["slices_left_out"].status == "review"
    [sentence] = results.cine.stack.left_out
    assert "the slice is left out" in sentence


@pytest.mark.requirement("CINE-05")
def test_a_truncated_file_is_counted_and_its_slice_left_out(tmp_path):
    write_study(tmp_path / "study", settings())
    victim = sorted((tmp_path / "study").rglob("*.dcm"))[40]
    victim.write_bytes(victim.read_bytes()[:-2000])
    results = measure(tmp_path / "study", tmp_path / "out")
    [skipped] = results.input.skipped
    assert "truncated" in skipped.reason or "short" in skipped.reason
    assert len(results.cine.stack.left_out) == 1


@pytest.mark.requirement("CINE-07")
def test_an_exact_duplicate_is_used_once(plain, tmp_path):
    write_study(tmp_path / "study", settings())
    victim = sorted((tmp_path / "study").rglob("*.dcm"))[7]
    (tmp_path / "study" / "again").write_bytes(victim.read_bytes())
    results = measure(tmp_path / "study", tmp_path / "out")
    assert results.input.duplicates == 1
    assert results.cine == plain[1].cine


@pytest.mark.requirement("CINE-09")
def test_two_studies_of_one_patient_are_measured_apart(plain, tmp_path):
    write_study(tmp_path / "in" / "a", settings())
    write_study(tmp_path / "in" / "b", settings(slices=8))
    assert main(["-i", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "-l", "ERROR"]) == 0
    results = [read_results(tmp_path / "out" / f"study-{n}" / "results.json") for n in (1, 2)]
    assert len({r.study_instance_uid for r in results}) == 2
    assert sorted(r.cine.stack.slices for r in results) == [8, plain[0].slices]
    metadata = json.loads((tmp_path / "out" / "metadata.json").read_text())
    assert len(metadata["studies"]) == 2
    assert "lv_ef_pct" not in metadata
    assert not (tmp_path / "out" / "results.json").exists()
