"""Masses and shares against sums by hand."""

from dataclasses import replace

import numpy as np
import pytest

from cmr.scar.amounts import NO_LV_WALL, NO_PITCH, measure_amount, size_of
from cmr.volume import StackGeometry
from cmr.wall.left_ventricle import LeftVentricle

pytestmark = pytest.mark.requirement("SCAR-12")

DENSITY = 1.05


def _slab(positions_mm, spacing=(2.0, 1.5), thickness_mm=8.0):
    """Ten wall pixels a slice, each 3 mm2."""
    n = len(positions_mm)
    wall = np.zeros((n, 4, 6), bool)
    wall[:, 1:3, :5] = True
    grid = StackGeometry(
        np.outer(positions_mm, [0, 0, 1.0]), [1, 0, 0], [0, 1, 0], spacing, (4, 6), thickness_mm
    )
    return LeftVentricle(np.zeros_like(wall), wall, wall.astype(np.uint8), grid)


def test_a_stack_by_hand():
    """Pitch 10 mm, not the thickness of 8: 3.5 pixels x 3 mm2 x 10 mm x 1.05 mg/mm3."""
    lv = _slab([0, 10, 20])
    share = np.zeros(lv.wall.shape)
    share[0, 1, :3] = 1
    share[2, 2, 0] = 0.5
    found = measure_amount(share, lv, DENSITY)
    assert found.mass_g == pytest.approx(3.5 * 3 * 10 * 1.05 / 1000)
    assert found.pct_lv_mass == pytest.approx(100 * 3.5 / 30)
    assert not found.reasons
    assert measure_amount(lv.wall, lv, DENSITY).mass_g == pytest.approx(30 * 30 * 1.05 / 1000)


def test_uneven_gaps():
    """Slices stand for 10, 20 and 30 mm; all scar is on the last."""
    lv = _slab([0, 10, 40])
    share = np.zeros(lv.wall.shape)
    share[2, 1, :2] = 1
    found = measure_amount(share, lv, DENSITY)
    assert found.mass_g == pytest.approx(2 * 3 * 30 * 1.05 / 1000)
    assert found.pct_lv_mass == pytest.approx(100 * 60 / 600)


@pytest.mark.parametrize("thickness_mm", [8.0, float("nan")])
def test_one_slice_has_a_share_but_no_mass(thickness_mm):
    lv = _slab([5], thickness_mm=thickness_mm)
    share = 0.25 * lv.wall
    found = measure_amount(share, lv, DENSITY)
    assert np.isnan(found.mass_g)
    assert found.reasons == {"mass_g": NO_PITCH}
    assert found.pct_lv_mass == pytest.approx(25)
    assert size_of(share, lv.geometry) == pytest.approx(2.5 * 3)


def test_without_wall_nothing_is_told():
    lv = _slab([0, 10])
    lv = replace(lv, wall=np.zeros_like(lv.wall))
    found = measure_amount(lv.wall, lv, DENSITY)
    assert np.isnan([found.mass_g, found.pct_lv_mass]).all()
    assert found.reasons == {"mass_g": NO_LV_WALL, "pct_lv_mass": NO_LV_WALL}


def test_no_scar_is_0_and_not_unknown():
    lv = _slab([0, 10])
    found = measure_amount(np.zeros(lv.wall.shape), lv, DENSITY)
    assert (found.mass_g, found.pct_lv_mass) == (0, 0)
