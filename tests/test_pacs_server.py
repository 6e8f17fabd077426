"""The bridge beside a real Orthanc that is killed, refuses, or answers page by page.

Orthanc is fed by C-STORE with DCMTK and asked by QIDO-RS; clients of its own, not the bridge's.
"""

from __future__ import annotations

import pydicom
import pytest
from pydicom.uid import RLELossless

from deploy.bridge.journal import State
from deploy.bridge.pacs import Pacs, PacsAway, PacsRefused
from phantom.encode import Syntax
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.pacs_case import SMALL, Stepped, at_the_gate, files, headers
from tests.pacs_support import BridgeCommand, Orthanc, wait_until

pytest_plugins = ["tests.pacs_fixtures"]
pytestmark = pytest.mark.requirement("NBR-05")


def test_orthanc_killed_while_the_application_runs(orthanc, study, tmp_path):
    gate, bridge, process = at_the_gate(orthanc, tmp_path, [study], "--once")
    orthanc.kill()
    gate.open()
    wait_until(lambda: "the PACS cannot be asked" in bridge.log, bridge.log)
    assert process.poll() is None
    orthanc.start()
    assert process.wait(300) == 0, bridge.log
    assert gate.runs == 1
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}


class CutAtPull(Pacs):
    """The server goes after the study was listed."""

    orthanc: Orthanc

    def pull(self, *arguments):
        self.orthanc.kill()
        super().pull(*arguments)


class CutAtStore(Pacs):
    """The server goes after the first result."""

    orthanc: Orthanc

    def store(self, *arguments):
        super().store(*arguments)
        self.orthanc.kill()


@pytest.mark.parametrize("cut", [CutAtPull, CutAtStore])
def test_orthanc_killed_in_the_middle_of_a_transfer(
    cut, orthanc, study, ready, tmp_path, monkeypatch
):
    cut.orthanc = orthanc
    stepped = Stepped(orthanc, tmp_path / "s", ready, monkeypatch, pacs=cut)
    orthanc.c_store(study)
    stepped.cycle()
    with pytest.raises(PacsAway, match="no answer"):
        stepped.run_on()
    for _ in range(5):  # an absence, however long, counts for nothing
        with pytest.raises(PacsAway, match="no answer"):
            stepped.cycle(after_s=3600)
    assert stepped.entry.failures == 0
    orthanc.start()
    stepped.pacs = Pacs(orthanc.url, 30)
    stepped.reopen()
    stepped.run_on()
    assert stepped.entry.state is State.DONE
    assert stepped.runs == 1
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}


@pytest.mark.parametrize(
    ("refused", "reason", "arrived"),
    [
        # Orthanc says that it stored what its filter dropped.
        ("SEG", "the PACS does not have 1 of 1 results sent", {"MR": 6}),
        ("SR", "the PACS does not have 1 of 1 results sent", {"MR": 6, "SEG": 1}),
        ("POST", "the PACS does not have 1 of 1 results sent (HTTP status 403)", {"MR": 6}),
    ],
)
def test_a_refused_store_is_tried_again_parked_and_taken_up(
    refused, reason, arrived, orthanc, study, ready, tmp_path
):
    bridge = BridgeCommand(orthanc, tmp_path / "b", ready)
    orthanc.c_store(study)
    orthanc.refuse(refused)
    assert bridge.once() == 3, bridge.log
    assert bridge.log.count("; again in") == 2
    ((number, state, _, _, told),) = bridge.told("--list")
    assert (state, told) == ("parked", reason)
    # No report points at what the PACS lacks, and nothing made is thrown away.
    assert orthanc.modalities() == arrived
    assert {"work/1-1/output/seg.dcm", "work/1-1/output/sr.dcm"} <= set(bridge.left_over())

    assert bridge.once() == 3, "a parked study stays parked"
    assert orthanc.modalities() == arrived
    orthanc.refuse("")
    assert bridge.once("--again", number) == 0
    assert bridge.once() == 0, bridge.log
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}
    assert (bridge.folder / "runs").read_text() == "run\n"
    assert bridge.left_over() == ["runs", "work"]


def test_a_store_refused_for_a_while_needs_nobody(orthanc, study, stepped):
    orthanc.c_store(study)
    orthanc.refuse("SR")
    stepped.cycle()
    stepped.cycle(after_s=60)
    stepped.cycle()
    assert (stepped.entry.state, stepped.entry.failures) == (State.STORING, 1)
    orthanc.refuse("")
    assert not stepped.cycle(), "not before the delay"
    assert stepped.cycle(after_s=1)
    assert (stepped.entry.state, stepped.runs) == (State.DONE, 1)
    assert orthanc.modalities() == {"MR": 6, "SEG": 1, "SR": 1}


def test_a_wrong_password_is_a_refusal_and_loses_nothing(orthanc, study, stepped, monkeypatch):
    orthanc.c_store(study)
    monkeypatch.delenv("NETRC")
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(PacsRefused, match="HTTP status 401"):
        stepped.cycle()


def test_compressed_images_are_pulled_as_they_are_kept(orthanc, study, tmp_path, stepped):
    write_study(tmp_path / "rle", PhantomSettings(**SMALL, syntax=Syntax.RLE))
    for path in files(tmp_path / "rle"):
        orthanc.post(path)
    (uid, count), *others = stepped.pacs.studies(None)
    assert (count, others) == (6, [])
    pulled = tmp_path / "pulled"
    pulled.mkdir()
    stepped.pacs.pull(uid, stepped.pacs.listing(uid), pulled)
    sent = {d.SOPInstanceUID: d for d in map(pydicom.dcmread, files(tmp_path / "rle"))}
    got = {d.SOPInstanceUID: d for d in map(pydicom.dcmread, pulled.iterdir())}
    assert set(got) == set(sent)
    for key, dataset in got.items():
        assert dataset.file_meta.TransferSyntaxUID == RLELossless
        assert dataset.PixelData == sent[key].PixelData


def test_long_lists_come_page_by_page(orthanc, study, stepped, monkeypatch):
    orthanc.c_store(study)
    uid = headers(study)[0].StudyInstanceUID
    whole = stepped.pacs.listing(uid)
    monkeypatch.setattr("deploy.bridge.pacs._PAGE", 4)
    assert stepped.pacs.listing(uid) == whole
    assert whole.uids == {h.SOPInstanceUID for h in headers(study)}
