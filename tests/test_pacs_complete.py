"""The bridge beside a real Orthanc: which studies it takes, and when.

Orthanc is fed by C-STORE with DCMTK and asked by QIDO-RS; clients of its own, not the bridge's.
"""

from __future__ import annotations

import pytest

from deploy.bridge.journal import Journal, State
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.pacs_case import (
    SMALL,
    STAND_IN,
    Stepped,
    at_the_gate,
    files,
    headers,
    of_modality,
    referenced,
)
from tests.pacs_support import BridgeCommand

pytest_plugins = ["tests.pacs_fixtures"]
pytestmark = pytest.mark.requirement("NBR-05")


def test_a_study_is_left_alone_until_it_has_been_still(orthanc, study, stepped):
    for path in files(study):
        orthanc.c_store(path)
        assert not stepped.cycle(after_s=59)
    assert not stepped.cycle(after_s=59)
    assert stepped.cycle(after_s=1)
    assert stepped.cycle()
    assert stepped.entry.state is State.DONE
    assert not stepped.cycle(after_s=1000)
    assert stepped.runs == 1


def test_the_same_study_sent_twice_is_measured_once(orthanc, study, tmp_path):
    gate, bridge, process = at_the_gate(orthanc, tmp_path, [study], "--once")
    orthanc.c_store(study)
    gate.open()
    assert process.wait(300) == 0, bridge.log
    orthanc.c_store(study)
    assert bridge.once() == 0, bridge.log
    assert gate.runs == 1
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}


def test_a_study_that_grows_while_it_is_processed_is_measured_whole(orthanc, study, tmp_path):
    gate, bridge, process = at_the_gate(orthanc, tmp_path, [*files(study)[:3]], "--once")
    orthanc.c_store(*files(study)[3:])
    gate.open()
    assert process.wait(300) == 0, bridge.log
    assert gate.runs == 2
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}
    (report,) = of_modality(orthanc, "SR")
    assert {h.SOPInstanceUID for h in headers(study)} <= referenced(report)


def test_a_study_that_grows_after_it_was_stored_is_measured_again(orthanc, study, tmp_path):
    bridge = BridgeCommand(orthanc, tmp_path / "b", STAND_IN)
    orthanc.c_store(*files(study)[:3])
    assert bridge.once() == 0, bridge.log
    assert bridge.told("--superseded", "1") == []
    earlier = {d.SOPInstanceUID for m in ("SEG", "SR") for d in of_modality(orthanc, m)}
    orthanc.c_store(*files(study)[3:])
    assert bridge.once() == 0, bridge.log
    assert orthanc.modalities() == {"MR": 6, "SEG": 2, "SR": 2}
    assert "stays in the PACS beside the new ones" in bridge.log
    # A reader tells them apart; nothing of the earlier ones is named by the new report.
    superseded = {uid for (uid,) in bridge.told("--superseded", "1")}
    assert superseded == earlier
    assert "study 1: 2 objects stored earlier are superseded" in bridge.log
    [new] = [d for d in of_modality(orthanc, "SR") if d.SOPInstanceUID not in earlier]
    assert not referenced(new) & earlier


def test_results_of_a_study_that_can_no_longer_be_measured_are_named(
    orthanc, study, made, tmp_path, monkeypatch
):
    script = 'test "$(ls "$2" | wc -l)" -eq 3 || exit 5; cp "$1"/*.dcm "$3"'
    command = ["sh", "-c", script, "sh", str(made), "{input}", "{output}"]
    stepped = Stepped(orthanc, tmp_path / "s", command, monkeypatch)
    orthanc.c_store(*files(study)[:3])
    stepped.run_on()
    assert stepped.entry.state is State.DONE
    assert stepped.journal.superseded(1) == []
    orthanc.c_store(study)
    stepped.cycle()
    stepped.run_on()
    assert stepped.entry.state is State.NOTHING
    made_uids = {h.SOPInstanceUID for h in headers(made)}
    assert set(stepped.journal.superseded(1)) == made_uids <= set(orthanc.instances())


def test_a_result_that_is_made_again_is_not_superseded(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.sending(1, ["cine", "report 1"])
    assert journal.supersede_others(1, ["cine", "report 1"]) == 0
    journal.sending(1, ["cine", "scar", "report 2"])
    journal.sending(2, ["other"])
    assert journal.superseded(1) == [], "not before the new ones are in"
    assert journal.supersede_others(1, ["cine", "scar", "report 2"]) == 1
    assert journal.superseded(1) == ["report 1"]
    assert journal.supersede_others(1, ["cine", "report 1"]) == 2, "the images are as before"
    assert journal.superseded(2) == []


def test_a_study_removed_and_sent_again_gets_its_results_again(orthanc, study, stepped):
    orthanc.c_store(study)
    for after_s in (0, 60, 0):
        stepped.cycle(after_s)
    uids = set(orthanc.instances())
    orthanc.delete(headers(study)[0].StudyInstanceUID)
    stepped.cycle()
    orthanc.c_store(*files(study)[:3])
    stepped.cycle(after_s=10)
    orthanc.c_store(study)
    for after_s in (10, 60, 0):
        stepped.cycle(after_s)
    assert stepped.entry.state is State.DONE
    assert set(orthanc.instances()) == uids


@pytest.mark.parametrize("code", [3, 4, 5])
def test_a_study_without_anything_to_measure_is_not_tried_again(
    code, orthanc, study, tmp_path, monkeypatch
):
    stepped = Stepped(
        orthanc, tmp_path / "s", ["sh", "-c", f"exit {code}", "{input}{output}"], monkeypatch
    )
    orthanc.c_store(*files(study)[:1])
    stepped.cycle()
    assert stepped.cycle(after_s=60)
    assert stepped.entry.state is State.NOTHING
    assert f"exit code {code}" in stepped.entry.reason
    assert not stepped.cycle(after_s=1000)
    orthanc.c_store(study)
    stepped.cycle()
    assert stepped.entry.state is State.WAITING, "new images may hold something"


def test_old_studies_are_left_alone_where_the_site_says_so(
    orthanc, study, ready, tmp_path, monkeypatch
):
    orthanc.c_store(study)  # dated 2024-01-15; the clock of the test stands in November 2023
    early = Stepped(orthanc, tmp_path / "e", ready, monkeypatch, newest_days=1)
    early.cycle()
    assert early.entry.images == 6
    late = Stepped(orthanc, tmp_path / "l", ready, monkeypatch, newest_days=1)
    late.cycle(after_s=365 * 86400)
    assert late.journal.all() == []


def test_a_study_that_cannot_be_listed_keeps_no_other_waiting(orthanc, study, stepped, tmp_path):
    write_study(tmp_path / "other", PhantomSettings(**SMALL, seed=1))
    orthanc.c_store(study, tmp_path / "other")
    orthanc.refuse(headers(tmp_path / "other")[0].StudyInstanceUID)
    stepped.cycle()
    for after_s in (60, 0):
        assert stepped.cycle(after_s)
    assert stepped.entry.study_uid == headers(study)[0].StudyInstanceUID
    assert stepped.entry.state is State.DONE
