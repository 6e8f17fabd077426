"""Which map of an acquisition is measured, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest

from cmr.errors import GeometryError
from cmr.mapping.acquired import AcquiredMap, ScannerMap, SourceImages, same_grid
from cmr.mapping.contrasts import as_image, source_contrasts
from cmr.mapping.fitted import choose_map, fit_acquisition, keys_of
from cmr.mapping.fitting import Protocol, SliceImages
from cmr.mapping.scanner_check import ScannerCheckSettings, compare_with_scanner
from cmr.mapping.terms import Contrast, MapKind, Method
from cmr.results_mapping import SliceMotion
from cmr.volume import StackGeometry
from tests.relaxometry_support import MOLLI_MS, inversion
from tests.tissue_heart import MAPPING

pytestmark = pytest.mark.requirement("TIS-07")

T1_MS = np.linspace(700, 1600, 12).reshape(3, 4)
MOLLI = Protocol(MapKind.T1, Method.INVERSION, "MOLLI 5(3)3", Contrast.NATIVE)
FITTED_FIRST = MAPPING.model_copy(update={"preferred": "fitted"})
PHASE = np.array([0.6, np.nan])


def geometry(first_mm=0.0, shape=(3, 4), n=2):
    along = first_mm + 10.0 * np.arange(n)
    return StackGeometry(
        np.column_stack([0 * along, 0 * along + 5, along]),
        np.array([1.0, 0, 0]),
        np.array([0, 1.0, 0]),
        (1.5, 1.25),
        shape,
    )


def source(times=MOLLI_MS, where=None, **changes):
    """Two slices; ``times`` of the second one may be its own."""
    shown = np.abs(inversion(T1_MS, MOLLI_MS)).astype(np.float32)
    of_slice = times if np.ndim(times) == 2 else (times, times)
    slices = tuple(
        SliceImages(shown, None, np.asarray(t, float), np.zeros(len(shown), int)) for t in of_slice
    )
    known = {"series_uids": ("1.2.3",), "left_out": ("Source.",), "notes": ("Note.",)}
    return SourceImages(slices, where or geometry(), PHASE, **known | changes)


def scanner(offset_ms=0.0, where=None, flags=(), r2=None):
    where = where or geometry()
    values = np.resize(T1_MS, (where.n_slices, *where.shape)) + offset_ms
    return ScannerMap(values, r2, where, PHASE + 0.1, ("1.2.9",), flags, ("Map.",), ("Unit.",))


def acquired(images=None, made=None, protocol=MOLLI, **changes):
    return AcquiredMap(protocol, "First.", 1.5, "Maker", images, made, **changes)


def choose(images=None, made=None, settings=MAPPING, **changes):
    return choose_map(
        fit_acquisition(acquired(images, made, **changes), (), settings), "k", settings
    )


def test_fitted_where_the_scanner_has_no_map():
    found = choose(source())
    assert found.tissue.values == pytest.approx(np.stack([T1_MS] * 2), abs=0.1)
    assert found.about.source == "fitted"
    assert found.about.source_reason == "The study has no map of the scanner."
    assert found.about.series_uids == ("1.2.3",)
    assert (found.about.left_out, found.about.notes) == (("Source.",), ("Note.",))
    assert found.about.scanner_check is None
    # Eight images and the map made of them; the last recovered image is the one that is shown.
    assert found.contrasts.shape == (9, 2, 3, 4)
    assert np.array_equal(found.shown, found.contrasts[4])
    assert np.array_equal(found.cycle_phase, PHASE, equal_nan=True)
    assert found.fitted.value_ms is found.tissue.values
    assert found.about.fit.times_ms == [MOLLI_MS.tolist()] * 2
    assert (found.about.fit.pixels, found.about.fit.undetermined) == (24, {})
    assert not found.about.fit.phase_used


def test_scanner_preferred_and_compared():
    found = choose(source(), scanner(offset_ms=12.0))
    assert found.about.source == "scanner"
    assert found.about.source_reason == "The scanner's maps are preferred (mapping.preferred)."
    assert found.about.series_uids == ("1.2.9",)
    assert found.tissue.values == pytest.approx(np.stack([T1_MS] * 2) + 12)
    assert found.tissue.sd is None
    check = found.about.scanner_check
    assert check.median_difference_ms == pytest.approx(-12, abs=0.05)
    assert check.median_absolute_difference_ms == pytest.approx(12, abs=0.05)
    assert (check.pixels, check.undetermined_pixels, check.min_r2) == (24, 0, None)
    # The map, eight images, and the fitted map.
    assert found.contrasts.shape == (10, 2, 3, 4)
    assert np.array_equal(found.shown, found.contrasts[5])
    assert found.fitted is not None
    assert found.about.left_out == ("Source.", "Map.")
    assert found.about.notes == ("Note.", "Unit.")
    assert found.cycle_phase[0] == pytest.approx(0.7)


def test_fitted_preferred_by_setting():
    found = choose(source(), scanner(offset_ms=12.0), FITTED_FIRST)
    assert found.about.source == "fitted"
    assert found.about.source_reason == "Fitted maps are preferred (mapping.preferred)."
    assert found.about.scanner_check.median_difference_ms == pytest.approx(-12, abs=0.05)
    assert found.tissue.values == pytest.approx(np.stack([T1_MS] * 2), abs=0.1)


@pytest.mark.parametrize("settings", [MAPPING, FITTED_FIRST])
def test_a_doubted_scanner_map_is_replaced(settings):
    found = choose(source(), scanner(flags=("ten times too long", "dark")), settings)
    assert found.about.source == "fitted"
    assert found.about.source_reason == "The scanner's map is doubted: ten times too long."
    assert found.about.flags == ("ten times too long", "dark")


def test_a_doubted_scanner_map_without_source_images_stays():
    found = choose(None, scanner(flags=("dark",)))
    assert (found.about.source, found.about.flags) == ("scanner", ("dark",))
    assert found.about.source_reason == "The study has no source images of this map."
    assert found.about.fit is None
    assert found.fitted is None
    assert found.contrasts.shape == (1, 2, 3, 4)
    assert np.array_equal(found.shown, found.contrasts[0])


@pytest.mark.parametrize("flags", [(), ("dark",)])
def test_source_images_that_cannot_be_fitted_leave_the_scanners_map(flags):
    found = choose(source(0 * MOLLI_MS), scanner(flags=flags), FITTED_FIRST)
    assert found.about.source == "scanner"
    assert found.about.source_reason == "No pixel of the source images could be fitted."
    assert found.about.fit.pixels == 0
    assert found.about.fit.undetermined == {"slice not fitted": 24}
    assert found.about.notes[-2].startswith("Slice at 0.0 mm: Inversion times that cannot be used")
    assert found.about.scanner_check.pixels == 0
    assert found.about.scanner_check.undetermined_pixels == 24


def test_source_images_that_cannot_be_fitted_and_no_map_of_the_scanner():
    found = choose(source(0 * MOLLI_MS))
    assert found.about.source == "fitted"
    assert np.isnan(found.tissue.values).all()
    assert found.about.fit.model == "none"
    assert (found.contrasts[-1] == 0).all()


def test_one_slice_that_cannot_be_fitted_is_named_and_the_other_measured():
    found = choose(source(np.stack([MOLLI_MS, 0 * MOLLI_MS])))
    assert found.tissue.values[0] == pytest.approx(T1_MS, abs=0.1)
    assert np.isnan(found.tissue.values[1]).all()
    [note] = found.about.notes[1:]
    assert note.startswith("Slice at 10.0 mm: Inversion times that cannot be used")
    assert found.about.fit.pixels == 12
    assert found.about.fit.undetermined == {"slice not fitted": 12}


@pytest.mark.parametrize("where", [geometry(first_mm=0.2), geometry(shape=(4, 4)), geometry(n=1)])
def test_maps_of_other_grids_are_not_compared(where):
    scanners = scanner(offset_ms=12.0, where=where)
    scanners = replace(scanners, cycle_phase=PHASE[: where.n_slices])
    found = choose(source(), scanners)
    assert found.about.scanner_check is None
    assert found.fitted is None
    assert found.contrasts.shape == (1, where.n_slices, *where.shape)
    assert found.about.source_reason.endswith(
        "Its pixels are not those of the source images, so they are not compared."
    )
    assert found.geometry is where
    assert choose(source(), scanners, FITTED_FIRST).geometry is not where


def test_grids_are_the_same_within_what_headers_round():
    assert same_grid(geometry(), geometry(first_mm=0.09))
    assert not same_grid(geometry(), geometry(first_mm=0.11))
    wider = replace(geometry(shape=(300, 400)), pixel_spacing_mm=(1.5, 1.2503))
    # 399 pixels of 0.3 um more.
    assert not same_grid(geometry(shape=(300, 400)), wider)
    plain = replace(geometry(shape=(4, 4), n=1), pixel_spacing_mm=(1.5, 1.5))
    turned = replace(plain, row_cosine=plain.column_cosine, column_cosine=plain.row_cosine)
    assert not same_grid(plain, turned)


def test_faults_of_reading_are_left_out():
    found = choose(None, scanner(), faults=("The source images are unreadable.",))
    assert found.about.left_out == ("Map.", "The source images are unreadable.")


def test_motion_is_recorded_with_the_fit():
    motion = SliceMotion(applied=False, reason="Off.", row_shift_mm=[0.0], column_shift_mm=[0.0])
    found = fit_acquisition(acquired(source()), (motion, motion), MAPPING)
    assert found.record.motion == [motion, motion]


def test_images_without_preparation_have_no_time_in_the_record():
    times = np.array([np.nan, *(100.0 + 70 * np.arange(7))])
    shown = 1000 * (1 - np.where(np.isnan(times), 0, np.exp(-times / 1000)))[:, None, None]
    one = SliceImages(np.float32(shown * np.ones((1, 3, 4))), None, times, np.zeros(8, int))
    images = replace(source(), slices=(one, one))
    how = Protocol(MapKind.T1, Method.SATURATION, "SASHA", Contrast.NATIVE)
    found = choose(images, protocol=how)
    assert found.about.fit.times_ms[0][:2] == [None, 100.0]
    assert found.tissue.values == pytest.approx(np.full((2, 3, 4), 1000.0), rel=1e-3)
    assert np.array_equal(found.shown[0], shown[0] * np.ones((3, 4)))


def test_keys():
    def fitted(kind, contrast=Contrast.NATIVE):
        how = Protocol(kind, Method.UNKNOWN, "unknown", contrast)
        return fit_acquisition(acquired(None, scanner(), how), (), MAPPING)

    kinds = [
        (MapKind.T1, Contrast.NATIVE),
        (MapKind.T1, Contrast.POST),
        (MapKind.T1, Contrast.NATIVE),
        (MapKind.T2, Contrast.NATIVE),
        (MapKind.T2, Contrast.POST),
        (MapKind.T1, Contrast.NATIVE),
        (MapKind.T1, Contrast.UNDECIDED),
        (MapKind.ECV, Contrast.UNDECIDED),
    ]
    assert keys_of(tuple(fitted(*one) for one in kinds)) == (
        "native_t1", "post_t1", "native_t1-2", "t2", "t2-2", "native_t1-3", "t1", "ecv",
    )  # fmt: skip


def test_maps_as_images():
    values = np.array([[[np.nan, -5, 1000, 1e6]]])
    assert as_image(values, MapKind.T1).tolist() == [[[0, 0, 1000, 2500]]]
    assert as_image(values, MapKind.T2).tolist() == [[[0, 0, 150, 150]]]
    assert as_image(values, MapKind.T1).dtype == np.float32


def test_contrasts_before_the_fit():
    both, where = source_contrasts(acquired(source(), scanner()))
    assert both.shape == (8, 2, 3, 4)
    assert where.n_slices == 2
    alone, _ = source_contrasts(acquired(None, scanner()))
    assert alone[0] == pytest.approx(np.stack([T1_MS] * 2))
    with pytest.raises(ValueError, match="without source images and without map"):
        source_contrasts(acquired())


def test_scanner_check_by_hand():
    """Differences of 1, -2, 4 and 100; the last where the scanner's fit is poor."""
    nan = np.nan
    ours = np.array([[[101.0, 98, 104, 200, nan, 100]]])
    theirs = np.array([[[100.0, 100, 100, 100, 100, nan]]])
    r2 = np.array([[[1.0, 0.99, 1, 0.98, 1, 1]]])
    check = compare_with_scanner(ours, theirs, r2, MAPPING.scanner_check)
    assert (check.pixels, check.undetermined_pixels, check.min_r2) == (3, 1, 0.99)
    assert (check.median_difference_ms, check.median_absolute_difference_ms) == (1, 2)
    plain = compare_with_scanner(
        ours, theirs, None, ScannerCheckSettings(min_r2=0.99, max_sd_fraction=0.05)
    )
    assert (plain.pixels, plain.min_r2, plain.median_difference_ms) == (4, None, 2.5)
    empty = compare_with_scanner(nan * ours, theirs, None, MAPPING.scanner_check)
    assert (empty.pixels, empty.undetermined_pixels) == (0, 5)
    assert empty.median_difference_ms is None
    with pytest.raises(GeometryError, match=r"Maps of shapes"):
        compare_with_scanner(ours, theirs[..., 1:], None, MAPPING.scanner_check)
