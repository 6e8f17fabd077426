"""A real Orthanc on loopback, asked and fed with other people's clients than the bridge's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import requests
from pydicom.dataset import Dataset

from deploy.bridge.settings import BridgeSettings, load_settings
from deploy.viewer import archive
from tests.conftest import ROOT, require, tool

USER, PASSWORD = "bridge", "not-a-secret"
# Long enough for a machine that is busy with other things.
_RUN_S = 1500
# The server reads the file each time, so a test refuses and allows while it runs.
_GATE = """
local function refused()
  local file = io.open("{path}", "r")
  if file == nil then return "" end
  local text = file:read("*a")
  file:close()
  return text
end
function ReceivedInstanceFilter(dicom, origin)
  return dicom.Modality ~= refused()
end
function IncomingHttpRequestFilter(method, uri, ip, username, headers)
  local text = refused()
  return method ~= text and (text == "" or uri:find(text, 1, true) == nil)
end
"""


class Orthanc:
    """A server with a database of its own, that can be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin") or ""
        require(bool(self.program), "Orthanc (Debian package orthanc)")
        require(
            archive.PLUGIN.exists(), "Orthanc's DICOMweb plugin (Debian package orthanc-dicomweb)"
        )
        self.folder = folder
        self.http, self.dicom = archive.free_ports(2)
        self.root = f"http://127.0.0.1:{self.http}"
        self.url = f"{self.root}/dicom-web"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        (folder / "gate.lua").write_text(_GATE.format(path=self._gate))
        archive.configure(folder, self.http, **self._settings())
        self.start()

    def start(self) -> None:
        self._process = archive.start(self.folder, self.http, self.program)

    def stop(self) -> None:
        """Shut down in good order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None

    def get(self, path: str, **parameters: Any) -> Any:
        answer = requests.get(
            self.root + path, params=parameters, auth=(USER, PASSWORD), timeout=30
        )
        answer.raise_for_status()
        return answer.json() if answer.content else []

    def qido(self, path: str, **parameters: Any) -> list[dict[str, list]]:
        """Answers of QIDO-RS: value lists by tag."""
        found = self.get(f"/dicom-web/{path}", **parameters)
        return [{tag: item.get("Value", []) for tag, item in row.items()} for row in found]

    def refuse(self, what: str) -> None:
        """Drop a modality without a word, or answer a method or a study with 403; or nothing."""
        self._gate.write_text(what)

    def instances(self) -> dict[str, dict[str, list]]:
        """Every object by its UID, as QIDO-RS answers."""
        return {row["00080018"][0]: row for row in self.qido("instances", limit=100000)}

    def modalities(self) -> dict[str, int]:
        """How many objects there are of each modality."""
        return dict(Counter(row["00080060"][0] for row in self.instances().values()))

    def fetch(self, uid: str) -> Dataset:
        """One object, by Orthanc's own interface."""
        (found,) = self._lookup(uid)
        path = f"{self.root}{found}/file"
        answer = requests.get(path, auth=(USER, PASSWORD), timeout=30)
        return pydicom.dcmread(BytesIO(answer.content))

    def delete(self, uid: str) -> None:
        """Remove a study or an object."""
        for path in self._lookup(uid):
            gone = requests.delete(self.root + path, auth=(USER, PASSWORD), timeout=30)
            gone.raise_for_status()

    def _lookup(self, uid: str) -> list[str]:
        answer = requests.post(
            f"{self.root}/tools/lookup", data=uid, auth=(USER, PASSWORD), timeout=30
        )
        return [row["Path"] for row in answer.json()]

    def post(self, path: Path) -> None:
        """Hand one file over as it is."""
        requests.post(
            f"{self.root}/instances", data=path.read_bytes(), auth=(USER, PASSWORD), timeout=30
        ).raise_for_status()

    def c_store(self, *sources: Path) -> None:
        """Send files or folders as a scanner does, with DCMTK."""
        command = [tool("storescu"), "+sd", "+r", "-R", "127.0.0.1", str(self.dicom)]
        done = subprocess.run(
            [*command, *map(str, sources)], capture_output=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")

    @property
    def _gate(self) -> Path:
        return self.folder / "refused.txt"

    def _settings(self) -> dict[str, Any]:
        return {
            "DicomPort": self.dicom,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "LuaScripts": [str(self.folder / "gate.lua")],
            "DicomAlwaysAllowStore": True,
            "DicomCheckCalledAet": False,
        }


class BridgeCommand:
    """The bridge in a process of its own, on an Orthanc, with waits short enough for a test."""

    def __init__(self, orthanc: Orthanc, folder: Path, command: list[str], **changes: Any) -> None:
        folder.mkdir(parents=True)
        self.folder = folder / "bridge"
        self.log_file = folder / "log.txt"
        self._config = folder / "bridge.yaml"
        self._netrc = folder / "netrc"
        self._netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
        self._netrc.chmod(0o600)
        settings = {
            "dicomweb": orthanc.url,
            "timeout_seconds": 30,
            "folder": str(self.folder),
            "poll_seconds": 0.1,
            "stable_seconds": 0.2,
            "newest_days": None,
            "command": command,
            "command_timeout_seconds": 1200,
            "tries": 3,
            "first_delay_seconds": 0.1,
            "longest_delay_seconds": 0.4,
        }
        self._config.write_text(json.dumps(settings | changes))

    @property
    def settings(self) -> BridgeSettings:
        return load_settings(self._config)

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8") if self.log_file.exists() else ""

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "NETRC": str(self._netrc), "NO_PROXY": "127.0.0.1"}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "deploy.bridge", "--config", str(self._config)]
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [*command, *arguments], cwd=ROOT, env=self.env, stdout=log, stderr=log
            )

    def once(self, *arguments: str) -> int:
        """Run to the end and return the exit code."""
        process = self.start(*(arguments or ("--once",)))
        try:
            return process.wait(_RUN_S)
        finally:
            process.terminate()  # and the application with it
            process.wait(60)

    def told(self, *arguments: str) -> list[list[str]]:
        """Cells of each line that the command prints."""
        command = [sys.executable, "-m", "deploy.bridge", "--config", str(self._config)]
        done = subprocess.run(
            [*command, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return [line.split("\t") for line in done.stdout.splitlines()]

    def left_over(self) -> list[str]:
        """Names of everything below its folder but the journal and the lock."""
        files = self.folder.rglob("*")
        names = [p.relative_to(self.folder).as_posix() for p in files]
        return sorted(n for n in names if not n.startswith(("journal.sqlite3", "lock")))


class Gate:
    """Where the stand-in waits until a test lets it on."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder

    @property
    def runs(self) -> int:
        file = self.folder / "runs"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def open(self) -> None:
        (self.folder / "open").touch()


def wait_until(reached: Callable[[], bool], what: str) -> None:
    """Wait for something that another process does, with an end."""
    for _ in range(300 * 20):
        if reached():
            return
        time.sleep(0.05)
    raise TimeoutError(what)
