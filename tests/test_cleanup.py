"""Clean-up against planted faults with a known answer, and against expert masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.anatomy import base_is_first, enclosed, ring_coverage
from cmr.cleanup import clean
from cmr.components import largest_part
from cmr.labels import STRUCTURES, Label
from cmr.volume import Volume4D
from tests.heart_masks import CLEANUP, ED_RADII_MM, geometry, heart
from training.cases import read_acdc, read_groups

pytestmark = pytest.mark.requirement("CINE-20")

STACK = geometry()
CLEAN = heart(ED_RADII_MM[None], STACK)


def _cleaned(labels, stack=STACK, **settings):
    return clean(Volume4D(labels, stack), CLEANUP.model_copy(update=settings))


def _dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def _changes(result, step, structure):
    return next(c for c in result.changes if c.step == step and c.structure == structure)


def _worst_dice(found, expected):
    return min(_dice(found == s, expected == s) for s in STRUCTURES)


def test_sound_masks_are_left_nearly_alone():
    result = _cleaned(CLEAN)
    assert _worst_dice(result.labels.data, CLEAN) > 0.995
    assert result.labels.geometry is STACK


def test_loose_parts_go_and_are_counted():
    spoilt = CLEAN.copy()
    spoilt[0, 5, 2:8, 2:8] = Label.LV
    spoilt[0, 3, 80:90, 80:90] = Label.MYOCARDIUM
    spoilt[0, 0, 40:44, 40:44] = Label.RV
    spoilt[0, 9, 5:10, 80:85] = Label.RV
    result = _cleaned(spoilt)
    assert np.array_equal(result.labels.data, _cleaned(CLEAN).labels.data)
    assert _changes(result, "largest part", "lv").voxels_removed == 36
    assert _changes(result, "largest part", "myocardium").voxels_removed == 100


def test_papillary_muscle_becomes_cavity_and_pinholes_are_filled():
    spoilt = CLEAN.copy()
    spoilt[0, 4, 45:49, 50:54] = Label.MYOCARDIUM
    spoilt[0, 5, 48, 48] = Label.BACKGROUND
    row, col = np.argwhere(CLEAN[0, 6] == Label.MYOCARDIUM)[40]
    spoilt[0, 6, row, col] = Label.BACKGROUND
    result = _cleaned(spoilt)
    assert np.array_equal(result.labels.data, _cleaned(CLEAN).labels.data)
    assert _changes(result, "hole filling", "lv").voxels_added >= 17


def test_a_hole_in_a_slice_without_lv_becomes_wall():
    spoilt = CLEAN.copy()
    spoilt[0, 8][spoilt[0, 8] == Label.LV] = Label.MYOCARDIUM
    spoilt[0, 8, 48, 48:51] = Label.BACKGROUND
    result = _cleaned(spoilt).labels.data
    assert (result[0, 8, 48, 48:51] == Label.MYOCARDIUM).all()


def test_a_large_hole_in_the_ring_is_not_filled():
    """Where the network saw a ring but no LV, none is invented."""
    spoilt = CLEAN.copy()
    spoilt[0, 4][spoilt[0, 4] == Label.LV] = Label.BACKGROUND
    assert not (_cleaned(spoilt).labels.data[0, 4] == Label.LV).any()


def test_a_missing_slice_does_not_cost_the_apex():
    spoilt = CLEAN.copy()
    spoilt[0, 5] = 0
    result = _cleaned(spoilt).labels.data
    for z in (4, 6, 7, 8):
        assert (result[0, z] == Label.LV).sum() == (_cleaned(CLEAN).labels.data[0, z] == 3).sum()


def test_small_leak_is_mended():
    spoilt = CLEAN.copy()
    gap = np.zeros_like(spoilt[0, 4], bool)
    gap[46:50, 60:] = True
    spoilt[0, 4][gap & (spoilt[0, 4] == Label.MYOCARDIUM)] = Label.BACKGROUND
    assert ring_coverage(spoilt)[0, 4] < 1
    result = _cleaned(spoilt)
    assert ring_coverage(result.labels.data)[0, 4] == 1


def test_lv_bulging_through_a_leak_is_cut_off():
    spoilt = CLEAN.copy()
    spoilt[0, 4, 46:50, 60:88] = Label.LV
    spoilt[0, 4, 40:56, 80:90] = Label.LV
    result = _cleaned(spoilt).labels.data
    assert ring_coverage(result)[0, 4] == 1
    assert not (result[0, 4, :, 82:] == Label.LV).any()
    assert _dice(result[0, 4] == Label.LV, CLEAN[0, 4] == Label.LV) > 0.97


@pytest.mark.parametrize("z", [1, 8])
def test_lv_without_a_ring_at_either_end_is_dropped(z):
    spoilt = CLEAN.copy()
    spoilt[0, z][spoilt[0, z] == Label.MYOCARDIUM] = Label.BACKGROUND
    result = _cleaned(spoilt)
    assert not (result.labels.data[0, z] == Label.LV).any()
    assert (result.labels.data[0, 2:8] == Label.LV).any(axis=(1, 2)).all()
    assert _changes(result, "base and apex", "lv").voxels_removed > 0


@pytest.mark.parametrize("flip", [1, -1])
def test_wall_beyond_the_base_goes_and_at_the_apex_stays(flip):
    spoilt = CLEAN.copy()
    for end in (0, 9):
        spoilt[0, end] = 0
        spoilt[0, end, 44:52, 44:52] = Label.MYOCARDIUM
    result = _cleaned(spoilt[:, ::flip]).labels.data[:, ::flip]
    assert not (result[0, 0] == Label.MYOCARDIUM).any()
    assert (result[0, 9] == Label.MYOCARDIUM).any()


def test_half_a_ring_at_the_base_is_enough():
    spoilt = CLEAN.copy()
    side = spoilt[0, 1][:, 62:]
    side[side == Label.MYOCARDIUM] = Label.BACKGROUND
    assert 0.5 < ring_coverage(spoilt)[0, 1] < 0.9
    assert (_cleaned(spoilt).labels.data[0, 1] == Label.LV).sum() > 700


def test_thin_apex_survives_opening():
    spoilt = CLEAN.copy()
    spoilt[0, 8] = 0
    spoilt[0, 8, 44:52, 44:52] = Label.MYOCARDIUM
    spoilt[0, 8, 47, 47] = Label.LV
    assert (_cleaned(spoilt).labels.data[0, 8] == Label.LV).any()


def test_ragged_outline_gets_nearer_to_the_truth():
    """Pixels taken from their neighbours at random: a quarter of the error goes, at the least."""
    rng = np.random.default_rng(0)
    spoilt = CLEAN
    for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        taken = rng.random(CLEAN.shape) < 0.1
        spoilt = np.where(taken, np.roll(CLEAN, shift, (2, 3)), spoilt)
    wrong_before = np.count_nonzero(spoilt != CLEAN)
    wrong_after = np.count_nonzero(_cleaned(spoilt).labels.data != CLEAN)
    assert wrong_after < 0.75 * wrong_before


def test_lengths_are_in_mm():
    """Twice the resolution gives the same heart: same volumes within 1 %."""
    fine = geometry(spacing_mm=(0.75, 0.75), shape=(192, 192))
    spoilt = [np.array(heart(ED_RADII_MM[None], s)) for s in (STACK, fine)]
    found = []
    for labels, stack, k in zip(spoilt, (STACK, fine), (1, 2), strict=True):
        labels[0, 4, 46 * k : 50 * k, 60 * k :] = 0
        found.append(_cleaned(labels, stack).labels.data)
    for s in STRUCTURES:
        assert (found[1] == s).sum() / 4 == pytest.approx((found[0] == s).sum(), rel=0.01)


def test_oblique_rv_parts_across_wide_gaps_are_joined():
    """Parts that miss each other by 5 mm in plane belong together; by 30 mm they do not."""
    mask = np.zeros((3, 60, 60), bool)
    mask[0, 10:20, 10:20] = mask[1, 10:20, 23:40] = mask[2, 50:55, 50:55] = True
    margin = np.ones((9, 9), bool)
    kept = largest_part(mask, np.full(3, 17.7), margin)
    assert kept[:2].sum() == 270
    assert not kept[2].any()


def test_parts_are_compared_by_volume_not_by_pixels():
    mask = np.zeros((4, 20, 20), bool)
    mask[0, :6, :6] = mask[3, 12:17, 12:17] = True
    kept = largest_part(mask, np.array([5.0, 5, 5, 10]), np.ones((1, 1), bool))
    assert kept[3].any()
    assert not kept[0].any()


def test_enclosed_and_coverage_by_hand():
    slice_ = np.zeros((7, 7), np.uint8)
    slice_[1:6, 1:6] = Label.MYOCARDIUM
    slice_[2:5, 2:5] = Label.LV
    assert enclosed(slice_ == Label.MYOCARDIUM).sum() == 9
    assert ring_coverage(slice_) == 1
    slice_[1, 2:5] = Label.RV  # 3 of the 12 pixels that share an edge with the LV
    assert ring_coverage(slice_) == pytest.approx(0.75)
    assert np.isnan(ring_coverage(np.zeros((7, 7), np.uint8)))


def test_base_of_nothing_is_harmless():
    assert base_is_first(np.zeros(3), np.zeros(3), np.arange(3.0))


@pytest.mark.parametrize("value", [0, Label.RV, Label.MYOCARDIUM, Label.LV])
@pytest.mark.parametrize("n_slices", [1, 4])
def test_degenerate_masks_do_not_fail(value, n_slices):
    stack = geometry(n_slices=n_slices, shape=(20, 24))
    labels = np.full((2, n_slices, 20, 24), value, np.uint8)
    assert clean(Volume4D(labels, stack), CLEANUP).labels.data.shape == labels.shape


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.booleans(), cols=st.booleans())
def test_noise_never_fails_and_mirrors_alike(seed, rows, cols):
    stack = geometry(n_slices=4, shape=(40, 44))
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 4, (1, 4, 10, 11))
    labels = np.kron(blocks, np.ones((1, 1, 4, 4))).astype(np.uint8)
    flip = (..., slice(None, None, -1 if rows else 1), slice(None, None, -1 if cols else 1))
    found = clean(Volume4D(labels, stack), CLEANUP).labels.data
    mirrored = clean(Volume4D(labels[flip].copy(), stack), CLEANUP).labels.data
    # Ties between equal parts may fall differently; volumes of the heart must not.
    for s in (1, 2, 3):
        assert (mirrored == s).any() == (found == s).any()
    assert set(np.unique(found)) <= {0, 1, 2, 3}


@settings(max_examples=8, deadline=None)
@given(rows=st.booleans(), cols=st.booleans(), slices=st.booleans(), seed=st.integers(0, 99))
def test_a_mirrored_heart_is_cleaned_alike(rows, cols, slices, seed):
    rng = np.random.default_rng(seed)
    spoilt = np.where(rng.random(CLEAN.shape) < 0.02, 0, CLEAN).astype(np.uint8)
    step = [-1 if turned else 1 for turned in (slices, rows, cols)]
    flip = (slice(None), *(slice(None, None, s) for s in step))
    mirrored = _cleaned(spoilt[flip].copy()).labels.data
    # Gaussian sums taken in another order may decide a tie otherwise.
    assert np.count_nonzero(mirrored != _cleaned(spoilt).labels.data[flip]) <= 3


@pytest.mark.real_data
def test_expert_masks_are_left_nearly_alone(acdc):
    """Every fourth ACDC patient: Dice, volume, and a second pass that changes hardly anything."""
    dice, volume, again = [], [], []
    for patient in sorted(read_groups(acdc))[::4]:
        labels = read_acdc(acdc, patient).labels
        first = clean(labels, CLEANUP)
        second = clean(first.labels, CLEANUP)
        pairs = [(labels.data == s, first.labels.data == s) for s in STRUCTURES]
        dice.append([_dice(a[t], b[t]) for a, b in pairs for t in (0, 1)])
        volume.append([b[t].sum() / a[t].sum() - 1 for a, b in pairs for t in (0, 1)])
        changed = np.count_nonzero(second.labels.data != first.labels.data)
        again.append(changed / np.count_nonzero(first.labels.data))
    assert np.mean(dice, axis=0).min() >= 0.995
    assert np.min(dice) >= 0.985
    assert np.abs(np.mean(volume, axis=0)).max() < 0.01
    assert max(again) < 0.002
