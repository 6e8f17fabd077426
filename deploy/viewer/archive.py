"""A local Orthanc with DICOMweb: started and stopped, fed."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_START_S = 60
_SETTINGS, _LOG = "orthanc.json", "orthanc.log"


def free_port() -> int:
    """Find a port of this machine that nobody listens on."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Find different ports of this machine that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def configure(folder: Path, port: int, **settings: Any) -> None:
    """Write the settings of an Orthanc on loopback that keeps all it has below ``folder``."""
    config = {
        "StorageDirectory": str(folder / "store"),
        "IndexDirectory": str(folder / "store"),
        "HttpPort": port,
        "RemoteAccessAllowed": False,
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / _SETTINGS).write_text(json.dumps(config | settings), encoding="utf-8")


def start(folder: Path, port: int, program: str = "Orthanc") -> subprocess.Popen[bytes]:
    """Start what :func:`configure` has set up, and wait until it answers.

    Raises
    ------
    RuntimeError
        It ends at once, or does not answer within a minute; with the end of its log.
    """
    log = folder / _LOG
    with log.open("ab") as file:
        process = subprocess.Popen([program, folder / _SETTINGS], stdout=file, stderr=file)
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        if _answers(f"http://127.0.0.1:{port}/dicom-web/studies"):
            return process
        time.sleep(0.25)
    process.kill()
    process.wait(60)
    said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"Orthanc does not start: {said}")


@contextmanager
def local_orthanc(folder: Path) -> Iterator[str]:
    """Run Orthanc on loopback with its store in ``folder``; gives its address."""
    port = free_port()
    configure(folder, port, DicomServerEnabled=False, AuthenticationEnabled=False)
    process = start(folder, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def upload(address: str, files: Iterable[Path]) -> None:
    """Store DICOM files by Orthanc's REST interface; storescu's contexts leave SEG out.

    Raises
    ------
    urllib.error.HTTPError
        A file that Orthanc refuses.
    """
    for path in files:
        request = urllib.request.Request(f"{address}/instances", data=path.read_bytes())
        with urllib.request.urlopen(request, timeout=60):
            pass


def _answers(address: str) -> bool:
    """Whether the server is up; one that asks for a password is."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False
