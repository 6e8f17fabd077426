"""The limits in app.yaml are those that the expert masks give, and keep the budget of reviews."""

import numpy as np
import pytest

from cmr.quality import TEMPORAL_GATES, judge
from cmr.records import Status
from tests.conftest import ROOT
from tests.heart_masks import QUALITY, VOLUMETRY
from training.cases import read_acdc, read_groups
from validation import gate_faults
from validation.calibrate_gates import main
from validation.gates_calibration import (
    GATES,
    REVIEW_BUDGET,
    calibrate,
    figures_of,
    limits_in_use,
    measure_all,
    share_reviewed,
    synthetic_reversals_pct,
)
from validation.gates_mapping import mapping_section
from validation.gates_scar import scar_section

pytestmark = pytest.mark.requirement("CINE-24")


@pytest.fixture(scope="module")
def labels(request):
    folder = request.getfixturevalue("acdc")
    return [read_acdc(folder, patient).labels for patient in sorted(read_groups(folder))]


@pytest.fixture(scope="module")
def measured(labels):
    return measure_all(labels, VOLUMETRY)


@pytest.mark.real_data
def test_limits_are_the_proposed_ones(measured):
    result = calibrate(figures_of(measured))
    assert limits_in_use(QUALITY) == result.proposals
    assert 90 < result.percentile < 100


@pytest.mark.real_data
def test_at_most_a_tenth_of_expert_masks_goes_to_review_and_none_is_withheld(measured):
    reviewed = 0
    for m in measured:
        gates = [g for g in judge(m, QUALITY) if g.name not in TEMPORAL_GATES]
        assert not [g.name for g in gates if g.status is Status.WITHHELD]
        reviewed += any(g.status is Status.REVIEW for g in gates)
    assert reviewed / len(measured) <= REVIEW_BUDGET


@pytest.mark.real_data
def test_printed_proposals_of_the_literature_reject_half(measured):
    """Mass by 15 %: half of ACDC's own labels, as the reference page says."""
    figures = figures_of(measured)
    assert np.mean(figures["mass_difference"] > 15) == pytest.approx(0.5, abs=0.01)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("fault", "least"),
    [
        (gate_faults.drop_base_at_ed, 0.85),
        (gate_faults.drop_base_at_both, 0.75),
        (gate_faults.swap_slices, 0.75),
        (gate_faults.lose_middle, 1.0),
        (gate_faults.open_middle, 1.0),
    ],
)
def test_planted_faults_are_noticed(labels, fault, least):
    noticed = gate_faults.share_noticed(labels[::2], fault, VOLUMETRY, QUALITY)
    assert noticed >= least


def _spread(count=100):
    return {g.name: np.linspace(0, 100, count) for g in GATES}


def test_shared_percentile_on_figures_worked_by_hand():
    """All gates flag the same patients, base_coverage those of the other end: 5 + 5 of 100.

    Rounding outwards to 95 and 5 begins at the 94.25th percentile.
    """
    result = calibrate(_spread())
    assert result.percentile == 94.25
    assert result.proposals["mass_difference"] == 95
    assert result.proposals["base_coverage"] == 5
    assert share_reviewed(result.figures, result.proposals) <= REVIEW_BUDGET


def test_an_outlier_moves_the_limit_of_its_gate_only():
    figures = _spread()
    figures["area_kink"] = figures["area_kink"] * 10
    result = calibrate(figures)
    assert result.proposals["area_kink"] == pytest.approx(950, abs=5)
    assert result.proposals["mass_difference"] == pytest.approx(95, abs=1)


def test_curves_without_noise_have_no_reversal():
    assert synthetic_reversals_pct(3, 0).max() == pytest.approx(0, abs=1e-9)
    assert np.median(synthetic_reversals_pct(50, 0.05)) > np.median(
        synthetic_reversals_pct(50, 0.02)
    )


@pytest.mark.real_data
@pytest.mark.slow
def test_command_writes_the_committed_table(acdc, tmp_path, capsys):
    output = tmp_path / "gates.md"
    assert main(["--acdc", str(acdc), "--output", str(output)]) == 0
    assert output.read_text(encoding="utf-8") in capsys.readouterr().out
    committed = (ROOT / "docs/gates.md").read_text(encoding="utf-8")
    assert output.read_text(encoding="utf-8") == committed


def test_the_committed_page_has_the_limits_on_maps_and_scar_in_use():
    committed = (ROOT / "docs/gates.md").read_text(encoding="utf-8")
    assert committed.endswith(mapping_section(QUALITY.mapping) + scar_section(QUALITY.scar))
