"""Each gate on a heart made to trip it and on one that must not."""

from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest

from cmr import gates_anatomy, gates_function
from cmr.body import Subject
from cmr.gate import Finding, review
from cmr.gates_stack import Provenance
from cmr.labels import Label
from cmr.quality import judge
from cmr.records import Status
from cmr.results import LeftVentricle, Ventricle
from cmr.volume import Volume4D
from cmr.volumetry import measure
from tests.heart_masks import (
    ED_RADII_MM,
    QUALITY,
    VOLUMETRY,
    beating_heart,
    beating_radii,
    geometry,
    heart,
)

pytestmark = pytest.mark.requirement("CINE-25")

SOUND = beating_heart()


def _gates(volume):
    return {g.name: g for g in judge(measure(volume, Subject(), VOLUMETRY), QUALITY)}


def _with(change):
    data = SOUND.data.copy()
    change(data)
    return SOUND.with_data(data)


def test_a_sound_heart_passes_every_gate():
    gates = _gates(SOUND)
    assert {name: g.status for name, g in gates.items() if g.status is not Status.PASS} == {}
    assert len(gates) == 29
    assert all(not g.withholds for g in gates.values())


def _stack(n_slices, **kwargs):
    radii = np.interp(np.linspace(1, 8, n_slices), np.arange(10), ED_RADII_MM)
    stack = geometry(n_slices=n_slices, **kwargs)
    return Volume4D(heart(np.outer([1, 0.8], radii), stack), stack)


def test_slice_count_gate_counts_positions_not_segmented_slices():
    assert _gates(_stack(5))["stack_positions"].status is Status.WITHHELD
    assert _gates(_stack(6))["stack_positions"].status is Status.PASS
    two_slices = _with(lambda d: d.__setitem__((slice(None), [1, 2, 3, 4, 7, 8]), 0))
    assert _gates(two_slices)["stack_positions"].status is Status.PASS


def test_few_positions_withhold_every_number_of_both_ventricles():
    gate = _gates(_stack(5))["stack_positions"]
    for side, kind in (("lv", LeftVentricle), ("rv", Ventricle)):
        assert {f"cine.{side}.{q.key}" for q in kind.quantities()} <= set(gate.withholds)
    assert (gate.figure, gate.limit, gate.unit) == (5, 6, "{slices}")


@pytest.mark.parametrize(
    ("pitch", "status"), [(8, Status.PASS), (12, Status.PASS), (17.7, Status.REVIEW)]
)
def test_pitch(pitch, status):
    assert _gates(_stack(6, pitch_mm=pitch))["slice_pitch"].status is status


def test_a_single_slice_has_no_pitch():
    gate = _gates(_stack(1))["slice_pitch"]
    assert gate.status is Status.WITHHELD
    assert gate.figure is None
    assert {"cine.slices", "cine.lv.edv_ml", "cine.rv.edv_ml"} <= set(gate.withholds)


def test_a_missing_slice_shows_in_the_gaps():
    volume = _stack(6, positions=[0, 8, 24, 32, 40, 48])
    assert _gates(volume)["slice_gaps"].figure == 2
    assert _gates(volume)["slice_gaps"].status is Status.REVIEW


def test_few_or_slow_phases_go_to_review():
    few = beating_heart(n_phases=10)
    assert _gates(few)["phase_count"].status is Status.REVIEW
    assert _gates(few)["frame_spacing"].figure == pytest.approx(100)
    assert _gates(few)["frame_spacing"].status is Status.REVIEW
    assert _gates(_stack(6))["frame_spacing"].figure is None
    assert _gates(_stack(6))["frame_spacing"].status is Status.REVIEW


def test_times_that_run_backwards_do_not_pass_for_fine_sampling():
    backwards = Volume4D(SOUND.data, SOUND.geometry, SOUND.times_ms[::-1].copy(), SOUND.rr_ms)
    assert _gates(backwards)["frame_spacing"].figure == pytest.approx(40)  # RR over phases


def test_missing_rv_withholds_the_rv_alone():
    gate = _gates(_with(lambda d: np.putmask(d, d == Label.RV, 0)))["rv_present"]
    assert gate.status is Status.WITHHELD
    assert all(key.startswith(("cine.rv.", "cine.curve.rv_ml")) for key in gate.withholds)


def test_missing_myocardium_withholds_lv():
    gates = _gates(_with(lambda d: np.putmask(d, d == Label.MYOCARDIUM, 0)))
    assert gates["myocardium_present"].status is Status.WITHHELD
    assert "cine.lv.mass_ed_g" in gates["myocardium_present"].withholds
    assert gates["phases_usable"].status is Status.WITHHELD
    assert "no myocardium" in gates["phases_usable"].message
    assert "cine.lv.edv_ml" in gates["phases_usable"].withholds


def test_rv_that_grows_into_systole_is_withheld():
    def swap(data):
        rv = data == Label.RV
        data[rv] = 0
        data[:10][rv[9::-1] & (data[:10] == 0)] = Label.RV

    gates = _gates(_with(swap))
    assert gates["rv_es_below_ed"].status is Status.WITHHELD
    assert gates["rv_ef_range"].status is Status.WITHHELD
    assert gates["lv_es_below_ed"].status is Status.PASS
    assert "cine.rv.edv_ml" in gates["rv_es_below_ed"].withholds


def test_a_still_heart_is_withheld():
    volume = Volume4D(np.repeat(SOUND.data[:1], 20, axis=0), SOUND.geometry)
    assert _gates(volume)["lv_es_below_ed"].status is Status.WITHHELD


def test_gaps_in_every_phase_withhold():
    gate = _gates(_with(lambda d: d.__setitem__((slice(None), 4), 0)))["phases_usable"]
    assert gate.status is Status.WITHHELD
    assert "between two slices" in gate.message


def test_many_bad_phases_go_to_review():
    gate = _gates(_with(lambda d: d.__setitem__((slice(12, 16), 4), 0)))["phases_usable"]
    assert gate.status is Status.REVIEW
    assert gate.figure == pytest.approx(16)


def _measured(**changes):
    m = measure(SOUND, Subject(), VOLUMETRY)
    return replace(m, **{k: replace(getattr(m, k), **v) for k, v in changes.items()})


def test_agreement_figures_by_hand():
    lv = {"edv_ml": 150.0, "esv_ml": 50.0, "mass_ed_g": 100.0, "mass_es_g": 130.0}
    m = _measured(lv=lv | {"edv_area_length_ml": 120.0}, rv={"edv_ml": 140.0, "esv_ml": 100.0})
    assert gates_function.stroke_volume_difference_pct(m) == pytest.approx(60)
    assert gates_function.mass_difference_pct(m) == pytest.approx(30)
    assert gates_function.area_length_difference_pct(m) == pytest.approx(20)
    assert isnan(gates_function.stroke_volume_difference_pct(_measured(rv={"edv_ml": nan})))


def test_disagreement_goes_to_review():
    m = _measured(
        lv={"mass_es_g": 10_000.0, "edv_area_length_ml": 10_000.0},
        rv={"edv_ml": 30.0, "esv_ml": 29.0},
    )
    gates = {g.name: g for g in judge(m, QUALITY)}
    for name in ("stroke_volume_difference", "mass_difference", "area_length_difference"):
        assert gates[name].status is Status.REVIEW
        assert gates[name].withholds == []


@pytest.mark.parametrize(
    ("curve", "ed", "es", "expected"),
    [
        ([100, 80, 60, 40, 60, 80], 0, 3, 0),
        ([60, 80, 100, 80, 60, 40], 2, 5, 0),  # the cycle may begin anywhere
        ([100, 70, 90, 40, 60, 80], 0, 3, 20),  # rises by 20 on the way down
        ([100, 80, 60, 40, 90, 50], 0, 3, 40),  # falls by 40 on the way up
        ([100, 80, 70, 75, 80, 40, 60, 80], 0, 5, 10),  # a slow rise counts as a whole
        ([100, nan, 60, 40, nan, 80], 0, 3, 0),
    ],
)
def test_curve_reversal_by_hand(curve, ed, es, expected):
    found = gates_function.curve_reversal_pct(np.array(curve, float), ed, es)
    assert found == pytest.approx(expected)


def test_a_second_beat_in_the_curve_goes_to_review():
    radii = beating_radii(24)
    twice = np.concatenate([radii[::2], radii[::2] * 0.98])
    volume = Volume4D(heart(twice, SOUND.geometry), SOUND.geometry)
    assert _gates(volume)["curve_unimodal"].status is Status.REVIEW


def test_open_ring_at_mid_ventricle_withholds_the_lv():
    def open_ring(data):
        part = data[:, 4, :, 60:]
        part[part == Label.MYOCARDIUM] = 0

    gate = _gates(_with(open_ring))["mid_ventricular_ring"]
    assert gate.status is Status.WITHHELD
    assert "cine.lv.edv_ml" in gate.withholds
    assert not any(key.startswith("cine.rv") for key in gate.withholds)


def test_heart_at_the_image_edge_goes_to_review():
    gate = _gates(_with(lambda d: d.__setitem__((0, 3, 0, 5), Label.RV)))["image_border"]
    assert (gate.status, gate.figure) == (Status.REVIEW, 1)


def test_swapped_slices_show_as_a_kink():
    gates = _gates(_with(lambda d: d.__setitem__((slice(None), [3, 8]), d[:, [8, 3]].copy())))
    assert gates["area_kink"].status is Status.REVIEW


def test_rv_with_an_empty_slice_goes_to_review():
    gate = _gates(_with(lambda d: np.putmask(d[:, 4], d[:, 4] == Label.RV, 0)))["empty_slices"]
    assert (gate.status, gate.figure) == (Status.REVIEW, 2)


def test_open_base_goes_to_review():
    def open_base(data):
        part = data[:, 1, :, 64:]
        part[part == Label.MYOCARDIUM] = 0

    assert _gates(_with(open_base))["base_coverage"].status is Status.REVIEW


def test_small_basal_slice_goes_to_review():
    radii = beating_radii()
    radii[:, 1] *= 0.6
    volume = SOUND.with_data(heart(radii, SOUND.geometry))
    assert _gates(volume)["base_step"].status is Status.REVIEW


@pytest.mark.parametrize("turned", [False, True])
def test_missing_basal_slice_leaves_the_rv_sticking_out(turned):
    volume = _with(lambda d: np.putmask(d[:, 1], d[:, 1] > Label.RV, 0))
    if turned:
        volume = volume.with_data(volume.data[:, ::-1])
    gate = _gates(volume)["rv_above_base"]
    assert (gate.status, gate.figure) == (Status.REVIEW, 1)


@pytest.mark.parametrize(
    ("slices", "status"), [(1, Status.PASS), (2, Status.PASS), (3, Status.REVIEW)]
)
def test_descent_of_the_base(slices, status):
    gate = _gates(_with(lambda d: d.__setitem__((slice(7, 12), slice(1, 1 + slices)), 0)))
    assert gate["base_descent"].figure == pytest.approx(8 * slices)
    assert gate["base_descent"].status is status


def test_base_that_rises_into_systole_goes_to_review():
    gate = _gates(_with(lambda d: d.__setitem__((slice(3, 20), 0), d[3:20, 1])))["base_descent"]
    assert gate.figure == pytest.approx(-8)
    assert gate.status is Status.REVIEW


def test_flickering_basal_slice_goes_to_review():
    once = _gates(_with(lambda d: d.__setitem__((slice(5, 14), 1), 0)))
    assert once["base_changes"].figure == 2
    assert once["base_changes"].status is Status.PASS
    often = _gates(_with(lambda d: d.__setitem__(([5, 7, 9, 11], 1), 0)))
    assert often["base_changes"].figure == 8
    assert often["base_changes"].status is Status.REVIEW


def test_a_figure_that_cannot_be_formed_goes_to_review():
    gate = review(Finding("any", nan, 1.0, "%", "Something."), good=True)
    assert gate.status is Status.REVIEW
    assert "could not be judged" in gate.message
    one = geometry(n_slices=1)
    m = measure(Volume4D(heart([[20], [15]], one), one), Subject(), VOLUMETRY)
    assert isnan(gates_anatomy.area_kink_pct(m))
    assert isnan(gates_anatomy.base_step_pct(m))


def test_what_was_left_out_before_measuring_asks_for_review():
    m = measure(SOUND, Subject(), VOLUMETRY)
    complete = {g.name: g.status for g in judge(m, QUALITY)}
    assert complete["slices_left_out"] is complete["heart_located"] is Status.PASS
    faulty = Provenance(left_out=("Position 3: no images.",), centre_fallback="Nothing beats.")
    gates = {g.name: g for g in judge(m, QUALITY, faulty)}
    assert gates["slices_left_out"].status is gates["heart_located"].status is Status.REVIEW
    assert gates["slices_left_out"].figure == 1
    assert "Position 3" in gates["slices_left_out"].message
    assert "Nothing beats." in gates["heart_located"].message
