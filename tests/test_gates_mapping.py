"""Every gate on maps on both sides of its limit; what it withholds."""

from dataclasses import replace

import numpy as np
import pytest

from cmr.gates_mapping import ecv_gates, map_gates
from cmr.labels import Label
from cmr.mapping.cine_contours import CineCheck
from cmr.mapping.measure import TissueValues, measure_tissue, measure_with_segments
from cmr.mapping.plausible import blood_limits
from cmr.mapping.terms import Contrast, MapKind
from cmr.records import Status
from cmr.results_mapping import FitRecord, ScannerCheck, SliceMotion
from tests.heart_masks import QUALITY
from tests.mapped_heart import BODY, PLANES, about, measured, no_heart, on_map, tissue_of
from tests.tissue_heart import MAPPING, SETTINGS, masks

pytestmark = pytest.mark.requirement("TIS-24")

LIMITS = QUALITY.mapping
PLAIN = measured(blood=1600.0)
EMPTY = measure_tissue(
    tissue_of(PLANES, 1000.0, 1600.0), no_heart(PLANES), None, SETTINGS, blood_differs=True
)


def gates(found=PLAIN, cine=None, origin=None, **changes):
    judged = map_gates(found, origin or about(**changes), cine, LIMITS, MAPPING.plausible)
    assert len({g.name for g in judged}) == len(judged)
    return {g.name.removeprefix("native_t1_"): g for g in judged}


def with_fit(shifts=((0.0, 0.0),), **changes):
    motion = SliceMotion(
        applied=True,
        reason="",
        row_shift_mm=[down for down, _ in shifts],
        column_shift_mm=[along for _, along in shifts],
    )
    fit = FitRecord(
        model="S", times_ms=[], phase_used=False, pixels=1, undetermined={}, motion=[motion]
    )
    return {"source": "fitted", "fit": fit, **changes}


def test_a_sound_scanner_map_passes_what_can_be_asked():
    found = gates()
    assert list(found) == ["unit", "heart", "fit", "blood"]
    assert {g.status for g in found.values()} == {Status.PASS}
    assert [k for g in found.values() for k in g.withholds] == []
    assert all(
        g.name.startswith("native_t1_")
        for g in map_gates(PLAIN, about(), None, LIMITS, MAPPING.plausible)
    )


def test_names_begin_with_the_key_of_the_map():
    judged = map_gates(PLAIN, about(key="t2-2"), None, LIMITS, MAPPING.plausible)
    assert {g.name.partition("_")[0] for g in judged} == {"t2-2"}


def test_a_doubted_unit_withholds_the_whole_map():
    unit = gates(flags=("too long", "too bright"))["unit"]
    assert (unit.status, unit.figure, unit.limit) == (Status.WITHHELD, 2, 0)
    assert unit.withholds == ["mapping.native_t1"]
    assert unit.message == "too long. too bright."


def test_a_doubted_scanner_map_that_was_replaced_asks_for_a_look():
    found = gates(source="fitted", flags=("too long",))
    assert "unit" not in found
    assert found["scanner_map"].status is Status.REVIEW
    assert found["scanner_map"].withholds == []
    assert found["scanner_map"].message == "The scanner's map was not used: too long."


def test_a_fitted_map_without_doubts_has_no_gate_on_its_unit():
    assert list(gates(source="fitted")) == ["heart", "fit", "blood"]


def test_no_heart_asks_for_a_look_and_ends_the_questions():
    found = gates(EMPTY)
    assert list(found) == ["unit", "heart"]
    assert found["heart"].status is Status.REVIEW
    assert found["heart"].message.startswith("No heart.")


def test_the_agreement_on_the_heart_is_shown():
    heart = gates(replace(PLAIN, heart=on_map(PLAIN.heart.labels, agreement=0.876)))["heart"]
    assert (heart.status, heart.figure, heart.limit, heart.unit) == (Status.PASS, 87.6, 50, "%")


def spoilt(share, segment=9, r2=0.9499):
    """So large a share of one segment fits a little worse than asked for."""
    plain = measured(blood=1600.0)
    inside = np.flatnonzero(plain.aha.segments == segment)
    fit = np.full(plain.tissue.values.shape, LIMITS.good_r2)
    fit.flat[inside[: round(share * inside.size)]] = r2
    tissue = TissueValues(plain.tissue.values, None, fit)
    return measure_with_segments(tissue, plain, SETTINGS), inside.size


@pytest.mark.parametrize(
    ("share", "r2", "status"),
    [
        (0.19, 0.9499, Status.PASS),
        (0.21, 0.9499, Status.REVIEW),
        (0.21, np.nan, Status.REVIEW),
        (0.9, 0.95, Status.PASS),
    ],
)
def test_share_of_poor_fits_in_the_worst_segment(share, r2, status):
    """20 % of a segment's pixels with R2 below 0.95; without R2 they count too."""
    found, size = spoilt(share, r2=r2)
    fit = gates(found)["fit"]
    assert fit.status is status
    expected = 0 if r2 == 0.95 else 100 * round(share * size) / size
    assert fit.figure == pytest.approx(expected, abs=1e-3)


def test_exactly_the_limit_of_poor_fits_passes():
    limits = LIMITS.model_copy(update={"max_poor_fit_pct": gates(spoilt(0.3)[0])["fit"].figure})
    exact = LIMITS.model_copy(update={"max_poor_fit_pct": limits.max_poor_fit_pct + 1e-4})
    below = LIMITS.model_copy(update={"max_poor_fit_pct": limits.max_poor_fit_pct - 1e-3})
    for allowed, status in ((exact, Status.PASS), (below, Status.REVIEW)):
        judged = map_gates(spoilt(0.3)[0], about(), None, allowed, MAPPING.plausible)
        assert next(g for g in judged if g.name.endswith("fit")).status is status


def test_without_segments_the_whole_wall_is_judged():
    labels = masks(BODY, PLANES)
    alone = np.where(labels.data == Label.RV, 0, labels.data).astype(np.uint8)
    tissue = tissue_of(PLANES, 1000.0, 1600.0, r2=0.5)
    found = measure_tissue(
        tissue, on_map(labels.with_data(alone)), None, SETTINGS, blood_differs=True
    )
    assert not found.aha.segments.any()
    assert gates(found)["fit"].figure == 100


def test_a_map_without_goodness_of_fit_is_not_asked_for_it():
    assert "fit" not in gates(measured(r2=None, blood=1600.0))


@pytest.mark.parametrize(
    ("shifts", "status", "largest"),
    [
        ([(8.0, 0.0)], Status.PASS, 8.0),
        ([(0.0, -8.01)], Status.REVIEW, 8.01),
        ([(6.0, 6.0), (1.0, 0.0)], Status.REVIEW, 8.4853),
        ([], Status.PASS, 0.0),
    ],
)
def test_largest_shift(shifts, status, largest):
    motion = gates(**with_fit(shifts))["motion"]
    assert (motion.status, motion.figure, motion.limit) == (status, largest, 8)


def test_without_motion_correction_no_gate_on_it():
    fit = with_fit()["fit"].model_copy(update={"motion": []})
    assert "motion" not in gates(source="fitted", fit=fit)


@pytest.mark.parametrize(
    ("kind", "contrast", "blood", "status"),
    [
        (MapKind.T1, Contrast.NATIVE, 1199.0, Status.REVIEW),
        (MapKind.T1, Contrast.NATIVE, 1200.0, Status.PASS),
        (MapKind.T1, Contrast.NATIVE, 2400.0, Status.PASS),
        (MapKind.T1, Contrast.NATIVE, 2401.0, Status.REVIEW),
        (MapKind.T1, Contrast.POST, 900.0, Status.PASS),
        (MapKind.T1, Contrast.POST, 901.0, Status.REVIEW),
        (MapKind.T2, Contrast.UNDECIDED, 80.0, Status.PASS),
        (MapKind.T2, Contrast.UNDECIDED, 79.0, Status.REVIEW),
    ],
)
def test_blood(kind, contrast, blood, status):
    found = gates(measured(wall=blood / 2, blood=blood), kind=kind, contrast=contrast)["blood"]
    assert (found.status, found.figure) == (status, blood)
    limits = blood_limits(kind, contrast, MAPPING.plausible)
    assert found.limit in {limits.low, limits.high}
    assert f"{limits.low:g} to {limits.high:g} ms" in found.message


@pytest.mark.parametrize("kind", [MapKind.T2_STAR, MapKind.ECV])
def test_blood_of_these_is_not_judged(kind):
    assert "blood" not in gates(measured(wall=30.0, blood=60.0), kind=kind)


def test_unknown_contrast_cannot_be_judged_by_blood():
    assert "blood" not in gates(contrast=Contrast.UNDECIDED)


def test_undetermined_blood_asks_for_a_look():
    found = gates(measured(blood=float("nan")))["blood"]
    assert (found.status, found.figure) == (Status.REVIEW, None)
    assert found.message.endswith("It could not be judged.")


@pytest.mark.parametrize(
    ("dice", "status"),
    [([0.9, 0.8, np.nan], Status.PASS), ([0.9, 0.799, 0.95], Status.REVIEW)],
)
def test_worst_slice_against_the_cine(dice, status):
    cine = gates(cine=CineCheck(np.array(dice), ""))["cine_contours"]
    assert (cine.status, cine.figure) == (status, pytest.approx(100 * np.nanmin(dice)))


def test_a_cine_that_does_not_compare_says_why():
    cine = gates(cine=CineCheck(np.full(3, np.nan), "Other frames."))["cine_contours"]
    assert (cine.status, cine.figure) == (Status.REVIEW, None)
    assert cine.message == "Other frames. It could not be judged."


def check(difference):
    return ScannerCheck(
        pixels=9,
        undetermined_pixels=0,
        median_difference_ms=difference,
        median_absolute_difference_ms=difference,
    )


@pytest.mark.parametrize(
    ("difference", "status", "share"),
    [(50.0, Status.PASS, 5.0), (50.1, Status.REVIEW, 5.01), (None, Status.REVIEW, None)],
)
def test_difference_from_the_scanners_map(difference, status, share):
    """Share of the median pixel, 1000 ms."""
    tissue = TissueValues(np.full(PLAIN.tissue.values.shape, 1000.0), None, None)
    found = replace(PLAIN, tissue=tissue)
    gate = gates(found, scanner_check=check(difference))["scanner_difference"]
    assert (gate.status, gate.figure, gate.limit) == (status, share, 5)


def test_a_map_without_any_value_is_compared_without_a_warning(recwarn):
    tissue = TissueValues(np.full(PLAIN.tissue.values.shape, np.nan), None, None)
    gate = gates(replace(EMPTY, tissue=tissue), scanner_check=check(None))["scanner_difference"]
    assert (gate.status, gate.figure) == (Status.REVIEW, None)
    assert not recwarn.list


def ecv_measured(values, r2=None):
    tissue = TissueValues(np.full(PLAIN.tissue.values.shape, values), None, r2)
    return measure_with_segments(tissue, PLAIN, SETTINGS)


def of_ecv(values=27.0, overlap=(0.9, 0.9, 0.9), found=None):
    origin = about(key="ecv", kind=MapKind.ECV, source="fitted")
    judged = ecv_gates(found or ecv_measured(values), origin, np.array(overlap), LIMITS)
    return {g.name: g for g in judged}


@pytest.mark.parametrize(
    ("values", "status", "limit"),
    [
        (14.9, Status.REVIEW, 15),
        (15.0, Status.PASS, 60),
        (60.0, Status.PASS, 60),
        (60.1, Status.REVIEW, 60),
        (np.nan, Status.REVIEW, 60),
    ],
)
def test_range_of_ecv(values, status, limit):
    found = of_ecv(values)
    assert list(found) == ["ecv_heart", "ecv_registration", "ecv_range"]
    assert (found["ecv_range"].status, found["ecv_range"].limit) == (status, limit)
    scanner = map_gates(
        ecv_measured(values), about(key="ecv", kind=MapKind.ECV), None, LIMITS, MAPPING.plausible
    )
    assert next(g for g in scanner if g.name == "ecv_range").status is status


@pytest.mark.parametrize(
    ("overlap", "status", "figure"),
    [
        ((0.95, 0.8, np.nan), Status.PASS, 80.0),
        ((0.95, 0.79, 0.9), Status.REVIEW, 79.0),
        ((np.nan,) * 3, Status.REVIEW, None),
    ],
)
def test_worst_slice_of_both_t1_maps(overlap, status, figure):
    found = of_ecv(overlap=overlap)["ecv_registration"]
    assert (found.status, found.figure, found.limit) == (status, figure, 80)


def test_ecv_without_a_heart():
    assert list(of_ecv(found=EMPTY)) == ["ecv_heart"]


def test_fit_of_ecv():
    fit = np.full(PLAIN.tissue.values.shape, 0.94)
    assert of_ecv(found=ecv_measured(27.0, fit))["ecv_fit"].status is Status.REVIEW


def test_t2_star_has_a_goodness_of_fit_of_its_own():
    """Pixels between both limits are poor for T1 and good for T2*."""
    between = (LIMITS.good_r2 + LIMITS.good_r2_t2_star) / 2
    tissue = tissue_of(PLANES, 30.0, 60.0, r2=between)
    found = measured(tissue=tissue)
    assert gates(found)["fit"].figure == 100
    star = gates(found, kind=MapKind.T2_STAR)["fit"]
    assert (star.status, star.figure) == (Status.PASS, 0)
    assert f"R2 below {LIMITS.good_r2_t2_star:g}" in star.message
