"""Operators of PDF, captures and key object: what goes in and out, and what may be missing."""

from types import SimpleNamespace

import pydicom
import pytest
from PIL import Image

from cmr.errors import NoApplicableSeries, NotInStudy
from dicomio.key_pictures import MAP_BULLSEYES, key_pictures, map_name
from dicomio.seg import WriterSettings
from dicomio.sr import WrittenObjects
from operators.capture_writer import CaptureWriter
from operators.key_object_writer import KeyObjectWriter
from operators.messages import Refusal, WrittenReport
from operators.pdf_writer import PdfWriter
from operators.sdk import Application
from report.files import ReportFiles
from tests.dicom_tools import dcentvfy_errors, dciodvfy_errors
from tests.mapping_sample import write_map_case
from tests.operator_support import tick
from tests.rendering_case import ODD_PDF, SHAPES, write_pngs
from tests.scar_sample import write_scar_case
from tests.writer_case import IDENTITY, SETTINGS, write_case

pytestmark = pytest.mark.requirement("REP-03")

NOTHING = Refusal("mapping", NotInStudy("The study holds no mapping series."))
NO_CINE = Refusal("cine", NoApplicableSeries("No short-axis cine."))
PAINTED = dict.fromkeys(("cine_pictures", "pictures", "scar_pictures"), NOTHING)


@pytest.fixture(scope="module")
def fragment():
    return Application([])


@pytest.fixture
def cine(tmp_path):
    """A study of a cine: where its results go, and the report of it."""
    case = write_case(tmp_path)
    folder = case.report.parent
    report = WrittenReport(case.report, WrittenObjects(case.segs), case.source)
    return SimpleNamespace(folder=folder), report


def step(kind, fragment, name, settings=SETTINGS):
    return kind(fragment, settings=settings, identity=IDENTITY, name=name)


def test_from_the_files_to_the_list(fragment, cine):
    job, report = cine
    write_pngs(job.folder)
    files = ReportFiles(ODD_PDF, ())
    given = {"study": job, "report": report}
    pdfs = tick(step(PdfWriter, fragment, "p1"), **given, report_files=files)["pdf_object"]
    captures = tick(step(CaptureWriter, fragment, "c1"), **given, **PAINTED)["captures"]
    assert (len(pdfs), len(captures)) == (1, len(SHAPES))
    listed = set(job.folder.glob("*.dcm"))
    writer = step(KeyObjectWriter, fragment, "k1")
    made = tick(writer, **given, captures=captures, pdf_object=pdfs)["key_object"]
    assert set(job.folder.glob("*.dcm")) == listed | {made.path}
    (study,) = pydicom.dcmread(made.path).CurrentRequestedProcedureEvidenceSequence
    found = [i for series in study.ReferencedSeriesSequence for i in series.ReferencedSOPSequence]
    assert len(found) == len(listed)


def test_a_study_without_picture_or_pdf_has_none_as_dicom(fragment, cine):
    job, report = cine
    before = set(job.folder.iterdir())
    given = {"study": job, "report": report}
    pdf = tick(step(PdfWriter, fragment, "p2"), **given, report_files=NO_CINE)["pdf_object"]
    assert pdf == ()
    assert tick(step(CaptureWriter, fragment, "c2"), **given, **PAINTED)["captures"] == ()
    assert set(job.folder.iterdir()) == before


def test_a_site_may_do_without_captures(fragment, cine):
    job, report = cine
    write_pngs(job.folder)
    settings = WriterSettings(**SETTINGS.model_dump() | {"captures": False})
    writer = step(CaptureWriter, fragment, "c3", settings)
    assert tick(writer, study=job, report=report, **PAINTED)["captures"] == ()
    assert not list(job.folder.glob("capture-*"))


def test_without_a_report_there_is_nothing_to_list(fragment, tmp_path):
    job = SimpleNamespace(folder=tmp_path)
    captures = tick(step(CaptureWriter, fragment, "c4"), study=job, report=NO_CINE, **PAINTED)
    pdf = tick(step(PdfWriter, fragment, "p4"), study=job, report=NO_CINE, report_files=NO_CINE)
    writer = step(KeyObjectWriter, fragment, "k4")
    made = tick(writer, study=job, report=NO_CINE, **captures, **pdf)["key_object"]
    assert captures["captures"] is pdf["pdf_object"] is made is NO_CINE
    assert not list(tmp_path.iterdir())


def picture(path):
    Image.new("RGB", (8, 8), "teal").save(path)


def test_pictures_of_maps_refer_to_their_own_images(fragment, tmp_path):
    case = write_map_case(tmp_path)
    folder = case.report.parent
    for name in (MAP_BULLSEYES, map_name("ecv"), map_name("native_t1"), "map-unknown"):
        picture(folder / f"{name}.png")
    report = WrittenReport(case.report, WrittenObjects(maps=case.maps), None)
    writer = step(CaptureWriter, fragment, "c5")
    made = tick(writer, study=SimpleNamespace(folder=folder), report=report, **PAINTED)["captures"]
    read = [pydicom.dcmread(w.path) for w in made]
    assert [ds.ImageComments for ds in read] == [
        "Maps, values by AHA segment",
        "Native T1 map with contours",
        "Extracellular volume map with contours",
    ]
    images = {f.sop_instance_uid for row in case.images.frames for f in row}
    for ds in read:
        assert {i.ReferencedSOPInstanceUID for i in ds.SourceImageSequence} == images
    paths = [w.path for w in made]
    assert [dciodvfy_errors(path) for path in paths] == [[]] * 3
    assert dcentvfy_errors([*case.files, *paths], case.used_images) == []


def test_pictures_of_scar_stand_last(tmp_path):
    case = write_scar_case(tmp_path)
    for name in ("scar-surfaces", "scar-slices", "scar-bullseyes"):
        picture(tmp_path / f"{name}.png")
    found = key_pictures(tmp_path, WrittenObjects(scar=case.written))
    assert [p.path.stem for p in found] == ["scar-slices", "scar-bullseyes", "scar-surfaces"]
    expected = {f.sop_instance_uid for row in case.images.frames for f in row}
    assert all({f.sop_instance_uid for f in p.frames} == expected for p in found)
    assert key_pictures(tmp_path, WrittenObjects()) == []
