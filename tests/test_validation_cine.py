import csv
import math
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from cmr.errors import UsageError
from cmr.labels import STRUCTURES, Label
from cmr.volume import Volume4D
from tests.conftest import shared_path
from tests.heart_masks import geometry
from tests.validation_support import (
    ED_RADII,
    ES_RADII,
    SETTINGS,
    Reader,
    case_of,
    labels,
    write,
    write_phase,
)
from validation.cohort.cine import measure_case, volumes
from validation.cohort.cine_manifest import CINE_FORM
from validation.cohort.cine_masks import masks_of
from validation.cohort.manifest import read_manifest

pytestmark = pytest.mark.requirement("VAL-03")


@pytest.fixture
def ed(tmp_path):
    return write_phase(tmp_path, "a_ed", ED_RADII)


@pytest.fixture
def es(tmp_path):
    return write_phase(tmp_path, "a_es", ES_RADII)


def block(counts):
    """(1, 3, 10, 10): so many voxels of each label in every slice; 1.5 x 2 x 10 mm each."""
    data = np.zeros((1, 3, 100), np.uint8)
    start = 0
    for label, count in counts.items():
        data[:, :, start : start + count] = label
        start += count
    stack = geometry(n_slices=3, pitch_mm=10, spacing_mm=(1.5, 2.0), shape=(10, 10))
    return Volume4D(data.reshape(1, 3, 10, 10), stack)


# 30 mm3 a voxel, 3 slices: 20 voxels a slice are 1.8 ml.
ED_BLOCK = {Label.LV: 20, Label.MYOCARDIUM: 10, Label.RV: 40}
ES_BLOCK = {Label.LV: 5, Label.MYOCARDIUM: 15, Label.RV: 10}


def measured(ed_block, es_block, held=STRUCTURES):
    both = {"ed": block(ed_block), "es": block(es_block)}
    return volumes(both, dict.fromkeys(both, held), SETTINGS.volumetry)


def test_volumes_mass_and_function_by_hand():
    assert measured(ED_BLOCK, ES_BLOCK) == pytest.approx(
        {
            "lv.edv_ml": 1.8,
            "lv.esv_ml": 0.45,
            "lv.ef_pct": 75,
            "rv.edv_ml": 3.6,
            "rv.esv_ml": 0.9,
            "rv.ef_pct": 75,
            "lv.mass_ed_g": 0.9 * 1.05,
        }
    )


def test_the_manifest_says_which_phase_is_end_diastole():
    found = measured(ES_BLOCK, ED_BLOCK)
    assert (found["lv.edv_ml"], found["lv.esv_ml"]) == pytest.approx((0.45, 1.8))
    assert found["lv.ef_pct"] == pytest.approx(-300)


def test_what_the_masks_do_not_hold_has_no_key():
    assert set(measured(ED_BLOCK, ES_BLOCK, (Label.LV,))) == {
        "lv.edv_ml",
        "lv.esv_ml",
        "lv.ef_pct",
    }
    alone = volumes({"es": block(ES_BLOCK)}, {"es": STRUCTURES}, SETTINGS.volumetry)
    assert set(alone) == {"lv.esv_ml", "rv.esv_ml"}


def test_references_of_the_rv_alone_give_its_volumes():
    # 40 and 10 voxels in 3 slices, of 30 mm3: 3.6 and 0.9 ml, so 75 %.
    found = measured({Label.RV: 40}, {Label.RV: 10}, (Label.RV,))
    assert found == pytest.approx({"rv.edv_ml": 3.6, "rv.esv_ml": 0.9, "rv.ef_pct": 75})


def test_a_reference_of_the_wall_alone_gives_its_mass():
    found = measured({Label.MYOCARDIUM: 10}, {Label.MYOCARDIUM: 15}, (Label.MYOCARDIUM,))
    assert found == pytest.approx({"lv.mass_ed_g": 0.9 * 1.05})


def test_an_empty_structure_measures_nothing_and_not_0():
    found = measured(ED_BLOCK, {Label.RV: 10})
    assert found["lv.edv_ml"] == pytest.approx(1.8)
    assert math.isnan(found["lv.esv_ml"])
    assert math.isnan(found["lv.ef_pct"])
    # The RV has 10 voxels in 3 slices there, of 30 mm3.
    assert found["rv.esv_ml"] == pytest.approx(0.9)
    no_rv = measured({Label.LV: 20, Label.MYOCARDIUM: 10}, ES_BLOCK)
    assert math.isnan(no_rv["rv.edv_ml"])
    assert no_rv["lv.ef_pct"] == pytest.approx(75)


def test_a_network_that_reads_the_truth_finds_it(ed, es):
    row, masks = measure_case(case_of(ed, es), SETTINGS, Reader())
    assert (row.case, row.subgroups, row.failure) == ("a", {"group": "x"}, "")
    for name, value in row.overlap.items():
        # Images are resampled from 1.5 to 1.25 mm and back: few pixels of an outline move by one.
        assert value > 0.97 if name.startswith("dice") else value <= 1.5, name
    assert len(row.overlap) == 12
    for name in ("lv.edv_ml", "rv.edv_ml", "lv.mass_ed_g"):
        assert row.measured[name] == pytest.approx(row.reference[name], rel=0.04)
    assert row.measured["lv.ef_pct"] == pytest.approx(row.reference["lv.ef_pct"], abs=1)
    # Discs of 24, 24, 22, 19 and 14 mm in slices of 8 mm.
    by_hand = sum(math.pi * r**2 for r in ED_RADII) * 8 / 1000
    assert row.reference["lv.edv_ml"] == pytest.approx(by_hand, rel=0.02)
    assert set(row.agreement) == {
        f"agreement.{s}.{p}" for s in ("rv", "myo", "lv") for p in ("ed", "es")
    }
    arrays = masks["es"].arrays()
    assert arrays["labels"].shape == arrays["images"].shape == (7, 128, 120)
    assert np.array_equal(arrays["reference"], labels(ES_RADII))
    assert arrays["pixel_spacing_mm"] == pytest.approx([1.5, 1.5])


def test_phases_on_one_grid_are_one_cine_whose_heart_is_found_by_motion(ed, es):
    masks = masks_of(case_of(ed, es), SETTINGS, Reader())
    assert {part.centre_fallback for part in masks.values()} == {""}


def test_phases_on_two_grids_are_segmented_each_on_its_own(ed, tmp_path):
    es = write_phase(tmp_path, "b_es", ES_RADII[1:])
    row, masks = measure_case(case_of(ed, es), SETTINGS, Reader())
    assert all(part.centre_fallback for part in masks.values())
    assert row.gates == ()
    assert row.overlap["dice.lv.es"] > 0.97
    assert row.measured["lv.ef_pct"] == pytest.approx(row.reference["lv.ef_pct"], abs=1)


def test_gates_that_do_not_pass_are_named_without_those_on_the_cycle(tmp_path):
    few = [write_phase(tmp_path, f"c_{p}", r[2:6]) for p, r in (("ed", ED_RADII), ("es", ES_RADII))]
    row, _ = measure_case(case_of(*few), SETTINGS, Reader())
    assert "stack_positions" in row.gates  # 4 slices; fewer than 6 are withheld
    assert not {"phase_count", "frame_spacing", "curve_unimodal"} & {*row.gates}


def test_structures_that_the_reference_lacks_are_not_compared(tmp_path):
    phase = write_phase(tmp_path, "d_ed", ED_RADII, (Label.LV,))
    row, _ = measure_case(case_of(phase), SETTINGS, Reader())
    assert set(row.overlap) == {"dice.lv.ed", "hd95_mm.lv.ed"}
    assert set(row.reference) == {"lv.edv_ml"}


def test_a_structure_that_is_not_found_scores_0_and_has_no_volume(ed, es):
    class Blind(Reader):
        def run(self, images):
            scores = super().run(images)
            scores[:, Label.RV] -= 100
            return scores

    row, _ = measure_case(case_of(ed, es), SETTINGS, Blind())
    assert row.overlap["dice.rv.ed"] == 0
    assert math.isnan(row.measured["rv.edv_ml"])
    assert row.reference["rv.edv_ml"] > 0


def damaged(path, change):
    file = nibabel.load(path)
    data = np.asarray(file.dataobj).astype(np.float32)
    change(data)
    nibabel.save(nibabel.Nifti1Image(data, file.affine), path)


def test_bad_files_are_named_by_phase_and_fault(ed, es, tmp_path):
    def refused(match, **changes):
        with pytest.raises(UsageError, match=match):
            measure_case(case_of(ed, replace(es, **changes)), SETTINGS, Reader())

    shorter = write(tmp_path / "shorter.nii.gz", labels(ES_RADII[1:]))
    refused(r"es: image \(120, 128, 7\), reference \(120, 128, 6\)", reference=shorter)
    no_rv = labels(ES_RADII)
    no_rv[no_rv == Label.RV] = 0
    refused("es: reference holds no rv", reference=write(tmp_path / "no_rv.nii.gz", no_rv))
    odd = labels(ES_RADII)
    odd[3, 0, 0] = 7
    refused("es: NIfTI labels: unknown value 7", reference=write(tmp_path / "odd.nii.gz", odd))
    text = tmp_path / "text.nii.gz"
    text.write_text("no image")
    refused("es: NIfTI file: the header cannot be read", image=text)
    cut = tmp_path / "cut.nii.gz"
    cut.write_bytes(es.image.read_bytes()[:2000])
    refused("es: NIfTI file: damaged or truncated", image=cut)
    damaged(es.image, lambda data: data.__setitem__((4, 5, 2), np.nan))
    refused("es: the image holds values that are not finite")


def test_a_reference_stored_upside_down_is_laid_on_the_image_by_its_affine(tmp_path):
    affine = np.array([[-1.5, 0, 0, 30], [0, -1.5, 0, 40], [0, 0, 8, -20], [0, 0, 0, 1.0]])
    mask = labels(ED_RADII)
    mask[1] = 0  # not the same from both ends
    turned = affine.copy()
    turned[:, 2] *= -1
    turned[:3, 3] += affine[:3, 2] * (len(mask) - 1)
    phase = replace(
        write_phase(tmp_path, "e_ed", ED_RADII),
        image=write(tmp_path / "i.nii.gz", mask, affine),
        reference=write(tmp_path / "r.nii.gz", mask[::-1], turned),
    )
    masks = masks_of(case_of(phase), SETTINGS, Reader())
    assert np.array_equal(masks["ed"].reference.data[0], mask)


def test_finished_masks_count_where_the_reader_drew_no_slice(tmp_path):
    affine = np.array([[-1.5, 0, 0, 30], [0, -1.5, 0, 40], [0, 0, 8, -20], [0, 0, 0, 1.0]])
    truth = np.zeros((4, 10, 10), np.uint8)
    truth[:, :5, :4] = Label.LV
    inner = affine.copy()
    inner[:3, 3] += affine[:3, 2]
    phase = replace(
        write_phase(tmp_path, "f_ed", ED_RADII, (Label.LV,)),
        image=None,
        result=write(tmp_path / "result.nii.gz", truth, affine),
        reference=write(tmp_path / "drawn.nii.gz", truth[1:3], inner),
    )
    row, masks = measure_case(case_of(phase), SETTINGS, None)
    # 4 slices of 20 voxels against 2: 2 * 40 / (80 + 40).
    assert row.overlap["dice.lv.ed"] == pytest.approx(2 / 3)
    assert row.measured["lv.edv_ml"] == pytest.approx(80 * 18 / 1000)
    assert row.reference["lv.edv_ml"] == pytest.approx(40 * 18 / 1000)
    assert row.agreement == {}
    assert masks["ed"].arrays()["images"].shape == (4, 10, 10)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("data", "patient", "held"),
    [("acdc", "patient001", "rv,myo,lv"), ("sunnybrook", "SC-HF-I-01", "lv")],
)
def test_reference_volumes_are_those_of_the_data_sets(data, patient, held, tmp_path):
    folder = shared_path(f"data/{data}")
    rows = [
        f'{patient},{p},{folder}/{patient}_{p}.nii.gz,{folder}/{patient}_{p}_label.nii.gz,"{held}"'
        for p in ("ed", "es")
    ]
    manifest = tmp_path / "cases.csv"
    manifest.write_text("\n".join(["case,phase,image,reference,structures", *rows]))
    row, _ = measure_case(read_manifest(manifest, CINE_FORM)[0], SETTINGS, Reader())
    with (folder / "reference.csv").open(newline="") as file:
        truth = next(r for r in csv.DictReader(file) if r["patient"] == patient)
    for key, value in row.reference.items():
        assert value == pytest.approx(float(truth[key.replace(".", "_")]), abs=0.1), key
    assert len(row.reference) == (3 if held == "lv" else 7)
