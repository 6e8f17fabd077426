import numpy as np
import pytest

from cmr.gates_agreement import (
    AgreementLimits,
    agreement_gate,
    agreement_pct,
    agreement_record,
)
from cmr.phases import ChosenPhases
from cmr.quality import QualitySettings
from cmr.records import Status
from tests.model_support import ROOT
from training.config import read_section

pytestmark = pytest.mark.requirement("NET-12")

PHASES = ChosenPhases(ed=0, es=2, excluded={})
LIMITS = AgreementLimits(min_agreement_pct=90)
# Columns RV, myocardium, LV; the phase between ED and ES is not judged.
SURE = np.array([[0.96, 0.93, 0.99], [0.1, 0.1, 0.1], [0.90, 0.95, 0.97]])


def test_mean_of_the_six_figures():
    assert agreement_pct(SURE, PHASES) == pytest.approx(100 * (0.96 + 0.93 + 0.99 + 2.82) / 6)


def test_a_structure_that_is_not_found_counts_as_no_agreement():
    without = SURE.copy()
    without[2, 0] = np.nan
    assert agreement_pct(without, PHASES) == pytest.approx(agreement_pct(SURE, PHASES) - 15)


@pytest.mark.parametrize(("shift", "status"), [(0, Status.PASS), (-0.06, Status.REVIEW)])
def test_review_below_the_limit(shift, status):
    gate = agreement_gate(SURE + shift, PHASES, LIMITS)
    assert (gate.name, gate.status, gate.limit) == ("variant_agreement", status, 90)
    assert gate.withholds == []


def test_record_has_each_structure_at_ed_and_es():
    unsure = SURE.copy()
    unsure[0, 2] = np.nan
    record = agreement_record(unsure, PHASES)
    assert (record.rv_ed_pct, record.rv_es_pct, record.myocardium_es_pct) == (96, 90, 95)
    assert (record.lv_ed_pct, record.lv_es_pct) == (None, 97)


def test_the_limit_is_a_percentage_below_the_agreement_of_a_usual_case():
    limit = read_section(ROOT / "app.yaml", "quality", QualitySettings).agreement
    assert 80 < limit.min_agreement_pct < 99
