"""The methods side by side on rings whose scar has an area known from its formula."""

import numpy as np
import pytest

from cmr.scar.methods import NOTHING, WEIGHTED, classical_scar
from cmr.scar.remote import NO_REMOTE
from cmr.scar.terms import LateKind
from tests.late_rings import (
    BLOOD,
    REMOTE,
    RING,
    SD,
    SETTINGS,
    block,
    late,
    ring,
    share_of_wall,
    shown,
)
from tests.scar_shapes import band

pytestmark = pytest.mark.requirement("SCAR-06")

QUARTER = (20.0, 110.0)


@pytest.mark.parametrize("kind", LateKind)
@pytest.mark.parametrize("depth", [0.4, 0.7, 1.0])
def test_rings_with_a_scar_of_known_area(kind, depth):
    """The area is that of the formula: of a sector of a quarter, between radii 20 and 20 + 10 d."""
    left_ventricle, share = ring(band(RING, -1, depth, QUARTER))
    true = 100 * 0.25 * ((20 + 10 * depth) ** 2 - 20**2) / (30**2 - 20**2)
    assert share_of_wall(share, left_ventricle) == pytest.approx(true, abs=0.5)
    values = shown(left_ventricle, share)
    if kind is LateKind.PSIR:
        values -= 100
    found = classical_scar(late(values, kind=kind), left_ventricle, SETTINGS)
    for name in ("fwhm", "gmm", "ewa", "otsu"):
        assert share_of_wall(found.methods[name].weight, left_ventricle) == pytest.approx(
            true, abs=1.6
        ), name
    for name, mask in found.methods.items():
        assert mask.reason == ""
        assert mask.note == (WEIGHTED if name == "ewa" else "")
        assert not (mask.scar & ~left_ventricle.wall).any()
        assert not mask.no_reflow.any()
        assert not mask.weight[~mask.scar].any()


def test_more_sd_less_scar():
    left_ventricle, share = ring(band(RING, -1, 0.6, QUARTER))
    found = classical_scar(late(shown(left_ventricle, share)), left_ventricle, SETTINGS).methods
    sizes = [found[f"sd{n}"].weight.sum() for n in (2, 3, 4, 5, 6)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1] > 0


def test_nothing_enhanced_is_0_and_said():
    left_ventricle, share = ring()
    found = classical_scar(late(shown(left_ventricle, share)), left_ventricle, SETTINGS)
    for name, mask in found.methods.items():
        assert mask.note == NOTHING, name
        assert mask.reason == ""
        assert not mask.scar.any()
    assert {zone.reason for zone in found.gray_zones.values()} == {""}


def test_without_remote_no_method_answers():
    """Six pixels of wall: fewer than any sector needs."""
    small = np.zeros((2, 12, 12), bool)
    small[:, 5, 3:9] = True
    found = classical_scar(late(np.full(small.shape, 9.0), block(small).geometry), block(small),
                           SETTINGS)  # fmt: skip
    assert {mask.reason for mask in found.methods.values()} == {NO_REMOTE}
    assert {zone.reason for zone in found.gray_zones.values()} == {NO_REMOTE}
    assert not any(mask.scar.any() or mask.weight.any() for mask in found.methods.values())
    assert np.isnan(found.methods["sd2"].thresholds).all()


def test_blood_and_fat_in_the_rim_are_no_scar():
    """Outer and inner pixels of the wall, half as bright as blood, all around."""
    left_ventricle, share = ring()
    values = shown(left_ventricle, share)
    wide = shown(left_ventricle, share, sd=0)
    edge = left_ventricle.wall & (_mean_of_4(wide) > REMOTE + 1)
    values[edge] = (REMOTE + BLOOD) / 2
    assert edge.sum() > 0.15 * left_ventricle.wall.sum()
    found = classical_scar(late(values), left_ventricle, SETTINGS)
    assert not any(mask.scar.any() for mask in found.methods.values())


def test_scar_that_is_too_weak_is_none():
    """4 SD above remote with a limit of 5; at 12 SD it is there."""
    left_ventricle, share = ring(band(RING, -1, 0.7, QUARTER))
    for above, there in ((3 * SD, False), (12 * SD, True)):
        values = shown(left_ventricle, share, scar=REMOTE + above, sd=SD)
        found = classical_scar(late(values), left_ventricle, SETTINGS).methods["fwhm"]
        assert found.scar.any() == there


def _mean_of_4(values):
    return sum(np.roll(values, step, axis) for step in (-1, 1) for axis in (1, 2)) / 4
