"""What reaches the results: rounding, reasons in place of withheld numbers, slices base first."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.assemble import MaskOrigin, basal_slice, cine_results, slice_areas, withheld_reasons
from cmr.body import Subject
from cmr.errors import NoApplicableSeries
from cmr.labels import Label
from cmr.quality import judge
from cmr.records import Gate, Model, Status
from cmr.results import CleanUpChange, Stack
from cmr.volume import Volume4D
from cmr.volumetry import measure
from tests.heart_masks import QUALITY, VOLUMETRY, beating_heart, geometry, heart

pytestmark = pytest.mark.requirement("CINE-26")

SOUND = beating_heart()
STACK = Stack(
    series_uids=["1.2.3"],
    slices=10,
    images=250,
    pitch_mm=8.0,
    slice_thickness_mm=6.0,
    pixel_spacing_mm=(1.5, 1.5),
    regular=True,
    field_strength_t=1.5,
    manufacturer="",
)
MODEL = Model(name="cine_sax", version="1", sha256="0" * 64, provider="CPU", precision="fp32")
CHANGES = [CleanUpChange(step="hole filling", structure="lv", voxels_added=3, voxels_removed=0)]


ADULT = Subject(180, 80)


def _results(volume, subject=ADULT):
    m = measure(volume, subject, VOLUMETRY)
    return m, cine_results(m, judge(m, QUALITY), STACK, MaskOrigin(MODEL, CHANGES))


def test_numbers_are_those_measured_rounded_once():
    m, cine = _results(SOUND)
    assert cine.lv.edv_ml == round(m.lv.edv_ml, 2)
    assert cine.lv.ef_pct == round(m.lv.ef_pct, 1)
    assert cine.lv.co_l_min == round((m.lv.edv_ml - m.lv.esv_ml) * 60 / 1000, 2)
    assert cine.lv.ci_l_min_m2 == round((m.lv.edv_ml - m.lv.esv_ml) * 60 / 1000 / 2, 2)
    assert cine.heart.bsa_m2 == 2.0
    assert cine.heart.bsa_formula == "Mosteller"
    assert cine.heart.heart_rate_bpm == 60
    assert cine.lv.withheld == cine.rv.withheld == cine.heart.withheld == {}
    assert (cine.phases.count, cine.phases.ed, cine.phases.es) == (25, 0, 9)
    assert (cine.stack, cine.model, cine.clean_up) == (STACK, MODEL, CHANGES)


def test_results_are_plain_json_without_nan():
    radii = np.array([[20.0], [15]])
    for volume in (SOUND, Volume4D(heart(radii, geometry(1)), geometry(1))):
        _, cine = _results(volume, Subject())
        text = json.dumps(cine.model_dump(mode="json"), allow_nan=False)
        assert "NaN" not in text


def test_without_size_and_rr_the_reasons_stand_in_place():
    m, cine = _results(Volume4D(SOUND.data, SOUND.geometry), Subject())
    assert m.lv.edv_ml > 0
    assert cine.lv.co_l_min is None
    assert cine.lv.withheld["co_l_min"] == "RR interval is not in the study"
    for key in ("edv_index_ml_m2", "sv_index_ml_m2", "mass_ed_index_g_m2"):
        assert "height is not in the study" in cine.lv.withheld[key]
        assert "weight is not in the study" in cine.lv.withheld[key]
    assert "RR interval" in cine.lv.withheld["ci_l_min_m2"]
    assert "height" in cine.lv.withheld["ci_l_min_m2"]
    assert set(cine.heart.withheld) == {"heart_rate_bpm", "height_cm", "weight_kg", "bsa_m2"}
    assert cine.heart.bsa_formula is None
    assert cine.lv.edv_ml is not None


def test_every_absent_number_has_a_reason_and_no_present_one_has():
    for volume in (SOUND, SOUND.with_data(SOUND.data[:, ::-1])):
        _, cine = _results(volume, Subject())
        for part in (cine.lv, cine.rv, cine.heart):
            present = {q.key for q, _ in part.values()}
            every = {q.key for q in part.quantities()}
            assert present | set(part.withheld) == every
            assert not present & set(part.withheld)


def test_missing_rv_withholds_only_the_rv():
    data = SOUND.data.copy()
    data[data == Label.RV] = 0
    _, cine = _results(SOUND.with_data(data))
    assert list(cine.rv.values()) == []
    assert "rv_present" in cine.rv.withheld["edv_ml"]
    assert cine.curve.rv_ml == [None] * 25
    assert cine.lv.withheld == {}
    assert cine.curve.lv_ml[0] == cine.lv.edv_ml


def test_too_few_slices_withhold_volumes_but_not_areas():
    stack = geometry(n_slices=4)
    volume = Volume4D(heart(np.outer([1, 0.8], [24, 22, 18, 14]), stack), stack)
    _, cine = _results(volume)
    assert list(cine.lv.values()) == list(cine.rv.values()) == []
    assert "stack_positions" in cine.lv.withheld["edv_ml"]
    assert "limit 6" in cine.lv.withheld["edv_ml"]
    assert cine.curve.lv_ml == [None, None]
    assert cine.basal_slice is None
    assert len(cine.slices) == 4


def test_single_slice_has_no_slices_either():
    stack = geometry(n_slices=1)
    _, cine = _results(Volume4D(heart([[20], [15]], stack), stack))
    assert cine.slices == []
    assert cine.basal_slice is None
    reason = cine.lv.withheld["edv_ml"]
    assert "stack_positions" in reason
    assert "slice_pitch" in reason


def test_excluded_phases_are_null_in_the_curve():
    data = SOUND.data.copy()
    data[12, 4] = 0
    _, cine = _results(SOUND.with_data(data))
    assert [t for t, v in enumerate(cine.curve.lv_ml) if v is None] == [12]
    assert cine.curve.time_ms[12] == 480


def test_areas_are_base_first_whichever_way_the_stack_runs():
    up, down = (
        slice_areas(measure(v, Subject(), VOLUMETRY))
        for v in (SOUND, SOUND.with_data(SOUND.data[:, ::-1]))
    )
    assert [a.lv_ed_mm2 for a in up] == [a.lv_ed_mm2 for a in down]
    assert [a.position_mm for a in up] == [8.0 * z for z in range(10)]
    assert [a.position_mm for a in down] == [8.0 * z for z in reversed(range(10))]
    assert up[1].lv_ed_mm2 == pytest.approx(np.pi * 24**2, rel=0.01)
    assert up[1].rv_es_mm2 == round(np.count_nonzero(SOUND.data[9, 1] == 1) * 2.25, 1)


def test_basal_slice_is_worth_its_area_times_extent():
    m, cine = _results(SOUND)
    worth = np.count_nonzero(SOUND.data[0, 1] == Label.LV) * 2.25 * 8 / 1000
    assert cine.basal_slice.doubtful is False
    assert cine.basal_slice.lv_edv_with_ml == cine.lv.edv_ml
    assert cine.basal_slice.lv_edv_without_ml == round(m.lv.edv_ml - worth, 2)
    assert cine.basal_slice.lv_esv_without_ml < cine.basal_slice.lv_esv_with_ml


def test_basal_slice_is_doubtful_at_a_coarse_pitch_and_where_a_gate_doubts_it():
    stack = geometry(n_slices=6, pitch_mm=17.7)
    coarse = Volume4D(heart(np.outer([1, 0.8], [24, 24, 23, 21, 18, 12]), stack), stack)
    _, cine = _results(coarse)
    assert cine.basal_slice.doubtful
    assert "17.7 mm apart" in cine.basal_slice.reason
    data = SOUND.data.copy()
    data[[5, 7, 9, 11], 1] = 0
    m = measure(SOUND.with_data(data), Subject(), VOLUMETRY)
    assert basal_slice(m, judge(m, QUALITY)).doubtful


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_phases=st.sampled_from([1, 2, 9]),
    n_slices=st.sampled_from([1, 2, 7]),
    emptiness=st.floats(0, 1),
)
def test_any_mask_gives_clean_json_or_a_refusal(seed, n_phases, n_slices, emptiness):
    rng = np.random.default_rng(seed)
    data = rng.integers(0, 4, (n_phases, n_slices, 5, 5)).astype(np.uint8)
    data[rng.random((n_phases, n_slices)) < emptiness] = 0
    times = rng.choice([np.nan, 0, -5, 30], (n_phases, n_slices))
    rr = rng.choice([np.nan, 0, 1000, 1e9], n_slices)
    volume = Volume4D(data, geometry(n_slices, shape=(5, 5)), times, rr)
    try:
        m, cine = _results(volume, Subject(*rng.choice([np.nan, 0, -1, 170], 2)))
    except NoApplicableSeries:
        assert not (data == Label.LV).any()
        return
    json.dumps(cine.model_dump(mode="json"), allow_nan=False)
    for part in (cine.lv, cine.rv, cine.heart):
        present = {q.key for q, _ in part.values()}
        assert present | set(part.withheld) == {q.key for q in part.quantities()}
    assert {"ed": m.phases.ed, "es": m.phases.es} == cine.phases.model_dump(exclude={"count"})


def test_reasons_of_several_gates_are_all_given():
    gates = [
        Gate(
            name=name,
            status=Status.WITHHELD,
            figure=figure,
            limit=2,
            unit="1",
            message="Bad.",
            withholds=["cine.lv.edv_ml"],
        )
        for name, figure in (("one", 1.5), ("two", None))
    ]
    assert withheld_reasons(gates) == {
        "cine.lv.edv_ml": "one: Bad. Found 1.5, limit 2 (1). two: Bad. Found none, limit 2 (1)."
    }
