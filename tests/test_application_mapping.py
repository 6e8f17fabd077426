"""The whole application on mapping studies of known tissue: values, sources, what is missing."""

import json
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import numpy as np
import pydicom
import pytest

from cmr.mapping.heart import NO_HEART, NO_RIGHT_VENTRICLE
from cmr.records import Status
from cmr.results import StudyResults
from phantom.mapping_settings import Lesion, MappingSettings, MapStyle, Protocol
from phantom.mapping_truth import MappingTruth
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.application_run import Run, run_app
from tests.conftest import ROOT, shared_path
from tests.mapping_study import (
    SEED_AT_1_5_T,
    SEED_AT_3_T,
    SOURCE,
    edit,
    errors_pct,
    halve,
    has_values,
    images,
    measure,
    only_air,
    state_haematocrit,
    true_values,
    truncate,
    unreadable,
    write_maps_alone,
)

LESION = 8
SNR = 40.0
# Of segment medians from truth; points for ECV.
MOST_PCT, MOST_ECV_POINTS = 2.0, 1.0
# At this SNR the standard error of a segment's median is 1 % and more for T2 and SASHA, so that of
# 16 segments some are beyond 2 % whatever is done; so many of them are allowed on top.
MOST_ERRORS = 2.5


def gates(results: StudyResults) -> dict:
    return {g.name: g for g in results.quality}


@dataclass(frozen=True)
class Full:
    truth: MappingTruth
    run: Run
    results: StudyResults


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Full:
    """Everything at once: cine, five acquisitions, a lesion, breathing of three pixels."""
    folder = tmp_path_factory.mktemp("full")
    mapping = MappingSettings(
        snr=SNR,
        lesion=Lesion(segment=LESION),
        phase_images=True,
        unprepared_ms=10000,
        breathing_mm=3 * 1.4,
        breath_hold_mm=3,
    )
    settings = PhantomSettings(
        seed=SEED_AT_1_5_T,
        phases=10,
        gap_mm=4.0,
        matrix=(160, 168),
        pixel_spacing_mm=(1.4, 1.4),
        decoys=False,
        mapping=mapping,
    )
    truth = write_study(folder / "study", settings).mapping
    state_haematocrit(folder / "study", mapping.haematocrit)
    run = run_app(folder / "study", folder / "out")
    assert run.code == 0, run.stderr
    return Full(truth, run, run.results)


@pytest.mark.requirement("TIS-26")
@pytest.mark.parametrize(
    ("quantity", "true"), [("native_t1", "t1_native_ms"), ("post_t1", "t1_post_ms")]
)
def test_molli_is_within_two_percent_in_every_segment(full, quantity, true):
    found = errors_pct(getattr(full.results.mapping, quantity), full.truth, true)
    assert {k: e for k, e in found.items() if not abs(e) <= MOST_PCT} == {}


@pytest.mark.requirement("TIS-27")
def test_sasha_and_t2_are_within_two_percent_but_for_noise(full):
    mapping = full.results.mapping
    [sasha] = mapping.others
    assert (sasha.quantity, sasha.sequence) == ("native_t1", "SASHA")
    for one, true in ((sasha, "t1_native_ms"), (mapping.t2, "t2_ms")):
        values = true_values(full.truth, true)
        most = {
            k: MOST_PCT + MOST_ERRORS * 100 * s.uncertainty_ms / values[k]
            for k, s in one.segments.items()
        }
        found = errors_pct(one, full.truth, true)
        assert {k: e for k, e in found.items() if not abs(e) <= most[k]} == {}
        assert abs(np.median(list(found.values()))) <= MOST_PCT


@pytest.mark.requirement("TIS-26")
def test_ecv_is_within_one_point_in_every_segment(full):
    ecv = full.results.mapping.ecv
    true = true_values(full.truth, "ecv_fraction")
    found = {k: s.median_pct - 100 * true[k] for k, s in ecv.segments.items()}
    assert len(found) == 16
    assert {k: e for k, e in found.items() if not abs(e) <= MOST_ECV_POINTS} == {}
    assert (ecv.haematocrit.source, ecv.haematocrit.fraction) == ("measured", 0.42)


@pytest.mark.requirement("TIS-28")
def test_the_lesion_is_in_its_segment_on_every_map(full):
    mapping = full.results.mapping
    for one in (mapping.native_t1, *mapping.others, mapping.t2):
        medians = {k: s.median_ms for k, s in one.segments.items()}
        assert max(medians, key=medians.get) == LESION
    medians = {k: s.median_pct for k, s in mapping.ecv.segments.items()}
    assert max(medians, key=medians.get) == LESION


def test_the_full_study_is_complete_and_refuses_nothing(full):
    results = full.results
    assert results.refusals == {}
    assert results.cine is not None
    assert results.mapping.not_measured == {}
    assert all(has_values(m) for m in (results.mapping.native_t1, results.mapping.ecv))
    assert {s.level for s in results.mapping.t2.slices} == {"basal", "mid", "apical"}
    assert results.mapping.native_t1.fit.phase_used
    for key in ("native_t1", "post_t1", "t2", "t2_star", "native_t1-2"):
        check = gates(results)[f"{key}_cine_contours"]
        assert check.status is Status.PASS, check


def test_the_full_study_leaves_every_file_that_it_lists(full):
    listed, there = full.results.files, full.run.files()
    assert set(listed) | {"results.json", "result.json", "metadata.json"} == set(there)
    # Names end in a number of their own.
    stems = [Path(name).stem.rpartition("-")[0] for name in listed if name.endswith(".dcm")]
    for key in ("native_t1", "native_t1-2", "post_t1", "t2", "t2_star", "ecv"):
        stem = key.replace("_", "-")
        assert f"map-{stem}.png" in listed
        assert {f"map-{stem}-value", f"map-{stem}-sd"} <= set(stems)
        # ECV has the segments of native T1.
        assert (f"seg-{stem}" in stems) == (key != "ecv")
    assert "map-bullseyes.png" in listed
    pictures = [Path(name).stem for name in listed if name.endswith(".png")]
    assert {f"capture-{name}" for name in pictures} <= set(stems)
    report = pydicom.dcmread(full.run.one("sr-*.dcm"))
    assert report.Modality == "SR"


@pytest.mark.requirement("TIS-22")
def test_the_full_study_satisfies_the_schema_and_names_nobody(full):
    content = json.loads((full.run.output / "results.json").read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, schema)
    assert "phantom" not in full.run.stdout.lower()
    assert "19700101" not in full.run.texts()
    assert full.run.stderr == ""


@pytest.fixture(scope="module")
def tagged(tmp_path_factory) -> StudyResults:
    """The scanner's maps and their sources at 3 T, T2 in tenths; no cine, no haematocrit."""
    folder = tmp_path_factory.mktemp("tagged")
    mapping = MappingSettings(
        protocols=(Protocol.NATIVE_MOLLI, Protocol.POST_MOLLI, Protocol.T2_PREP),
        maps=MapStyle.TAGGED,
        t2_map_unit_ms=0.1,
        colour_copies=True,
    )
    write_maps_alone(folder / "study", mapping, seed=SEED_AT_3_T)
    return measure(folder / "study", folder / "out")


@pytest.fixture(scope="module")
def disguised(tmp_path_factory) -> StudyResults:
    """The scanner's maps with image types of phase images at 1.5 T; no cine, no haematocrit."""
    folder = tmp_path_factory.mktemp("disguised")
    mapping = MappingSettings(
        protocols=(Protocol.NATIVE_MOLLI, Protocol.POST_MOLLI),
        maps=MapStyle.DISGUISED,
        colour_copies=True,
    )
    write_maps_alone(folder / "study", mapping, seed=SEED_AT_1_5_T)
    return measure(folder / "study", folder / "out")


def test_scanner_maps_are_taken_and_checked(tagged, disguised):
    for results in (tagged, disguised):
        for one in (results.mapping.native_t1, results.mapping.post_t1):
            assert (one.source, has_values(one)) == ("scanner", True)
            assert one.fit is not None
            check = one.scanner_check
            assert check.pixels > 10_000
            assert check.undetermined_pixels < check.pixels
            # The scanner's values have an error of 1 / 40.
            assert check.median_absolute_difference_ms < 0.05 * one.global_.median_ms


@pytest.mark.requirement("TIS-03")
def test_colour_copies_are_refused_by_name(tagged, disguised):
    for results in (tagged, disguised):
        maps = [s for s in results.series if s.kind.endswith("map")]
        assert {(s.images, s.images_used) for s in maps} == {(6, 3)}
        assert all("copy of the map for display in colour" in s.reason for s in maps)


@pytest.mark.requirement("TIS-02")
def test_t2_in_tenths_of_a_millisecond_is_not_scaled_in_silence(tagged):
    t2 = tagged.mapping.t2
    assert (t2.source, has_values(t2)) == ("fitted", True)
    assert "would if divided by 10" in t2.source_reason
    assert gates(tagged)["t2_scanner_map"].status is Status.REVIEW
    assert 40 < t2.global_.median_ms < 55


def test_maps_alone_are_measured_and_the_missing_cine_is_named(tagged):
    assert tagged.cine is None
    assert "no cine" in tagged.refusals["cine"]
    assert set(tagged.refusals) == {"cine"}
    assert has_values(tagged.mapping.native_t1)


@pytest.mark.requirement("TIS-06")
def test_without_haematocrit_there_is_no_ecv_at_3_t(tagged):
    assert tagged.mapping.ecv is None
    reason = tagged.mapping.not_measured["ecv"]
    assert "No haematocrit is known" in reason
    assert "holds at 1.5 T, and the field strength is 3 T" in reason


@pytest.mark.requirement("TIS-06")
def test_without_haematocrit_ecv_at_1_5_t_is_labelled_synthetic(disguised):
    ecv = disguised.mapping.ecv
    assert has_values(ecv)
    assert ecv.haematocrit.source == "synthetic"
    assert "Treibel" in ecv.haematocrit.origin
    assert disguised.mapping.not_measured == {}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory) -> StudyResults:
    """A fault in one slice of each acquisition: in the first, but for T2 in the middle."""
    folder = tmp_path_factory.mktemp("faulty") / "study"
    write_maps_alone(folder, MappingSettings(unprepared_ms=10000), seed=SEED_AT_1_5_T)
    native, post, sasha, t2, t2_star = (images(folder, SOURCE[p]) for p in Protocol)
    for path in native[1:3]:
        edit(path, lambda ds: ds.__delattr__("InversionTime"))
    again = pydicom.dcmread(post[0]).InversionTime
    edit(post[4], lambda ds: setattr(ds, "InversionTime", again))
    edit(sasha[3], lambda ds: setattr(ds, "InversionTime", 0))
    truncate(t2[4])
    edit(t2_star[0], halve)
    return measure(folder, folder.parent / "out")


@pytest.mark.requirement("TIS-29")
def test_a_fault_costs_its_slice_is_said_and_the_rest_is_measured(faulty):
    mapping = faulty.mapping
    [sasha] = mapping.others
    for one, words in {
        "native_t1": (mapping.native_t1, "2 with no inversion time"),
        "post_t1": (mapping.post_t1, "2 images share 1 times"),
        "SASHA": (sasha, "1 with inversion time of 0 ms"),
        "t2": (mapping.t2, "2 different times, at least 3 are needed"),
        "t2_star": (mapping.t2_star, "1 with another matrix (56 x 60)"),
    }.values():
        [sentence] = one.left_out
        assert words in sentence
        assert sentence.startswith("Slice at ")
        assert sentence.endswith("the slice is left out.")
        assert len(one.slices) == 2
        assert all(s.wall.median_ms is not None for s in one.slices)
        assert one.global_.median_ms is not None
    assert len(mapping.ecv.left_out) == 2
    assert mapping.ecv.global_.median_pct == pytest.approx(26, abs=1.5)
    [skipped] = faulty.input.skipped
    assert "truncated" in skipped.reason


@pytest.fixture(scope="module")
def damaged(tmp_path_factory) -> StudyResults:
    """Native T1 of air, T2 with damaged pixels in every image; post-contrast T1 is sound."""
    folder = tmp_path_factory.mktemp("damaged") / "study"
    mapping = MappingSettings(
        protocols=(Protocol.NATIVE_MOLLI, Protocol.POST_MOLLI, Protocol.T2_PREP)
    )
    write_maps_alone(folder, mapping, seed=SEED_AT_1_5_T)
    for path in images(folder, SOURCE[Protocol.NATIVE_MOLLI]):
        edit(path, only_air)
    for path in images(folder, SOURCE[Protocol.T2_PREP]):
        edit(path, unreadable)
    return measure(folder, folder.parent / "out")


@pytest.mark.requirement("TIS-29")
def test_a_kind_that_cannot_be_read_is_named_and_the_rest_measured(damaged):
    assert damaged.mapping.t2 is None
    [reason] = [r for r in damaged.mapping.not_measured.values() if "T2" in r]
    assert "none of 3 slices can be read" in reason
    assert has_values(damaged.mapping.post_t1)


@pytest.mark.requirement("TIS-30")
def test_a_map_of_air_is_fitted_and_written_without_segment_values(damaged):
    native = damaged.mapping.native_t1
    assert native.fit is not None
    assert any(name.startswith("map-native-t1-value") for name in damaged.files)
    assert not any(name.startswith("seg-native-t1") for name in damaged.files)
    for region in (native.global_, native.septal, native.blood, *native.segments.values()):
        assert region.median_ms is None
        assert region.withheld["median_ms"] == NO_HEART
    assert gates(damaged)["native_t1_heart"].status is Status.REVIEW
    assert damaged.mapping.ecv is None
    assert damaged.mapping.not_measured["ecv"]


@pytest.fixture(scope="module")
def bottles(tmp_path_factory):
    """The Siemens phantom: ShMOLLI images, the scanner's map, its fit parameters."""
    source = shared_path("data/relaxometry/shmolli_phantom")
    output = tmp_path_factory.mktemp("bottles")
    return measure(source, output), output


@pytest.mark.requirement("TIS-25")
@pytest.mark.real_data
def test_the_siemens_phantom_agrees_with_its_scanner(bottles):
    results, output = bottles
    native = results.mapping.native_t1
    assert (native.source, native.sequence) == ("scanner", "ShMOLLI")
    # The first inversion alone.
    assert native.fit.times_ms == [[100, 1100, 2100, 3100, 4100]]
    [written] = output.glob("map-native-t1-value-*.dcm")
    fitted = pydicom.dcmread(written).pixel_array.astype(np.float64).squeeze()
    folder = shared_path("data/relaxometry/shmolli_phantom")
    planes = [pydicom.dcmread(p) for p in sorted(folder.rglob("*.dcm"))]
    scanner = next(ds for ds in planes if ds.get("ImageComments") == "ShMOLLI T1 Map")
    [r2] = [ds for ds in planes if ds.get("ImageComments") == "Rsquare*4000 Map"]
    t1 = scanner.pixel_array.astype(np.float64)
    good = r2.pixel_array / 4000 >= 0.99
    wanted = good & (((t1 >= 400) & (t1 <= 1600)) | ((t1 >= 2000) & (t1 <= 3500)))
    known = wanted & np.isfinite(fitted) & (fitted > 0)
    difference = np.abs(fitted - t1)[known]
    assert known.sum() > 0.9 * wanted.sum() > 3000
    assert np.median(difference) <= 2
    check = native.scanner_check
    assert check.median_absolute_difference_ms <= 2
    assert (check.min_r2, check.pixels > 5000) == (0.99, True)
    assert check.undetermined_pixels >= (wanted & ~known).sum()


@pytest.mark.requirement("TIS-30")
@pytest.mark.real_data
def test_the_siemens_phantom_has_no_heart(bottles):
    results, _ = bottles
    native = results.mapping.native_t1
    assert "no cine" in results.refusals["cine"]
    assert all(s.median_ms is None and s.withheld["median_ms"] for s in native.segments.values())
    assert native.global_.median_ms is None
    assert native.global_.withheld["median_ms"] in (NO_HEART, NO_RIGHT_VENTRICLE)
