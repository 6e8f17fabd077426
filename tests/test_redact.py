"""Paths that may be shown hold nothing of the patient."""

import pytest

from dicomio.patient import PatientIdentity
from dicomio.redact import Redactor

pytestmark = pytest.mark.requirement("CINE-36")

DOE = PatientIdentity("id-4711", "", ("doe", "jane", "q"), "19600102", ("alias9",))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("study/IM0001", "study/IM0001"),
        ("Doe/IM1", "[removed]/IM1"),
        ("x/JANE_x/IM1.dcm", "x/[removed]/IM1.dcm"),
        ("ID4711.dcm", "[removed]"),
        ("id-4711/doe.json", "[removed]/[removed]"),
        ("1960-01-02/a", "[removed]/a"),
        ("02.01.1960/a", "[removed]/a"),
        ("born19600102", "[removed]"),
        ("ALIAS9", "[removed]"),
        ("q/IM1", "q/IM1"),  # one letter would match almost anything
        ("mr\n1\x1b[31m", "mr?1?[31m"),
        ("Smith/IM1", "[removed]/IM1"),  # a name that no header has
        ("Müller.dcm", "[removed]"),
        ("Li/IM1", "[removed]/IM1"),
        ("王/IM1", "[removed]/IM1"),
        ("SE-1980-03-04", "[removed]"),
        ("4.3.1980", "[removed]"),
        ("1234567/IM-0001-0002.dcm", "[removed]/IM-0001-0002.dcm"),
        ("1.2.826.0.1.3680043.8.498.1/MR.dcm", "1.2.826.0.1.3680043.8.498.1/MR.dcm"),
        ("DICOM/ST00001/SE2/slice_12.dcm", "DICOM/ST00001/SE2/slice_12.dcm"),
        ("\udcff.dcm", "?.dcm"),
    ],
)
def test_paths(path: str, shown: str) -> None:
    assert Redactor(DOE.secrets).path(path) == shown


def test_long_paths_are_cut() -> None:
    shown = Redactor([]).path("d/" * 1000 + "im.dcm")
    assert len(shown) == 241
    assert shown.startswith("…")
    assert shown.endswith("d/im.dcm")


def test_empty_identity_hides_nothing() -> None:
    assert Redactor(PatientIdentity("", "", (), "").secrets).path("a/b.dcm") == "a/b.dcm"
