"""Shifted input with a network whose answers are known, and a table counted by hand."""

from dataclasses import dataclass, replace
from math import nan

import numpy as np
import pytest

from cmr.gates_agreement import AgreementLimits
from cmr.labels import Label
from cmr.model_store import open_model
from cmr.volume import Volume4D
from tests.conftest import ROOT
from tests.heart_masks import ED_RADII_MM, geometry, heart
from tests.model_support import SETTINGS
from tests.tiny_model import tiny_onnx, write_tiny
from tests.training_support import SPLITS, write_patient
from training.cases import Case
from training.shifts import SHIFTS
from validation import shifted_inputs
from validation.cohort.cine_path import read_settings
from validation.shifted_inputs import main, outcomes
from validation.shifted_table import EF_KEYS, UNSHIFTED, Outcome, table

pytestmark = pytest.mark.requirement("NET-13")

_APP = read_settings(ROOT / "app.yaml")
# A small matrix, for speed; all the rest is the application's.
APP = replace(
    _APP,
    preprocessing=_APP.preprocessing.model_copy(update={"matrix": (112, 112), "spacing_mm": 1.5}),
)
MIDDLE = 5


@dataclass
class Decoder:
    """Reads the label off the grey value, label / 3; a corner of ``blind`` pixels is empty."""

    input_channels: int = 1
    blind: int = 0

    def run(self, images):
        levels = np.arange(4, dtype=np.float32)[:, None, None] / 3
        scores = -400 * (images - levels) ** 2
        scores[:, 1:, : self.blind, : self.blind] -= 1e4
        return scores


@pytest.fixture(scope="module")
def case():
    """Radii shrink by a quarter, except in the middle slice, which stands still."""
    stack = geometry(shape=(112, 112))
    shrinking = np.full(stack.n_slices, 0.75)
    shrinking[MIDDLE] = 1
    labels = heart(ED_RADII_MM * np.stack([np.ones(stack.n_slices), shrinking]), stack)
    images = Volume4D(labels.astype(np.float32) * 100, stack)
    return Case("p", images, Volume4D(labels, stack))


@pytest.fixture(scope="module")
def found(case):
    return outcomes(case, APP, Decoder())


def test_every_shift_is_measured(found):
    assert list(found) == list(SHIFTS)


@pytest.mark.parametrize(
    "name", ["as it is", "rotated by 90°", "rotated by 180°", "rotated by 270°", "mirrored"]
)
def test_a_network_that_sees_tissue_alone_does_not_mind_turning(found, name):
    """Least for the RV, whose grey value the edge between wall and background has too."""
    assert found[name].dice[Label.LV] > 0.98
    assert min(found[name].dice.values()) > 0.9
    assert abs(found[name].ef_error["lv.ef_pct"]) < 0.5


def test_grey_values_that_are_others_mislead_it(found):
    """Gamma 2 puts the wall, 2/3, at 0.44: nearer to the RV's 1/3, and the RV at 0.11."""
    assert found["gamma 2"].dice[Label.MYOCARDIUM] < 0.5
    assert found["gamma 2"].gates


def test_a_missing_slice_is_noticed_by_its_gap_and_ef_is_held_against_the_whole_heart(found):
    """The rest alone has 1 - 0.75**2 = 43.75 %; the still slice was a part of the truth."""
    areas = ED_RADII_MM**2
    whole = 43.75 * (1 - areas[MIDDLE] / areas.sum())
    missing = found["one slice missing"]
    assert missing.dice[Label.LV] > 0.98
    assert missing.ef_error["lv.ef_pct"] == pytest.approx(43.75 - whole, abs=0.5)
    assert missing.gates == ("slice_gaps",)


def test_gates_on_the_sampling_of_the_cycle_are_left_out(found):
    gates = {gate for outcome in found.values() for gate in outcome.gates}
    assert not gates & {"phase_count", "frame_spacing", "curve_unimodal"}


@pytest.fixture
def unshifted_alone(monkeypatch):
    monkeypatch.setattr(shifted_inputs, "SHIFTS", {UNSHIFTED: SHIFTS[UNSHIFTED]})


@pytest.mark.usefixtures("unshifted_alone")
def test_a_network_that_finds_nothing_has_dice_0_no_ef_and_is_noticed(case):
    outcome = outcomes(case, APP, Decoder(blind=112))[UNSHIFTED]
    assert set(outcome.dice.values()) == {0.0}
    assert np.isnan(list(outcome.ef_error.values())).all()
    assert outcome.gates == ("lv_present",)


@pytest.mark.usefixtures("unshifted_alone")
def test_variants_that_disagree_are_noticed_though_the_labels_are_right(case, found):
    """Each variant loses another quarter to its blind corner, about 2 * 0.75 / 1.75 = 86 %."""
    limits = APP.quality.model_copy(update={"agreement": AgreementLimits(min_agreement_pct=90)})
    unsure = outcomes(case, replace(APP, quality=limits), Decoder(blind=56))[UNSHIFTED]
    assert unsure.dice[Label.LV] > 0.98
    assert unsure.gates == ("variant_agreement",)
    assert found[UNSHIFTED].gates == ()


def outcome(dice, lv_error, *gates) -> Outcome:
    """Both errors alike, of opposite sign; the same Dice for all structures."""
    return Outcome(
        dict.fromkeys((Label.RV, Label.MYOCARDIUM, Label.LV), dice),
        dict(zip(EF_KEYS, (lv_error, -lv_error), strict=True)),
        gates,
    )


def cells(text, name):
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_table_counts_what_is_counted_by_hand():
    """p1 is noticed with and without the shift, p2 newly, p3 never, p4 no longer."""
    plain = [outcome(0.9, 1.0, "a"), outcome(0.9, -3.0), outcome(0.9, 2.0), outcome(0.7, 2.0, "b")]
    shifted = [
        outcome(0.9, nan, "b", "a"),
        outcome(0.5, -8.0, "b", "d", "c"),
        outcome(0.7, 2.0),
        outcome(0.8, 2.0),
    ]
    text = table([{UNSHIFTED: a, "x": b} for a, b in zip(plain, shifted, strict=True)])
    assert cells(text, UNSHIFTED) == [
        *["0.850"] * 3,
        *["2.0"] * 2,
        "2 of 4, 50 %",
        "0",
        "1 of 1",
        "`a` 1, `b` 1",
    ]
    assert cells(text, "x") == [
        *["0.725"] * 3,
        *["4.0 (3)"] * 2,
        "2 of 4, 50 %",
        "1",
        "1 of 2",
        "`b` 2, `a` 1, `c` 1",
    ]


def test_an_ef_that_is_never_defined_is_said_to_be_so():
    text = table([{UNSHIFTED: outcome(0.0, nan)}])
    assert cells(text, UNSHIFTED)[3:5] == ["undefined"] * 2


def test_one_structure_lost_is_poor_where_the_mean_of_the_three_is():
    lost = outcome(0.9, 1.0)
    lost = replace(lost, dice=lost.dice | {Label.RV: 0.5})
    assert lost.mean_dice == pytest.approx((0.9 + 0.9 + 0.5) / 3)
    assert cells(table([{UNSHIFTED: lost}]), UNSHIFTED)[7] == "0 of 1"


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """One patient and a model of the shipped name that is one convolution."""
    monkeypatch.setattr(shifted_inputs, "read_splits", lambda: SPLITS)
    write_patient(tmp_path, *SPLITS.test, seed=1)
    seen = SETTINGS.model_dump(mode="json", exclude={"heart"})
    content = tiny_onnx(SETTINGS.matrix)
    folder = write_tiny(tmp_path, content, name="cine_sax", version="3.2.1", preprocessing=seen)
    folder.rename(tmp_path / "cine_sax")
    return tmp_path


def run(folder, output="page.md"):
    arguments = {"--acdc": folder, "--models": folder, "--output": folder / output}
    return main([str(part) for pair in arguments.items() for part in pair])


def test_the_command_writes_the_page_and_the_same_one_again(workplace, capsys):
    assert run(workplace) == 0
    page = (workplace / "page.md").read_text("utf-8")
    assert page.strip() == capsys.readouterr().out.strip()
    for part in ("`cine_sax` 3.2.1", "python -m validation.shifted_inputs", "the 1 ACDC"):
        assert part in page
    assert f"`{open_model(workplace, 'cine_sax').sha256}`" in page
    assert all(f"| {name} |" in page for name in SHIFTS)
    assert run(workplace, "again.md") == 0
    assert (workplace / "again.md").read_text("utf-8") == page


def test_a_patient_who_is_missing_is_said_and_nothing_is_written(workplace, capsys):
    next(workplace.glob("*_es.nii.gz")).unlink()
    assert run(workplace) == 2
    assert "NIfTI" in capsys.readouterr().err
    assert not (workplace / "page.md").exists()
