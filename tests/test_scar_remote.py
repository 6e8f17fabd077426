"""Remote myocardium: the darkest even sector; which slices are refused, borrowed, not judged."""

import numpy as np
import pytest

from cmr.scar.methods import classical_scar
from cmr.scar.remote import NO_REMOTE, find_remote
from cmr.scar.rim import inside
from tests.late_rings import GRID, REMOTE, RING, SD, SETTINGS, block, late, ring, rng, shown
from tests.scar_shapes import band, centres

pytestmark = pytest.mark.requirement("SCAR-07")

ARC = (30.0, 100.0)
SCARRED, SHARE = ring(band(RING, -1, 2, ARC))
INNER = inside(SCARRED, SETTINGS.islands.border_px)
ANGLE = RING.angle_deg(*centres(GRID))


def find(values, left_ventricle=SCARRED, inner=INNER, **changes):
    settings = SETTINGS.remote.model_copy(update=changes)
    return find_remote(values, left_ventricle, inner, settings)


def uneven(z, sd=40.0, values=None):
    """Noise of another SD on one slice."""
    values = shown(SCARRED, SHARE) if values is None else values
    values[z] += rng(9).normal(0, sd, values[z].shape)
    return values


def test_mean_and_sd_are_those_of_what_was_drawn():
    """The darkest of 36 sectors with some 90 pixels each is darker than all by some 2 SD / √90."""
    found = find(shown(SCARRED, SHARE))
    assert found.reason == ""
    assert found.refused == {}
    assert (found.mean <= REMOTE + 0.2).all()
    assert found.mean == pytest.approx([REMOTE] * 5, abs=3.5 * SD / np.sqrt(90))
    assert found.sd == pytest.approx([SD] * 5, rel=0.25)
    assert found.pixels == found.mask.sum()


def test_the_sector_is_60_degrees_of_inner_wall_clear_of_scar():
    found = find(shown(SCARRED, SHARE))
    assert not (found.mask & ~INNER).any()
    assert not (found.mask & (SHARE > 0)).any()
    for one in found.mask:
        held = np.sort(ANGLE[one])
        gaps = np.diff(np.r_[held, held[0] + 360])
        assert 360 - gaps.max() == pytest.approx(60, abs=4)


def test_the_sector_with_the_lowest_mean_is_taken():
    """A dark sector at 200 to 270 degrees."""
    values = shown(SCARRED, SHARE)
    dark = (ANGLE >= 200) & (ANGLE < 270)
    values[:, dark] -= 15
    found = find(values)
    assert found.mean == pytest.approx([REMOTE - 15] * 5, abs=2)
    assert all(dark[one].mean() > 0.9 for one in found.mask)


def test_a_dark_sector_with_specks_is_not_the_most_even_one():
    """Half black, half bright: its mean is lower than elsewhere, mean plus SD is not."""
    values = shown(SCARRED, SHARE)
    odd = (ANGLE >= 200) & (ANGLE < 270)
    checks = (np.indices(ANGLE.shape).sum(0) % 2 == 0)[odd]
    values[:, odd] += np.where(checks, -40, 20)
    assert not find(values).mask[:, odd].any()


def test_the_99th_percentile_is_the_peak():
    found = find(shown(SCARRED, SHARE))
    for z in range(5):
        grey = np.sort(shown(SCARRED, SHARE)[z][found.mask[z]])
        assert grey[-3] <= found.peak[z] <= grey[-1]


def test_an_uneven_slice_borrows_its_neighbours_remote():
    """In the middle: 40 more of SD is an outlier to the median of 4."""
    found = find(uneven(2))
    assert list(found.refused) == [2]
    assert found.refused[2].startswith("its standard deviation 3")
    assert found.refused[2].endswith("; the nearest slice's is taken")
    assert not found.mask[2].any()
    assert found.mean[2] in (found.mean[1], found.mean[3])
    assert found.sd[2] < 2 * SD


@pytest.mark.parametrize("z", [0, 4])
def test_an_uneven_end_is_not_judged(z):
    found = find(uneven(z))
    assert list(found.refused) == [z]
    assert found.refused[z].endswith("; an end of the ventricle, not judged")
    assert np.isnan([found.mean[z], found.sd[z], found.peak[z]]).all()
    assert np.isfinite(np.delete(found.mean, z)).all()


@pytest.mark.parametrize(("ratio", "refused"), [(1.8, False), (2.3, True)])
def test_the_limit_is_twice_the_median(ratio, refused):
    """The same noise, larger."""
    values = shown(SCARRED, SHARE, sd=0)
    noise = rng(3).normal(0, SD, values.shape[1:])
    values = values + noise
    values[2] += (ratio - 1) * noise
    assert bool(find(values).refused) == refused


def test_an_end_that_is_not_judged_holds_no_scar():
    """Bright as the apex mixed with blood; by no method, and no gray zone either."""
    values = uneven(4)
    values[4][SCARRED.wall[4]] += 150
    found = classical_scar(late(values), SCARRED, SETTINGS)
    assert list(found.remote.refused) == [4]
    for mask in found.methods.values():
        assert not mask.scar[4].any()
        assert mask.scar[:4].any((1, 2)).all()
        assert np.isnan(mask.thresholds[4])
    assert not any(z.core[4].any() or z.gray[4].any() for z in found.gray_zones.values())


def test_a_borrowed_remote_finds_the_same_scar():
    plain, odd = (classical_scar(late(v), SCARRED, SETTINGS).methods["fwhm"]
                  for v in (shown(SCARRED, SHARE), uneven(2, sd=20)))  # fmt: skip
    assert odd.scar[2].sum() == pytest.approx(plain.scar[2].sum(), rel=0.1)


def test_too_few_pixels_are_no_remote():
    wall = np.zeros((3, 12, 12), bool)
    wall[:, 4:8, 4:8] = True
    found = find(np.full(wall.shape, 20.0), block(wall), wall)
    assert found.reason == NO_REMOTE
    assert found.pixels == 0
    assert np.isnan(found.mean).all()
    assert {why.split(";")[0] for why in found.refused.values()} == {
        "fewer pixels than a standard deviation needs"
    }
    lenient = find(np.full(wall.shape, 20.0), block(wall), wall, sector_deg=359, least_pixels=10)
    assert (lenient.reason, lenient.refused) == ("", {})


def test_slices_without_wall_are_not_refused():
    """Nothing beyond base or apex to judge; the ends are those of the wall."""
    wall = SCARRED.wall.copy()
    wall[[0, 4]] = False
    inner = INNER & wall
    found = find(uneven(3), block(wall, SCARRED.cavity & wall, GRID), inner)
    assert list(found.refused) == [3]
    assert found.refused[3].endswith("not judged")
    assert not find(shown(SCARRED, SHARE), block(wall, grid=GRID), inner).refused
