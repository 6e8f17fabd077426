"""OHIF beside a real Orthanc: the report opens as a document, the key pictures as images."""

import pydicom
import pytest

from tests.rendering_case import ODD_PDF, write_rendered
from tests.viewer_case import opened
from tests.writer_case import SETTINGS

pytestmark = pytest.mark.requirement("NBR-06", "REP-03")


@pytest.mark.slow
def test_report_and_key_pictures_open(tmp_path):
    case = write_rendered(tmp_path)
    (tmp_path / "orthanc").mkdir()
    with opened(tmp_path / "orthanc", tmp_path / "source", tmp_path / "results") as reader:
        listed = {s.number: s for s in reader.display_sets()}
        reader.open_entry(listed[SETTINGS.pdf_series_number])
        shown = reader.document()
        assert shown.removesuffix(b"\0") == ODD_PDF  # DICOM pads to an even length
        reader.open_entry(listed[SETTINGS.capture_series_number])
        for capture in case.captures:
            uid = pydicom.dcmread(capture.path, stop_before_pixels=True).SOPInstanceUID
            assert reader.show_when_open(uid)
        assert reader.errors == []
