"""A small study, a bridge that a test steps, and questions to a real Orthanc.

The fixtures that go with it stand in ``pacs_fixtures``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pydicom

from deploy.bridge.bridge import Bridge
from deploy.bridge.journal import Journal
from deploy.bridge.pacs import Pacs
from tests.pacs_support import BridgeCommand, Gate, Orthanc, wait_until

SMALL = {
    "phases": 2,
    "slices": 3,
    "matrix": (96, 96),
    "pixel_spacing_mm": (2.6, 2.6),
    "decoys": False,
}
STAND_IN = [sys.executable, "-m", "tests.pacs_standin", "{input}", "{output}"]


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


def files(study: Path) -> list[Path]:
    return sorted(study.rglob("*.dcm"))


def headers(study: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path, stop_before_pixels=True) for path in files(study)]


def referenced(dataset: pydicom.Dataset) -> set[str]:
    return {str(e.value) for e in dataset.iterall() if e.keyword == "ReferencedSOPInstanceUID"}


def of_modality(orthanc: Orthanc, modality: str) -> list[pydicom.Dataset]:
    rows = orthanc.instances().items()
    return [orthanc.fetch(uid) for uid, row in rows if row["00080060"] == [modality]]


def at_the_gate(orthanc, folder, sent, *words):
    """A bridge that has found what was sent, and whose application has begun and waits."""
    gate = Gate(folder / "gate")
    bridge = BridgeCommand(orthanc, folder / "b", [*STAND_IN, "--gate", str(gate.folder)])
    orthanc.c_store(*sent)
    process = bridge.start(*words)
    wait_until(lambda: gate.runs == 1, bridge.log)
    return gate, bridge, process
