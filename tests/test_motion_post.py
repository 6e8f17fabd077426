"""A post-contrast slice on another grid, displaced by a known distance."""

import re
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.errors import GeometryError
from cmr.motion.native_grid import on_native_grid
from cmr.motion.post import align_post
from cmr.volume import StackGeometry
from tests.motion_heart import DENSITY, MOTION, SHAPE, SPACING_MM, TRUE_MS, disc, image

pytestmark = pytest.mark.requirement("TIS-11")

POST_SHAPE, POST_MM = (100, 112), (1.9, 1.7)
TILTED = np.linalg.qr(np.array([[0.8, 0.1, 0.3], [0.2, 0.7, -0.5], [-0.4, 0.5, 0.9]]))[0]


def geometry(shape, spacing_mm, turn_deg=0.0, tilt_deg=0.0):
    """The middle of the image is in one place whatever the grid."""
    turn, tilt = np.deg2rad([turn_deg, tilt_deg])
    row, column, normal = TILTED.T
    along = np.cos(turn) * row + np.sin(turn) * column
    down = np.cos(turn) * column - np.sin(turn) * row
    down = np.cos(tilt) * down + np.sin(tilt) * normal
    half = [(n - 1) / 2 * mm for n, mm in zip(shape, spacing_mm, strict=True)]
    corner = np.array([10.0, -20, 30]) - half[0] * down - half[1] * along
    return StackGeometry(corner[None], along, down, spacing_mm, shape)


NATIVE, POST = geometry(SHAPE, SPACING_MM), geometry(POST_SHAPE, POST_MM)


def recovered(kind):
    """Signal of each tissue 4 s after inversion."""
    return DENSITY * (1 - 2 * np.exp(-4000 / TRUE_MS[kind]))


def noisy(values, seed):
    noise = np.random.default_rng(seed).normal(0, 0.75 / 40, (2, *values.shape))
    return np.hypot(values + noise[0], noise[1])


def pair(shift_mm):
    post = image(recovered("post"), shift_mm=shift_mm, shape=POST_SHAPE, spacing_mm=POST_MM)
    return noisy(image(recovered("native")), 0), noisy(post, 1)


@pytest.mark.parametrize("shift_px", [(3, -3), (-2.5, 1.25), (0.75, 2.0), (-3, -3)])
def test_the_shift_is_found_between_different_grids(shift_px):
    shift_mm = np.array(shift_px) * SPACING_MM
    native, post = pair(shift_mm)
    found = align_post(native, NATIVE, post, POST, disc(), MOTION)
    assert found.applied
    np.testing.assert_allclose(found.shift_mm, shift_mm, atol=0.3 * SPACING_MM[0])
    assert found.correlation > 0.8


def test_no_shift_none_applied():
    found = align_post(*_still(), disc(), MOTION)
    assert not found.applied
    assert not found.shift_mm.any()
    assert found.reason == "The shift is below 0.1 pixels."


def _still():
    native, _ = pair((0, 0))
    return native, NATIVE, noisy(image(recovered("post")), 1), NATIVE


def plane(at, shift_mm=(0.0, 0.0)):
    """Values that rise evenly down and to the right of the native slice."""
    rows, cols = np.indices(at.shape)
    relative = at.to_patient_mm(np.zeros_like(rows), rows, cols) - NATIVE.positions_mm[0]
    down, right = relative @ NATIVE.column_cosine, relative @ NATIVE.row_cosine
    return 1000 + 2 * (down - shift_mm[0]) - 3 * (right - shift_mm[1])


@settings(max_examples=20, deadline=None)
@given(
    down=st.floats(-6, 6),
    right=st.floats(-6, 6),
    turn_deg=st.floats(-3, 3),
)
def test_a_map_lands_where_it_belongs(down, right, turn_deg):
    post = geometry(POST_SHAPE, POST_MM, turn_deg)
    found = on_native_grid(plane(post, (down, right)), post, NATIVE, np.array([down, right]))
    inside = np.s_[20:-20, 20:-20]
    np.testing.assert_allclose(found[inside], plane(NATIVE)[inside], atol=1e-6)


def test_the_same_grid_without_shift_changes_nothing():
    values = plane(NATIVE)
    values[30:40, 50] = np.nan
    found = on_native_grid(values, NATIVE, NATIVE, np.zeros(2))
    np.testing.assert_allclose(found, values, rtol=1e-12)


def test_nan_wherever_a_nan_contributes():
    values = np.ones(SHAPE)
    values[60, 70] = np.nan
    found = on_native_grid(values, NATIVE, NATIVE, np.array([0.25, 0.5]) * SPACING_MM)
    missing = np.argwhere(np.isnan(found))
    inside = missing[(missing < np.array(SHAPE) - 1).all(axis=1)]
    np.testing.assert_array_equal(inside, [[59, 69], [59, 70], [60, 69], [60, 70]])
    assert np.nanmin(found) == np.nanmax(found) == 1


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        (geometry(POST_SHAPE, POST_MM, turn_deg=5), "The rows of .* differ by 5.0 degrees"),
        (geometry(POST_SHAPE, POST_MM, turn_deg=90), "The rows of .* differ by 90.0 degrees"),
        (geometry(POST_SHAPE, POST_MM, tilt_deg=4), "The planes of .* differ by 4.0 degrees"),
        (replace(POST, row_cosine=-POST.row_cosine), "The planes of .* differ by 180.0 degrees"),
    ],
)
def test_other_orientations_are_refused(post, reason):
    native, later = pair((0, 0))
    found = align_post(native, NATIVE, later, post, disc(), MOTION)
    assert not found.applied
    assert np.isnan(found.correlation)
    assert re.match(reason, found.reason)


@pytest.mark.parametrize(
    ("native", "post", "region", "reason"),
    [
        (np.zeros(SHAPE), None, disc(), "An image is zero."),
        (None, np.zeros(POST_SHAPE), disc(), "An image is zero."),
        (np.full(SHAPE, np.nan), None, disc(), "An image has pixels that are NaN or infinite."),
        (None, None, np.zeros(SHAPE, bool), "Registration needs 100 pixels; the region has 0."),
    ],
)
def test_refusals(native, post, region, reason):
    usual = pair((2, 2))
    images = (usual[0] if native is None else native, usual[1] if post is None else post)
    found = align_post(images[0], NATIVE, images[1], POST, region, MOTION)
    assert (found.applied, found.reason) == (False, reason)
    assert not found.shift_mm.any()


def test_noise_is_not_trusted():
    noise = np.abs(np.random.default_rng(0).standard_normal(POST_SHAPE))
    found = align_post(pair((0, 0))[0], NATIVE, noise, POST, disc(), MOTION)
    assert not found.applied


def test_switched_off_and_broken(monkeypatch):
    native, post = pair((3, 3))
    off = MOTION.model_copy(update={"enabled": False})
    found = align_post(native, NATIVE, post, POST, disc(), off)
    assert (found.applied, found.reason) == (False, "Motion correction is switched off.")
    assert 0 < found.correlation < 1

    def broken(*_):
        raise RuntimeError("itk::ERROR")

    monkeypatch.setattr(SimpleITK.ImageRegistrationMethod, "Execute", broken)
    found = align_post(native, NATIVE, post, POST, disc(), MOTION)
    assert (found.applied, found.reason) == (False, "No shift of up to 15 mm is found.")


def test_shapes_are_checked():
    native, post = pair((0, 0))
    with pytest.raises(GeometryError, match=r"expected \(\(128, 136\)"):
        align_post(native, NATIVE, post.T, POST, disc(), MOTION)


def test_a_map_seen_from_the_other_side_is_an_error():
    behind = replace(POST, row_cosine=-POST.row_cosine)
    with pytest.raises(GeometryError, match="expected parallel planes"):
        on_native_grid(np.ones(POST_SHAPE), behind, NATIVE, np.zeros(2))
