"""Every file of an input is accounted for, whatever it holds."""

import logging
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from cmr.errors import NothingReadable, SeveralPatients
from dicomio.file_reader import read_file
from dicomio.files import FoundFile, walk
from dicomio.index import index_input
from dicomio.quiet import quiet
from tests.dicom_factory import READER, SHORT_AXIS, enhanced, header, pixels, uid, write

pytestmark = pytest.mark.requirement("CINE-05")

# Of two files with one UID, made from the seeds 0 and 1; found by running once, either order.
USED_OF_TWO = 0


def reasons(folder: Path) -> dict[str, str]:
    """Reason of each skipped file; one good image keeps the input readable."""
    write(header(SOPInstanceUID=uid("good")), folder / "good.dcm")
    count = index_input(folder, READER).count
    assert count.files == count.images + count.duplicates + len(count.skipped)
    found = {f.relative: read_file(f, READER).fault for f in walk(folder)}
    assert sorted(filter(None, found.values())) == sorted(s.reason for s in count.skipped)
    return {path: fault for path, fault in found.items() if fault}


@pytest.mark.real_data
def test_real_study(bivme: Path) -> None:
    index = index_input(bivme, READER)
    assert (index.count.files, index.count.images) == (275, 275)
    assert (index.count.duplicates, index.count.skipped) == (0, [])
    [study] = index.studies
    assert [len(series.images) for series in study.series] == [25] * 11
    assert study.subject.height_cm != study.subject.height_cm  # empty in the files


def test_nested_folders_and_files_without_extension(tmp_path: Path) -> None:
    for n, name in enumerate(("IM0", "a/b/c/IM1", "a/..x/1.2.3", "ü/ä.DCM")):
        write(header(SOPInstanceUID=uid(name), InstanceNumber=n), tmp_path / name)
    assert index_input(tmp_path, READER).count.images == 4


def test_very_deep_nesting(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(400):
        folder = folder / "d"
    write(header(), folder / "image")
    assert index_input(tmp_path, READER).count.images == 1


def test_side_files_are_named_not_read(tmp_path: Path) -> None:
    names = ["DICOMDIR", "image.dcm.json", "series.tags", "task.json", "README.txt"]
    for name in names:
        (tmp_path / name).write_text('{"PatientName": "Doe^Jane"}')
    found = reasons(tmp_path)
    assert found == dict.fromkeys(names, "side file, passed over")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"just text", "not a DICOM file"),
        (b"\0" * 4000, "not a DICOM file"),
        (b"\0" * 128 + b"DICM" + b"\xff" * 500, "no SOP class|damaged"),
        (b"\x08\x00\x05\x00CS\x0a\x00" + b"x" * 4, "no SOP class|damaged"),
    ],
)
def test_not_an_image(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "bad.dcm").write_bytes(content)
    assert any(part in reasons(tmp_path)["bad.dcm"] for part in reason.split("|"))


def test_truncated_pixels_are_found_without_decoding(tmp_path: Path) -> None:
    path = write(header(), tmp_path / "cut.dcm")
    path.write_bytes(path.read_bytes()[:-10])
    assert reasons(tmp_path)["cut.dcm"] == "truncated: 2870 bytes of pixel data, expected 2880"


def test_truncated_header(tmp_path: Path) -> None:
    path = write(header(), tmp_path / "cut.dcm")
    path.write_bytes(path.read_bytes()[:600])
    assert "cut.dcm" in reasons(tmp_path)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_truncated_compressed_pixels(tmp_path: Path, syntax: str) -> None:
    path = write(header(), tmp_path / "cut.dcm", compress=syntax)
    path.write_bytes(path.read_bytes()[:-30])
    assert reasons(tmp_path)["cut.dcm"].startswith("truncated")


def test_header_without_an_end(tmp_path: Path) -> None:
    path = write(header(), tmp_path / "endless.dcm")
    path.write_bytes(path.read_bytes()[:400] + bytes(8 << 20))
    assert reasons(tmp_path)["endless.dcm"].startswith("damaged")


def test_truncated_deflated_file(tmp_path: Path) -> None:
    path = write(header(), tmp_path / "cut.dcm", syntax=DeflatedExplicitVRLittleEndian)
    path.write_bytes(path.read_bytes()[:-30])
    assert reasons(tmp_path)["cut.dcm"] == "truncated: the deflated data end early"


def test_deflate_bomb(tmp_path: Path) -> None:
    path = write(header(), tmp_path / "bomb.dcm", syntax=DeflatedExplicitVRLittleEndian)
    meta = path.read_bytes()[:132]
    length = int.from_bytes(path.read_bytes()[140:144], "little")
    squeeze = zlib.compressobj(wbits=-15)
    bomb = squeeze.compress(bytes(64 << 20)) + squeeze.flush()
    path.write_bytes(meta + path.read_bytes()[132 : 144 + length] + bomb)
    small = READER.model_copy(update={"max_inflated_mb": 1})
    record = read_file(FoundFile(path, "bomb.dcm"), small)
    assert record.fault == "deflated data of more than 1 MB"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"SOPClassUID": SegmentationStorage}, "not an MR image (Segmentation Storage)"),
        ({"SOPClassUID": EncapsulatedPDFStorage}, "not an MR image (Encapsulated PDF Storage)"),
        (
            {"SOPClassUID": SecondaryCaptureImageStorage},
            "not an MR image (Secondary Capture Image Storage)",
        ),
        ({"SOPClassUID": "1.2.3.4"}, "not an MR image (unknown)"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour image"),
        ({"SamplesPerPixel": 3}, "colour image"),
        ({"ImagePositionPatient": None}, "missing or unusable: Image Position (Patient)"),
        (
            {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
            "missing or unusable: Image Orientation (Patient)",
        ),
        ({"PixelSpacing": [0, 0]}, "missing or unusable: Pixel Spacing"),
        ({"SeriesInstanceUID": None}, "missing or unusable: Series Instance UID"),
        ({"Rows": 65535, "Columns": 65535}, "a matrix of 65535 x 65535 is larger than"),
        ({"Rows": 1000}, "truncated: 2880 bytes of pixel data, expected 72000"),
        ({"NumberOfFrames": 2000000000}, "2000000000 frames are outside"),
        ({"BitsAllocated": 12}, "missing or unusable: Rows, Columns or Bits Allocated"),
    ],
)
def test_unusable_images_are_named(tmp_path: Path, changes: dict, reason: str) -> None:
    write(header(**changes), tmp_path / "bad")
    assert reasons(tmp_path)["bad"].startswith(reason)


def test_special_files_and_links(tmp_path: Path) -> None:
    outside = write(header(), tmp_path / "outside" / "image.dcm")
    folder = tmp_path / "input"
    folder.mkdir()
    os.mkfifo(folder / "pipe.dcm")
    (folder / "leaves.dcm").symlink_to(outside)
    (folder / "leaves").symlink_to(outside.parent)
    (folder / "stays.dcm").symlink_to(folder / "good.dcm")
    (folder / "dangling.dcm").symlink_to(folder / "none")
    (folder / "loop").symlink_to(folder)
    write(header(SOPInstanceUID=uid("good")), folder / "good.dcm")
    assert reasons(folder) == {
        "pipe.dcm": "not a regular file",
        "leaves.dcm": "link that leaves the input folder",
        "leaves": "link that leaves the input folder",
        "stays.dcm": "link to another file of the input",
        "dangling.dcm": "link that leads nowhere",
        "loop": "link to another file of the input",
    }


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(header(SOPInstanceUID=uid("locked")), tmp_path / "locked.dcm")
    real_open = os.open

    def deny(path: object, *args: object, **kwargs: object) -> int:
        if str(path).endswith("locked.dcm"):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", deny)
    assert reasons(tmp_path)["locked.dcm"] == "cannot be opened or read"


def test_deeply_nested_sequences(tmp_path: Path) -> None:
    begin = b"\x40\x00\x55\x05\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path = write(header(), tmp_path / "deep.dcm", syntax=ImplicitVRLittleEndian)
    path.write_bytes(path.read_bytes()[:200] + begin * 20000)
    assert "deep.dcm" in reasons(tmp_path)


@pytest.mark.requirement("CINE-07")
def test_exact_duplicates_count_once(tmp_path: Path) -> None:
    for name in ("a.dcm", "b/a.dcm", "b/c.dcm"):
        write(header(), tmp_path / name)
    count = index_input(tmp_path, READER).count
    assert (count.files, count.images, count.duplicates) == (3, 1, 2)


@pytest.mark.parametrize("swapped", [False, True])
def test_same_uid_with_other_pixels(tmp_path: Path, swapped: bool) -> None:
    names = ("a.dcm", "b.dcm")
    for seed, name in enumerate(reversed(names) if swapped else names):
        write(header(), tmp_path / name, pixels(seed))
    index = index_input(tmp_path, READER)
    [skipped] = index.count.skipped
    assert skipped.reason.startswith("same SOP Instance UID as another file but other content")
    # The same content is used whichever file holds it.
    used = index.studies[0].series[0].images[0].ref.path
    assert skipped.path != used.name
    assert np.array_equal(dcmread(used).pixel_array, pixels(USED_OF_TWO))


def test_complete_copy_of_a_truncated_file_is_used(tmp_path: Path) -> None:
    path = write(header(), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-4])
    write(header(), tmp_path / "b.dcm")
    count = index_input(tmp_path, READER).count
    assert (count.images, count.duplicates, len(count.skipped)) == (1, 0, 1)


@pytest.mark.requirement("CINE-08")
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"PatientID": "A"}, {"PatientID": "B"}),
        ({"PatientID": "", "PatientName": "Doe^Jane"}, {"PatientID": "", "PatientName": "Roe^Jo"}),
        ({"PatientID": ""}, {"PatientID": "", "PatientBirthDate": "19700101"}),
        ({"IssuerOfPatientID": "X"}, {"IssuerOfPatientID": "Y"}),
        ({}, {"PatientName": "Roe^Jo", "PatientBirthDate": "19991231"}),
    ],
)
def test_several_patients_are_refused(tmp_path: Path, one: dict, two: dict) -> None:
    write(header(SOPInstanceUID=uid("1"), **one), tmp_path / "1")
    write(header(SOPInstanceUID=uid("2"), **two), tmp_path / "2")
    with pytest.raises(SeveralPatients, match="more than one patient") as caught:
        index_input(tmp_path, READER)
    assert not any(secret in str(caught.value) for secret in ("Doe", "Roe", "ID4711", "1960"))


@pytest.mark.parametrize(
    "other",
    [
        {"PatientName": "DOE^JANE^^^ "},
        {"PatientName": "Jane Doe"},
        {"PatientID": "id4711 "},
        {"PatientID": ""},
        {"PatientName": "", "PatientBirthDate": ""},
        {"PatientName": "Doe-Smith^Jane"},  # married; ID and birth date agree
        {"IssuerOfPatientID": "Hospital"},
    ],
)
def test_one_patient_written_differently(tmp_path: Path, other: dict) -> None:
    write(header(SOPInstanceUID=uid("1")), tmp_path / "1")
    write(header(SOPInstanceUID=uid("2"), **other), tmp_path / "2")
    assert index_input(tmp_path, READER).count.images == 2


def test_another_patient_in_a_file_that_is_no_image(tmp_path: Path) -> None:
    write(header(), tmp_path / "1")
    write(header(PatientID="other", SOPClassUID=EncapsulatedPDFStorage), tmp_path / "2")
    with pytest.raises(SeveralPatients, match="more than one patient"):
        index_input(tmp_path, READER)


@pytest.mark.requirement("CINE-09")
def test_studies_come_oldest_first(tmp_path: Path) -> None:
    for n, date in enumerate(("20230101", "20200101", "20210101")):
        changes = {"StudyInstanceUID": uid(date), "SOPInstanceUID": uid(f"i{date}")}
        write(header(StudyDate=date, **changes), tmp_path / str(n))
    uids = [study.uid for study in index_input(tmp_path, READER).studies]
    assert uids == [uid("20200101"), uid("20210101"), uid("20230101")]


def test_height_and_weight(tmp_path: Path) -> None:
    write(header(PatientSize="1.75", PatientWeight="80.5"), tmp_path / "1")
    [study] = index_input(tmp_path, READER).studies
    assert (study.subject.height_cm, study.subject.weight_kg) == (175.0, 80.5)
    write(header(PatientWeight="90", SOPInstanceUID=uid("2")), tmp_path / "2")
    [study] = index_input(tmp_path, READER).studies
    assert study.subject.height_cm == 175.0
    assert study.subject.weight_kg != study.subject.weight_kg  # contradictory, so unknown


def test_nothing_readable_says_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_text("text")
    (tmp_path / "b.dcm").touch()
    with pytest.raises(NothingReadable, match=r"none of 2 files .*1 x empty file; 1 x not a DICOM"):
        index_input(tmp_path, READER)
    with pytest.raises(NothingReadable, match="does not exist"):
        index_input(tmp_path / "none", READER)


@pytest.mark.requirement("CINE-06")
@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_native_transfer_syntaxes(tmp_path: Path, syntax: str) -> None:
    write(header(TriggerTime="12.5"), tmp_path / "image", syntax=syntax)
    [image] = index_input(tmp_path, READER).studies[0].series[0].images
    assert (image.shape, image.trigger_time_ms) == ((40, 36), 12.5)


@pytest.mark.requirement("CINE-06")
@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_compressed_transfer_syntaxes(tmp_path: Path, syntax: str) -> None:
    write(header(), tmp_path / "image", compress=syntax)
    assert index_input(tmp_path, READER).count.images == 1


def test_video_transfer_syntax_is_named(tmp_path: Path) -> None:
    path = write(header(), tmp_path / "video", compress=RLELossless)
    path.write_bytes(
        path.read_bytes().replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.9\0", 1)
    )
    assert reasons(tmp_path)["video"].startswith("transfer syntax that no decoder reads")


def test_file_without_preamble(tmp_path: Path) -> None:
    path = write(header(), tmp_path / "old", syntax=ImplicitVRLittleEndian)
    content = path.read_bytes()
    start = 144 + int.from_bytes(content[140:144], "little")
    path.write_bytes(content[start:])
    assert index_input(tmp_path, READER).count.images == 1


@pytest.mark.requirement("CINE-06")
def test_enhanced_frames(tmp_path: Path) -> None:
    write(enhanced(SHORT_AXIS, [0.0, 10.0], 12), tmp_path / "e.dcm", pixels(0, (24, 40, 36)))
    [series] = index_input(tmp_path, READER).studies[0].series
    assert len(series.images) == 24
    fifth = series.images[4]  # frame 5: third phase, first slice
    assert fifth.ref.frame_number == 5
    assert fifth.ref.rescale_intercept == 4
    assert fifth.trigger_time_ms == pytest.approx(800 * 2 / 12)
    assert fifth.rr_ms == 800
    assert fifth.pixel_spacing_mm == (1.5, 1.25)


def test_enhanced_with_too_few_functional_groups(tmp_path: Path) -> None:
    ds = enhanced(SHORT_AXIS, [0.0], 12)
    ds.NumberOfFrames = 13
    write(ds, tmp_path / "e.dcm", pixels(0, (13, 40, 36)))
    assert reasons(tmp_path)["e.dcm"] == "functional groups of 12 frames, the header says 13"


@pytest.mark.requirement("CINE-36")
def test_no_patient_data_in_paths_logs_or_warnings(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    caplog.set_level(logging.DEBUG)
    path = write(header(), tmp_path / "DOE_JANE" / "1960-01-02" / "x-ID4711.txt")
    content = path.read_bytes().replace(b"19600102", b"19609999")  # no such day
    path.write_bytes(content)
    (path.parent / "id4711.txt").write_text("notes")
    (tmp_path / "jane.bin").write_text("notes")
    other = write(header(SOPInstanceUID=uid("other")), tmp_path / "IM2").read_bytes()
    telling = b"of Jane Doe".ljust(len(MRImageStorage))  # pydicom warns, and quotes it
    (tmp_path / "IM2").write_bytes(other.replace(MRImageStorage.encode(), telling))
    count = index_input(tmp_path, READER).count
    shown = [skipped.path for skipped in count.skipped]
    assert shown == ["[removed]/[removed]/[removed]", "IM2", "[removed]"]  # in order of names
    assert "Jane" not in count.model_dump_json()
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")
    assert len(recwarn) == 0


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    flips=st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.integers(0, 1200),
)
def test_damage_never_raises(tmp_path: Path, flips: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(write(header(), tmp_path / "whole").read_bytes())
    for where, value in flips:
        content[where % len(content)] = value
    path = tmp_path / "damaged"
    path.write_bytes(bytes(content[: len(content) - cut % 200]))
    with quiet():
        record = read_file(FoundFile(path, "damaged"), READER)
    assert bool(record.images) != bool(record.fault)
