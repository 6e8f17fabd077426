"""Broken times, mixed matrices and repeats: a clear statement, and the rest is measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from cmr.mapping.terms import Method
from tests.dicom_factory import uid, write
from tests.mapping_support import HEIGHTS, MOLLI_533, chosen, mapping, molli, stored, t2_prepared

pytestmark = pytest.mark.requirement("TIS-29")

N = len(MOLLI_533)


def broken(time: Any, which: slice, heights: tuple[float, ...] = HEIGHTS) -> list[Dataset]:
    """MOLLI with another inversion time, or none, on some images."""
    made = molli("a", heights=heights)
    for ds in made[which]:
        if time is None:
            del ds.InversionTime
        else:
            ds.InversionTime = time
    return made


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        (None, "1 with no inversion time"),
        (0, "1 with inversion time of 0 ms"),
        (-100, "1 with inversion time of -100 ms"),
        ("1e9", "1 with inversion time of 1e+09 ms"),
        (1100, "2 images share 1 times"),
    ],
)
def test_one_bad_time_costs_its_slice_alone(time: Any, reason: str) -> None:
    selection = chosen(broken(time, slice(N, N + 1)))
    [one] = selection.mapping.sources
    assert (len(one.frames), one.geometry.n_slices) == (8, 2)
    assert one.geometry.gaps_mm == pytest.approx([20.0])
    [left_out] = one.left_out
    assert left_out.startswith("Slice at ")
    assert reason in left_out
    assert left_out.endswith("the slice is left out.")
    assert reason in selection.decisions[0].reason
    assert selection.decisions[0].images_used == 16


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "abc"])
def test_times_that_are_no_numbers(text: str, tmp_path: Path) -> None:
    """Written as bytes: pydicom itself would refuse such values."""
    made = molli("a")
    made[0]["InversionTime"].value = "77777"
    [one] = stored(tmp_path, made).sources
    assert one.geometry.n_slices == 2
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        if b"77777" in data:
            path.write_bytes(data.replace(b"77777", text.ljust(5).encode()))
    [one] = stored(tmp_path).sources
    assert one.geometry.n_slices == 2
    assert "no inversion time" in one.left_out[0]


def test_an_image_missing_at_one_slice() -> None:
    made = molli("a")
    del made[N + 3]
    [one] = mapping(made).sources
    assert one.geometry.n_slices == 2
    assert "7 usable images where the other slices have 8" in one.left_out[0]


def test_the_same_time_missing_everywhere_is_another_scheme() -> None:
    made = [ds for ds in molli("a") if ds.InversionTime != 4100]
    [one] = mapping(made).sources
    assert one.times_ms.shape == (7, 3)
    assert one.acquisition.sequence == "MOLLI 4(4)3"


def test_the_only_slice_is_measured_without_its_bad_image() -> None:
    [one] = mapping(broken(0, slice(0, 1), heights=(0.0,))).sources
    assert one.times_ms.shape == (7, 1)
    assert one.left_out == ()
    [note] = one.notes
    assert "1 images left out: inversion time of 0 ms" in note


def test_the_only_slice_keeps_both_images_of_a_repeated_time() -> None:
    [one] = mapping(broken(1100, slice(0, 1), heights=(0.0,))).sources
    assert one.times_ms.shape == (8, 1)
    assert "2 images have the time 1100 ms" in one.notes[0]


def test_too_few_times_make_no_source() -> None:
    selection = chosen(broken(0, slice(2, None), heights=(0.0,)), t2_prepared("b", start_s=100))
    assert [s.acquisition.sequence for s in selection.mapping.sources] == ["T2-prep bSSFP"]


def test_no_usable_time_at_all() -> None:
    made = molli("a", InversionTime=None, SeriesDescription="MOLLI")
    selection = chosen(made)
    assert selection.mapping.sources == ()
    assert "not used: 8 images with no inversion time" in selection.decisions[0].reason


def test_times_by_the_comment() -> None:
    made = molli("a", InversionTime=None, SeriesDescription="MOLLI")
    for ds, (time, _) in zip(made, MOLLI_533 * 3, strict=True):
        ds.ImageComments = f"TIeff {time} ms"
    assert mapping(made).sources[0].times_ms.shape == (8, 3)
    made[0].InversionTime = 300
    [one] = mapping(made).sources
    assert "inversion time 300 ms, but 100 ms by its comment" in one.left_out[0]


def test_one_image_of_another_matrix() -> None:
    made = molli("a")
    made[N].Columns = 48
    [one] = [s for s in mapping(made).sources if s.geometry.n_slices > 1]
    assert one.geometry.n_slices == 2
    assert "1 with another matrix (40 x 48)" in one.left_out[0]


def test_duplicated_instances_count_once(tmp_path: Path) -> None:
    stored(tmp_path, molli("a"))
    for path in list(tmp_path.iterdir()):
        (tmp_path / f"copy {path.name}").write_bytes(path.read_bytes())
    [one] = stored(tmp_path).sources
    assert one.times_ms.shape == (8, 3)


def test_one_instance_uid_on_different_images(tmp_path: Path) -> None:
    """The reader keeps one of the two; an image is missing where the other was."""
    made = molli("a")
    made[-1].SOPInstanceUID = made[0].SOPInstanceUID
    stored(tmp_path, made[:-1])
    write(made[-1], tmp_path / "other.dcm", np.full((40, 36), 7, np.uint16))
    [one] = stored(tmp_path).sources
    assert one.geometry.n_slices == 2
    assert "7 usable images where the other slices have 8" in one.left_out[0]


def test_second_export_of_the_same_images_is_not_used() -> None:
    """Other UIDs, the same moments."""
    twice = molli("b")
    for ds in twice:
        ds.SeriesNumber = 2
    selection = chosen(molli("a"), twice)
    [one] = selection.mapping.sources
    assert one.series_uids == (uid("b"),)
    assert one.times_ms.shape == (8, 3)


def test_two_versions_in_one_series_are_taken_apart() -> None:
    """Intensity-normalised images beside those before, in one series."""
    both = molli("a")
    for n, ds in enumerate(molli("norm", ImageType=["ORIGINAL", "PRIMARY", "M", "NORM"])):
        ds.SeriesInstanceUID, ds.InstanceNumber = uid("a"), 100 + n
        both.append(ds)
    [one] = mapping(both).sources
    assert one.times_ms.shape == (8, 3)
    assert len({len(set(np.round(column))) for column in one.times_ms.T}) == 1


def test_real_images_are_not_used() -> None:
    real = molli("real", ImageType=["ORIGINAL", "PRIMARY", "R", "PSIR"])
    selection = chosen(molli("a"), real)
    lines = {d.series_uid: d for d in selection.decisions}
    assert "real images are not used" in lines[uid("real")].reason
    assert [s.acquisition.method for s in selection.mapping.sources] == [Method.INVERSION]


def test_statements_hold_nothing_of_names_and_comments() -> None:
    made = broken(0, slice(N, N + 1))
    for ds in made:
        ds.SeriesDescription, ds.ImageComments = "MOLLI of Jane Doe", "Jane Doe"
    selection = chosen(made)
    [one] = selection.mapping.sources
    texts = [*one.left_out, *one.notes, one.acquisition.contrast_reason]
    texts += [d.reason for d in selection.decisions]
    assert not any("Jane" in text for text in texts)
