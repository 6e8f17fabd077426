"""Figures of a set of cases, and the card made of them, against numbers worked by hand."""

import json

import pytest

from cmr.model_store import open_model
from tests.conftest import ROOT
from tests.scar_rows import ROWS as SCAR_ROWS
from tests.scar_rows import infarct, normal
from tests.training_support import PATIENTS, SPLITS, write_data
from training.card_scar import CROSS_VALIDATION
from training.config import read_config
from training.export import write_metadata
from validation.cohort.cine_manifest import CINE_FORM
from validation.cohort.manifest import read_manifest
from validation.cohort.records import CaseRow
from validation.model_figures import figures
from validation.model_manifests import write_all
from validation.scar_figures import figures as figures_of_scar

pytestmark = pytest.mark.requirement("VAL-08")


def row(case, group, shift):
    """Dice 0.9 at ED and 0.8 at ES, EF 60 %, each moved by ``shift``."""
    overlap = {}
    for name in ("rv", "myo", "lv"):
        overlap |= {f"dice.{name}.ed": 0.9 + shift, f"dice.{name}.es": 0.8 + shift}
        overlap |= {f"hd95_mm.{name}.ed": 4.0, f"hd95_mm.{name}.es": 8.0}
    reference = {"lv.ef_pct": 60.0, "rv.ef_pct": 50.0, "lv.edv_ml": 150.0}
    measured = {key: value + 100 * shift for key, value in reference.items()}
    return CaseRow(
        case=case, subgroups={"group": group}, overlap=overlap, measured=measured,
        reference=reference,
    )  # fmt: skip


ROWS = [row("a", "NOR", 0.02), row("b", "NOR", 0.04), row("c", "HCM", -0.03)]


def test_figures_worked_by_hand():
    found = figures(ROWS)
    assert found["cases"] == 3
    assert found["dice"]["lv"] == {"ed": 0.91, "es": 0.81, "mean": 0.86}
    assert found["hd95_mm"]["rv"] == {"ed": 4, "es": 8, "mean": 6}
    assert found["lv.ef_pct"] == {"bias": 1, "sd": 3.61, "mae": 3}
    assert set(found["groups"]) == {"NOR", "HCM"}
    assert found["groups"]["NOR"]["dice"]["myo"]["mean"] == 0.88
    assert found["groups"]["HCM"]["lv.ef_pct"] == {"bias": -3, "sd": None, "mae": 3}


def test_card_shows_what_the_metadata_hold(tmp_path):
    metadata = open_model(ROOT / "models", "cine_sax").metadata
    changes = [
        {"change": "as shipped", "patients": 26, "epochs": 8, "plain": 0.85, "harder": 0.8},
        {
            **{"change": "Dice", "patients": 26, "epochs": 8, "plain": 0.84, "harder": 0.78},
            **{"plain_difference": -0.01, "plain_ci": 0.004},
            **{"harder_difference": -0.02, "harder_ci": 0.006},
        },
    ]
    patients = {
        **{"n": 64, "spearman": 0.71, "spearman_ci": [0.56, 0.81], "limit_pct": 95.25},
        **{"reviewed": 7, "poor": 3, "poor_reviewed": 2},
        **{"dice_reviewed": 0.84, "dice_others": 0.92},
    }
    known = {"cases": patients, "contours": patients | {"n": 384, "poor": 26}}
    training = metadata.training | {"comparison": changes}
    shown = {"ACDC, kept out": figures(ROWS), "uncertainty": known}
    write_metadata(tmp_path, metadata.model_copy(update={"figures": shown, "training": training}))
    card = (tmp_path / "README.md").read_text("utf-8")
    for text in (
        "**ACDC, kept out**, 3 patients",
        "| LV | 0.910 | 0.810 | 0.860 | 4.0 | 8.0 |",
        "| LV EF (points) | +1.0 | 3.6 | 3.0 |",
        "| HCM | 1 | 0.820 | 0.820 | 0.820 | 3.0 |",
        "| as shipped | 0.850 |  | 0.800 |  |",
        "| Dice | 0.840 | -0.010 ± 0.004 | 0.780 | -0.020 ± 0.006 |",
        "| 64 patients | 0.71 (0.56 to 0.81) | 95.25 % | 0.840, 0.920 | 2 of 3 |",
        "| 384 contours | 0.71 (0.56 to 0.81) | 95.25 % | 0.840, 0.920 | 2 of 26 |",
        metadata.intended_use,
        metadata.sha256,
    ):
        assert text in card
    assert "{" not in card
    assert json.loads((tmp_path / "metadata.json").read_text("utf-8"))["figures"] == shown


def test_lv_alone_has_no_column_for_the_rest(tmp_path):
    rows = [
        r.model_copy(update={"overlap": {k: v for k, v in r.overlap.items() if ".lv." in k}})
        for r in ROWS
    ]
    metadata = open_model(ROOT / "models", "cine_sax").metadata
    write_metadata(tmp_path, metadata.model_copy(update={"figures": {"S": figures(rows)}}))
    card = (tmp_path / "README.md").read_text("utf-8")
    assert "| Group | patients | Dice LV | LV EF error |" in card
    assert "| Myocardium |" not in card


def scar_card(folder, rows, config="scar_sax_all"):
    """Card of a scar network of this project's configuration."""
    metadata = open_model(ROOT / "models", "tissue_sax").metadata
    held = read_config(ROOT / "training" / f"{config}.yaml").model_dump(mode="json")
    training = {"epoch": 120, "parameters": 1_629_238, "config": held}
    found = {CROSS_VALIDATION: figures_of_scar(rows)} if rows else {}
    write_metadata(folder, metadata.model_copy(update={"training": training, "figures": found}))
    return (folder / "README.md").read_text("utf-8")


def test_card_of_scar_stands_beside_what_was_wanted_and_published(tmp_path):
    card = scar_card(tmp_path, SCAR_ROWS)
    for text in (
        "**EMIDEC, 2-fold cross-validation**, 6 cases",
        "| Myocardium, Dice | 6 | ≥ 0.840 | 0.817 (",
        " | 0.879 |",
        "| Infarct, Dice | 3 | ≥ 0.660 | 0.500 (",
        "| No-reflow, Dice | 1 |  | 0.500 | 0.785 |",
        "points | 6 | ≤ 5.0 | 3.0 (",
        "| Normals called free of scar | 3 | ≥ 80 % | 67 % (",
        "| Infarcts called scar | 3 |  | 67 % (",
        "bias -1.0, SD ",
        "| 0 | 3 | 0.833 | 0.700 | 0.500 | 2.0 | 100 % |",
        "| 1 | 3 | 0.800 | 0.100 | – | 4.0 | 50 % |",
        "trained on all 75 cases",
        "40 slices of ACDC",
        "stretches of 0.72 to 1.4",
    ):
        assert text in card
    assert "{" not in card.replace("{fold}", "")


def test_card_of_scar_says_where_the_figures_fall_short(tmp_path):
    short = scar_card(tmp_path, SCAR_ROWS).split("## Where it falls short")[1].split("## Limits")[0]
    for text in (
        "**Myocardium, Dice: 0.817, wanted ≥ 0.840: not reached.**",
        "**Normals called free of scar: 67 %, wanted ≥ 80 %: not reached.**",
        "mean absolute error, points: 3.0, wanted ≤ 5.0: reached, but the interval goes to ",
        "Infarcts overlooked: 1 (P3).",
        "Normals called scarred: 1 (N3).",
        "Dice of the infarct: 0.10 in the worst case; 0.100 to 0.700 by fold.",
        "winner by: myocardium 0.062, infarct 0.212, no-reflow 0.285.",
    ):
        assert text in short


def test_card_of_scar_does_not_complain_without_a_cause(tmp_path):
    rows = [normal(f"N{n}", "0", 0.0, myo=0.95) for n in range(30)]
    rows += [infarct(f"P{n}", "1", 0.9, 20 + n, 20 + n, mvo=0.9) for n in range(2)]
    short = scar_card(tmp_path, rows).split("## Where it falls short")[1].split("## Limits")[0]
    assert "Every figure that was wanted is reached, intervals included." in short
    for word in ("not reached", "overlooked", "called scarred", "winner"):
        assert word not in short


def test_card_of_a_scar_network_of_one_fold_says_which_and_that_nothing_was_measured(tmp_path):
    card = scar_card(tmp_path, [], "scar_sax")
    assert "Fold 0 of `training/emidec_splits.json` took no part in training." in card
    assert "trained on all 75 cases" not in card
    assert card.count("Not measured yet.") == 2


@pytest.fixture
def data(tmp_path):
    folder = write_data(tmp_path).acdc
    text = "\n".join(["patient,group", *(f"{patient},NOR" for patient in PATIENTS)])
    (folder / "reference.csv").write_text(text)
    folder.rename(tmp_path / "acdc-files")
    for name in ("acdc", "sunnybrook"):
        (tmp_path / name).symlink_to(tmp_path / "acdc-files")
    return tmp_path


@pytest.mark.requirement("NET-03")
def test_manifests_name_each_patient_once_and_only_in_its_part(data):
    written = write_all(data, SPLITS, data / "manifests")
    held = {
        name: [case.case for case in read_manifest(path, CINE_FORM)]
        for name, path in written.items()
    }
    assert held == {
        "acdc-test": ["p4"],
        "sunnybrook": list(PATIENTS),
        "acdc-fold-0": ["p1"],
        "acdc-fold-1": ["p2", "p3"],
    }
    for path in written.values():
        for case in read_manifest(path, CINE_FORM):
            assert not case.problem
            assert set(case.parts) == {"ed", "es"}
