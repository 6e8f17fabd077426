"""No-reflow: dark, within scar, alone or with the endocardium."""

import numpy as np
import pytest

from cmr.scar.methods import RULES, classical_scar
from cmr.scar.no_reflow import find_no_reflow
from cmr.volume import StackGeometry
from tests.late_rings import GRID, REMOTE, RING, SETTINGS, block, late, ring, share_of_wall, shown
from tests.scar_shapes import band, centres

pytestmark = pytest.mark.requirement("SCAR-11")

ARC = (20.0, 110.0)
Y, X = centres(GRID)
DEPTH, ANGLE = RING.depth(Y, X), RING.angle_deg(Y, X)
TRANSMURAL = band(RING, -1, 2, ARC)


def with_hole(low, high, arc, grey=REMOTE, sd=4.0, lesion=TRANSMURAL):
    """A ring with scar, and part of the scar as dark as ``grey``."""
    left_ventricle, share = ring(lesion)
    hole = (low <= DEPTH) & (high > DEPTH) & (arc[0] <= ANGLE) & (arc[1] > ANGLE)
    hole = hole & left_ventricle.wall
    values = shown(left_ventricle, share, sd=0)
    values[hole] = grey
    return left_ventricle, values + np.random.default_rng(0).normal(0, sd, values.shape), hole


def found_in(left_ventricle, values):
    return classical_scar(late(values), left_ventricle, SETTINGS).methods


@pytest.mark.parametrize("low", [-1, 0.35])
def test_a_hole_in_scar_is_no_reflow_and_counts_as_scar(low):
    """On the endocardium, and within; the same by every method."""
    left_ventricle, values, hole = with_hole(low, 0.7, (40, 90))
    methods = found_in(left_ventricle, values)
    for name in RULES:
        mask = methods[name]
        assert np.array_equal(mask.no_reflow, methods["fwhm"].no_reflow)
        assert not (mask.no_reflow & ~mask.scar).any(), name
        assert (mask.weight[mask.no_reflow] == 1).all()
    found = methods["fwhm"].no_reflow
    assert 2 * (found & hole).sum() / (found.sum() + hole.sum()) > 0.9
    # A quarter of the ring is infarct, hole or none.
    assert share_of_wall(methods["fwhm"].weight, left_ventricle) == pytest.approx(25, abs=1.5)


def test_darker_than_remote_is_no_reflow_too():
    left_ventricle, values, hole = with_hole(0.3, 0.7, (40, 90), grey=-40)
    assert (found_in(left_ventricle, values)["fwhm"].no_reflow & hole).sum() > 0.9 * hole.sum()


def test_midwall_scar_leaves_the_healthy_endocardium_alone():
    """Scar from 1/3 to 2/3 of the wall: open at both ends, so nothing is enclosed."""
    for arc in (ARC, (0.0, 180.0), (0.0, 250.0)):
        left_ventricle, share = ring(band(RING, 0.33, 0.67, arc))
        methods = found_in(left_ventricle, shown(left_ventricle, share))
        true = share_of_wall(share, left_ventricle)
        assert not methods["fwhm"].no_reflow.any(), arc
        assert share_of_wall(methods["fwhm"].weight, left_ventricle) == pytest.approx(true, abs=3)


def test_scar_on_the_epicardium_closes_nothing():
    left_ventricle, share = ring(band(RING, 0.45, 1.1, (0.0, 270.0)))
    methods = found_in(left_ventricle, shown(left_ventricle, share))
    assert methods["fwhm"].scar.any()
    assert not methods["fwhm"].no_reflow.any()


def test_healthy_wall_between_two_scars_is_open():
    """Reaches the epicardium."""
    left_ventricle, values, hole = with_hole(-1, 2, (55, 75))
    assert not (found_in(left_ventricle, values)["fwhm"].no_reflow & hole).any()


def square(hole, gap=None):
    """A wall of 20 x 20 pixels of 1 mm, scar but for ``hole``; ``gap`` opens it."""
    wall = np.zeros((1, 30, 30), bool)
    wall[0, 5:25, 5:25] = True
    scar = wall.copy()
    scar[0][hole] = False
    if gap is not None:
        scar[0][gap] = False
    return scar, block(wall)


@pytest.mark.parametrize(("columns", "count"), [(5, 0), (6, 6)])
def test_least_area(columns, count):
    """6 mm2 are asked for."""
    scar, left_ventricle = square(np.s_[15, 10 : 10 + columns])
    found = find_no_reflow(scar, left_ventricle, plain())
    assert found.sum() == count


def test_area_in_mm_not_pixels():
    """Six pixels of 0.5 x 0.5 mm are 1.5 mm2."""
    scar, left_ventricle = square(np.s_[15, 10:16])
    grid = StackGeometry(np.zeros((1, 3)), [1, 0, 0], [0, 1, 0], (0.5, 0.5), (30, 30))
    fine = block(left_ventricle.wall, grid=grid)
    assert not find_no_reflow(scar, fine, plain()).any()
    assert find_no_reflow(scar, fine, plain(least_mm2=1.5)).sum() == 6


@pytest.mark.parametrize(("width", "closed"), [(1, True), (4, False)])
def test_a_gap_of_one_pixel_is_overlooked_and_a_wide_one_is_not(width, closed):
    """From a hole of 8 x 8 to the outside."""
    scar, left_ventricle = square(np.s_[11:19, 11:19], np.s_[14 : 14 + width, 19:25])
    found = find_no_reflow(scar, left_ventricle, SETTINGS.no_reflow)
    assert found[0, 12:18, 12:18].all() == found[0, 12:18, 12:18].any() == closed


def test_share_of_the_outline_that_is_scar():
    """A hole of 4 x 8 on the cavity: of 28 pixels round it 10 are cavity, 18 scar, or 64 %."""
    scar, left_ventricle = square(np.s_[5:9, 11:19])
    cavity = np.zeros_like(left_ventricle.wall)
    cavity[0, :5] = True
    on_cavity = block(left_ventricle.wall, cavity)
    assert find_no_reflow(scar, on_cavity, plain(least_scar_outline=0.63)).sum() == 32
    assert not find_no_reflow(scar, on_cavity, plain(least_scar_outline=0.66)).any()
    # Without the cavity nothing closes it.
    assert not find_no_reflow(scar, left_ventricle, plain(least_scar_outline=0.1)).any()


def plain(**changes):
    """Nothing overlooked."""
    return SETTINGS.no_reflow.model_copy(update={"closing_px": 0, **changes})


def test_no_scar_no_hole():
    left_ventricle, _ = ring()
    none = np.zeros_like(left_ventricle.wall)
    assert not find_no_reflow(none, left_ventricle, SETTINGS.no_reflow).any()
