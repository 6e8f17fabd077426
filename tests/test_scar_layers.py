"""Thirds of the wall against areas of rings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.scar.layers import NO_SCAR, measure_layers
from cmr.wall.borders import find_borders
from tests.scar_shapes import BORDERS, Shape, band, geometry, render, scar_of

pytestmark = pytest.mark.requirement("SCAR-14")


def _layers(lv, scar):
    found = measure_layers(lv, find_borders(lv, BORDERS), scar)
    return np.array([found.endocardial_pct, found.midwall_pct, found.epicardial_pct])


def _truth(low, high, inner, outer):
    """Areas of the band within each third, by pi r2."""
    borders = inner + np.arange(4) / 3 * (outer - inner)
    band_mm = inner + np.array([low, high]) * (outer - inner)
    squares = np.diff(np.clip(borders, *band_mm) ** 2)
    return 100 * squares / squares.sum()


def test_truth_by_hand():
    """A full wall from 1 to 4: thirds of 3, 5 and 7 of 15."""
    assert _truth(0, 1, 1, 4) == pytest.approx([20, 100 / 3, 140 / 3])


def _ring(thickness, low, high, centre, inner=20.0):
    shape = Shape((inner, inner), (inner + thickness,) * 2, centre=centre)
    return render(shape, band(shape, low, high), geometry(side_mm=2 * (inner + thickness) + 8))


CENTRES = [(0.13, -0.27), (0.4, 0.1)]


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize(
    ("low", "high"), [(0, 0.2), (0.42, 0.58), (0.78, 1), (0, 1)], ids=["endo", "mid", "epi", "all"]
)
@pytest.mark.parametrize("thickness", [6, 8, 12, 24])
def test_bands_within_a_third_and_the_whole_wall(thickness, low, high, centre):
    found = _layers(*_ring(thickness, low, high, centre))
    assert found == pytest.approx(_truth(low, high, 20, 20 + thickness), abs=1)


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize(("low", "high"), [(0, 0.5), (0.2, 0.5), (1 / 3, 2 / 3), (2 / 3, 1)])
@pytest.mark.parametrize(("thickness", "points"), [(3, 11.5), (6, 5.5), (12, 3), (24, 1.5)])
def test_bands_that_end_at_or_cross_the_border_of_a_third(thickness, points, low, high, centre):
    found = _layers(*_ring(thickness, low, high, centre))
    assert found == pytest.approx(_truth(low, high, 20, 20 + thickness), abs=points)


def test_local_thickness_counts_in_an_eccentric_wall():
    """5 mm on one side, 15 on the other; depth by the distances to both circles."""
    shape = Shape(off=(0.0, 5.0))

    def inner_part(y, x):
        y, x = shape.at(y, x)
        to_inner = np.hypot(y, x - 5) - 20
        return to_inner < 0.25 * (to_inner + 30 - np.hypot(y, x))

    found = _layers(*render(shape, inner_part, geometry((0.5, 0.5))))
    assert found == pytest.approx([100, 0, 0], abs=1)


def test_a_scar_of_whole_pixels_by_hand():
    """A straight wall of 6 columns: 2 for each third. Scar in columns 2 to 5 of it, on 10 rows."""
    cavity = np.zeros((1, 40, 40), bool)
    cavity[0, :, :12] = True
    wall = np.zeros_like(cavity)
    wall[0, :, 12:18] = True
    lv, _ = _ring(6, 0, 1, (0, 0))
    grid = replace(lv.geometry, shape=(40, 40))
    weight = np.zeros(cavity.shape)
    weight[0, 15:25, 13:17] = [1.0, 1.0, 1.0, 0.5]
    lv = replace(lv, cavity=cavity, wall=wall, segments=wall.astype(np.uint8), geometry=grid)
    # Columns 12, 13 | 14, 15 | 16, 17.
    assert _layers(lv, scar_of(weight)) == pytest.approx([100 / 3.5, 200 / 3.5, 50 / 3.5])


def test_why_there_are_no_shares():
    lv, scar = _ring(8, 0, 1, (0, 0))
    borders = find_borders(lv, BORDERS)
    empty = scar_of(np.zeros(lv.wall.shape))
    refused = scar_of(np.zeros(lv.wall.shape), "The method gave up.")
    cap = replace(lv, wall=lv.wall | lv.cavity, cavity=np.zeros_like(lv.cavity))
    cases = [
        (measure_layers(lv, borders, empty), NO_SCAR),
        (measure_layers(lv, borders, refused), "The method gave up."),
        (
            measure_layers(cap, find_borders(cap, BORDERS), scar),
            "No slice with scar has both borders of the wall.",
        ),
    ]
    for found, reason in cases:
        assert np.isnan([found.endocardial_pct, found.midwall_pct, found.epicardial_pct]).all()
        assert found.reasons == dict.fromkeys(
            ("endocardial_pct", "midwall_pct", "epicardial_pct"), reason
        )


def test_slices_count_by_the_length_they_stand_for():
    """Gaps of 10 and 30 mm: the slices stand for 10, 20 and 30 mm."""
    shape = Shape()
    grid = geometry(slices=3)
    uneven = replace(grid, positions_mm=np.array([[0, 0, 0], [0, 0, 10], [0, 0, 40.0]]))
    lv, inner = render(shape, band(shape, 0, 0.3), uneven)
    _, outer = render(shape, band(shape, 0.7, 1), uneven)
    weight = np.stack([inner.weight[0], 0 * inner.weight[0], outer.weight[0]])
    sizes = np.array([inner.weight[0].sum() * 10, 0, outer.weight[0].sum() * 30])
    assert _layers(lv, scar_of(weight)) == pytest.approx(100 * sizes / sizes.sum(), abs=0.1)


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 3),
    st.booleans(),
    st.tuples(st.floats(0, 0.4), st.floats(0.6, 1)),
    st.sampled_from([(1.0, 1.0), (1.0, 1.4)]),
)
def test_turned_and_mirrored_grids_give_the_same(quarter, mirrored, depths, spacing):
    shape = Shape()
    lv, scar = render(shape, band(shape, *depths, (20, 140)), geometry(spacing, 84.0))

    def moved(mask):
        out = np.rot90(mask, quarter, axes=(1, 2))
        return out[:, :, ::-1] if mirrored else out

    turned = spacing[::-1] if quarter % 2 else spacing
    grid = replace(lv.geometry, pixel_spacing_mm=turned, shape=moved(lv.wall).shape[1:])
    there = replace(lv, cavity=moved(lv.cavity), wall=moved(lv.wall), geometry=grid)
    assert _layers(there, scar_of(moved(scar.weight))) == pytest.approx(_layers(lv, scar), abs=0.5)
