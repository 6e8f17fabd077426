"""Core and gray zone: three definitions on grey values that tell them apart."""

import numpy as np
import pytest

from cmr.scar.gray_zone import core_and_gray
from cmr.scar.methods import GRAY_DEFINITIONS, classical_scar
from cmr.scar.remote import RemoteMyocardium
from cmr.scar.settings import IslandSettings
from cmr.scar.terms import LateKind
from cmr.scar.thresholds import Wall
from cmr.volume import StackGeometry
from tests.late_rings import RING, SD, SETTINGS, block, late, ring, share_of_wall, shown
from tests.scar_shapes import band

pytestmark = pytest.mark.requirement("SCAR-10")

ANY = IslandSettings(least_mm3=1, border_px=0, reach_px=0)
# Remote 100 with an SD of 10, brightest 128; columns of one slice, three apart ones at the end.
GREY = np.array([100, 115, 125, 135, 145, 210, 300, 300, 140, 122, 100, 100, 125, 100, 100, 160])


def divided(definition, kind=LateKind.MAGNITUDE, dark=(), grey=GREY, enhanced=True):
    """Columns of core and of gray zone."""
    values = np.asarray(grey, float)[None, None]
    wall = np.ones(values.shape, bool)
    one = np.ones(1)
    remote = RemoteMyocardium(100 * one, 10 * one, 128 * one, 50, wall, {})
    no_reflow = np.zeros_like(wall)
    no_reflow[..., list(dark)] = True
    settings = SETTINGS.methods.model_copy(update={"peak_percentile": 100})
    bright = (values > 150) & enhanced
    seen = Wall(values, wall, bright, remote, kind, settings)
    found = core_and_gray(definition, seen, no_reflow, block(wall, grid=_row(wall)), ANY)
    return [np.flatnonzero(part[0, 0]).tolist() for part in (found.core, found.gray)]


def _row(wall):
    return StackGeometry(np.zeros((1, 3)), [1, 0, 0], [0, 1, 0], (1, 1), wall.shape[1:], 8.0)


def test_2_to_3_sd_anywhere():
    """Above 130 core, 120 to 130 gray."""
    assert divided("sd_2_3") == [[3, 4, 5, 6, 7, 8, 15], [2, 9, 12]]


def test_yan_only_what_borders_on_core():
    """The same limits; the focus of 125 that stands alone is no peri-infarct zone."""
    core, gray = divided("yan")
    assert core == divided("sd_2_3")[0]
    assert gray == [2, 9]


def test_schmidt_from_the_brightest_remote_pixel_to_half_of_the_maximum():
    """128 to 150."""
    assert divided("schmidt") == [[5, 6, 7, 15], [3, 4, 8]]


def test_schmidt_on_psir_to_the_middle_between_remote_and_maximum():
    """128 to 200."""
    assert divided("schmidt", LateKind.PSIR) == [[5, 6, 7], [3, 4, 8, 15]]


def test_bright_remote_leaves_no_gray_zone_and_does_not_cut_the_core():
    """Peak of remote 128 above half of a maximum of 220, which is 110: core from there on."""
    grey = np.where(GREY == 300, 220, GREY)
    core, gray = divided("schmidt", grey=grey)
    assert gray == []
    assert core == np.flatnonzero(grey > 110).tolist()


@pytest.mark.parametrize("definition", GRAY_DEFINITIONS)
def test_no_reflow_is_core(definition):
    core, gray = divided(definition, dark=(10, 12))
    assert {10, 12} <= set(core)
    assert not set(core) & set(gray)
    if definition == "yan":  # now 9 borders on it from both sides, and nothing else changes
        assert gray == [2, 9]


@pytest.mark.parametrize("definition", GRAY_DEFINITIONS)
def test_nothing_enhanced_is_nothing(definition):
    assert divided(definition, enhanced=False) == [[], []]


def test_a_rim_of_known_area_round_a_core():
    """Core in a sector of 60 degrees, rims of 20 degrees on both sides at 40 % of its contrast."""
    left_ventricle, core = ring(band(RING, -1, 2, (40, 100)))
    rims = sum(ring(band(RING, -1, 2, arc))[1] for arc in ((20, 40), (100, 120)))
    values = shown(left_ventricle, core + 0.35 * rims)
    found = classical_scar(late(values), left_ventricle, SETTINGS).gray_zones
    schmidt = found["schmidt"]
    assert share_of_wall(schmidt.core, left_ventricle) == pytest.approx(100 * 60 / 360, abs=1)
    assert share_of_wall(schmidt.gray, left_ventricle) == pytest.approx(100 * 40 / 360, abs=1.5)
    # At 17 SD above remote the rims are core to the others.
    assert 3 * SD < 0.35 * 200
    for name in ("sd_2_3", "yan"):
        both = share_of_wall(found[name].core, left_ventricle)
        assert both == pytest.approx(100 * 100 / 360, abs=1.5)
    assert found["yan"].gray.sum() <= found["sd_2_3"].gray.sum()


@pytest.mark.parametrize("definition", GRAY_DEFINITIONS)
def test_both_lie_in_the_wall_and_apart(definition):
    left_ventricle, share = ring(band(RING, -1, 0.6, (20, 110)))
    found = classical_scar(late(shown(left_ventricle, share)), left_ventricle, SETTINGS)
    zone = found.gray_zones[definition]
    assert zone.core.any()
    assert not (zone.core & zone.gray).any()
    assert not ((zone.core | zone.gray) & ~left_ventricle.wall).any()
