"""Known values planted wherever a study can hold text: none of them leaves the DICOM results."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.cli import LOG_LEVELS
from dicomio.patient_study import WHITELIST
from tests.application_run import Run
from tests.conftest import ROOT
from tests.hostile_support import finish, write_quick_settings, write_small_study
from tests.report_sample import said_by

pytestmark = pytest.mark.requirement("TRU-05")

MARK = re.compile(rb"zq[0-9]{4}x", re.IGNORECASE)
# Every VR that holds free text; dates hold a birthday, which is planted by itself.
TEXT_VRS = frozenset({"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
BIRTHDAY = "19340517"
BIRTHDAYS = (BIRTHDAY.encode(), b"1934-05-17")
# Series whose description speaks of no cine would not be read.
KEPT = frozenset({"SpecificCharacterSet"})
# What the page for a person shows of a header.
ON_THE_PAGE = ("PatientName", "PatientID", "StudyDescription", "AccessionNumber", "InstitutionName",
               "ReferringPhysicianName", "Manufacturer", "ManufacturerModelName")  # fmt: skip


def marks() -> Iterator[str]:
    return (f"ZQ{n:04d}X" for n in itertools.count())


def planted(ds: Dataset, mark: Iterator[str]) -> None:
    """A mark of its own in every text attribute that DICOM knows, nested and private too."""
    for number, (vr, _, _, _, keyword) in DicomDictionary.items():
        group = number >> 16
        if vr in TEXT_VRS and keyword not in KEPT and group > 8 and group < 0x4000:
            ds[number] = DataElement(number, vr, next(mark))
    for keyword in ("AccessionNumber", "InstitutionName", "Manufacturer", "SeriesDescription",
                    "StudyDescription", "OperatorsName", "ReferringPhysicianName",
                    "PerformingPhysicianName", "StationName", "InstitutionAddress"):  # fmt: skip
        setattr(ds, keyword, next(mark))
    ds.PatientBirthDate = BIRTHDAY
    inner = Dataset()
    inner.PersonName, inner.TextValue = next(mark), next(mark)
    inner.ContentSequence = Sequence([Dataset()])
    inner.ContentSequence[0].TextValue = next(mark)
    ds.RequestAttributesSequence = Sequence([inner])
    block = ds.private_block(0x0011, f"{next(mark)} PRIVATE", create=True)
    block.add_new(0x01, "LO", next(mark))
    block.add_new(0x02, "OB", next(mark).encode() + b"\0")
    block.add_new(0x03, "SQ", [inner])


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    return write_quick_settings(tmp_path_factory.mktemp("settings") / "app.yaml")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A phantom with marks in every header, in file names, and in files that are no images."""
    plain = write_small_study(tmp_path_factory.mktemp("plain") / "study")
    folder = tmp_path_factory.mktemp("marked") / "input"
    names = (f"ZQ{n:04d}X" for n in itertools.count(8000))
    for number, path in enumerate(sorted(plain.rglob("*.dcm"))):
        ds = pydicom.dcmread(path)
        planted(ds, marks())
        target = folder / f"{next(names)}^JANE" / f"IM{number}.dcm"
        target.parent.mkdir(parents=True)
        ds.save_as(target)
    (folder / f"{next(names)}.txt").write_text(next(names))
    (folder / f"report {next(names)}.pdf").write_text(next(names))
    broken = folder / f"{next(names)}.dcm"
    broken.write_bytes(target.read_bytes()[:-100])
    (folder / next(names)).symlink_to(f"/nowhere/{next(names)}")
    return folder


def leaks(run: Run) -> list[bytes]:
    """Marks in anything that is not a DICOM file: printed, written, or the name of a file."""
    texts = [run.stdout.encode(), run.stderr.encode()]
    for path in run.output.rglob("*"):
        texts.append(path.name.encode())
        if path.is_file() and path.suffix != ".dcm":
            texts.append(path.read_bytes())
        if path.name == "report.pdf":
            texts.append(said_by("pdftotext", path, "-").encode())
    found = [m for text in texts for m in MARK.findall(text)]
    return found + [born for text in texts for born in BIRTHDAYS if born in text]


@pytest.mark.slow
@pytest.mark.parametrize("level", [*LOG_LEVELS, "verbose"])
def test_nothing_planted_leaves_the_dicom_results(study, config, tmp_path, level) -> None:
    loudness = ("-v",) if level == "verbose" else ("-l", level)
    run = finish(study, tmp_path / "out", config, *loudness, HOLOSCAN_LOG_LEVEL="TRACE")
    assert run.code == 0, run.stderr
    assert leaks(run) == []
    assert run.stderr == ""
    skipped = run.results.input.skipped
    assert len(skipped) == 4
    assert any(s.path == "[removed]" for s in skipped)


@pytest.mark.slow
def test_of_the_study_results_take_the_named_attributes_only(study, config, tmp_path) -> None:
    """Whatever stands in a DICOM result came by the list of what is taken over."""
    run = finish(study, tmp_path / "out", config, "-l", "ERROR")
    written = sorted(run.output.glob("*.dcm"))
    kinds = {path.name.split("-")[0] for path in written}
    assert kinds == {"seg", "sr", "pdf", "capture", "key"}
    for path in written:
        for element in pydicom.dcmread(path).iterall():
            if element.VR != "SQ" and MARK.search(str(element.value).encode()):
                assert element.keyword in WHITELIST, element


@pytest.mark.slow
def test_the_document_in_the_study_shows_the_named_attributes_only(study, config, tmp_path) -> None:
    """Its text is packed, so that the bytes of the object tell nothing."""
    run = finish(study, tmp_path / "out", config, "-l", "ERROR")
    (written,) = run.output.glob("pdf-*.dcm")
    document = tmp_path / "document.pdf"
    document.write_bytes(pydicom.dcmread(written).EncapsulatedDocument)
    header = pydicom.dcmread(next(study.rglob("IM0.dcm")), stop_before_pixels=True)
    named = " ".join(str(header.get(keyword)) for keyword in ON_THE_PAGE)
    shown = MARK.findall(said_by("pdftotext", document, "-").encode())
    assert shown
    assert set(shown) <= set(MARK.findall(named.encode()))


def several_patients(folder: Path) -> None:
    path = sorted(folder.rglob("*.dcm"))[0]
    ds = pydicom.dcmread(path)
    ds.PatientID, ds.PatientName, ds.PatientBirthDate = "ZQ9001X", "ZQ9002X", "19000101"
    ds.save_as(path)


def no_image_data(folder: Path) -> None:
    for path in folder.rglob("*.dcm"):
        path.write_bytes(path.read_bytes()[:-100])


def no_cine(folder: Path) -> None:
    for path in sorted(folder.rglob("*.dcm"))[3:]:
        path.unlink()


def names_for_uids(folder: Path) -> None:
    for path in folder.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.StudyInstanceUID = "../../ZQ9003X"
        ds.save_as(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "code"),
    [(several_patients, 4), (no_image_data, 3), (no_cine, 5), (names_for_uids, 3)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_nothing_planted_leaves_a_failing_run(study, config, tmp_path, spoil, code) -> None:
    copy = tmp_path / "ZQ9100X" / "input"
    for path in study.rglob("*.dcm"):
        target = copy / path.relative_to(study)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    spoil(copy)
    run = finish(copy, tmp_path / "out", config, "-v", HOLOSCAN_LOG_LEVEL="TRACE")
    assert run.code == code, run.stderr
    assert leaks(run) == []
    assert run.stderr.count("\n") == 1


SESSION = """
import os, sys
from pathlib import Path
from app.process import quieten
if sys.argv[1] == "quiet":
    quieten(Path("/nonexistent"))
import onnxruntime
onnxruntime.InferenceSession("models/cine_sax/1/model.onnx", providers=["CPUExecutionProvider"])
"""


@pytest.mark.parametrize("how", ["quiet", "loud"])
def test_the_runtime_of_the_networks_keeps_no_record(tmp_path, how) -> None:
    """Without a word to it, ONNX Runtime writes events to HOME and sends them to its maker."""
    kept = {k: v for k, v in os.environ.items() if k not in ("XDG_CACHE_HOME", "CI")}
    kept.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run(
        [sys.executable, "-c", SESSION, how],
        cwd=ROOT,
        env={**kept, "HOME": str(tmp_path)},
        timeout=300,
        check=True,
    )
    assert bool(list(tmp_path.rglob("*"))) is (how == "loud")


def test_the_marks_are_found_where_they_are(study) -> None:
    """Else the tests above would prove nothing."""
    path = sorted(study.rglob("*.dcm"))[0]
    in_file = set(MARK.findall(path.read_bytes()))
    assert len(in_file) > 200
    leaking = Run(0, "log of ZQ0001X", f"born {BIRTHDAY}", study)
    assert {b"ZQ0001X", b"19340517", b"ZQ8000X"} <= set(leaks(leaking))
