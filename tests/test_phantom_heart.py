"""Analytic volumes of the phantom's heart against independent integration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phantom.appearance import load_appearance
from phantom.heart import HeartShape, TruncatedEllipsoid, draw_heart
from phantom.motion import CycleShape, end_systolic_phase
from phantom.parts import parts_at
from phantom.tissue import PART_LABELS, Part

pytestmark = pytest.mark.requirement("CINE-37")

SEEDS = st.integers(0, 10_000)


def heart(seed: int, phases: int = 25) -> HeartShape:
    return draw_heart(load_appearance().heart, np.random.default_rng(seed), phases)


def grid_volumes_ml(shape: HeartShape, cycle_time: float, step_mm: float) -> dict[int, float]:
    """Stratified Monte Carlo: one random point in each cell of a box around the ventricles."""
    rng = np.random.default_rng(0)
    edges = [np.arange(lo, hi, step_mm) for lo, hi in ((-60, 95), (-80, 80), (-12, 125))]
    counts = np.zeros(4)
    v, w = np.meshgrid(edges[1], edges[2], indexing="ij")
    now = shape.at(cycle_time)
    for u in edges[0]:
        jitter = step_mm * rng.random((3, *v.shape))
        part = parts_at(now, u + jitter[0], v + jitter[1], w + jitter[2])
        counts += np.bincount(PART_LABELS[part].ravel(), minlength=4)
    return {i: counts[i] * step_mm**3 / 1000 for i in range(4)}


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("when", ["ed", "es"])
def test_prescribed_volumes_are_those_of_the_painted_heart(seed, when):
    shape = heart(seed)
    time = 0.0 if when == "ed" else shape.cycle.systole_share
    found = grid_volumes_ml(shape, time, 1.5)
    lv_ml, rv_ml = (float(x) for x in shape.volumes_ml(np.array(time)))
    # Cells of 1.5 mm: some 20,000 of them on the surfaces, so an SD of about 0.1 %.
    assert found[3] == pytest.approx(lv_ml, rel=0.005)
    assert found[2] == pytest.approx(shape.myocardium_ml, rel=0.005)
    assert found[1] == pytest.approx(rv_ml, rel=0.005)


def test_half_ellipsoid_has_its_textbook_radius():
    # V = 2/3 pi a^2 l for a half ellipsoid: a = 30, l = 60.
    half = TruncatedEllipsoid(0.0, 60.0, 2 / 3 * np.pi * 30**2 * 60, 0.0)
    assert half.radius_mm == pytest.approx(30)
    assert half.section_radius_mm(np.array([0.0, 60.0, 61.0])) == pytest.approx([30, 0, 0])


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_every_heart_has_a_wall_that_thickens(seed):
    shape = heart(seed)
    walls = []
    for time in (0.0, shape.cycle.systole_share):
        now = shape.at(time)
        w = np.linspace(now.base_mm, shape.length_mm, 50)
        wall = now.epicardium.section_radius_mm(w) - now.endocardium.section_radius_mm(w)
        assert np.all(wall[:-1] > 2)
        walls.append(wall[0])
    assert walls[1] > walls[0]


@given(SEEDS, st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_volume_repeats_with_the_cycle_and_stays_between_es_and_ed(seed, time):
    shape = heart(seed)
    lv, _ = shape.volumes_ml(np.array([time, time + 1, time - 2]))
    assert lv == pytest.approx([lv[0]] * 3)
    assert shape.esv_ml - 1e-9 <= lv[0] <= shape.edv_ml + 1e-9


@given(SEEDS, st.integers(4, 40))
@settings(max_examples=60, deadline=None)
def test_largest_volume_is_phase_0_and_smallest_is_an_imaged_phase(seed, phases):
    shape = heart(seed, phases)
    lv, rv = shape.volumes_ml(np.arange(phases) / phases)
    assert int(np.argmax(lv)) == 0
    assert lv[0] == pytest.approx(shape.edv_ml)
    assert lv.min() == pytest.approx(shape.esv_ml)
    assert int(np.argmin(lv)) == int(np.argmin(rv)) == round(shape.cycle.systole_share * phases)


def test_filling_has_an_early_part_diastasis_and_an_atrial_kick():
    cycle = CycleShape(0.36, 0.7)
    tau = np.array([0.0, 0.18, 0.36, 0.36 + 0.64 * 0.5, 0.36 + 0.64 * 0.65, 1.0])
    assert cycle.fullness(tau) == pytest.approx([1, 0.5, 0, 0.7, 0.7, 1])


@pytest.mark.parametrize(
    ("share", "phases", "expected"), [(0.36, 25, 9), (0.36, 8, 3), (0.1, 2, 1)]
)
def test_end_systole_is_the_nearest_phase(share, phases, expected):
    assert end_systolic_phase(share, phases) == expected


@pytest.mark.parametrize("cycle_time", [0.0, None])
def test_trabeculae_keep_their_volume_and_count_as_cavity(cycle_time):
    shape = heart(5)
    now = shape.at(shape.cycle.systole_share if cycle_time is None else cycle_time)
    rng = np.random.default_rng(1)
    low, high = np.array([[-50, -50, -5], [50, 50, 115]])
    points = low + (high - low) * rng.random((2_000_000, 3))
    part = parts_at(now, *points.T.reshape(3, 1, -1))
    found = part == Part.TRABECULAE
    muscle_ml = np.count_nonzero(found) / found.size * np.prod(high - low) / 1000
    # Papillary muscles are painted over them and cost a few per cent.
    assert 0.93 * shape.trabecular_ml < muscle_ml < 1.01 * shape.trabecular_ml
    assert 0.05 * shape.myocardium_ml <= shape.trabecular_ml <= 0.15 * shape.myocardium_ml
    assert PART_LABELS[Part.TRABECULAE] == 3


def test_papillary_muscles_count_as_cavity_and_are_in_it():
    shape = heart(5)
    now = shape.at(0.0)
    u, v = np.meshgrid(np.arange(-40, 40, 1.0), np.arange(-40, 40, 1.0))
    w = np.full(u.shape, 0.48 * shape.length_mm)
    part = parts_at(now, u, v, w)
    assert np.count_nonzero(part == Part.PAPILLARY) > 20
    assert PART_LABELS[Part.PAPILLARY] == 3
