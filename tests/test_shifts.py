"""Each shift against arrays worked out by hand, and that labels go where the images go."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmr.volume import StackGeometry, Volume4D
from training.cases import Case
from training.shifts import NOISE_SD, SHIFTS

pytestmark = pytest.mark.requirement("NET-13")

GREY_ONLY = ("50 % lower resolution", "noise, SD 5 % of the range", "gamma 0.5", "gamma 2")
PITCH_MM = 8.0


def case(plane, slices=6) -> Case:
    """ED and ES; every voxel differs, so that none is mistaken for another. 1 mm by 2 mm pixels."""
    plane = np.asarray(plane, np.float32)
    stack = np.stack([[plane + 100 * z for z in range(slices)]] * 2)
    geometry = StackGeometry(
        np.outer(np.arange(slices) * PITCH_MM, [0.0, 0, 1]),
        np.array([1.0, 0, 0]),
        np.array([0, 1.0, 0]),
        (1.0, 2.0),
        plane.shape,
    )
    labels = (stack % 4).astype(np.uint8)
    return Case("p", Volume4D(stack, geometry), Volume4D(labels, geometry))


def row_after(shift, values, slices=1):
    """The row of pixels that a shift makes of one."""
    return SHIFTS[shift](case([values] * 2, slices)).images.data[0, 0, 0]


PLANE = [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        ("as it is", [[1, 2, 3], [4, 5, 6]]),
        ("rotated by 90°", [[3, 6], [2, 5], [1, 4]]),
        ("rotated by 180°", [[6, 5, 4], [3, 2, 1]]),
        ("rotated by 270°", [[4, 1], [5, 2], [6, 3]]),
        ("mirrored", [[3, 2, 1], [6, 5, 4]]),
    ],
)
def test_turning_and_mirroring(shift, expected):
    shifted = SHIFTS[shift](case(PLANE))
    for z, plane in enumerate(shifted.images.data[1]):
        assert np.array_equal(plane, np.array(expected) + 100 * z)
    turned = np.shape(expected) == (3, 2)
    assert shifted.images.geometry.pixel_spacing_mm == ((2.0, 1.0) if turned else (1.0, 2.0))


@pytest.mark.parametrize("name", SHIFTS)
def test_labels_stay_on_their_tissue(name):
    """A label is the grey value modulo 4, before and after all that moves pixels."""
    before = case(np.arange(30).reshape(5, 6))
    after = SHIFTS[name](before)
    assert after.patient == "p"
    assert after.labels.geometry is after.images.geometry
    assert after.images.data.dtype == np.float32
    assert after.labels.data.dtype == np.uint8
    if name in GREY_ONLY:
        assert np.array_equal(after.labels.data, before.labels.data)
        assert not np.allclose(after.images.data, before.images.data)
    else:
        assert np.array_equal(after.labels.data, after.images.data % 4)


@given(
    shape=st.tuples(st.integers(2, 9), st.integers(2, 9)),
    inverse=st.sampled_from(
        [
            ("rotated by 90°", "rotated by 270°"),
            ("rotated by 180°",) * 2,
            ("mirrored",) * 2,
            ("two slices swapped",) * 2,
        ]
    ),
)
def test_what_moves_pixels_can_be_undone(shape, inverse):
    before = case(np.arange(np.prod(shape)).reshape(shape))
    first, second = (SHIFTS[name] for name in inverse)
    after = second(first(before))
    assert np.array_equal(after.images.data, before.images.data)
    assert after.images.geometry.pixel_spacing_mm == before.images.geometry.pixel_spacing_mm


def test_half_resolution_is_means_of_two_pixels_a_quarter_of_the_way_apart():
    """Pixels 0, 0, 8, 8 become 0 and 8; the old centres lie a quarter of their distance away."""
    assert row_after("50 % lower resolution", [0, 0, 8, 8]) == pytest.approx([0, 2, 6, 8])


def test_half_resolution_loses_what_is_finer_than_its_pixels():
    assert row_after("50 % lower resolution", [0, 8, 0, 8, 0, 8]) == pytest.approx([4] * 6)


@pytest.mark.parametrize("columns", [16, 17])
def test_half_resolution_leaves_the_anatomy_in_its_place(columns):
    """A ramp is its own interpolated mean; a move by a fraction of a pixel would lift it."""
    found = row_after("50 % lower resolution", np.arange(columns))
    assert found.shape == (columns,)
    assert found[1 : columns - 2] == pytest.approx(np.arange(1, columns - 2))


def test_noise_is_rician():
    """Gaussian of the wanted SD on bright tissue; Rayleigh, mean SD * sqrt(pi / 2), in air."""
    plane = np.zeros((200, 200))
    plane[100:] = 1000
    before = case(plane, slices=1)
    noisy = SHIFTS["noise, SD 5 % of the range"](before).images.data
    sd = NOISE_SD * 1000
    bright, air = noisy[:, :, 100:], noisy[:, :, :100]
    assert bright.std() == pytest.approx(sd, rel=0.02)
    assert bright.mean() == pytest.approx(1000 + sd**2 / 2000, abs=1)
    assert air.mean() == pytest.approx(sd * np.sqrt(np.pi / 2), rel=0.02)
    assert air.min() >= 0


def test_noise_is_the_same_each_time_and_another_in_each_phase():
    before = case(np.arange(30).reshape(5, 6))
    first, again = (SHIFTS["noise, SD 5 % of the range"](before).images.data for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize(("shift", "middle"), [("gamma 0.5", 0.5), ("gamma 2", 0.0625)])
@pytest.mark.parametrize("gain", [1, 400])
def test_gamma_bends_the_range_between_its_ends(shift, middle, gain):
    found = row_after(shift, gain * np.array([0, 0.25, 1]))
    assert found == pytest.approx([0, middle, 1])


def test_a_missing_slice_leaves_its_gap():
    shifted = SHIFTS["one slice missing"](case(PLANE))
    assert [int(z) for z in shifted.images.data[0, :, 0, 0]] == [1, 101, 201, 401, 501]
    assert shifted.images.geometry.gaps_mm == pytest.approx([8, 8, 16, 8])


def test_swapped_slices_keep_the_positions():
    before = case(PLANE)
    shifted = SHIFTS["two slices swapped"](before)
    assert [int(z) for z in shifted.images.data[1, :, 0, 0]] == [1, 101, 401, 301, 201, 501]
    assert shifted.images.geometry is before.images.geometry


def test_every_shift_of_the_issue_is_there_and_no_two_are_alike():
    before = case(np.arange(36).reshape(6, 6))
    images = sorted(SHIFTS[name](before).images.data.tobytes() for name in SHIFTS)
    assert len(images) == 11
    assert all(a != b for a, b in pairwise(images))
