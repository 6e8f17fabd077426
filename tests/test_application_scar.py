"""The whole application on late enhancement of known truth: numbers, files, what is missing."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import numpy as np
import pydicom
import pytest
import trimesh

from app.exit_codes import ExitCode
from app.main import main
from cmr.records import Status
from cmr.results import StudyResults
from dicomio.results_json import json_schema
from phantom.scar_settings import SCAR_PRESETS, ScarSettings
from phantom.scar_truth import ScarTruth
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.application_run import Run, run_app
from tests.mapping_study import CINE, edit, halve, images, measure
from tests.test_sr_scar import numbers, of_scar

MAGNITUDE, PSIR = "s0201", "s0251"
# Of LV mass.
MOST_POINTS = 3.0
SCAR_FREE_PCT = 2.0
NO_SCAR_TOLD = {"mass_g", "pct_lv_mass", "core_pct", "gray_pct", "mvo_g", "mvo_pct"}


def write(folder: Path, scar: ScarSettings, phases: int = 10) -> ScarTruth:
    settings = PhantomSettings(
        seed=1,
        phases=phases,
        matrix=(144, 152),
        pixel_spacing_mm=(1.5, 1.5),
        decoys=False,
        scar=scar,
    )
    return write_study(folder, settings).scar


@dataclass(frozen=True)
class Full:
    study: Path
    truth: ScarTruth
    run: Run
    results: StudyResults


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Full:
    """Cine, magnitude and PSIR of an inferior infarct."""
    folder = tmp_path_factory.mktemp("full")
    truth = write(folder / "study", SCAR_PRESETS["transmural"])
    run = run_app(folder / "study", folder / "out")
    assert run.code == 0, run.stderr
    return Full(folder / "study", truth, run, run.results)


@pytest.fixture
def alone(full, tmp_path) -> Path:
    """The same late enhancement without the cine, to be spoilt."""
    shutil.copytree(full.study, tmp_path / "study")
    shutil.rmtree(tmp_path / "study" / CINE)
    return tmp_path / "study"


def gates(results: StudyResults) -> dict:
    return {g.name: g for g in results.quality}


def most_scarred(segments) -> int:
    return max(segments, key=lambda n: segments[n].scar_pct)


def near_truth(results: StudyResults, truth: ScarTruth) -> None:
    assert results.scar.pct_lv_mass == pytest.approx(truth.scar_pct, abs=MOST_POINTS)
    assert most_scarred(results.scar.segments) == most_scarred(truth.segments)
    at = most_scarred(truth.segments)
    found, true = results.scar.segments[at], truth.segments[at]
    assert found.transmurality_class == true.transmurality_class


@pytest.mark.requirement("SCAR-21")
def test_the_scar_is_near_its_truth(full):
    near_truth(full.results, full.truth)
    assert full.results.scar.segments_over_50 >= 1
    assert full.results.refusals == {}
    assert full.results.cine is not None


@pytest.mark.requirement("SCAR-01")
def test_psir_is_chosen_and_the_choice_is_told(full):
    stack = full.results.scar.stack
    assert stack.kind == "psir"
    assert "PSIR does not depend on the exact inversion time" in stack.reason
    assert any("magnitude" in text for text in stack.not_taken)
    [unused] = [d for d in full.results.series if not d.used]
    assert "magnitude stack" in unused.reason
    assert unused.series_uid not in stack.series_uids


def test_every_file_is_written_and_listed(full):
    listed = [name for name in full.results.files if "scar" in name]
    kinds = sorted(name if not name.endswith(".dcm") else name[:8] for name in listed)
    assert kinds == [
        "capture-", "capture-", "capture-",
        "scar-bullseyes.png", "scar-endocardium.stl", "scar-epicardium.stl", "scar-scar.stl",
        "scar-slices.png", "scar-surfaces.glb", "scar-surfaces.png", "seg-scar", "seg-scar",
    ]  # fmt: skip
    assert set(listed) <= set(full.run.files())
    assert full.run.one("sr-*.dcm").name in full.results.files


@pytest.mark.requirement("SCAR-15")
def test_surfaces_are_closed_and_as_large_as_the_results_say(full):
    meshes = full.results.scar.meshes
    assert {m.structure for m in meshes} == {"epicardium", "endocardium", "scar"}
    for mesh in meshes:
        read = trimesh.load(full.run.output / mesh.file)
        assert mesh.closed
        assert read.is_watertight, mesh.structure
        assert read.volume / 1000 == pytest.approx(mesh.volume_ml, rel=0.01)
        assert mesh.volume_ml == pytest.approx(mesh.mask_volume_ml, rel=0.03)


@pytest.mark.requirement("CINE-44", "SCAR-17")
def test_results_report_and_notifications_have_the_same_numbers(full):
    scar = full.results.scar
    content = json.loads((full.run.output / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, json_schema())
    own = {q.key: value for q, value in scar.values()}
    assert len(own) == len(list(scar.quantities()))
    assert {key: full.run.metadata[f"scar_{key}"] for key in own} == own
    assert full.run.metadata["scar_method"] == scar.method
    told = json.loads((full.run.output / "result.json").read_text(encoding="utf-8"))
    notice = told["__mercure_notification"]["text"]
    assert f"scar {scar.pct_lv_mass:g} % of LV mass" in notice
    assert f"{scar.mass_g:.2f}" in full.run.stdout
    groups = of_scar(pydicom.dcmread(full.run.one("sr-*.dcm")))
    reported = {(unit, value) for group in groups.values() for *_, unit, value in numbers(group)}
    assert {("g", own["mass_g"]), ("%", own["pct_lv_mass"]), ("g", own["lv_mass_g"])} <= reported
    depths = {("%", s.transmurality_pct) for s in scar.segments.values()}
    assert depths <= reported


def test_without_a_cine_the_scar_is_measured(full, alone, tmp_path):
    results = measure(alone, tmp_path / "out")
    assert set(results.refusals) == {"cine"}
    assert results.cine is None
    check = gates(results)["scar_place"]
    if check.status is Status.WITHHELD:  # an honest answer too
        assert set(results.scar.withheld) >= NO_SCAR_TOLD
    else:
        near_truth(results, full.truth)


@pytest.mark.requirement("SCAR-23")
def test_inverted_psir_is_withheld_and_the_reason_told(alone, tmp_path):
    def negate(ds):
        zero = -float(ds.RescaleIntercept) / float(ds.RescaleSlope)
        turned = np.clip(2 * zero - ds.pixel_array, 0, 2**ds.BitsStored - 1)
        ds.PixelData = turned.astype(ds.pixel_array.dtype).tobytes()

    shutil.rmtree(alone / MAGNITUDE)
    for path in images(alone, PSIR):
        edit(path, negate)
    results = measure(alone, tmp_path / "out")
    if results.scar is None:
        assert "left ventricle" in results.refusals["scar"]
        return
    assert set(results.scar.withheld) >= NO_SCAR_TOLD
    assert any(gates(results)[n].status is Status.WITHHELD for n in ("scar_contrast", "scar_place"))
    assert not any(m.structure == "scar" for m in results.scar.meshes)
    assert not (tmp_path / "out" / "scar-scar.stl").exists()


@pytest.mark.requirement("SCAR-23")
def test_one_slice_has_shares_and_no_grams(alone, tmp_path):
    for name in (MAGNITUDE, PSIR):
        files = images(alone, name)
        for path in (*files[:5], *files[6:]):
            path.unlink()
    results = measure(alone, tmp_path / "out")
    scar = results.scar
    assert (scar.stack.slices, scar.stack.pitch_mm) == (1, None)
    assert (scar.mass_g, scar.lv_mass_g, scar.mvo_g) == (None, None, None)
    assert "One slice has no slice pitch" in scar.withheld["mass_g"]
    assert scar.meshes == []
    assert any("one slice" in note for note in scar.notes)
    assert gates(results)["scar_slices"].status is Status.REVIEW


@pytest.mark.requirement("SCAR-23")
def test_images_without_a_position_are_named(alone, tmp_path, capsys):
    def lose(ds):
        del ds.ImagePositionPatient

    for path in (*images(alone, MAGNITUDE), *images(alone, PSIR)):
        edit(path, lose)
    code = main(["-i", str(alone), "-o", str(tmp_path / "out"), "-l", "ERROR"])
    assert code == ExitCode.NOTHING_READABLE
    assert "Image Position (Patient)" in capsys.readouterr().err
    assert not (tmp_path / "out" / "results.json").exists()


@pytest.mark.requirement("SCAR-23")
def test_slices_of_another_matrix_are_left_out_and_named(alone, tmp_path):
    """Every second image has half the rows and columns."""
    small = images(alone, PSIR)[::2]
    shutil.rmtree(alone / MAGNITUDE)
    for path in small:
        edit(path, halve)
    results = measure(alone, tmp_path / "out")
    stack = results.scar.stack
    assert stack.slices == len(images(alone, PSIR)) - len(small)
    assert len([t for t in stack.left_out if "72 x 76 pixels" in t]) == len(small)
    pitch = gates(results)["scar_pitch"]
    assert (pitch.figure, pitch.status) == (pytest.approx(stack.pitch_mm), Status.REVIEW)


@pytest.mark.requirement("SCAR-21", "SCAR-23")
def test_no_enhancement_is_no_scar(tmp_path):
    write(tmp_path / "study", SCAR_PRESETS["none"], phases=2)
    shutil.rmtree(tmp_path / "study" / CINE)
    results = measure(tmp_path / "study", tmp_path / "out")
    assert results.scar.pct_lv_mass < SCAR_FREE_PCT
    assert results.scar.segments_over_50 == 0
