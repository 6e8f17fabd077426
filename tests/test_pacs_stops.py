"""The bridge beside a real Orthanc, itself killed, stopped or started twice.

Orthanc is fed by C-STORE with DCMTK and asked by QIDO-RS; clients of its own, not the bridge's.
"""

from __future__ import annotations

import shutil

import pytest

from deploy.bridge.journal import State
from deploy.bridge.pacs import Pacs
from tests.pacs_case import Stepped, at_the_gate

pytest_plugins = ["tests.pacs_fixtures"]
pytestmark = pytest.mark.requirement("NBR-05")


def test_the_bridge_killed_while_the_application_runs(orthanc, study, tmp_path):
    gate, bridge, process = at_the_gate(orthanc, tmp_path, [study])
    process.kill()
    process.wait(60)
    gate.open()
    assert bridge.once() == 0, bridge.log
    assert gate.runs == 2
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}
    assert bridge.left_over() == ["work"]


class StoppedAtReport(Pacs):
    """The bridge ends between the two results."""

    def store(self, study_uid, path):
        if path.name == "sr.dcm":
            raise SystemExit
        super().store(study_uid, path)


def test_the_bridge_ended_between_two_results(orthanc, study, ready, tmp_path, monkeypatch):
    stepped = Stepped(orthanc, tmp_path / "s", ready, monkeypatch, pacs=StoppedAtReport)
    orthanc.c_store(study)
    stepped.cycle()
    stepped.cycle(after_s=60)
    with pytest.raises(SystemExit):
        stepped.cycle()
    assert orthanc.modalities() == {"MR": 6, "SEG": 1}
    stepped.pacs = Pacs(orthanc.url, 30)
    stepped.reopen()
    stepped.cycle()
    assert (stepped.entry.state, stepped.runs) == (State.DONE, 1)
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}


def test_a_try_that_ends_the_bridge_is_counted(orthanc, study, stepped):
    orthanc.c_store(study)
    stepped.cycle()
    for _ in range(3):
        stepped.journal.begin(1)  # and the process is gone
    stepped.reopen()
    stepped.cycle(after_s=60)
    assert (stepped.entry.state, stepped.runs) == (State.PARKED, 0)
    assert "itself ended" in stepped.entry.reason


def test_one_folder_has_one_bridge(orthanc, study, tmp_path):
    gate, bridge, process = at_the_gate(orthanc, tmp_path, [study], "--once")
    assert bridge.once() == 2
    assert "Another bridge works in this folder" in bridge.log
    gate.open()
    assert process.wait(300) == 0
    assert gate.runs == 1


def test_told_to_stop_it_ends_the_application_and_goes_on_later(orthanc, study, tmp_path):
    gate, bridge, process = at_the_gate(orthanc, tmp_path, [study])
    process.terminate()
    assert process.wait(300) == 0
    gate.open()
    assert bridge.once() == 0, bridge.log
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}


def test_results_lost_from_the_disk_are_made_again(orthanc, study, stepped):
    orthanc.c_store(study)
    stepped.cycle()
    stepped.cycle(after_s=60)
    shutil.rmtree(stepped.setup.folder / "work" / stepped.entry.run)
    stepped.cycle()
    stepped.cycle(after_s=60)
    stepped.cycle()
    assert (stepped.entry.state, stepped.runs) == (State.DONE, 2)
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}
