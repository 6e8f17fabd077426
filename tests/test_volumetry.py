"""Volumes against analytic bodies, numbers worked by hand, and the ACDC reference table."""

import csv
from math import isnan, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cmr.area_length import bullet_volume_ml
from cmr.body import Subject
from cmr.errors import NoApplicableSeries
from cmr.labels import Label
from cmr.phases import choose_phases
from cmr.volume import StackGeometry, Volume4D
from cmr.volumetry import measure, phase_volume_ml
from tests.heart_masks import ED_RADII_MM, VOLUMETRY, beating_heart, geometry, heart
from training.cases import read_acdc, read_groups

pytestmark = pytest.mark.requirement("CINE-21")


def _section_area_mm2(normal, height, semi_axes, turn):
    """Area of the plane ``normal · x = height`` in an ellipsoid at the origin."""
    inverse = turn @ np.diag(np.square(semi_axes)) @ turn.T
    reach = normal @ inverse @ normal
    share = max(0.0, 1 - height**2 / reach)
    return pi * share * np.prod(semi_axes) / np.sqrt(reach)


@pytest.mark.parametrize("seed", range(8))
def test_truncated_oblique_ellipsoid(seed):
    """Sum of analytic sections × gap-dependent extents is the discretised truth: within 0.5 %."""
    rng = np.random.default_rng(seed)
    axes = Rotation.random(random_state=seed).as_matrix()
    tilt = Rotation.from_rotvec(rng.uniform(-0.35, 0.35, 3)).as_matrix() @ axes
    gaps = rng.uniform(6, 12, 11)
    heights = np.concatenate([[0], np.cumsum(gaps)]) + rng.uniform(-70, -60)
    spacing, shape = (1.3, 1.1), (96, 112)
    corner = -axes[:, 0] * spacing[1] * shape[1] / 2 - axes[:, 1] * spacing[0] * shape[0] / 2
    corner = corner + rng.uniform(-2, 2, 3)
    corner -= axes[:, 2] * (corner @ axes[:, 2])
    stack = StackGeometry(
        corner + np.outer(heights, axes[:, 2]), axes[:, 0], axes[:, 1], spacing, shape
    )
    semi_axes = np.array([24.0, 27.0, 62.0])
    z, row, col = np.indices((12, *shape))
    points = stack.to_patient_mm(z, row, col) @ tilt
    inside = ((points / semi_axes) ** 2).sum(-1) <= 1
    base = heights <= 25
    labels = np.where(inside & base[:, None, None], Label.LV, 0).astype(np.uint8)
    labels[:, 0, 0] = Label.MYOCARDIUM
    extents = np.concatenate([[gaps[0]], (gaps[:-1] + gaps[1:]) / 2, [gaps[-1]]])
    areas = [_section_area_mm2(axes[:, 2], h, semi_axes, tilt) for h in heights]
    truth_ml = np.sum(np.array(areas) * extents * base) / 1000
    found = measure(Volume4D(np.stack([labels, labels]), stack), Subject(), VOLUMETRY)
    assert found.lv.edv_ml == pytest.approx(truth_ml, rel=5e-3)


def _boxes(lv, myocardium, rv, stack):
    """Labels (t, z, row, col) with given pixel counts (t, z) in fixed places."""
    out = np.zeros((*np.shape(lv), *stack.shape), np.uint8).reshape(*np.shape(lv), -1)
    for (t, z), count in np.ndenumerate(lv):
        out[t, z, 2000 : 2000 + count] = Label.LV
        out[t, z, 4000 : 4000 + myocardium[t][z]] = Label.MYOCARDIUM
        out[t, z, 6000 : 6000 + rv[t][z]] = Label.RV
    return out.reshape(*np.shape(lv), *stack.shape)


def test_hand_worked_case():
    # Pixels 2 x 1.5 = 3 mm2; positions 0, 10, 20, 40 mm: extents 10, 10, 15, 20 mm.
    stack = geometry(spacing_mm=(2.0, 1.5), positions=[0, 10, 20, 40])
    lv = [[1000, 800, 600, 400], [500, 400, 300, 200]]
    wall = [[400] * 4, [500] * 4]
    rv = [[900, 700, 500, 0], [600, 400, 200, 0]]
    volume = Volume4D(_boxes(lv, wall, rv, stack), stack, rr_ms=np.array([1000.0, 1000, np.nan, 0]))
    found = measure(volume, Subject(180, 80), VOLUMETRY)
    # LV ED: 3 (1000*10 + 800*10 + 600*15 + 400*20) / 1000 = 105 ml; ES is half of each area.
    assert (found.phases.ed, found.phases.es) == (0, 1)
    assert found.lv.edv_ml == pytest.approx(105)
    assert found.lv.esv_ml == pytest.approx(52.5)
    assert found.lv.sv_ml == pytest.approx(52.5)
    assert found.lv.ef_pct == pytest.approx(50)
    assert found.lv.co_l_min == pytest.approx(52.5 * 60 / 1000)
    assert found.lv.ci_l_min_m2 == pytest.approx(52.5 * 60 / 1000 / 2)
    assert found.lv.edv_index_ml_m2 == pytest.approx(52.5)
    # Wall: 3 * 400 * 55 / 1000 = 66 ml at ED, 82.5 ml at ES.
    assert found.lv.mass_ed_g == pytest.approx(1.05 * 66)
    assert found.lv.mass_es_g == pytest.approx(1.05 * 82.5)
    assert found.lv.mass_ed_index_g_m2 == pytest.approx(1.05 * 33)
    # RV: 3 (900*10 + 700*10 + 500*15) / 1000 = 70.5 ml; 3 (6000 + 4000 + 3000) / 1000 = 39 ml.
    assert found.rv.edv_ml == pytest.approx(70.5)
    assert found.rv.esv_ml == pytest.approx(39)
    assert found.rv.ef_pct == pytest.approx(100 * 31.5 / 70.5)


def test_one_structure_in_one_phase_needs_no_other():
    # Pixels of 3 mm2; extents 10, 10, 15, 20 mm, as above.
    stack = geometry(spacing_mm=(2.0, 1.5), positions=[0, 10, 20, 40])
    none = [[0] * 4] * 2
    volume = Volume4D(_boxes(none, none, [[900, 700, 500, 0], [0, 0, 0, 100]], stack), stack)
    assert phase_volume_ml(volume, Label.RV, 0) == pytest.approx(70.5)
    assert phase_volume_ml(volume, Label.RV, 1) == pytest.approx(3 * 100 * 20 / 1000)
    assert isnan(phase_volume_ml(volume, Label.LV, 0))
    with pytest.raises(NoApplicableSeries):
        measure(volume, Subject(), VOLUMETRY)
    slice_alone = geometry(n_slices=1)
    filled = Volume4D(np.full((1, 1, *slice_alone.shape), Label.RV, np.uint8), slice_alone)
    assert isnan(phase_volume_ml(filled, Label.RV, 0))


def test_area_length_of_a_bullet():
    # A cylinder of 30 mm and area 1200 mm2 ended by half an ellipsoid of 30 mm: 36 + 24 = 60 ml.
    stack = geometry(positions=np.arange(0.5, 60))
    height = np.maximum(stack.slice_positions_mm - 30, 0)
    areas = 1200 * (1 - (height / 30) ** 2)
    assert bullet_volume_ml(areas, stack) == pytest.approx(60, rel=1e-3)
    assert areas.sum() / 1000 == pytest.approx(60, rel=1e-3)


def test_area_length_without_cavity_or_pitch_is_nan():
    assert isnan(bullet_volume_ml(np.zeros(10), geometry()))
    assert isnan(bullet_volume_ml(np.array([100.0]), geometry(n_slices=1)))


@pytest.mark.requirement("CINE-22")
def test_ed_and_es_of_a_beating_heart():
    found = measure(beating_heart(), Subject(), VOLUMETRY)
    assert (found.phases.ed, found.phases.es) == (0, 9)  # smallest at 0.36 * 25
    assert found.phases.excluded == {}
    assert found.base_first
    assert found.frame_spacing_ms == pytest.approx(40)
    # The radius shrinks by 0.3, so the area to 0.49.
    assert found.lv.ef_pct == pytest.approx(51, abs=0.5)


def test_base_is_found_when_the_stack_runs_the_other_way():
    volume = beating_heart()
    turned = measure(volume.with_data(volume.data[:, ::-1]), Subject(), VOLUMETRY)
    assert not turned.base_first
    assert turned.slices_from_base(0) == [8, 7, 6, 5, 4, 3, 2, 1]
    assert turned.lv.edv_ml == pytest.approx(measure(volume, Subject(), VOLUMETRY).lv.edv_ml)


@pytest.mark.requirement("CINE-22")
@pytest.mark.parametrize("factor", [0.3, 1.6])
def test_a_spike_is_neither_ed_nor_es(factor):
    volume = beating_heart()
    radii = volume.data.copy()
    spoilt = heart(np.sqrt(factor) * ED_RADII_MM[None], volume.geometry)[0]
    radii[16] = spoilt
    found = measure(volume.with_data(radii), Subject(), VOLUMETRY)
    assert (found.phases.ed, found.phases.es) == (0, 9)
    assert "jumps" in found.phases.excluded[16]


@pytest.mark.requirement("CINE-22")
@pytest.mark.parametrize("phases", range(10, 40))
@pytest.mark.parametrize("systole", [0.3, 0.35, 0.42])
def test_a_sharp_end_systole_is_no_spike(phases, systole):
    """Half a cosine down, then 75 % of it back in 0.45 of diastole, sampled at its very end."""
    time = np.arange(phases) / phases
    down = np.clip(time / systole, 0, 1)
    up = np.clip((time - systole) / (0.45 * (1 - systole)), 0, 1)
    curve = 100 - 30 * (1 - np.cos(np.pi * down)) + 22 * (1 - np.cos(np.pi * up))
    curve[round(systole * phases)] = 40
    found = _choose(np.column_stack([curve] * 3))
    assert found.excluded == {}
    assert found.es == round(systole * phases)


def test_a_basal_slice_that_leaves_at_end_systole_alone_is_no_spike():
    """A failing heart: the curve hardly moves, and the base is above its slice once a beat."""
    apical = 85 + 15 * np.cos(2 * np.pi * np.arange(25) / 25)
    curve = np.column_stack([np.full(25, 15.0), *[apical / 5] * 5])
    curve[12, 0] = 0
    found = _choose(curve)
    assert found.excluded == {}
    assert found.es == 12


def _choose(lv, wall=None):
    lv = np.asarray(lv, float)
    wall = np.ones_like(lv) if wall is None else np.asarray(wall, float)
    return choose_phases(lv, wall, lv.sum(axis=1), VOLUMETRY.phases)


def test_phase_with_missing_slice_or_wall_is_left_out():
    lv = [[5, 5, 5], [9, 0, 9], [8, 8, 8], [1, 1, 1], [0, 0, 0]]
    wall = [[1] * 3] * 3 + [[0] * 3] * 2
    found = _choose(lv, wall)
    assert (found.ed, found.es) == (2, 0)
    assert "between two slices" in found.excluded[1]
    assert found.excluded[3] == "no myocardium"
    assert found.excluded[4] == "no LV"


def test_when_no_phase_is_sound_the_others_are_used_and_named():
    found = _choose([[9, 0, 9], [5, 0, 5], [0, 0, 0]])
    assert (found.ed, found.es) == (0, 1)
    assert set(found.excluded) == {0, 1, 2}


def test_no_lv_at_all_is_refused():
    empty = Volume4D(np.zeros((3, 10, 96, 96), np.uint8), geometry())
    with pytest.raises(NoApplicableSeries, match="no left ventricle was found in any phase"):
        measure(empty, Subject(), VOLUMETRY)


def test_missing_rv_and_single_slice_are_nan():
    stack = geometry(n_slices=1)
    alone = measure(Volume4D(heart([[20], [15]], stack, rv=False), stack), Subject(), VOLUMETRY)
    assert (alone.phases.ed, alone.phases.es) == (0, 1)
    assert isnan(alone.lv.edv_ml)
    assert isnan(alone.lv.mass_ed_g)
    no_rv = measure(
        Volume4D(heart(np.outer([1, 0.8], ED_RADII_MM), geometry(), rv=False), geometry()),
        Subject(),
        VOLUMETRY,
    )
    assert isnan(no_rv.rv.edv_ml)
    assert isnan(no_rv.rv.ef_pct)
    assert no_rv.lv.edv_ml > 0
    assert isnan(no_rv.frame_spacing_ms)


@settings(max_examples=25, deadline=None)
@given(
    turned=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    scale=st.floats(0.3, 4),
    pitch_scale=st.floats(0.3, 3),
    shift=st.integers(0, 24),
)
def test_invariants(turned, scale, pitch_scale, shift):
    """Flips and phase shifts change nothing; spacing rescales volumes by its cube."""
    rows, cols, transpose = turned
    radii = np.outer(1 - 0.3 * np.sin(np.pi * np.arange(5) / 5), ED_RADII_MM)
    stack = geometry(shape=(80, 96))
    labels = heart(radii, stack)
    plain = measure(Volume4D(labels, stack), Subject(), VOLUMETRY)
    moved = np.roll(labels, shift, axis=0)
    moved = moved[:, :, :: -1 if rows else 1, :: -1 if cols else 1]
    moved = moved.swapaxes(2, 3) if transpose else moved
    other = geometry(
        pitch_mm=8 * pitch_scale, spacing_mm=(1.5 * scale, 1.5 * scale), shape=moved.shape[2:]
    )
    found = measure(Volume4D(moved, other), Subject(), VOLUMETRY)
    factor = scale**2 * pitch_scale
    assert found.phases.ed == (plain.phases.ed + shift) % 5
    for name in ("edv_ml", "esv_ml", "mass_ed_g", "edv_area_length_ml"):
        expected = getattr(plain.lv, name) * factor
        assert getattr(found.lv, name) == pytest.approx(expected, rel=1e-9)
    assert found.lv.ef_pct == pytest.approx(plain.lv.ef_pct, rel=1e-9)
    assert found.rv.edv_ml == pytest.approx(plain.rv.edv_ml * factor, rel=1e-9)


@pytest.mark.requirement("CINE-22")
@pytest.mark.real_data
def test_acdc_reference_table(acdc):
    """EDV, ESV, EF and mass of all 80 patients as the table gives them, to its rounding."""
    with (acdc / "reference.csv").open(encoding="utf-8") as file:
        rows = {row["patient"]: row for row in csv.DictReader(file)}
    patients = sorted(read_groups(acdc))
    assert len(patients) == 80
    for patient in patients:
        found = measure(read_acdc(acdc, patient).labels, Subject(), VOLUMETRY)
        assert found.base_first
        assert (found.phases.ed, found.phases.es) == (0, 1)
        for side in ("lv", "rv"):
            for name in ("edv_ml", "esv_ml", "ef_pct"):
                value = getattr(getattr(found, side), name)
                # The table was made from voxel sizes with more digits than the headers' float32.
                assert value == pytest.approx(float(rows[patient][f"{side}_{name}"]), abs=0.055)
        assert found.lv.mass_ed_g == pytest.approx(float(rows[patient]["lv_mass_ed_g"]), abs=0.055)
