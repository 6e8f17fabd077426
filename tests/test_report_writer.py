"""The operator that writes the report: both files, whatever the study lacks."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

import operators.report_writer as module
from cmr.errors import NoApplicableSeries, NotInStudy
from operators.messages import Refusal
from operators.report_writer import ReportWriter
from operators.sdk import Application
from report.settings import ReportSettings
from tests.operator_support import tick
from tests.report_sample import PATIENT, paint, pdf_text, whole_study
from tests.results_sample import study_results

pytestmark = pytest.mark.requirement("REP-01")

NOTHING = Refusal("scar", NotInStudy("The study holds no late-enhancement images."))


def emitted(monkeypatch, folder, results, painted=NOTHING, **settings):
    """What the operator gives to its port."""
    monkeypatch.setattr(module, "read_study_identity", lambda study: PATIENT)
    asked = ReportSettings(**{"language": "en", "identity_in_files": False} | settings)
    step = ReportWriter(
        Application([]), settings=asked, now=datetime(2026, 11, 23, tzinfo=UTC), name="writer"
    )
    job = SimpleNamespace(study=None, folder=folder)
    ports = dict.fromkeys(("cine_pictures", "pictures", "scar_pictures"), painted)
    return tick(step, study=job, results=results, **ports)["report_files"]


def test_both_files_lie_in_the_folder_of_the_study(monkeypatch, tmp_path):
    made = emitted(monkeypatch, paint(tmp_path), whole_study(), (tmp_path / "map-ecv.png",))
    pdf, html = made.files
    assert made.files == (tmp_path / "report.pdf", tmp_path / "report.html")
    document = tmp_path / "document.pdf"
    document.write_bytes(made.document)
    assert PATIENT.patient_id in pdf_text(document)
    assert PATIENT.patient_id not in pdf_text(pdf)
    assert PATIENT.patient_id not in html.read_text(encoding="utf-8")


def test_the_language_is_the_sites(monkeypatch, tmp_path):
    made = emitted(monkeypatch, tmp_path, whole_study(), language="de", identity_in_files=True)
    pdf, html = made.files
    assert pdf.read_bytes() == made.document
    assert "Ejektionsfraktion" in pdf_text(pdf)
    page = html.read_text(encoding="utf-8")
    assert '<html lang="de">' in page
    assert PATIENT.patient_id in page


def test_a_study_without_a_picture_has_a_report(monkeypatch, tmp_path):
    study = study_results(None)
    assert len(emitted(monkeypatch, tmp_path, study).files) == 2


def test_without_results_there_is_none(monkeypatch, tmp_path):
    refused = Refusal("cine", NoApplicableSeries("Nothing."))
    assert emitted(monkeypatch, tmp_path, refused) is refused
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [{"language": "it"}, {"identity_in_files": "perhaps"}])
def test_settings_of_no_report_are_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        ReportSettings(**{"language": "en", "identity_in_files": False} | wrong)
