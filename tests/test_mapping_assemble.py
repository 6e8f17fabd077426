"""What of maps reaches the results: rounding, reasons, withheld numbers, JSON and back."""

import json

import pytest

from cmr.mapping.assemble import ecv_results, mapping_results, relaxation_results
from cmr.mapping.measure import TissueValues, measure_tissue, measure_with_segments
from cmr.mapping.terms import Contrast, MapKind
from cmr.records import Gate, Measured, Status
from cmr.results import StudyResults
from cmr.results_mapping import HaematocritRecord, PostShift
from cmr.tissue.reference import NormalRange
from dicomio.results_json import json_schema, read_results, write_results
from tests.mapped_heart import MODEL, PLANES, about, measured, no_heart, tissue_of
from tests.results_sample import study_results
from tests.tissue_heart import SETTINGS

pytestmark = pytest.mark.requirement("TIS-22")

SITE = NormalRange(
    quantity="native_t1",
    region="global",
    field_strength_t=1.5,
    sequence="molli 5(3)3",
    mean=1000.0,
    sd=40.0,
    low=None,
    high=None,
    source="Site",
)
RANGES = SETTINGS.reference
OF_SITE = RANGES.model_copy(update={"site_ranges": (SITE,)})
# 900 and 10 more a segment, with decimals that are rounded away.
PLAIN = measured(wall=lambda k: 900.04 + 10 * k, r2=0.98766)
EMPTY = measure_tissue(
    tissue_of(PLANES, 1000.0, 1500.0), no_heart(PLANES), None, SETTINGS, blood_differs=True
)
HCT = HaematocritRecord(fraction=0.42, sd_fraction=0.01, source="measured", origin="app.yaml")
SHIFT = PostShift(applied=False, reason="None.", row_shift_mm=0.0, column_shift_mm=0.0)


def gate(*keys, name="native_t1_unit", status=Status.WITHHELD):
    return Gate(
        name=name, status=status, figure=1, limit=0, unit="1", message="Bad.", withholds=list(keys)
    )


def relaxation(found=PLAIN, gates=(), ranges=RANGES, **changes):
    return relaxation_results(found, about(**changes), gates, ranges)


def ecv_of(values=27.126, key="ecv", gates=(), errors=None, hct=HCT):
    tissue = TissueValues(0 * PLAIN.tissue.values + values, None, None)
    origin = about(key=key, kind=MapKind.ECV, sequence="MOLLI 5(3)3 / MOLLI 4(1)3(1)2")
    found = measure_with_segments(tissue, PLAIN, SETTINGS)
    return ecv_results(found, origin, gates, RANGES, hct, [SHIFT], errors or {})


def regions(one):
    """Every region of a map by its path below it."""
    yield "global", one.global_
    yield "septal", one.septal
    yield "blood", one.blood
    for k, region in one.segments.items():
        yield f"segments.{k}", region
    for z, each in enumerate(one.slices):
        yield f"slices.{z}.wall", each.wall
        yield f"slices.{z}.blood", each.blood
        for k, region in each.segments.items():
            yield f"slices.{z}.segments.{k}", region


def present(region: Measured):
    return {q.key for q, _ in region.values()}


def complete(region: Measured):
    """Each measured field is there, or its reason."""
    every = {q.key for q in region.quantities()}
    return present(region) | set(region.withheld) == every and not present(region) & set(
        region.withheld
    )


def test_values_of_every_segment_rounded_once():
    found = relaxation()
    assert {k: s.median_ms for k, s in found.segments.items()} == {
        k: 900.0 + 10 * k for k in range(1, 17)
    }
    one = found.segments[5]
    # At borders a few pixels belong to the segment beside.
    assert one.mean_ms == pytest.approx(950.0, abs=0.3)
    assert (one.r2, one.left_out_pct, one.undetermined_pixels, one.poor_fit_pixels) == (
        0.9877, 0.0, 0, 0,
    )  # fmt: skip
    assert one.pixels > 100
    assert found.blood.median_ms == 1550.0
    # Septal segments 2, 3, 8, 9 and 14 lie between 920 and 1040.
    assert 920 <= found.septal.mean_ms <= 1040
    assert found.global_of == "segments"
    assert (found.quantity, found.source, found.field_strength_t) == ("native_t1", "scanner", 1.5)
    assert all(complete(region) for _, region in regions(found))


def test_slices_in_the_order_of_the_stack():
    found = relaxation()
    assert [s.position_mm for s in found.slices] == [0.0, 30.0, 60.0]
    for one in found.slices:
        first, last = {"basal": (1, 6), "mid": (7, 12), "apical": (13, 16)}[one.level]
        assert set(one.segments) == set(range(first, last + 1))
        assert one.reference.method == "anterior RV insertion"


def test_uncertainty_is_that_of_the_median():
    """1.2533 of the SD over the root of the number of pixels."""
    one = relaxation().global_
    assert one.uncertainty_ms == pytest.approx(1.2533 * one.sd_ms / one.pixels**0.5, abs=0.01)


def test_without_a_goodness_of_fit_that_is_said():
    found = relaxation(measured(r2=None))
    assert found.global_.r2 is None
    assert found.global_.withheld == {"r2": "the map came without a goodness of fit"}


def test_without_a_heart_every_region_says_so():
    found = relaxation(EMPTY)
    for path, region in regions(found):
        assert present(region) == set(), path
        assert complete(region), path
    assert set(found.segments) == set(range(1, 17))
    reasons = {why for _, region in regions(found) for why in region.withheld.values()}
    assert reasons == {"No heart."}
    assert found.reference == []
    assert [s.level for s in found.slices] == [None] * 3


def test_a_withheld_map_loses_every_number_and_no_other_map_does():
    """``native_t1`` is the beginning of ``native_t1-2``, and still another map."""
    gates = (gate("mapping.native_t1"), gate(name="native_t1_fit", status=Status.REVIEW))
    found = relaxation(gates=gates)
    for path, region in regions(found):
        assert present(region) == set(), path
        reasons = set(region.withheld.values())
        assert reasons == {"native_t1_unit: Bad. Found 1, limit 0 (1)."}, path
    assert found.qc.status is Status.WITHHELD
    assert found.qc.not_passed == ["native_t1_unit", "native_t1_fit"]
    for key in ("native_t1-2", "t1", "native"):
        other = relaxation(gates=gates, key=key)
        assert all(present(region) for _, region in regions(other)), key


@pytest.mark.parametrize(
    ("key", "lost"),
    [
        ("mapping.native_t1.segments", {f"segments.{k}" for k in range(1, 17)}),
        ("mapping.native_t1.segments.1", {"segments.1"}),
        ("mapping.native_t1.global", {"global"}),
        ("mapping.native_t1.slices.1.segments.8", {"slices.1.segments.8"}),
        ("mapping.native_t1.segment", set()),
    ],
)
def test_a_withheld_part_takes_what_belongs_to_it_and_no_more(key, lost):
    """``segments.1`` is the beginning of ``segments.10``."""
    found = relaxation(gates=[gate(key)])
    assert {path for path, region in regions(found) if not present(region)} == lost


def test_a_single_number_may_be_withheld():
    found = relaxation(gates=[gate("mapping.native_t1.septal.r2")])
    assert set(found.septal.withheld) == {"r2"}


def test_withheld_numbers_do_not_come_back_in_the_ranges():
    """A z-score gives the value away."""
    held = relaxation(ranges=OF_SITE, gates=[gate("mapping.native_t1")])
    assert held.reference == []
    partly = relaxation(ranges=OF_SITE, gates=[gate("mapping.native_t1.global")])
    assert [r.region for r in partly.reference] == ["septal"]


def test_site_range_by_hand():
    found = relaxation(measured(wall=1048.0), ranges=OF_SITE)
    whole, septal = found.reference
    assert (whole.region, whole.kind, whole.low, whole.high, whole.z) == (
        "global", "site", 920.0, 1080.0, 1.2,
    )  # fmt: skip
    assert (septal.kind, septal.z, septal.low) == ("none", None, None)
    assert "No range" in septal.reason


@pytest.mark.parametrize("changes", [{"field_strength_t": float("nan")}, {"field_strength_t": 3.0}])
def test_no_range_of_another_field(changes):
    whole, _ = relaxation(ranges=OF_SITE, **changes).reference
    assert whole.kind == "none"


def test_quantities_without_ranges_have_none():
    for contrast in (Contrast.POST, Contrast.UNDECIDED):
        assert relaxation(contrast=contrast).reference == []


def test_errors_of_ecv_are_those_given_else_those_of_the_pixels():
    found = ecv_of(errors={"segments.3": 1.2345, "slices.0.wall": 2.0})
    assert found.segments[3].uncertainty_pct == 1.23
    assert found.slices[0].wall.uncertainty_pct == 2.0
    assert found.segments[4].uncertainty_pct == 0.0
    assert found.segments[3].median_pct == 27.13
    assert found.haematocrit == HCT
    assert found.post_shift == [SHIFT]
    assert [r.kind for r in found.reference] == ["none", "none"]


def test_an_error_without_a_value_is_withheld():
    found = ecv_of(float("nan"), errors={"segments.3": 1.2})
    assert present(found.segments[3]) == {"left_out_pct"}
    assert found.segments[3].left_out_pct == 100.0


def names(mapping):
    slots = ("native_t1", "post_t1", "t2", "t2_star", "ecv")
    held = {name: getattr(mapping, name) for name in slots}
    return {name for name, one in held.items() if one is not None}


def test_the_first_of_a_quantity_stands_under_its_name():
    first, second = relaxation(), relaxation(key="native_t1-2", sequence="SASHA")
    post = relaxation(key="post_t1", contrast=Contrast.POST)
    unsure = relaxation(key="t1", contrast=Contrast.UNDECIDED)
    t2, star = (relaxation(key="any", kind=kind) for kind in (MapKind.T2, MapKind.T2_STAR))
    found = mapping_results([first, unsure, post, second, t2, star, ecv_of()], {}, MODEL)
    assert names(found) == {"native_t1", "post_t1", "t2", "t2_star", "ecv"}
    assert found.native_t1 is first
    assert [(o.quantity, o.sequence) for o in found.others] == [
        ("t1", "MOLLI 5(3)3"), ("native_t1", "SASHA"),
    ]  # fmt: skip


def test_two_scanner_maps_of_ecv():
    found = mapping_results([ecv_of(hct=None), ecv_of(30.0, "ecv-2", hct=None)], {}, MODEL)
    assert found.ecv.global_.median_pct == 27.13
    assert [o.global_.median_pct for o in found.others] == [30.0]


def test_json_and_back(tmp_path):
    """Aliases, keys of segments, no NaN, and the same record when it is read."""
    maps = [
        relaxation(),
        relaxation(key="native_t1-2"),
        relaxation(EMPTY, key="t2", kind=MapKind.T2),
    ]
    maps += [ecv_of(), ecv_of(30.0, "ecv-2")]
    mapping = mapping_results(maps, {"acquisition 1": "unreadable"}, MODEL)
    results = study_results(None).model_copy(update={"mapping": mapping})
    written = write_results(results, tmp_path)
    text = (tmp_path / "results.json").read_text()

    def refuse(constant):
        raise AssertionError(constant)

    content = json.loads(text, parse_constant=refuse)
    native = content["mapping"]["native_t1"]
    assert set(native["segments"]) == {str(k) for k in range(1, 17)}
    assert native["segments"]["16"]["median_ms"] == 1060.0
    assert native["global"]["median_ms"] == relaxation().global_.median_ms
    assert '"global_"' not in text
    for key in ("sequence", "source", "qc"):
        assert native[key]
    assert "median_ms" not in content["mapping"]["t2"]["global"]
    assert content["mapping"]["ecv"]["haematocrit"]["fraction"] == 0.42
    again = read_results(tmp_path / "results.json")
    assert again == written
    assert again.mapping.native_t1.segments[16].median_ms == 1060.0
    assert type(again.mapping.others[1]).__name__ == "EcvMapResults"
    assert "median_pct" in json.dumps(json_schema())


def test_results_are_made_by_either_name():
    mapping = mapping_results([relaxation()], {}, MODEL)
    results = StudyResults.model_validate(
        study_results(None).model_dump() | {"mapping": mapping.model_dump(by_alias=True)}
    )
    assert results.mapping == mapping
