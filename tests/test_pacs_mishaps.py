"""The bridge beside a real Orthanc, with a quick stand-in for the application: what goes wrong.

Orthanc is fed by C-STORE with DCMTK and asked by QIDO-RS; clients of its own, not the bridge's.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import RLELossless

from deploy.bridge.bridge import Bridge
from deploy.bridge.journal import Journal, State
from deploy.bridge.pacs import Pacs, PacsAway, PacsRefused
from phantom.encode import Syntax
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.conftest import ROOT
from tests.dicom_tools import dciodvfy_errors
from tests.pacs_support import BridgeCommand, Gate, Orthanc, wait_until

pytestmark = pytest.mark.requirement("NBR-05")

SMALL = {
    "phases": 2,
    "slices": 3,
    "matrix": (96, 96),
    "pixel_spacing_mm": (2.6, 2.6),
    "decoys": False,
}
STAND_IN = [sys.executable, "-m", "tests.pacs_standin", "{input}", "{output}"]


@pytest.fixture
def orthanc(tmp_path):
    server = Orthanc(tmp_path / "orthanc")
    yield server
    server.kill()


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "study"
    write_study(folder, PhantomSettings(**SMALL))
    return folder


@pytest.fixture(scope="module")
def made(study, tmp_path_factory) -> Path:
    """What the stand-in makes of the whole study."""
    folder = tmp_path_factory.mktemp("made")
    command = [sys.executable, "-m", "tests.pacs_standin", str(study), str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    return folder


@pytest.fixture
def ready(made) -> list[str]:
    """A command that hands out those results at once, and notes each run beside the output."""
    script = 'echo run >> "$2/../../../runs"; cp "$1"/*.dcm "$2"'
    return ["sh", "-c", script, "sh", str(made), "{output}", "{input}"]


class Stepped:
    """The bridge in this process, with a clock that the test moves."""

    def __init__(self, orthanc, folder, command, monkeypatch, pacs=Pacs, **changes):
        self.setup = BridgeCommand(orthanc, folder, command, **{"stable_seconds": 60} | changes)
        monkeypatch.setenv("NETRC", self.setup.env["NETRC"])
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        self.setup.folder.mkdir()
        self.now = 1_700_000_000.0
        self.pacs = pacs(orthanc.url, 30)
        self.reopen()

    def reopen(self):
        """Start anew on the same journal, as after the end of the process."""
        self.journal = Journal(self.setup.folder / "journal.sqlite3")
        self.bridge = Bridge(self.setup.settings, self.pacs, self.journal, lambda: self.now)

    def cycle(self, after_s: float = 0) -> bool:
        self.now += after_s
        return self.bridge.cycle()

    def run_on(self):
        """Go on to the end, which is near."""
        for _ in range(10):
            if self.journal.all() and not self.journal.pending():
                return
            self.cycle(after_s=60)
        raise AssertionError(self.entry)

    @property
    def entry(self):
        (entry,) = self.journal.all()
        return entry

    @property
    def runs(self) -> int:
        file = self.setup.folder / "runs"
        return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def stepped(orthanc, tmp_path, ready, monkeypatch):
    return Stepped(orthanc, tmp_path / "stepped", ready, monkeypatch)


def files(study: Path) -> list[Path]:
    return sorted(study.rglob("*.dcm"))


def headers(study: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path, stop_before_pixels=True) for path in files(study)]


def referenced(dataset: pydicom.Dataset) -> set[str]:
    return {str(e.value) for e in dataset.iterall() if e.keyword == "ReferencedSOPInstanceUID"}


def of_modality(orthanc: Orthanc, modality: str) -> list[pydicom.Dataset]:
    rows = orthanc.instances().items()
    return [orthanc.fetch(uid) for uid, row in rows if row["00080060"] == [modality]]


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


def at_the_gate(orthanc, folder, sent, *words):
    """A bridge that has found what was sent, and whose application has begun and waits."""
    gate = Gate(folder / "gate")
    bridge = BridgeCommand(orthanc, folder / "b", [*STAND_IN, "--gate", str(gate.folder)])
    orthanc.c_store(*sent)
    process = bridge.start(*words)
    wait_until(lambda: gate.runs == 1, bridge.log)
    return gate, bridge, process


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
    orthanc.c_store(*files(study)[3:])
    assert bridge.once() == 0, bridge.log
    assert orthanc.modalities() == {"MR": 6, "SEG": 2, "SR": 2}
    assert "stays in the PACS beside the new ones" in bridge.log


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
    ((number, state, _, _, told),) = bridge.listed()
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


def test_a_wrong_password_is_a_refusal_and_loses_nothing(orthanc, study, stepped, monkeypatch):
    orthanc.c_store(study)
    monkeypatch.delenv("NETRC")
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(PacsRefused, match="HTTP status 401"):
        stepped.cycle()


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
