"""The bridge beside a real Orthanc: what an application leaves, and what becomes of it.

Orthanc is fed by C-STORE with DCMTK and asked by QIDO-RS; clients of its own, not the bridge's.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydicom.uid import (
    EncapsulatedPDFStorage,
    KeyObjectSelectionDocumentStorage,
    SecondaryCaptureImageStorage,
)

from deploy.bridge.journal import State
from deploy.bridge.results import Result, waves
from tests.conftest import ROOT
from tests.dicom_tools import dciodvfy_errors
from tests.pacs_case import STAND_IN, Stepped, headers, of_modality, referenced
from tests.pacs_support import BridgeCommand

pytest_plugins = ["tests.pacs_fixtures"]
pytestmark = pytest.mark.requirement("NBR-05")


def test_the_stand_in_writes_valid_objects(study, tmp_path):
    command = [sys.executable, "-m", "tests.pacs_standin", str(study), str(tmp_path), "--more"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    faults = {p.name: dciodvfy_errors(p) for p in tmp_path.glob("*.dcm")}
    assert len(faults) == 5
    assert not any(faults.values()), faults


def test_a_study_comes_back_with_its_results(orthanc, study, tmp_path):
    bridge = BridgeCommand(orthanc, tmp_path / "b", STAND_IN)
    orthanc.c_store(study)
    assert bridge.once() == 0, bridge.log
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}
    (report,), (seg,), sources = (
        of_modality(orthanc, "SR"),
        of_modality(orthanc, "SEG"),
        headers(study),
    )
    for result in (report, seg):
        assert result.StudyInstanceUID == sources[0].StudyInstanceUID
        assert (result.PatientID, result.PatientName) == (
            sources[0].PatientID,
            sources[0].PatientName,
        )
    assert referenced(report) == {s.SOPInstanceUID for s in sources} | {seg.SOPInstanceUID}
    assert bridge.left_over() == ["work"]


def test_nothing_of_the_patient_is_in_log_journal_or_file_names(orthanc, study, tmp_path):
    bridge = BridgeCommand(orthanc, tmp_path / "b", [*STAND_IN, "--fail", "1"])
    orthanc.c_store(study)
    assert bridge.once() == 3
    journal = b"".join(p.read_bytes() for p in bridge.folder.glob("journal*"))
    told = bridge.log + "\n".join(bridge.left_over()) + journal.decode("latin-1")
    source = headers(study)[0]
    assert "parked after 3 tries" in bridge.log
    for value in (source.PatientName, source.PatientID, source.PatientBirthDate):
        assert str(value) not in told
    assert source.StudyInstanceUID not in bridge.log
    # What the application printed is kept, for the eyes of the bridge's user alone.
    assert str(source.PatientName) in (bridge.folder / "printed-1.txt").read_text()
    assert bridge.folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["sh", "-c", "exit 1"], "exit code 1 (internal error)"),
        (["sh", "-c", "exit 125"], "exit code 125 (not ours)"),
        (["sh", "-c", "kill -9 $$"], "ended by signal 9"),
        (["sh", "-c", "sleep 600"], "did not end in time"),
        (["sh", "-c", "true"], "left no DICOM object"),
        (["sh", "-c", 'echo garbage > "$1/seg.dcm"', "sh", "{output}"], "cannot be read"),
        (["/nonexistent/application"], "this machine: No such file or directory"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_application_that_fails_is_tried_again_and_parked(
    command, reason, orthanc, study, tmp_path, monkeypatch
):
    words = [*command, "{input}", "{output}"]
    stepped = Stepped(
        orthanc, tmp_path / "s", words, monkeypatch, command_timeout_seconds=2, tries=2
    )
    orthanc.c_store(study)
    stepped.cycle()
    stepped.cycle(after_s=60)
    assert stepped.entry.state is State.WAITING
    stepped.cycle(after_s=60)
    assert stepped.entry.state is State.PARKED
    assert reason in stepped.entry.reason
    assert not stepped.cycle(after_s=10_000)
    assert orthanc.modalities() == {"MR": 6}


def test_results_of_another_patient_are_never_stored(orthanc, study, tmp_path):
    bridge = BridgeCommand(orthanc, tmp_path / "b", [*STAND_IN, "--patient", "OTHER"], tries=1)
    orthanc.c_store(study)
    assert bridge.once() == 3
    assert "another patient's ID" in bridge.log
    assert orthanc.modalities() == {"MR": 6}


def test_a_study_taken_up_again_gets_what_the_pacs_lacks(orthanc, study, stepped, monkeypatch):
    orthanc.c_store(study)
    stepped.run_on()
    seg = of_modality(orthanc, "SEG")[0].SOPInstanceUID
    orthanc.delete(seg)
    assert not stepped.cycle(after_s=60), "what a person has removed stays away"
    sent = []
    store = stepped.pacs.store
    monkeypatch.setattr(
        stepped.pacs, "store", lambda uid, path: (sent.append(path), store(uid, path))
    )
    stepped.journal.again(stepped.entry.number)
    stepped.run_on()
    assert [path.name for path in sent] == ["seg.dcm"]
    assert seg in orthanc.instances()
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}
    assert stepped.runs == 2


KINDS = {"MR": 6, "SEG": 1, "SR": 1, "OT": 1, "DOC": 1, "KO": 1}


def test_every_kind_of_object_is_stored_behind_what_it_points_at(orthanc, study, tmp_path):
    """The key objects name the PDF, which is made of the report, which names the SEG."""
    bridge = BridgeCommand(orthanc, tmp_path / "b", [*STAND_IN, "--more"])
    orthanc.c_store(study)
    orthanc.refuse("DOC")
    assert bridge.once() == 3, bridge.log
    assert orthanc.modalities() == {m: n for m, n in KINDS.items() if m not in ("DOC", "KO")}
    orthanc.refuse("")
    assert bridge.once("--again", "1") == 0
    assert bridge.once() == 0, bridge.log
    assert orthanc.modalities() == KINDS
    classes = {row["00080016"][0] for row in orthanc.instances().values()}
    assert {EncapsulatedPDFStorage, SecondaryCaptureImageStorage} <= classes
    assert KeyObjectSelectionDocumentStorage in classes


def result(uid: str, *points_at: str) -> Result:
    return Result(Path(uid), uid, "study", "patient", frozenset(points_at))


@pytest.mark.parametrize(
    ("results", "order"),
    [
        ([], []),
        ([result("a", "b", "image"), result("b", "image")], [["b"], ["a"]]),
        ([result("a", "a")], [["a"]]),
        ([result("a", "b"), result("b", "a"), result("c")], [["c"], ["a", "b"]]),
        ([result("a", "b"), result("b", "c"), result("c")], [["c"], ["b"], ["a"]]),
    ],
    ids=["nothing", "one names the other", "itself", "a circle", "a chain"],
)
def test_nothing_goes_before_what_it_points_at(results, order):
    assert [[one.uid for one in wave] for wave in waves(results)] == order
