"""The scar task on cases of 40 voxels whose grey values say what a stand-in finds."""

import csv
import json
import math
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest
from distributed import Client, LocalCluster

from cmr.errors import ModelError, UsageError
from cmr.results_scar import METHOD_TITLES
from cmr.scar.labels import ENHANCED, WALL, ScarLabel
from cmr.scar.masks import ScarMask
from cmr.scar.terms import LateKind
from cmr.volumetry import VolumetrySettings
from cmr.wall.left_ventricle import LeftVentricle
from tests.conftest import ROOT, shared_path
from tests.validation_support import Page
from training.config import read_section
from training.nifti import read_nifti
from training.splits import read_splits
from validation import emidec_nifti
from validation.cohort import command, scar_task
from validation.cohort.command import main
from validation.cohort.criteria import read_criteria, statistics_of
from validation.cohort.figures import classification_figures
from validation.cohort.manifest import read_manifest
from validation.cohort.measures import Measure
from validation.cohort.records import CaseRow
from validation.cohort.scar import NO_WALL, measure_case
from validation.cohort.scar_manifest import SCAR_FORM
from validation.cohort.scar_masks import ONE_SLICE, UNIT_UNKNOWN
from validation.cohort.scar_task import SCAR
from validation.cohort.summary import summarise
from validation.emidec_nifti import convert, to_nifti

pytestmark = pytest.mark.requirement("SCAR-20")

VOLUMETRY = read_section(ROOT / "app.yaml", "volumetry", VolumetrySettings)
SPACING_MM = (1.5, 2.0, 8.0)  # x, y, z
VOXEL_G = 1.5 * 2 * 8 / 1000 * 1.05
GREY = np.array([0, 60, 20, 100, 40])  # of background, cavity, wall, infarct, no-reflow
# 4 cavity, 20 wall of which 6 infarct and 2 no-reflow.
INFARCT = [1] * 4 + [2] * 12 + [3] * 6 + [4] * 2 + [0] * 16
# A voxel of wall lost and one too many; of the infarct one too many, 5 of 6 and 1 of 2 no-reflow.
FOUND = [1] * 4 + [0] + [2] * 10 + [3] + [3] * 5 + [2, 4, 2, 2] + [0] * 15
HEALTHY = [1] * 4 + [2] * 20 + [0] * 16
ALARM = [1] * 4 + [3] + [2] * 19 + [0] * 16
REFUSED = "no remote sector"


def stand_in(images):
    """Reads its labels from grey values; one classical method sees half of each, one refuses."""
    labels = np.abs(images.values[..., None] - GREY).argmin(axis=-1)
    scar, bright = np.isin(labels, ENHANCED), labels == ScarLabel.INFARCT
    none, nothing = np.full(len(labels), np.nan), np.zeros_like(scar)
    return SimpleNamespace(
        left_ventricle=LeftVentricle(
            labels == ScarLabel.LV,
            np.isin(labels, WALL),
            np.zeros_like(labels),
            images.volume.geometry,
        ),
        methods={
            "network": ScarMask(scar, labels == ScarLabel.NO_REFLOW, scar.astype(float), none),
            "sd5": ScarMask(bright, nothing, bright * 0.5, none),
            "sd2": ScarMask(nothing, nothing, nothing.astype(float), none, reason=REFUSED),
        },
    )


def write(path, labels, grey=False, unit="mm", slices=2):
    """NIfTI of a flat list of labels, or of the grey values that say them."""
    stack = np.array(labels, np.uint8).reshape(slices, 4, -1)
    stack = GREY[stack].astype(np.int16) if grey else stack
    file = nibabel.Nifti1Image(stack.T, np.diag([-SPACING_MM[0], -SPACING_MM[1], SPACING_MM[2], 1]))
    file.header.set_xyzt_units(unit)
    nibabel.save(file, path)
    return path


def write_case(folder, name, found, truth, **options):
    write(folder / f"{name}.nii.gz", found, grey=True, **options)
    write(folder / f"{name}_label.nii.gz", truth, **options)
    return f"{name},{name}.nii.gz,{name}_label.nii.gz"


def cases_of(folder, *rows, header="case,image,reference"):
    (folder / "cases.csv").write_text("\n".join([header, *rows]))
    return read_manifest(folder / "cases.csv", SCAR_FORM)


def measured(folder, found, truth, finder=stand_in, **options):
    [case] = cases_of(folder, write_case(folder, "a", found, truth, **options))
    assert case.problem == ""
    return measure_case(case, finder, VOLUMETRY)[0]


def test_a_case_worked_by_hand(tmp_path):
    row = measured(tmp_path, FOUND, INFARCT)
    assert {k: v for k, v in row.overlap.items() if "sd" not in k} == pytest.approx(
        {
            "dice.myo": 2 * 19 / (20 + 20),
            "dice.infarct": 2 * 6 / (7 + 8),
            "dice.mvo": 2 * 1 / (1 + 2),
        }
    )
    assert (row.measured["infarct_pct"], row.reference["infarct_pct"]) == (35, 40)
    assert row.measured["infarct_g"] == pytest.approx(7 * VOXEL_G)
    assert row.reference["infarct_g"] == pytest.approx(8 * VOXEL_G)
    assert (row.measured["classification"], row.reference["classification"]) == (1, 1)


def test_a_classical_method_counts_its_share_of_a_pixel(tmp_path):
    row = measured(tmp_path, FOUND, INFARCT)
    # 6 bright pixels, 5 of them in the infarct of 8; half of each counts.
    assert row.measured["methods.sd5.infarct_pct"] == pytest.approx(100 * 3 / 20)
    assert row.measured["methods.sd5.infarct_g"] == pytest.approx(3 * VOXEL_G)
    assert row.overlap["methods.sd5.dice.infarct"] == pytest.approx(2 * 5 / (6 + 8))
    assert row.overlap["methods.sd5.dice.mvo"] == 0
    assert row.overlap["methods.sd5.dice.myo"] == row.overlap["dice.myo"]


def test_a_method_without_an_answer_is_undefined_with_its_reason(tmp_path):
    row = measured(tmp_path, FOUND, INFARCT)
    keys = [f"methods.sd2.{name}" for name in ("infarct_pct", "infarct_g", "classification")]
    assert all(math.isnan(row.measured[key]) for key in keys)
    assert math.isnan(row.overlap["methods.sd2.dice.infarct"])
    assert {row.undefined[key] for key in keys} == {REFUSED}
    found = summarise([row], SCAR)["scar"]["methods"]["sd2"]
    assert (found["infarct_pct"]["n"], found["infarct_pct"]["missing"]) == (0, 1)
    assert found["infarct_pct"]["reasons"] == {REFUSED: 1}
    assert found["dice"]["infarct"]["missing"] == 1


def test_what_the_reference_does_not_hold_is_not_compared(tmp_path):
    row = measured(tmp_path, ALARM, HEALTHY)
    assert set(row.overlap) == {f"{p}dice.myo" for p in ("", "methods.sd5.", "methods.sd2.")}
    assert (row.measured["infarct_pct"], row.reference["infarct_pct"]) == (5, 0)
    assert (row.measured["classification"], row.reference["classification"]) == (1, 0)


@pytest.mark.parametrize(("weight", "called"), [(0.4, 1), (0.39, 0)])
def test_scar_begins_at_2_percent_of_the_wall(tmp_path, weight, called):
    def finder(images):
        found = stand_in(images)
        network = found.methods["network"]
        found.methods = {
            "network": ScarMask(
                network.scar, network.no_reflow, network.scar * weight, network.thresholds
            )
        }
        return found

    # One voxel of 20.
    assert measured(tmp_path, ALARM, HEALTHY, finder).measured["classification"] == called


@pytest.mark.parametrize(
    ("options", "reason"), [({"unit": "unknown"}, UNIT_UNKNOWN), ({"slices": 1}, ONE_SLICE)]
)
def test_without_a_unit_or_a_pitch_there_are_shares_and_no_grams(tmp_path, options, reason):
    row = measured(tmp_path, FOUND, INFARCT, **options)
    assert (row.measured["infarct_pct"], row.reference["infarct_pct"]) == (35, 40)
    assert math.isnan(row.measured["infarct_g"])
    assert math.isnan(row.reference["infarct_g"])
    assert row.undefined["infarct_g"] == row.undefined["methods.sd5.infarct_g"] == reason
    found = summarise([row], SCAR)["scar"]["infarct_g"]
    assert (found["n"], found["missing"], found["bias"]) == (0, 0, None)
    assert found["reasons"] == {reason: 1}


def test_where_nothing_is_found_dice_is_0_and_the_share_undefined(tmp_path):
    row = measured(tmp_path, [0] * 40, INFARCT)
    assert (row.overlap["dice.myo"], row.overlap["dice.infarct"]) == (0, 0)
    assert math.isnan(row.measured["infarct_pct"])
    assert row.undefined["infarct_pct"] == NO_WALL
    assert row.reference["infarct_pct"] == 40


def test_finished_masks_are_measured_as_they_are(tmp_path):
    write(tmp_path / "r.nii.gz", FOUND)
    write(tmp_path / "t.nii.gz", INFARCT)
    [case] = cases_of(tmp_path, "a,r.nii.gz,t.nii.gz", header="case,result,reference")
    row, masks = measure_case(case, None, VOLUMETRY)
    assert row.overlap == pytest.approx({"dice.myo": 0.95, "dice.infarct": 0.8, "dice.mvo": 2 / 3})
    assert row.measured["infarct_g"] == pytest.approx(7 * VOXEL_G)
    arrays = masks.arrays()
    assert np.array_equal(arrays["labels"].ravel(), FOUND)
    assert np.array_equal(arrays["reference"].ravel(), INFARCT)
    assert not arrays["images"].any()


def test_the_stack_goes_to_the_finder_as_the_file_holds_it(tmp_path):
    seen = []

    def finder(images):
        seen.append(images)
        return stand_in(images)

    write_case(tmp_path, "a", FOUND, INFARCT)
    [case] = cases_of(
        tmp_path, "a,a.nii.gz,a_label.nii.gz,psir", header="case,image,reference,kind"
    )
    measure_case(case, finder, VOLUMETRY)
    [images] = seen
    assert np.array_equal(images.values.ravel(), GREY[FOUND])
    assert images.volume.geometry.pixel_spacing_mm == pytest.approx((2.0, 1.5))
    assert (images.kind, images.zero) == (LateKind.PSIR, "as the file holds it")
    assert np.isnan(images.cycle_phase).all()
    assert images.cycle_phase.shape == (2,)


def test_bad_files_are_refused(tmp_path):
    write_case(tmp_path, "a", FOUND, INFARCT)

    def refused(match, image="a.nii.gz", reference="a_label.nii.gz"):
        [case] = cases_of(tmp_path, f"a,{image},{reference}")
        with pytest.raises(UsageError, match=match):
            measure_case(case, stand_in, VOLUMETRY)

    write(tmp_path / "five.nii.gz", [5, *INFARCT[1:]])
    known = "1 .lv., 2 .myocardium., 3 .infarct., 4 .no-reflow."
    refused(f"unknown value 5; expected {known}", reference="five.nii.gz")
    write(tmp_path / "cavity.nii.gz", [1] * 40)
    refused("reference holds no myocardium", reference="cavity.nii.gz")
    write(tmp_path / "longer.nii.gz", INFARCT + [0] * 8)
    refused("image .5, 4, 2., reference .6, 4, 2.", reference="longer.nii.gz")
    stack = GREY[np.array(FOUND).reshape(2, 4, 5)].astype(np.int16) - 10
    nibabel.save(nibabel.Nifti1Image(stack.T, np.diag([-1.5, -2, 8, 1])), tmp_path / "below.nii.gz")
    refused("values below 0: say psir", image="below.nii.gz")


@pytest.mark.parametrize(
    ("header", "row", "problem"),
    [
        ("case,image,reference,kind", "a,i,r,bright", "unknown kind 'bright', expected magnitude"),
        ("case,image,reference,models", "a,i,r,gone", "models missing or not readable"),
        ("case,result,reference,models", "a,i,r,.", "models without an image"),
        ("case,image,reference", "a,,r", "give an image or a result"),
        ("case,image,reference", "a,i,r,x", "4 cells, expected 3"),
    ],
)
def test_a_row_that_cannot_be_used_is_a_case_with_a_problem(tmp_path, header, row, problem):
    for name in ("i", "r"):
        (tmp_path / name).write_bytes(b"")
    [case] = cases_of(tmp_path, row, header=header)
    assert case.problem.startswith(problem)


def test_two_rows_of_one_name_are_a_problem_and_further_columns_are_subgroups(tmp_path):
    for name in ("i", "r"):
        (tmp_path / name).write_bytes(b"")
    twice, once = cases_of(
        tmp_path, "a,i,r,P", "a,i,r,P", "b,i,r,N", header="case,image,reference,group"
    )
    assert twice.problem == "two rows of this name"
    assert (once.problem, once.subgroups) == ("", {"group": "N"})
    assert once.parts[""].kind is LateKind.MAGNITUDE


def asked(truth, called):
    return CaseRow(
        case=f"{truth}{called}",
        reference={"classification": truth},
        measured={"classification": called},
    )


def test_sensitivity_and_specificity_by_hand():
    nan = math.nan
    rows = [asked(1, 1)] * 8 + [asked(1, 0)] * 2 + [asked(0, 0)] * 3 + [asked(0, 1), asked(1, nan)]
    measure = Measure("classification", "classification", "rule", "", "", 3)
    found = classification_figures(rows, measure)
    assert (found["sensitivity"], found["specificity"]) == (0.8, 0.75)
    # Wilson, 8 of 10: (8.0 + 1.92 ± 1.96 sqrt(1.6 + 0.96)) / (10 + 3.84), and 3 of 4.
    assert found["sensitivity_ci_low"] == pytest.approx(0.4902, abs=1e-4)
    assert found["sensitivity_ci_high"] == pytest.approx(0.9433, abs=1e-4)
    assert found["specificity_ci_low"] == pytest.approx(0.3006, abs=1e-4)
    assert (found["n"], found["missing"]) == (14, 1)
    assert found["false_negative_cases"] == ["10", "10"]
    assert found["false_positive_cases"] == ["01"]
    healthy = classification_figures([asked(0, 0)], measure)
    assert (healthy["sensitivity"], healthy["undefined"]["sensitivity"]) == (None, "no such case")


def test_every_default_criterion_and_every_key_is_in_the_summary():
    found = summarise([], SCAR)
    for key, statistics in statistics_of(SCAR).items():
        place = found
        for part in key.split("."):
            place = place[part]
        assert set(statistics) <= set(place), key
    assert set(found["scar"]["methods"]) == set(METHOD_TITLES) - {"network"}
    limits = {(c.key, c.statistic, c.limit) for c in read_criteria(SCAR.criteria, SCAR)}
    assert limits == {
        ("failures", "n", 0),
        ("scar.dice.myo", "mean", 0.84),
        ("scar.dice.infarct", "mean", 0.66),
        ("scar.infarct_pct", "mae", 5),
        ("scar.classification", "specificity", 0.8),
    }


@pytest.fixture(scope="module")
def client():
    """Workers in this process, where the stand-in is."""
    with (
        LocalCluster(1, threads_per_worker=1, processes=False, dashboard_address=None) as local,
        Client(local) as client,
    ):
        yield client


@pytest.fixture
def folder(tmp_path, client, monkeypatch):
    """An infarct, a normal heart that is called one, and a normal heart, with the stand-in."""

    @contextmanager
    def started(scheduler, workers):
        yield client

    def model(config, models):
        if models.name == "broken":
            raise ModelError("the network is damaged")
        return SimpleNamespace(name=models.name, version="1.0.0", sha256=models.name * 8)

    def opened(resources, own):
        model(None, own or resources.models)
        blind = own is not None and own.name == "blind"

        def finder(images):
            found = stand_in(images)
            if blind:
                found.methods["network"] = found.methods["sd2"]
            return found

        return finder

    monkeypatch.setattr(command, "cluster", started)
    for name in ("scar_model", "tissue_model"):
        monkeypatch.setattr(scar_task, name, model)
    monkeypatch.setattr(scar_task, "open_finder", opened)
    scar_task._open.cache_clear()
    rows = [
        write_case(tmp_path, "infarct", FOUND, INFARCT) + ",P",
        write_case(tmp_path, "alarm", ALARM, HEALTHY) + ",N",
        write_case(tmp_path, "healthy", HEALTHY, HEALTHY) + ",N",
    ]
    cases_of(tmp_path, *rows, header="case,image,reference,group")
    for name in ("blind", "broken"):
        (tmp_path / name).mkdir()
    return tmp_path


def run(folder):
    options = ["--task", "scar", "--manifest", str(folder / "cases.csv"), "--workers", "1"]
    code = main([*options, "--output", str(folder / "out")])
    return code, json.loads((folder / "out" / "summary.json").read_text())


def test_a_whole_run_worked_by_hand(folder, capsys):
    code, summary = run(folder)
    scar = summary["scar"]
    assert scar["dice"]["myo"]["mean"] == pytest.approx((0.95 + 1 + 1) / 3)
    assert (scar["dice"]["infarct"]["n"], scar["dice"]["infarct"]["mean"]) == (1, 0.8)
    # Measured 35, 5, 0; reference 40, 0, 0.
    share = scar["infarct_pct"]
    assert (share["bias"], share["n"]) == (pytest.approx(0), 3)
    assert share["sd"] == pytest.approx(5)
    assert share["loa_high"] == pytest.approx(9.8)
    assert share["mae"] == pytest.approx(10 / 3)
    # BMS 15825 / 18, JMS 0, EMS 12.5: (BMS - EMS) / (BMS + EMS - 2 EMS / 3).
    assert share["icc_2_1"] == pytest.approx(52 / 53)
    told = scar["classification"]
    assert (told["sensitivity"], told["specificity"]) == (1, 0.5)
    assert told["false_positive_cases"] == ["alarm"]
    assert told["rule"] == "Has scar (2 % of the wall or more), Network"
    # Half of 6, of 1 and of 0 pixels: 15, 2.5 and 0 %.
    assert scar["methods"]["sd5"]["infarct_pct"]["bias"] == pytest.approx((-25 + 2.5) / 3)
    assert scar["methods"]["sd5"]["classification"]["specificity"] == 0.5
    assert scar["methods"]["otsu"]["infarct_pct"]["n"] == 0
    assert summary["subgroups"]["group"]["N"]["scar"]["classification"]["specificity"] == 0.5
    assert (code, summary["passed"]) == (1, False)  # specificity of 0.5
    failed = [c["key"] for c in summary["criteria"] if not c["passed"]]
    assert failed == ["scar.classification"]
    assert "not passed" in capsys.readouterr().out


def test_the_report_shows_methods_classification_and_pictures(folder):
    run(folder)
    page = Page((folder / "out" / "report.html").read_text("utf-8"))
    assert page.tags.count("section") == 8
    assert page.tags.count("img") == 3
    assert "Has scar (2 % of the wall or more), Network 1.000 0.207 to 1.000 1 0.500" in page.text
    assert "Called positive and are not: alarm. Missed: none." in page.text
    assert "Infarct, share of the wall, 5 SD above remote (%)" in page.text
    assert "Has scar (2 % of the wall or more), Network, specificity 0.500 ≥ 0.8" in page.text
    assert "test-time variants" not in page.text
    ids = page.values("id")
    assert len(ids) == len(set(ids))


def test_cases_csv_says_why_numbers_are_missing(folder):
    write_case(folder, "infarct", FOUND, INFARCT, unit="unknown")
    run(folder)
    with (folder / "out" / "cases.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    assert first["infarct_g"] == first["infarct_g.reference"] == ""
    assert f"infarct_g: {UNIT_UNKNOWN}" in first["undefined"].split("; ")
    assert float(first["infarct_pct"]) == 35


def test_a_broken_case_is_counted_and_named_and_stops_nothing(folder, capsys):
    (folder / "alarm.nii.gz").write_bytes((folder / "alarm.nii.gz").read_bytes()[:60])
    (folder / "healthy_label.nii.gz").unlink()
    code, summary = run(folder)
    assert code == 1
    named = {f["case"]: f["reason"] for f in summary["failures"]["cases"]}
    assert set(named) == {"alarm", "healthy"}
    assert "reference missing" in named["healthy"]
    assert summary["scar"]["dice"]["myo"]["n"] == 1
    assert capsys.readouterr().err.count("failed: ") == 2


def test_a_case_may_bring_its_own_network(folder):
    text = (folder / "cases.csv").read_text().splitlines()
    columns = ["models", "blind", "", "broken"]
    (folder / "cases.csv").write_text(
        "\n".join(f"{line},{more}" for line, more in zip(text, columns, strict=True))
    )
    _, summary = run(folder)
    assert summary["failures"]["cases"] == [{"case": "healthy", "reason": "the network is damaged"}]
    assert summary["scar"]["infarct_pct"]["reasons"] == {REFUSED: 1}
    assert summary["scar"]["classification"]["false_positive_cases"] == ["alarm"]
    assert set(summary["subgroups"]) == {"group"}
    # The repository of the run for the heart and for cases without one, and that of a case.
    assert summary["run"]["model"]["name"] == "models, blind"


def test_a_missing_network_of_the_run_is_exit_code_2(folder, capsys):
    options = ["--manifest", str(folder / "cases.csv"), "--output", str(folder / "out")]
    assert main(["--task", "scar", *options, "--model", str(folder / "broken")]) == 2
    assert capsys.readouterr().err == "the network is damaged\n"
    assert not (folder / "out").exists()


def synthetic(folder, case):
    """A case whose every row, column and slice differs."""
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (3, 5, 7), np.uint8)
    label = rng.integers(0, 5, image.shape, np.uint8)
    folder.mkdir(exist_ok=True)
    np.savez(folder / f"{case}.npz", image=image, label=label)
    return image, label


def test_converted_cases_come_back_voxel_by_voxel_without_a_unit(tmp_path):
    image, label = synthetic(tmp_path / "npz", "P900")
    manifest = convert(tmp_path / "npz", tmp_path / "nifti")
    [case] = read_manifest(manifest, SCAR_FORM)
    assert (case.problem, case.subgroups) == ("", {"group": "P"})
    part = case.parts[""]
    for path, truth in ((part.image, image), (part.reference, label)):
        volume = read_nifti(path)
        assert np.array_equal(volume.data[0], truth)
        assert volume.geometry.pixel_spacing_mm == pytest.approx((1.46, 1.42))
        assert nibabel.load(path).header.get_xyzt_units()[0] == "unknown"


def test_a_fold_is_converted_with_the_networks_that_have_not_seen_it(tmp_path):
    folds = read_splits(emidec_nifti.SPLITS_FILE).folds
    for fold in (1, 3):
        synthetic(tmp_path / "npz", folds[fold][0])
    with convert(tmp_path / "npz", tmp_path / "all", models="f-{fold}/m").open() as file:
        found = {row["case"]: (row["fold"], row["models"]) for row in csv.DictReader(file)}
    assert found == {folds[n][0]: (str(n), str(Path(f"f-{n}/m").absolute())) for n in (1, 3)}
    one = read_manifest(convert(tmp_path / "npz", tmp_path / "one", fold=3), SCAR_FORM)
    assert [case.case for case in one] == [folds[3][0]]


def test_what_cannot_be_converted_is_exit_code_2(tmp_path, capsys):
    synthetic(tmp_path / "npz", "P900")
    for options, message in (
        (["--data", str(tmp_path)], "no case."),
        (["--data", str(tmp_path / "npz"), "--fold", "0"], "no case of fold 0."),
        (["--data", str(tmp_path / "npz"), "--models", "m"], "no fold keeps out P900"),
    ):
        assert emidec_nifti.main([*options, "--output", str(tmp_path / "out")]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.real_data
def test_real_cases_against_themselves(tmp_path):
    data = shared_path("data/emidec")
    for name in ("N006", sorted(data.glob("P*.npz"))[0].stem):
        with np.load(data / f"{name}.npz") as arrays:
            image, label = arrays["image"], arrays["label"]
        nibabel.save(to_nifti(image), tmp_path / f"{name}_image.nii.gz")
        nibabel.save(to_nifti(label), tmp_path / f"{name}.nii.gz")
        [case] = cases_of(
            tmp_path, f"{name},{name}.nii.gz,{name}.nii.gz", header="case,result,reference"
        )
        row, masks = measure_case(case, None, VOLUMETRY)
        assert set(row.overlap.values()) == {1.0}
        share = 100 * (label >= 3).sum() / (label >= 2).sum()
        assert row.measured["infarct_pct"] == row.reference["infarct_pct"] == pytest.approx(share)
        assert (share > 0) == name.startswith("P")
        assert row.reference["classification"] == name.startswith("P")
        assert row.undefined == {"infarct_g": UNIT_UNKNOWN}
        assert np.array_equal(masks.arrays()["labels"], label)
        assert np.array_equal(read_nifti(tmp_path / f"{name}_image.nii.gz").data[0], image)
