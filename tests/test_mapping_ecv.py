"""ECV maps: the check value by hand, Monte Carlo, post-contrast slices elsewhere or displaced."""

from dataclasses import replace

import numpy as np
import pytest

from cmr.labels import Label
from cmr.mapping.ecv import T1Map, ecv_map
from cmr.mapping.measure import TissueValues
from cmr.tissue.haematocrit import Haematocrit
from tests.mapped_heart import BODY, measured, no_heart, tissue_of
from tests.tissue_heart import MAPPING, SETTINGS, masks, pixels, stack

pytestmark = pytest.mark.requirement("TIS-17")

HCT = Haematocrit(0.42, 0.01, "measured")
TRUTH_PCT = 26.37
WALL_MS, BLOOD_MS = (1000.0, 450.0), (1550.0, 300.0)
ALONG = (15.0, 45.0, 75.0)
NATIVE = stack(BODY, ALONG, spacing=(1.5, 1.5), size=90)
STILL = MAPPING.motion.model_copy(update={"enabled": False})
EVERYWHERE = np.ones(NATIVE.shape, bool)


def anatomy(geometry):
    """Images with an outline of their own at every place, as the network's contours have none."""
    labels = masks(BODY, geometry).data[0]
    brightness = np.choose(labels, [40.0, 190.0, 90.0, 200.0])
    _, septal, anterior = BODY.coordinates(pixels(geometry))
    return brightness + 15 * np.sin(septal / 7) * np.cos(anterior / 9)


def t1_map(geometry=NATIVE, which=0, found=None, **kwargs):
    known = {"wall": WALL_MS[which], "blood": BLOOD_MS[which], "sd": 20.0} | kwargs
    return T1Map(found or measured(geometry, **known), anatomy(geometry))


def ecv(post=None, native=None, motion=STILL, haematocrit=HCT, region=EVERYWHERE):
    return ecv_map(
        native or t1_map(), post or t1_map(which=1), region, haematocrit, motion, SETTINGS
    )


def displaced(geometry, down_mm, right_mm):
    """The same patient positions, while the heart has moved: what a breath-hold does."""
    by = down_mm * geometry.column_cosine + right_mm * geometry.row_cosine
    return replace(geometry, positions_mm=geometry.positions_mm - by)


def moved_post(down_mm, right_mm):
    """A post-contrast map whose heart lies so many mm further down and to the right."""
    seen = t1_map(displaced(NATIVE, down_mm, right_mm), which=1)
    labels = replace(seen.measured.heart.labels, geometry=NATIVE)
    heart = replace(seen.measured.heart, labels=labels)
    return T1Map(replace(seen.measured, heart=heart), seen.shown)


def wall_of(geometry=NATIVE):
    return masks(BODY, geometry).data[0] == Label.MYOCARDIUM


def test_check_value_in_every_pixel_of_the_wall():
    # 0.58 (1/450 - 1/1000) / (1/300 - 1/1550) = 0.2637.
    found = ecv()
    assert found.reason == ""
    assert found.tissue.values[wall_of()] == pytest.approx(TRUTH_PCT, abs=0.005)
    # Blood is plasma and cells: 1 - Hct.
    blood = masks(BODY, NATIVE).data[0] == Label.LV
    assert found.tissue.values[blood] == pytest.approx(58, abs=1e-6)
    # Where T1 is not shorter after contrast there is none.
    assert np.isnan(found.tissue.values[masks(BODY, NATIVE).data[0] == 0]).all()
    assert found.post_slices == (0, 1, 2)
    assert found.overlap == pytest.approx([1, 1, 1])


def test_segments_of_their_own_ecv():
    """Post-contrast T1 differs from segment to segment; expected by the formula, written out."""
    post = t1_map(which=1, wall=lambda k: 400.0 + 5 * k)
    values = ecv(post).tissue.values
    numbers = t1_map().measured.aha.segments
    for k in range(1, 17):
        truth = 58 * (1 / (400 + 5 * k) - 1 / 1000) / (1 / 300 - 1 / 1550)
        # Beside a border of two segments a pixel may belong to either.
        assert np.median(values[numbers == k]) == pytest.approx(truth, abs=1e-6)


def noisy(which, sd_ms, seed):
    rng = np.random.default_rng(seed)
    clean = tissue_of(NATIVE, WALL_MS[which], BLOOD_MS[which], sd=sd_ms)
    values = clean.values + rng.normal(0, sd_ms, clean.values.shape)
    return t1_map(found=measured(NATIVE, tissue=replace(clean, values=values)))


def test_uncertainty_of_a_pixel_by_monte_carlo():
    """Draws of wall T1 and haematocrit with their SD; the median of blood is nearly sure."""
    rng = np.random.default_rng(1)
    n = 200_000
    wall = [rng.normal(t, 20.0, n) for t in WALL_MS]
    drawn = 100 * (1 - rng.normal(0.42, 0.01, n)) * (1 / wall[1] - 1 / wall[0])
    drawn /= 1 / 300 - 1 / 1550
    found = ecv(noisy(1, 20.0, 2), noisy(0, 20.0, 3))
    assert np.median(found.tissue.sd[wall_of()]) == pytest.approx(drawn.std(), rel=0.03)


def test_uncertainty_of_segments_by_monte_carlo():
    """Medians of simulated segments and blood, each draw with a haematocrit of its own.

    The standard error of one segment of 50 to 140 pixels is itself uncertain by 8 % or so: their
    mean over 16 segments by 2 %.
    """
    sd_ms, n, rng = 60.0, 2000, np.random.default_rng(6)
    maps = noisy(1, sd_ms, 4), noisy(0, sd_ms, 5)
    found = ecv(*maps).errors_pct
    regions = t1_map().measured.statistics

    def medians(t1_ms, count):
        return np.median(rng.normal(t1_ms, sd_ms, (n, count)), axis=1)

    before, after = (medians(t, regions.blood.pixels) for t in BLOOD_MS)
    plasma = 100 * (1 - rng.normal(0.42, 0.01, n)) / (1 / after - 1 / before)
    shares = []
    for k, region in regions.segments.items():
        before, after = (medians(t, region.pixels) for t in WALL_MS)
        shares.append(found[f"segments.{k}"] / np.std(plasma * (1 / after - 1 / before)))
    assert np.mean(shares) == pytest.approx(1, abs=0.06)
    alone = ecv(*maps, haematocrit=replace(HCT, sd_fraction=0.0)).errors_pct
    added = found["segments.8"] ** 2 - alone["segments.8"] ** 2
    # 0.01 of 0.58.
    assert np.sqrt(added) == pytest.approx(TRUTH_PCT / 58, rel=0.1)


def test_every_region_of_the_results_has_its_error():
    found = ecv()
    slices = t1_map().measured.statistics.slices
    expected = {"global", "septal", *(f"segments.{k}" for k in range(1, 17))}
    for z, one in enumerate(slices):
        expected |= {f"slices.{z}.wall", *(f"slices.{z}.segments.{k}" for k in one.segments)}
    assert set(found.errors_pct) == expected
    # Maps without noise: haematocrit alone, 0.01 of 0.58.
    assert list(found.errors_pct.values()) == pytest.approx(
        [TRUTH_PCT / 58] * len(expected), rel=1e-3
    )


def test_maps_without_sd_have_ecv_without_sd():
    found = ecv(t1_map(which=1, sd=None))
    assert found.tissue.values[wall_of()] == pytest.approx(TRUTH_PCT, abs=0.005)
    assert np.isnan(found.tissue.sd).all()
    assert np.isfinite(found.errors_pct["global"])


@pytest.mark.parametrize(
    ("native_r2", "post_r2", "expected"),
    [(0.99, 0.95, 0.95), (0.94, 0.97, 0.94), (0.99, None, 0.99), (None, 0.98, 0.98)],
)
def test_goodness_of_fit_is_the_worse_of_both(native_r2, post_r2, expected):
    found = ecv(t1_map(which=1, r2=post_r2), t1_map(r2=native_r2))
    assert found.tissue.r2[wall_of()] == pytest.approx(expected)


def test_maps_without_goodness_of_fit():
    assert ecv(t1_map(which=1, r2=None), t1_map(r2=None)).tissue.r2 is None


def test_poorly_fitted_pixels_after_contrast_do_not_count():
    """Two thirds of the blood after contrast are wrong, and their fit says so."""
    good = tissue_of(NATIVE, WALL_MS[1], BLOOD_MS[1], sd=20.0)
    blood = masks(BODY, NATIVE).data[0] == Label.LV
    spoilt = blood & (np.indices(blood.shape).sum(axis=0) % 3 > 0)
    tissue = TissueValues(
        np.where(spoilt, 900.0, good.values), good.sd, np.where(spoilt, 0.3, good.r2)
    )
    found = ecv(t1_map(found=measured(NATIVE, tissue=tissue)))
    assert found.tissue.values[wall_of()] == pytest.approx(TRUTH_PCT, abs=0.005)


def test_a_slice_without_post_contrast_is_empty_and_says_why():
    """Nearest is 30 mm away."""
    found = ecv(t1_map(stack(BODY, ALONG[:2], spacing=(1.5, 1.5), size=90), which=1))
    held = (NATIVE.positions_mm @ BODY.apex) - (NATIVE.positions_mm @ BODY.apex).min() < 45
    assert [i is not None for i in found.post_slices] == held.tolist()
    empty = int(np.flatnonzero(~held)[0])
    assert found.shifts[empty].reason == "The nearest post-contrast slice lies 30.0 mm away."
    assert found.shifts[empty].row_shift_mm is None
    assert np.isnan(found.tissue.values[empty]).all()
    assert np.isnan(found.overlap[empty])
    assert found.tissue.values[held][wall_of()[held]] == pytest.approx(TRUTH_PCT, abs=0.005)
    assert found.reason == ""


@pytest.mark.parametrize(("off_mm", "taken"), [(4.9, True), (-4.9, True), (5.1, False)])
def test_a_slice_may_lie_so_far_off(off_mm, taken):
    """``tissue.ecv.max_slice_distance_mm`` is 5."""
    post = stack(BODY, np.array(ALONG) + off_mm, spacing=(1.5, 1.5), size=90)
    found = ecv(t1_map(post, which=1))
    assert [i is not None for i in found.post_slices] == [taken] * 3
    if not taken:
        assert found.reason == (
            "No post-contrast slice can be laid on a native one. "
            "The nearest post-contrast slice lies 5.1 mm away."
        )


def test_another_frame_of_reference_is_refused():
    """Positions do not compare after the patient was laid down anew."""
    native = replace(NATIVE, frame_of_reference_uid="1.2.3")
    post = replace(NATIVE, frame_of_reference_uid="1.2.4")
    found = ecv(t1_map(post, which=1), t1_map(native))
    assert np.isnan(found.tissue.values).all()
    assert found.reason == (
        "No post-contrast slice can be laid on a native one. "
        "Native and post-contrast slices have different frames of reference."
    )


def test_a_turned_slice_is_refused():
    found = ecv(t1_map(stack(BODY, ALONG, 12.0, spacing=(1.5, 1.5), size=90), which=1))
    assert found.post_slices == (None,) * 3
    assert "The rows of the native and the post-contrast slice differ by 12.0 degrees" in (
        found.reason
    )


@pytest.mark.parametrize("tilt_deg", [0.7, 2.9])
def test_a_slightly_tilted_slice_is_taken(tilt_deg):
    """Planes may differ by 3 degrees; discs of a cylinder are then the same but for 0.3 %."""
    post = stack(BODY, ALONG, spacing=(1.5, 1.5), size=90, tilt_deg=tilt_deg)
    found = ecv(t1_map(post, which=1))
    assert None not in found.post_slices
    assert (found.overlap > 0.95).all()


def test_another_grid():
    """Finer, larger and shifted by part of a pixel."""
    post = stack(BODY, ALONG, spacing=(1.1, 1.3), size=110)
    found = ecv(t1_map(post, which=1))
    assert found.tissue.values.shape == (3, *NATIVE.shape)
    middle = measured(NATIVE).statistics
    values = found.tissue.values
    numbers = measured(NATIVE).aha.segments
    for k in range(1, 17):
        assert np.nanmedian(values[numbers == k]) == pytest.approx(TRUTH_PCT, abs=0.1)
    assert middle.whole.pixels > 1000
    assert (found.overlap > 0.97).all()


@pytest.mark.parametrize(("down_mm", "right_mm"), [(6.0, 0.0), (0.0, -4.5), (-3.0, 6.0)])
def test_a_displaced_heart_is_brought_back(down_mm, right_mm):
    """The shift that is reported, ECV of the segments, and how far the contours agree."""
    found = ecv(moved_post(down_mm, right_mm), motion=MAPPING.motion)
    for shift in found.shifts:
        assert shift.applied, shift.reason
        assert shift.row_shift_mm == pytest.approx(down_mm, abs=0.3)
        assert shift.column_shift_mm == pytest.approx(right_mm, abs=0.3)
    assert (found.overlap > 0.97).all()
    numbers = measured(NATIVE).aha.segments
    for k in range(1, 17):
        assert np.nanmedian(found.tissue.values[numbers == k]) == pytest.approx(TRUTH_PCT, abs=0.1)


def test_a_displaced_heart_that_is_left_where_it_is_shows_in_the_overlap():
    """A lens of two discs of radius 33 whose centres lie 12 mm apart."""
    found = ecv(moved_post(12.0, 0.0))
    assert all(
        not s.applied and s.reason == "Motion correction is switched off." for s in found.shifts
    )
    lens = 2 * 33**2 * np.arccos(6 / 33) - 12 * np.sqrt(33**2 - 36)
    assert found.overlap == pytest.approx(np.full(3, lens / (np.pi * 33**2)), abs=0.01)


@pytest.mark.parametrize("size", [90, 200])
def test_hearts_that_do_not_touch_overlap_by_nothing(size):
    """In the larger image, the heart lies outside the native one."""
    post = t1_map(stack(BODY, ALONG, spacing=(1.5, 1.5), size=size), which=1)
    labels = post.measured.heart.labels
    data = np.zeros_like(labels.data)
    data[..., 2:9, 2:9] = Label.LV
    heart = replace(post.measured.heart, labels=labels.with_data(data))
    found = ecv(T1Map(replace(post.measured, heart=heart), post.shown))
    assert found.overlap == pytest.approx([0, 0, 0])
    assert found.reason == ""


def test_without_a_heart_on_the_post_contrast_map_the_overlap_is_unknown():
    post = t1_map(which=1)
    found = ecv(T1Map(replace(post.measured, heart=no_heart(NATIVE)), post.shown))
    assert np.isnan(found.overlap).all()
    assert found.tissue.values[wall_of()] == pytest.approx(TRUTH_PCT, abs=0.005)


def test_blood_that_took_up_nothing():
    found = ecv(t1_map(which=1, blood=1540.0))
    assert np.isnan(found.tissue.values).all()
    assert found.reason.startswith("Blood: T1 1550 ms before and 1540 ms after contrast")


def test_an_unusable_haematocrit():
    found = ecv(haematocrit=Haematocrit(float("nan"), float("nan"), "none", reason="None known."))
    assert found.reason == "None known."
    assert np.isnan(found.tissue.values).all()
