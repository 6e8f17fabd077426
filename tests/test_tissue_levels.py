"""Extent of the LV on its long axis, against hearts of known length."""

import numpy as np
import pytest

from cmr.labels import Label
from cmr.tissue.aha import find_segments
from cmr.tissue.levels import Level, LvExtent, lv_extent
from tests.tissue_heart import SETTINGS, heart, masks, stack

pytestmark = pytest.mark.requirement("TIS-15")


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_axis_of_an_oblique_stack_runs_through_the_centroids(mirrored):
    """Planes that lean over by 12 degrees and cut the LV in full: its axis is found, not theirs."""
    body = heart(tilt=(0.2, 0.1), off_centre=(0.0, 0.0))
    geometry = stack(body, np.arange(16, 80, 8.0), 30, mirrored, tilt_deg=12)
    found = lv_extent(masks(body, geometry), 0, apex_sign=-1 if mirrored else 1)
    assert found.axis_mm / found.length_mm @ body.apex > np.cos(np.deg2rad(1))
    # Their middles, 8.3 mm beside the axis, are at 16, 24, ... 72 mm; each stands for 4 mm to
    # either side.
    lower = 8.3172 * np.tan(np.deg2rad(12))
    assert found.base_mm @ body.apex == pytest.approx(12 - lower, abs=0.2)
    assert found.apex_mm @ body.apex == pytest.approx(76 - lower, abs=0.2)
    assert np.linalg.norm(np.cross(found.base_mm, body.apex)) < 0.5


def test_extent_of_an_upright_stack_by_hand():
    body = heart(off_centre=(0.0, 0.0))
    geometry = stack(body, np.arange(-4, 100, 8.0))
    found = lv_extent(masks(body, geometry), 0, apex_sign=1)
    # LV on 4, 12, ... 84 mm; each slice stands for 4 mm to either side.
    assert found.base_mm @ body.apex == pytest.approx(0, abs=0.05)
    assert found.length_mm == pytest.approx(88, abs=0.1)
    assert found.along_mm(30 * body.apex + 5 * body.septum) == pytest.approx(30, abs=0.2)


def test_one_slice_has_no_extent():
    body = heart()
    with pytest.raises(ValueError, match="LV on 1 slices: two are needed"):
        lv_extent(masks(body, stack(body, [45.0])), 0, apex_sign=1)


def test_the_extent_of_the_cine_places_the_slices_of_a_map():
    """Two map slices, which alone have no level, beside a cine of another plane direction."""
    body = heart(taper=0.3)
    cine = stack(body, np.arange(-4, 100, 8.0), 20, tilt_deg=8)
    extent = lv_extent(masks(body, cine), 0, apex_sign=1)
    maps = masks(body, stack(body, [20.0, 70.0], 90, mirrored=True))
    found = find_segments(maps, SETTINGS.aha, extent)
    assert [each.level for each in found.slices] == [Level.APICAL, Level.BASAL]


def test_thirds_and_tolerance():
    """Extent of 90 mm; a breath may move a slice 5 mm past its end, not 8."""
    body = heart(length=120.0)
    extent = LvExtent(10 * body.apex, 100 * body.apex)
    along = [1.0, 7.0, 39.0, 41.0, 69.0, 71.0, 104.0, 108.0]
    found = find_segments(masks(body, stack(body, along)), SETTINGS.aha, extent)
    levels = [each.level for each in found.slices]
    expected = [Level.BASAL] * 2 + [Level.MID] * 2 + [Level.APICAL] * 2
    assert levels == [None, *expected, None]
    assert found.slices[0].reason == "Beyond the base of the given LV extent."
    assert found.slices[-1].reason == "Beyond the apex of the given LV extent."


def test_a_slice_of_wall_alone_is_beyond_the_sixteen_segments():
    body = heart()
    labels = masks(body, stack(body, (15.0, 45.0, 75.0)))
    capped = labels.data.copy()
    capped[0, 2][capped[0, 2] == Label.LV] = Label.MYOCARDIUM
    found = find_segments(labels.with_data(capped), SETTINGS.aha)
    assert found.slices[2].level is None
    assert found.slices[2].reason == "No LV cavity on this slice."
    assert not found.segments[2].any()
