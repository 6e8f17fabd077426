"""PDF, key pictures and key object as other readers see them."""

from dataclasses import replace
from datetime import timedelta

import highdicom as hd
import numpy as np
import pydicom
import pytest
from PIL import Image

from dicomio.headers import MR_CLASSES
from dicomio.patient_study import WHITELIST
from dicomio.rendering import WrittenRendering
from dicomio.secondary_capture import KeyPicture, write_captures
from tests.dicom_tools import dcentvfy_errors, dciodvfy_errors, run, unknown_codes
from tests.rendering_case import EVEN_PDF, ODD_PDF, SHAPES, write_rendered
from tests.writer_case import IDENTITY, SETTINGS, write_case

pytestmark = pytest.mark.requirement("REP-03")

KOREAN = {
    "SpecificCharacterSet": ["", "ISO 2022 IR 149"],
    "PatientName": "Hong^Gildong=洪^吉洞=홍^길동",
}
CASES = {
    "plain": {},
    "one series a slice, even PDF": {"series": "per_slice", "pdf": EVEN_PDF},
    "enhanced, Korean": {"series": "enhanced", "patient": KOREAN},
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return {n: write_rendered(tmp_path_factory.mktemp("all"), **o) for n, o in CASES.items()}


@pytest.fixture(params=CASES)
def case(cases, request):
    return cases[request.param]


def new(case) -> list[WrittenRendering]:
    return [case.pdf, *case.captures, case.key_object]


def test_validators_find_no_fault(case):
    for written in new(case):
        assert dciodvfy_errors(written.path) == []
        assert unknown_codes(written.path) == []
    sources = {f.path for row in case.case.source.frames for f in row}
    assert dcentvfy_errors(case.files, sorted(sources)) == []


def test_patient_and_study_are_those_of_the_images(case):
    source = pydicom.dcmread(case.case.used_images[0])
    for written in new(case):
        made = pydicom.dcmread(written.path)
        assert made.StudyInstanceUID == source.StudyInstanceUID
        for keyword in WHITELIST:
            assert made.get(keyword) == source.get(keyword), keyword
        if made.PatientName:
            number = pydicom.tag.Tag("PatientName")
            read = [pydicom.dcmread(p).get_item(number).value for p in
                    (written.path, case.case.used_images[0])]  # fmt: skip
            assert read[0].rstrip() == read[1].rstrip()
        assert "secret" not in str(made)


def test_identifiers_tell_the_objects_apart(case):
    made = [pydicom.dcmread(w.path) for w in new(case)]
    others = [pydicom.dcmread(p) for p in case.case.files]
    uids = [ds.SOPInstanceUID for ds in made + others]
    assert len(set(uids)) == len(uids)
    series = {(ds.SeriesInstanceUID, ds.SeriesNumber) for ds in made + others}
    assert len({uid for uid, _ in series}) == len({number for _, number in series}) == len(series)
    for written, ds in zip(new(case), made, strict=True):
        assert ds.SOPInstanceUID == ds.file_meta.MediaStorageSOPInstanceUID
        assert ds.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert (written.sop_class_uid, written.series_uid, written.sop_instance_uid) == (
            ds.SOPClassUID, ds.SeriesInstanceUID, ds.SOPInstanceUID
        )  # fmt: skip
        assert ds.ContentQualification == "RESEARCH"
        assert "research" in ds.SeriesDescription
        assert (ds.Manufacturer, ds.ManufacturerModelName) == ("cmr-map project", "cmr-map")
        assert ds.SoftwareVersions == "0.1.0"
        assert (ds.ContentDate, ds.SeriesDate) == ("20261122", "20261122")
        # A file name holds nothing of the patient, and fits every file system.
        assert written.path.name.removesuffix(".dcm").replace("-", "").isalnum()


def test_dcmtk_gives_back_the_pdf(case, tmp_path):
    code, text = run("dcm2pdf", case.pdf.path, tmp_path / "back.pdf")
    assert code == 0, text
    expected = (case.case.report.parent.parent / "report.pdf").read_bytes()
    assert (tmp_path / "back.pdf").read_bytes() == expected
    made = pydicom.dcmread(case.pdf.path)
    assert made.EncapsulatedDocumentLength == len(expected)
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == expected
    assert len(made.EncapsulatedDocument) % 2 == 0


def test_both_lengths_were_tried():
    assert {len(ODD_PDF) % 2, len(EVEN_PDF) % 2} == {0, 1}


def test_the_pdf_says_what_it_is(case):
    made = pydicom.dcmread(case.pdf.path)
    assert made.SOPClassUID == "1.2.840.10008.5.1.4.1.1.104.1"
    assert (made.Modality, made.MIMETypeOfEncapsulatedDocument) == ("DOC", "application/pdf")
    assert (made.BurnedInAnnotation, made.VerificationFlag) == ("YES", "UNVERIFIED")
    assert made.ConceptNameCodeSequence[0].CodeValue == "25056-3"  # LOINC: MRI report
    assert "research" in made.DocumentTitle


def test_the_sources_of_the_pdf_are_the_images_of_the_cine(case):
    made = pydicom.dcmread(case.pdf.path)
    uids = [item.ReferencedSOPInstanceUID for item in made.SourceInstanceSequence]
    expected = {f.sop_instance_uid for row in case.case.source.frames for f in row}
    assert len(uids) == len(set(uids))
    assert set(uids) == expected
    assert {i.ReferencedSOPClassUID for i in made.SourceInstanceSequence} <= MR_CLASSES


def test_pixels_are_those_of_the_picture(case, tmp_path):
    for picture, written in zip(case.pictures, case.captures, strict=True):
        expected = np.asarray(Image.open(picture.path).convert("RGB"))
        assert np.array_equal(pydicom.dcmread(written.path).pixel_array, expected)
        code, text = run("dcm2pnm", "+on", written.path, tmp_path / "back.png")
        assert code == 0, text
        back = np.asarray(Image.open(tmp_path / "back.png").convert("RGB"))
        assert np.array_equal(back, expected)


def test_pictures_stand_in_reading_order(case):
    made = [pydicom.dcmread(w.path) for w in case.captures]
    assert [ds.InstanceNumber for ds in made] == [1, 2, 3]
    assert [ds.ImageComments for ds in made] == [
        "Cine, contours at end-diastole",
        "Cine, contours at end-systole",
        "Cine, volume-time curves",
    ]
    assert len({ds.SeriesInstanceUID for ds in made}) == 1
    assert {ds.BurnedInAnnotation for ds in made} == {"NO"}
    assert {ds.BodyPartExamined for ds in made} == {"HEART"}
    assert [p.path.stem for p in case.pictures] == sorted(SHAPES)


def test_pictures_refer_to_the_images_with_contours(case):
    ed, es = case.case.segs
    expected = [{(f.sop_instance_uid, f.frame_number) for f in seg.frames} for seg in (ed, es)]
    expected.append(expected[0] | expected[1])
    for written, frames in zip(case.captures, expected, strict=True):
        made = pydicom.dcmread(written.path)
        found = set()
        for item in made.SourceImageSequence:
            numbers = item.get("ReferencedFrameNumber", 0)
            several = numbers if isinstance(numbers, pydicom.multival.MultiValue) else [numbers]
            found |= {(item.ReferencedSOPInstanceUID, n) for n in several}
            assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
        assert found == frames


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
def test_any_kind_of_png_becomes_colour_on_white(cases, mode, tmp_path):
    """Half transparent black on white is grey; a palette and grey values are colours."""
    pixels = np.zeros((6, 5, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[:, :2] = (200, 200, 200, 255)
    if mode == "RGBA":
        pixels[0, 0], pixels[5, 4] = (0, 0, 0, 0), (0, 0, 0, 102)
    Image.fromarray(pixels, "RGBA").convert(mode).save(tmp_path / "p.png")
    picture = KeyPicture(tmp_path / "p.png", "A picture", ())
    (written,) = write_captures([picture], cases["plain"].origin, SETTINGS, tmp_path)
    made = pydicom.dcmread(written.path)
    assert dciodvfy_errors(written.path) == []
    assert "SourceImageSequence" not in made
    found = made.pixel_array
    assert found.shape == (6, 5, 3)
    assert found[1, 1].tolist() == [200, 200, 200]
    assert found[2, 3].tolist() == [0, 0, 0]
    if mode == "RGBA":
        assert found[0, 0].tolist() == [255, 255, 255]
        assert found[5, 4].tolist() == [153, 153, 153]  # (1 - 102 / 255) * 255


def test_every_result_is_listed_once_and_leads_to_its_object(case):
    made = pydicom.dcmread(case.key_object.path)
    on_disk = {}
    for path in case.listed:
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        on_disk[ds.SOPInstanceUID] = (ds.SOPClassUID, ds.SeriesInstanceUID, ds.StudyInstanceUID)
    (study,) = made.CurrentRequestedProcedureEvidenceSequence
    evidence = {
        i.ReferencedSOPInstanceUID: (
            i.ReferencedSOPClassUID, series.SeriesInstanceUID, study.StudyInstanceUID
        )
        for series in study.ReferencedSeriesSequence
        for i in series.ReferencedSOPSequence
    }  # fmt: skip
    assert evidence == on_disk
    items = [i for i in made.ContentSequence if i.ValueType in ("IMAGE", "COMPOSITE")]
    listed = [i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in items]
    assert sorted(listed) == sorted(on_disk)
    assert not [i for i in items if "ConceptNameCodeSequence" in i], "TID 2010 has none"
    kinds = {i.ReferencedSOPSequence[0].ReferencedSOPClassUID.name: i.ValueType for i in items}
    assert kinds == {
        "Segmentation Storage": "IMAGE",
        "Secondary Capture Image Storage": "IMAGE",
        "Comprehensive SR Storage": "COMPOSITE",
        "Encapsulated PDF Storage": "COMPOSITE",
    }


def test_the_key_object_as_others_read_it(case):
    made = hd.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(case.key_object.path))
    assert made.ConceptNameCodeSequence[0].CodeValue == "113009"
    code, text = run("dsrdump", case.key_object.path)
    assert code == 0, text
    assert "For Research" in text
    assert text.count("<contains IMAGE:=") == 2 + len(SHAPES)
    assert text.count("<contains COMPOSITE:=") == 2


def test_the_same_study_gives_the_same_bytes(cases, tmp_path):
    again = write_rendered(tmp_path / "again")
    for first, second in zip(new(cases["plain"]), new(again), strict=True):
        assert first.path.read_bytes() == second.path.read_bytes()
    later = replace(IDENTITY, now=IDENTITY.now + timedelta(days=1))
    moved = write_rendered(tmp_path / "later", identity=later)
    other = write_rendered(tmp_path / "other", identity=replace(IDENTITY, salt="elsewhere"))
    for first, day_after, elsewhere in zip(new(again), new(moved), new(other), strict=True):
        assert first.sop_instance_uid == day_after.sop_instance_uid
        assert first.sop_instance_uid != elsewhere.sop_instance_uid


def test_other_objects_stay_as_they_were(cases, tmp_path):
    alone = write_case(tmp_path)
    beside = cases["plain"].case
    assert [p.read_bytes() for p in alone.files] == [p.read_bytes() for p in beside.files]


def test_a_picture_for_print_is_halved(cases, tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (40, 1202, 3), dtype=np.uint8)
    Image.fromarray(pixels, "RGB").save(tmp_path / "wide.png")
    picture = KeyPicture(tmp_path / "wide.png", "A picture", ())
    (written,) = write_captures([picture], cases["plain"].origin, SETTINGS, tmp_path)
    found = pydicom.dcmread(written.path).pixel_array
    means = pixels.reshape(20, 2, 601, 2, 3).mean(axis=(1, 3))
    assert found.shape == (20, 601, 3)
    assert np.abs(found - means).max() <= 0.5
