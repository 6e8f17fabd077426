"""The bridge beside a real Orthanc: what an application leaves, and what becomes of it.

Orthanc is fed by C-STORE with DCMTK and asked by QIDO-RS; clients of its own, not the bridge's.
"""

from __future__ import annotations

import pytest

from deploy.bridge.journal import State
from tests.dicom_tools import dciodvfy_errors
from tests.pacs_case import STAND_IN, Stepped, headers, of_modality, referenced
from tests.pacs_support import BridgeCommand

pytest_plugins = ["tests.pacs_fixtures"]
pytestmark = pytest.mark.requirement("NBR-05")


def test_the_stand_in_writes_valid_objects(made):
    assert {p.name: dciodvfy_errors(p) for p in made.glob("*.dcm")} == {"seg.dcm": [], "sr.dcm": []}


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
