"""Phantom studies: masks against analytic truth, options, determinism, files against arrays."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydantic import ValidationError

from cmr.labels import Label
from phantom.__main__ import main
from phantom.encode import Syntax
from phantom.settings import Layout, PhantomSettings
from phantom.study import make_cine, plane_count, write_study
from phantom.subject import draw_subject

pytestmark = pytest.mark.requirement("CINE-37")

SMALL = PhantomSettings(
    seed=1,
    phases=3,
    slices=3,
    matrix=(64, 72),
    pixel_spacing_mm=(4.0, 4.0),
    gap_mm=22.0,
    decoys=False,
)


def changed(**values) -> PhantomSettings:
    return PhantomSettings(**(SMALL.model_dump() | values))


def datasets(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(p) for p in sorted(folder.rglob("*")) if p.is_file()]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def fine():
    """A stack of thin contiguous slices: the masks approach the analytic volumes."""
    return make_cine(
        PhantomSettings(
            seed=2, phases=2, thickness_mm=2.0, matrix=(128, 144), pixel_spacing_mm=(1.6, 1.6)
        )
    )


def test_thin_slices_give_the_analytic_volumes(fine):
    _, _, truth = fine
    for key in ("lv", "rv"):
        found, known = getattr(truth.discretised, key), getattr(truth.continuous, key)
        # Pitch 4 mm: the base plane lies anywhere between two slices, worth up to 2 mm of 80.
        assert found.edv_ml == pytest.approx(known.edv_ml, rel=0.03)
        assert found.esv_ml == pytest.approx(known.esv_ml, rel=0.03)
    assert truth.discretised.mass_ed_g == pytest.approx(truth.continuous.mass_ed_g, rel=0.04)


def test_discretised_truth_is_the_sum_of_the_masks(fine):
    _, labels, truth = fine
    by_hand = np.count_nonzero(labels.data[0] == 3) * 1.6 * 1.6 * 4.0 / 1000
    assert truth.discretised.lv.edv_ml == pytest.approx(by_hand, rel=1e-9)


def test_blood_is_bright_where_the_labels_say_cavity(fine):
    images, labels, _ = fine
    cavity = np.median(images.data[labels.data == Label.LV])
    wall = np.median(images.data[labels.data == Label.MYOCARDIUM])
    assert wall < 0.6 * cavity


def test_the_stack_covers_the_heart_with_an_empty_slice_beyond_each_end():
    for seed in range(4):
        settings = PhantomSettings(
            seed=seed, phases=2, matrix=(64, 72), pixel_spacing_mm=(4.0, 4.0), gap_mm=2.0
        )
        _, labels, truth = make_cine(settings)
        found = np.any(labels.data[0] == Label.MYOCARDIUM, axis=(1, 2))
        assert 8 <= truth.slices <= 17
        assert not found[0]
        assert found.any()
        # The last slice lies above the base.
        assert not found[-1]


def test_asked_volumes_are_the_truth():
    _, _, truth = make_cine(changed(edv_ml=150.0, ef_pct=60.0))
    assert truth.continuous.lv.edv_ml == pytest.approx(150)
    assert truth.continuous.lv.ef_pct == pytest.approx(60)
    assert truth.phases.ed == 0


def test_rotation_and_mirroring_show_the_same_place():
    plain, labels, _ = make_cine(SMALL)
    for options in ({"quarter_turns": 1}, {"quarter_turns": 2}, {"mirrored": True}):
        other, other_labels, _ = make_cine(changed(**options))
        for label in (Label.LV, Label.RV):
            here, there = centroid_mm(labels, label), centroid_mm(other_labels, label)
            # Pixels of 4 mm, and breath-holds that differ.
            assert there == pytest.approx(here, abs=4.0)
        turned = options.get("quarter_turns", 0) % 2
        assert other.geometry.shape == (
            plain.geometry.shape[::-1] if turned else plain.geometry.shape
        )


def centroid_mm(volume, label) -> np.ndarray:
    z, row, col = np.nonzero(volume.data[0] == label)
    return volume.geometry.to_patient_mm(z, row, col).mean(axis=0)


def test_missing_slices_leave_the_others_as_they_are():
    full, _, _ = make_cine(SMALL)
    part, _, _ = make_cine(changed(missing_slices=(1,)))
    assert part.geometry.n_slices == 2
    assert np.array_equal(part.data, full.data[:, [0, 2]])
    assert part.geometry.positions_mm == pytest.approx(full.geometry.positions_mm[[0, 2]])


def test_shifted_slices_have_uneven_gaps():
    shifted, _, _ = make_cine(changed(slice_shifts_mm=(0.0, 3.0)))
    assert shifted.geometry.gaps_mm == pytest.approx([33.0, 27.0], abs=1e-6)


def test_a_matrix_too_small_is_refused():
    with pytest.raises(ValidationError, match="at least 32 x 32"):
        PhantomSettings(matrix=(16, 64))


def test_same_settings_give_the_same_bytes_and_other_seeds_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_study(tmp_path / name, changed(seed=seed))
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    uids = [{d.SOPInstanceUID for d in datasets(tmp_path / name)} for name in "ac"]
    assert not uids[0] & uids[1]


@pytest.mark.parametrize("syntax", list(Syntax))
@pytest.mark.parametrize("layout", list(Layout))
def test_files_hold_the_images_whatever_the_form(tmp_path, syntax, layout):
    settings = changed(syntax=syntax, layout=layout)
    images, _, _ = make_cine(settings)
    write_study(tmp_path, settings)
    found = datasets(tmp_path)
    if layout is Layout.ENHANCED:
        frames = found[0].pixel_array.reshape(3, 3, 64, 72).swapaxes(0, 1)
        assert np.array_equal(frames, images.data)
        return
    assert len({d.SeriesInstanceUID for d in found}) == (1 if layout is Layout.CLASSIC else 3)
    by_place = defaultdict(list)
    for d in sorted(found, key=lambda d: float(d.TriggerTime)):
        by_place[tuple(d.ImagePositionPatient)].append(d)
    for position, phases in by_place.items():
        distance = np.linalg.norm(images.geometry.positions_mm - np.array(position), axis=1)
        z = int(np.argmin(distance))
        assert distance[z] < 1e-3
        assert np.array_equal(np.stack([d.pixel_array for d in phases]), images.data[:, z])


def test_header_geometry_is_that_of_the_volume(tmp_path):
    settings = changed(pixel_spacing_mm=(4.0, 3.0))
    images, _, _ = make_cine(settings)
    write_study(tmp_path, settings)
    geometry = images.geometry
    for d in datasets(tmp_path):
        row, column = np.split(np.array(d.ImageOrientationPatient, float), 2)
        assert row == pytest.approx(geometry.row_cosine, abs=1e-6)
        assert column == pytest.approx(geometry.column_cosine, abs=1e-6)
        assert list(map(float, d.PixelSpacing)) == [4.0, 3.0]
        assert (d.Rows, d.Columns) == (64, 72)
        assert "SpacingBetweenSlices" not in d


def test_decoys_repeats_and_missing_tags(tmp_path):
    settings = changed(
        decoys=True, repeated_slices=(0,), body_size=False, descriptions=False, extension=False
    )
    calls = []
    write_study(tmp_path, settings, lambda: calls.append(1))
    assert len(calls) == plane_count(settings)
    found = datasets(tmp_path)
    series = {d.SeriesInstanceUID for d in found}
    # Stack, its repeat, three scouts, three long axes, late enhancement.
    assert len(series) == 9
    assert all("PatientSize" not in d and not d.SeriesDescription for d in found)
    assert not list(tmp_path.rglob("*.dcm"))
    stack = [d for d in found if d.SeriesNumber == 101]
    repeat = [d for d in found if d.SeriesNumber == 20]
    assert len(repeat) == 3
    same = [d for d in stack if d.ImagePositionPatient == repeat[0].ImagePositionPatient]
    assert len(same) == 3
    assert float(repeat[0].AcquisitionTime) < float(same[0].AcquisitionTime)
    assert not np.array_equal(repeat[0].pixel_array, same[0].pixel_array)


def test_command_writes_the_study_and_its_truth_beside_it(tmp_path):
    study = tmp_path / "study"
    options = ["--phases", "2", "--slices", "2", "--no-decoys", "--seed", "4"]
    assert main(["--output", str(study), *options]) == 0
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth["seed"] == 4
    assert truth["slices"] == 2
    assert len(datasets(study)) == 4
    assert truth["heart_rate_bpm"] == pytest.approx(
        draw_subject(PhantomSettings(seed=4, phases=2)).scene.shape.heart_rate_bpm
    )


def test_command_refuses_a_negative_seed(tmp_path, capsys):
    assert main(["--output", str(tmp_path / "x"), "--seed", "-1"]) == 2
    assert "seed" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
